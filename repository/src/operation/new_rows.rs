//! New rows of a call: drafts of any record, and the records that they become.

use uuid::Uuid;

use super::{Context, Now, ReservedIds, normalise};
use crate::driver::{AnyRecord, generated};
use crate::model::error::{ErrorKind, Result};
use crate::model::key::{Key, KeyValue};
use crate::model::record::{Record, Stamp};
use crate::model::record_id::RecordId;
use crate::model::repository::Upsert;
use crate::model::value::Type;
use crate::sql::Statements;

/// Drafts of any record, until they are stamped.
pub(crate) trait NewRows: Send + Sync {
    /// How many drafts have no id, because the database generates it.
    fn without_id(&self) -> usize;

    /// Makes a record of each draft.
    ///
    /// # Errors
    /// Those of the stamp and of the values, for the first draft that has one.
    fn stamp(&mut self, stamper: Stamper<'_>) -> Result<()>;

    /// Sets the id that the database generated for the first record.
    fn set_generated(&mut self, id: &Key) -> Result<()>;

    /// The records that the drafts became.
    fn rows(&self) -> Vec<NewRow<'_>>;
}

/// A row to be written: the record to insert if it is missing, and the version to update if it is stored.
#[derive(Clone, Copy)]
pub(crate) struct NewRow<'r> {
    pub(crate) record: &'r dyn AnyRecord,
    pub(crate) expected: Option<i64>,
    /// Whether its id was generated for it, so that no stored row can be meant.
    pub(crate) is_new: bool,
}

/// Makes records of drafts.
pub(crate) struct Stamper<'c> {
    context: &'c Context,
    statements: &'static Statements,
    now: Now,
    /// The generated ids; `None` if the database generates each with its insert.
    reserved: Option<ReservedIds>,
}

impl<'c> Stamper<'c> {
    pub(crate) fn new(context: &'c Context, statements: &'static Statements) -> Self {
        Stamper {
            context,
            statements,
            now: context.now(),
            reserved: None,
        }
    }

    pub(crate) fn with_ids(self, reserved: ReservedIds) -> Self {
        Stamper {
            reserved: Some(reserved),
            ..self
        }
    }

    /// The id, owner and time of a new row.
    fn stamp<R: Record>(&mut self, id: Option<R::Id>, owner: Option<Uuid>) -> Result<Stamp<R::Id>> {
        self.context.check_owner(owner)?;
        let id = match id {
            Some(id) => id,
            None => self.new_id::<R>()?,
        };
        self.context.stamp(self.statements, id, owner, self.now)
    }

    fn new_id<R: Record>(&mut self) -> Result<R::Id> {
        match (self.statements.generated(), &mut self.reserved) {
            // Only an id that can be made of a UUID is optional.
            (None, _) => {
                let id = self.context.ids.next_id().into();
                R::Id::from_key(&id).ok_or_else(|| ErrorKind::Internal.into())
            }
            (Some(_), Some(reserved)) => {
                generated::<R>(&reserved.next().ok_or(ErrorKind::Internal)?)
            }
            (Some(id), None) => generated::<R>(&Key::one(match self.statements.specs[id].ty {
                Type::Int => KeyValue::Int(0),
                _ => KeyValue::BigInt(0),
            })),
        }
    }
}

/// New rows of one type.
pub(crate) struct Drafts<R: Record> {
    drafts: Vec<Upsert<R>>,
    /// The expected version of each row, and whether its id is generated.
    expected: Vec<(Option<i64>, bool)>,
    records: Vec<R>,
}

fn is_new<R: Record>(row: &Upsert<R>) -> bool {
    R::MANAGED.generated && row.id.is_none()
}

impl<R: Record> Drafts<R> {
    pub(crate) fn new(drafts: Vec<Upsert<R>>) -> Self {
        Drafts {
            expected: drafts
                .iter()
                .map(|row| (row.expected, is_new(row)))
                .collect(),
            records: Vec::with_capacity(drafts.len()),
            drafts,
        }
    }

    /// The records, in the order of the drafts.
    pub(crate) fn into_records(self) -> Vec<R> {
        self.records
    }
}

impl<R: Record> NewRows for Drafts<R> {
    fn without_id(&self) -> usize {
        self.expected.iter().filter(|(_, is_new)| *is_new).count()
    }

    fn stamp(&mut self, mut stamper: Stamper<'_>) -> Result<()> {
        for Upsert {
            draft, id, owner, ..
        } in self.drafts.drain(..)
        {
            let stamp = stamper.stamp::<R>(id.or_else(|| R::draft_id(&draft)), owner)?;
            let mut record = R::from_draft(draft, stamp);
            normalise(stamper.statements, &mut record)?;
            self.records.push(record);
        }
        Ok(())
    }

    fn set_generated(&mut self, id: &Key) -> Result<()> {
        let mut records = self.records.iter_mut();
        records
            .next()
            .map_or(Ok(()), |record| AnyRecord::set_generated(record, id))
    }

    fn rows(&self) -> Vec<NewRow<'_>> {
        let rows = self.records.iter().zip(&self.expected);
        rows.map(|(record, (expected, is_new))| NewRow {
            record,
            expected: *expected,
            is_new: *is_new,
        })
        .collect()
    }
}
