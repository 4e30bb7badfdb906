//! Writes of the rows that a statement selects: by a filter, or for a purge.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ops::Range;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::in_order::{self, BulkWrite, Parts};
use super::references::{self, References};
use super::write::{deleted_column, deletion_stamps, push_now, with_update_time};
use super::{Context, by_ids, changes, diagnose};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{Error, Result};
use crate::model::query::{Condition, Filter, Visibility};
use crate::model::record::Record;
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Affected, Selection, SqlText};

/// What is done to each row.
enum Write {
    /// Changes columns. The stamps are the update time.
    Patch {
        changes: Vec<(usize, Value)>,
        stamps: Vec<Value>,
    },
    /// Sets the soft-delete column. The stamps are its time and the update time.
    Delete {
        changes: [(usize, Value); 1],
        stamps: Vec<Value>,
    },
    /// Removes the row.
    Remove,
}

impl Write {
    /// The changes of the columns; none if the row is removed.
    fn changes(&self) -> &[(usize, Value)] {
        match self {
            Write::Patch { changes, .. } => changes,
            Write::Delete { changes, .. } => changes,
            Write::Remove => &[],
        }
    }

    fn statement<D: Dialect, R: Twin<D>>(
        &self,
        selection: Selection<'_>,
    ) -> Result<(SqlText, Vec<Value>)> {
        let statements = R::statements();
        match self {
            Write::Patch { changes, stamps } => {
                sql::update_where::<D>(statements, changes.clone(), stamps.clone(), selection)
            }
            Write::Delete {
                changes: [(deleted, _)],
                stamps,
            } => {
                let deleted = statements.column(*deleted);
                sql::delete_where::<D>(statements, deleted, stamps.clone(), selection)
            }
            Write::Remove => sql::remove_where::<D>(statements, selection),
        }
    }

    fn may_violate_several<D: Dialect, R: Twin<D>>(&self, context: &Context) -> bool {
        match self {
            Write::Remove => {
                references::are_possible::<D, R>()
                    || diagnose::may_restrict_several::<D, R>(context)
            }
            changed => diagnose::may_violate_several::<D, R>(context, changed.changes()),
        }
    }

    /// Whether the success depends on the order of the rows.
    fn starts_in_order<D: Dialect, R: Twin<D>>(&self) -> bool {
        match self {
            // The engines count the removed rows differently.
            Write::Remove => references::cascade::<R>(),
            changed => moves_through_predicate::<D, R>(changed.changes()),
        }
    }

    async fn complete<D: Dialect, R: Twin<D>>(
        &self,
        session: &mut Session<D>,
        context: &Context,
        error: Error,
        affected: Affected<'_>,
    ) -> Error {
        match self {
            Write::Remove => {
                diagnose::delete_error::<D, R>(session, context, error, affected).await
            }
            Write::Patch { changes, stamps } => {
                let changes = with_update_time::<R>(changes.clone(), stamps);
                diagnose::change_error::<D, R>(session, context, error, affected, &changes).await
            }
            Write::Delete { changes, stamps } => {
                let changes = with_update_time::<R>(changes.to_vec(), stamps);
                diagnose::change_error::<D, R>(session, context, error, affected, &changes).await
            }
        }
    }
}

/// Whether the changes and another column together decide whether a row belongs to a partial unique key. Then some rows
/// may enter it and others leave it.
fn moves_through_predicate<D: Dialect, R: Twin<D>>(changes: &[(usize, Value)]) -> bool {
    let statements = R::statements();
    let is_changed = |index: &usize| changes.iter().any(|(changed, _)| changed == index);
    R::TABLE.unique_rules().any(|rule| {
        let columns = 0..statements.columns.len();
        let mentioned = columns.filter(|index| rule.predicate_mentions(statements.column(*index)));
        let (changed, kept): (Vec<usize>, Vec<usize>) = mentioned.partition(is_changed);
        !changed.is_empty() && !kept.is_empty()
    })
}

/// A write of the live rows that a filter matches.
pub(crate) struct WriteWhere<'c, R> {
    context: &'c Context,
    filter: &'c Filter<R>,
    write: Write,
}

impl<'c, R: Record> WriteWhere<'c, R> {
    pub(crate) fn patch<D: Dialect>(
        context: &'c Context,
        filter: &'c Filter<R>,
        patch: &R::Patch,
    ) -> Result<Self>
    where
        R: Twin<D>,
    {
        let changes = changes::<D, R>(patch)?;
        let mut stamps = Vec::new();
        if !changes.is_empty() {
            push_now::<R>(context.now(), &mut stamps)?;
        }
        let write = Write::Patch { changes, stamps };
        Ok(WriteWhere {
            context,
            filter,
            write,
        })
    }

