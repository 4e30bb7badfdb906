//! Writes of the rows that a statement selects: by a filter, or for a purge.

use std::marker::PhantomData;
use std::ops::Range;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::in_order::{self, BulkWrite, Parts};
use super::write::{deleted_column, deletion_stamps, push_now};
use super::{Context, changes, diagnose};
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
            Write::Remove => diagnose::may_restrict_several::<D, R>(context),
            changed => diagnose::may_violate_several::<D, R>(context, changed.changes()),
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
            changed => {
                let changes = changed.changes();
                diagnose::change_error::<D, R>(session, context, error, affected, changes).await
            }
        }
    }
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
        let each = WriteEach::<R> {
            context: self.context,
            write: &self.write,
            visibility: selection.visibility,
            ids: session
                .fetch(&text, values, |row| D::get::<Uuid>(row, 0))
                .await?,
            _of: PhantomData,
        };
        each.write_all(session).await
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
        let each = WriteEach::<R> {
            context: self.context,
            write: &Write::Remove,
            visibility: Visibility::Deleted,
            ids: session
                .fetch(&text, self.values(), |row| D::get::<Uuid>(row, 0))
                .await?,
            _of: PhantomData,
        };
        each.write_all(session).await
    }
}

/// The same write of each of these rows, in their order.
struct WriteEach<'w, R> {
    context: &'w Context,
    write: &'w Write,
    visibility: Visibility,
    ids: Vec<Uuid>,
    _of: PhantomData<fn() -> R>,
}

impl<R> WriteEach<'_, R> {
    /// Returns the number of written rows.
    async fn write_all<D: Dialect>(&self, session: &mut Session<D>) -> Result<u64>
    where
        R: Twin<D>,
    {
        let written = in_order::write_parts(session, self).await?;
        Ok(written.into_iter().sum())
    }
}

impl<D: Dialect, R: Twin<D>> Parts<D> for WriteEach<'_, R> {
    type Outcome = u64;

    fn count(&self) -> usize {
        self.ids.len()
    }

    async fn write(&self, session: &mut Session<D>, parts: Range<usize>) -> Result<Vec<u64>> {
        let ids = &self.ids[parts];
        let owner = self.context.owner_of::<R>();
        let values = ids.iter().copied().map(Value::Uuid).collect();
        let condition = Condition::IsIn {
            column: R::MANAGED.id,
            values: Ok(Value::Array(Type::Uuid, values)),
        };
        let selection = Selection {
            condition: &condition,
            visibility: self.visibility,
            owner,
        };
        let (text, values) = self.write.statement::<D, R>(selection)?;
        match (session.execute(&text, values).await, ids) {
            (Ok(written), _) => Ok(vec![written]),
            (Err(error), [id]) => {
                let affected = Affected::One { id: *id, owner };
                let complete = self
                    .write
                    .complete::<D, R>(session, self.context, error, affected);
                Err(complete.await)
            }
            (Err(error), _) => Err(error),
        }
    }
}
