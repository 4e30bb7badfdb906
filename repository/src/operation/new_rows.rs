//! New rows of a call: drafts of any record, and the records that they become.

use uuid::Uuid;

use super::{Context, Now, normalise};
use crate::driver::AnyRecord;
use crate::model::error::Result;
use crate::model::record::{Record, Stamp};
use crate::model::record_id::RecordId;
use crate::model::repository::Upsert;
use crate::sql::Statements;

/// Drafts of any record, until they are stamped.
pub(crate) trait NewRows: Send + Sync {
    /// Makes a record of each draft.
    ///
    /// # Errors
    /// Those of the stamp and of the values, for the first draft that has one.
    fn stamp(&mut self, stamper: &Stamper<'_>) -> Result<()>;

    /// The records that the drafts became.
    fn rows(&self) -> Vec<NewRow<'_>>;
}

/// A row to be written: the record to insert if it is missing, and the version to update if it is stored.
#[derive(Clone, Copy)]
pub(crate) struct NewRow<'r> {
    pub(crate) record: &'r dyn AnyRecord,
    pub(crate) expected: Option<i64>,
}

/// Makes records of drafts.
pub(crate) struct Stamper<'c> {
    context: &'c Context,
    statements: &'static Statements,
    now: Now,
}

impl<'c> Stamper<'c> {
    pub(crate) fn new(context: &'c Context, statements: &'static Statements) -> Self {
        Stamper {
            context,
            statements,
            now: context.now(),
        }
    }

    /// The id, owner and time of a new row.
    fn stamp<Id: RecordId>(&self, id: Option<Id>, owner: Option<Uuid>) -> Result<Stamp<Id>> {
        self.context.check_owner(owner)?;
        self.context.stamp(self.statements, id, owner, self.now)
    }
}

/// New rows of one type.
pub(crate) struct Drafts<R: Record> {
    drafts: Vec<Upsert<R>>,
    expected: Vec<Option<i64>>,
    records: Vec<R>,
}

impl<R: Record> Drafts<R> {
    pub(crate) fn new(drafts: Vec<Upsert<R>>) -> Self {
        Drafts {
            expected: drafts.iter().map(|draft| draft.expected).collect(),
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
    fn stamp(&mut self, stamper: &Stamper<'_>) -> Result<()> {
        for Upsert { draft, owner, .. } in self.drafts.drain(..) {
            let stamp = stamper.stamp(R::draft_id(&draft), owner)?;
            let mut record = R::from_draft(draft, stamp);
            normalise(stamper.statements, &mut record)?;
            self.records.push(record);
        }
        Ok(())
    }

    fn rows(&self) -> Vec<NewRow<'_>> {
        let rows = self.records.iter().zip(&self.expected);
        rows.map(|(record, expected)| NewRow {
            record,
            expected: *expected,
        })
        .collect()
    }
}