    /// Deletes softly if the record has soft delete.
    pub(crate) fn delete(context: &'c Context, filter: &'c Filter<R>) -> Result<Self> {
        let stamps = deletion_stamps::<R>(context)?;
        let write = match R::MANAGED.deleted.zip(stamps.first().cloned()) {
            Some(change) => Write::Delete {
                changes: [change],
                stamps,
            },
            None => Write::Remove,
        };
        Ok(WriteWhere {
            context,
            filter,
            write,
        })
    }

    fn selection(&self) -> Selection<'_> {
        Selection {
            condition: &self.filter.condition,
            visibility: Visibility::Live,
            owner: self.context.owner_of::<R>(),
        }
    }
}

impl<D: Dialect, R: Twin<D>> BulkWrite<D> for WriteWhere<'_, R> {
    type Output = u64;

    /// If one constraint only can be violated, each row has the same error.
    fn is_ordered(&self) -> bool {
        self.write.may_violate_several::<D, R>(self.context)
    }

    fn starts_in_order(&self) -> bool {
        self.write.starts_in_order::<D, R>()
    }

    async fn write_at_once(&self, session: &mut Session<D>) -> Result<u64> {
        let selection = self.selection();
        if let Write::Patch { changes, .. } = &self.write
            && changes.is_empty()
        {
            // An invalid filter is an error here too.
            selection.values(R::statements(), &mut Vec::new())?;
            return Ok(0);
        }
        let (text, values) = self.write.statement::<D, R>(selection)?;
        match session.execute(&text, values).await {
            Err(error) if !BulkWrite::<D>::is_ordered(self) => {
                let affected = Affected::Selected(selection);
                let complete = self
                    .write
                    .complete::<D, R>(session, self.context, error, affected);
                Err(complete.await)
            }
            result => result,
        }
    }

    async fn write_in_order(&self, session: &mut Session<D>) -> Result<u64> {
        let selection = self.selection();
        let (text, values) = sql::select_ids::<D>(R::statements(), selection)?;
        let ids = session.fetch(&text, values, |row| D::get::<Uuid>(row, 0));
        let ids = ids.await?;
        let each = WriteEach::<R>::new(self.context, &self.write, selection.visibility);
        each.write_all(session, ids).await
    }
}

/// The removal of rows that were soft-deleted before a time, the oldest first.
pub(crate) struct Purge<'c, R> {
    context: &'c Context,
    deleted: usize,
    before: DateTime<Utc>,
    limit: u32,
    _of: PhantomData<fn() -> R>,
}

impl<'c, R: Record> Purge<'c, R> {
    pub(crate) fn new(context: &'c Context, before: DateTime<Utc>, limit: u32) -> Result<Self> {
        let deleted = deleted_column::<R>("purge")?;
        let mut before = before;
        crate::model::derive::canonical("before", &mut before)?;
        Ok(Purge {
            context,
            deleted,
            before,
            limit,
            _of: PhantomData,
        })
    }

    /// The parameters of a statement that selects the rows.
    fn values(&self) -> Vec<Value> {
        let mut values = vec![Value::Timestamp(self.before)];
        values.extend(self.context.owner_of::<R>().map(Value::Uuid));
        values.push(Value::BigInt(self.limit.into()));
        values
    }
}

impl<D: Dialect, R: Twin<D>> BulkWrite<D> for Purge<'_, R> {
    type Output = u64;

    fn is_ordered(&self) -> bool {
        Write::Remove.may_violate_several::<D, R>(self.context)
    }

    fn starts_in_order(&self) -> bool {
        Write::Remove.starts_in_order::<D, R>()
    }

    async fn write_at_once(&self, session: &mut Session<D>) -> Result<u64> {
        let deleted = R::statements().column(self.deleted);
        let owner = self.context.owner_of::<R>();
        let text = sql::purge::<D>(R::statements(), deleted, owner.is_some());
        match session.execute(&text, self.values()).await {
            Err(error) if !BulkWrite::<D>::is_ordered(self) => {
                let affected = Affected::Purged {
                    deleted,
                    before: self.before,
                    owner,
                    limit: self.limit,
                };
                let complete =
                    Write::Remove.complete::<D, R>(session, self.context, error, affected);
                Err(complete.await)
            }
            result => result,
        }
    }

    async fn write_in_order(&self, session: &mut Session<D>) -> Result<u64> {
        let deleted = R::statements().column(self.deleted);
        let owner = self.context.owner_of::<R>();
        let text = sql::purged_ids::<D>(R::statements(), deleted, owner.is_some());
        let ids = session.fetch(&text, self.values(), |row| D::get::<Uuid>(row, 0));
        let ids = ids.await?;
        let each = WriteEach::<R>::new(self.context, &Write::Remove, Visibility::Deleted);
        each.write_all(session, ids).await
    }
}

/// The same write of each of some rows, in their order. A row is removed after those that reference it, and rows that
/// reference each other in a circle together.
struct WriteEach<'w, R> {
    context: &'w Context,
    write: &'w Write,
    visibility: Visibility,
    parts: Vec<Vec<Uuid>>,
    _of: PhantomData<fn() -> R>,
}

impl<'w, R> WriteEach<'w, R> {
    fn new(context: &'w Context, write: &'w Write, visibility: Visibility) -> Self {
        WriteEach {
            context,
            write,
            visibility,
            parts: Vec::new(),
            _of: PhantomData,
        }
    }

    /// Returns the number of written rows.
    async fn write_all<D: Dialect>(
        mut self,
        session: &mut Session<D>,
        ids: Vec<Uuid>,
    ) -> Result<u64>
    where
        R: Twin<D>,
    {
        self.parts = match self.write {
            Write::Remove if references::are_possible::<D, R>() => {
                let owner = self.context.owner_of::<R>();
                let text = sql::select_by_ids::<D>(R::statements(), owner.is_some());
                let values = by_ids(ids.iter().copied(), owner);
                let stored = session.fetch(&text, values, R::from_row).await?;
                let stored: HashMap<Uuid, R> =
                    stored.into_iter().map(|row| (row.id(), row)).collect();
                let rows: Vec<&R> = ids.iter().filter_map(|id| stored.get(id)).collect();
                let parts = References::between::<D, R>(&rows).children_first();
                let ids = |part: Vec<usize>| part.into_iter().map(|row| rows[row].id()).collect();
                parts.into_iter().map(ids).collect()
            }
            _ => ids.into_iter().map(|id| vec![id]).collect(),
        };
        let written = in_order::write_parts(session, &self).await?;
        Ok(written.into_iter().sum())
    }
}

impl<D: Dialect, R: Twin<D>> Parts<D> for WriteEach<'_, R> {
    type Outcome = u64;

    fn count(&self) -> usize {
        self.parts.len()
    }

    async fn write(&self, session: &mut Session<D>, parts: Range<usize>) -> Result<Vec<u64>> {
        let parts = &self.parts[parts];
        let ids: Vec<Uuid> = parts.iter().flatten().copied().collect();
        let owner = self.context.owner_of::<R>();
        let condition = Condition::IsIn {
            column: R::MANAGED.id,
            values: Ok(Value::Array(
                Type::Uuid,
                ids.iter().copied().map(Value::Uuid).collect(),
            )),
        };
        let selection = Selection {
            condition: &condition,
            visibility: self.visibility,
            owner,
        };
        if let (Write::Remove, [_], [_, _, ..]) = (self.write, parts, &*ids) {
            let affected = Affected::Selected(selection);
            diagnose::check_removal::<D, R>(session, self.context, affected).await?;
        }
        let (text, values) = self.write.statement::<D, R>(selection)?;
        let error = match (session.execute(&text, values).await, self.write) {
            // Some are removed with others, and the engines count these differently.
            (Ok(_), Write::Remove) => {
                return Ok(vec![u64::try_from(ids.len()).unwrap_or(u64::MAX)]);
            }
            (Ok(written), _) => return Ok(vec![written]),
            (Err(error), _) => error,
        };
        let [id] = *ids else {
            return Err(error);
        };
        let affected = Affected::One { id, owner };
        let complete = self
            .write
            .complete::<D, R>(session, self.context, error, affected);
        Err(complete.await)
    }

    /// A circle is only removed together, and the check before that finds the first key of a row that stays.
    fn is_circle(&self, _part: usize) -> bool {
        false
    }

    async fn circle_error(&self, _session: &mut Session<D>, _part: usize, refused: Error) -> Error {
        refused
    }
}
