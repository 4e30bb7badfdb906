//! The patch of the rows of a filter.

use std::ops::Range;

use uuid::Uuid;

use super::in_order::{self, BulkWrite, Parts};
use super::{Context, changes, diagnose};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::Result;
use crate::model::query::{Condition, Filter, Visibility};
use crate::model::record::Record;
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::{self, Affected, Selection};

/// The changes of the live rows that a filter matches.
pub(crate) struct PatchWhere<'c, R> {
    context: &'c Context,
    filter: &'c Filter<R>,
    changes: Vec<(usize, Value)>,
    now: Value,
}

impl<'c, R> PatchWhere<'c, R> {
    pub(crate) fn new<D: Dialect>(
        context: &'c Context,
        filter: &'c Filter<R>,
        patch: &R::Patch,
    ) -> Result<Self>
    where
        R: Twin<D>,
    {
        Ok(PatchWhere {
            context,
            filter,
            changes: changes::<D, R>(patch)?,
            now: Value::Timestamp(context.now()),
        })
    }
}

impl<R: Record> PatchWhere<'_, R> {
    fn selection<'q>(&self, condition: &'q Condition) -> Selection<'q> {
        Selection {
            condition,
            visibility: Visibility::Live,
            owner: self.context.owner_of::<R>(),
        }
    }

    async fn update<D: Dialect>(
        &self,
        session: &mut Session<D>,
        selection: Selection<'_>,
    ) -> Result<u64>
    where
        R: Twin<D>,
    {
        let (changes, now) = (self.changes.clone(), self.now.clone());
        let (text, values) = sql::update_where::<D>(R::statements(), changes, now, selection)?;
        session.execute(&text, values).await
    }
}

impl<D: Dialect, R: Twin<D>> BulkWrite<D> for PatchWhere<'_, R> {
    type Output = u64;

    /// If the changes can violate one constraint only, each row has the same error.
    fn is_ordered(&self) -> bool {
        diagnose::may_violate_several::<D, R>(self.context, &self.changes)
    }

    async fn write_at_once(&self, session: &mut Session<D>) -> Result<u64> {
        let selection = self.selection(&self.filter.condition);
        if self.changes.is_empty() {
            // An invalid filter is an error here too.
            sql::selection_shape(R::statements(), selection, &[])?;
            return Ok(0);
        }
        match self.update(session, selection).await {
            Err(error) if !BulkWrite::<D>::is_ordered(self) => {
                let affected = Affected::Selected(selection);
                let changes = &self.changes;
                Err(
                    diagnose::change_error::<D, R>(session, self.context, error, affected, changes)
                        .await,
                )
            }
            result => result,
        }
    }

    async fn write_in_order(&self, session: &mut Session<D>) -> Result<u64> {
        let selection = self.selection(&self.filter.condition);
        let (text, values) = sql::select_ids::<D>(R::statements(), selection)?;
        let ids = session
            .fetch(&text, values, |row| D::get::<Uuid>(row, 0))
            .await?;
        let patched = in_order::write_parts(session, &PatchEach { patch: self, ids }).await?;
        Ok(patched.into_iter().sum())
    }
}

/// The same changes, row by row in the order of their ids.
struct PatchEach<'p, R> {
    patch: &'p PatchWhere<'p, R>,
    ids: Vec<Uuid>,
}

impl<D: Dialect, R: Twin<D>> Parts<D> for PatchEach<'_, R> {
    type Outcome = u64;

    fn count(&self) -> usize {
        self.ids.len()
    }

    async fn write(&self, session: &mut Session<D>, parts: Range<usize>) -> Result<Vec<u64>> {
        let ids = &self.ids[parts];
        let values = ids.iter().copied().map(Value::Uuid).collect();
        let condition = Condition::IsIn {
            column: R::MANAGED.id,
            values: Ok(Value::Array(Type::Uuid, values)),
        };
        let selection = self.patch.selection(&condition);
        match (self.patch.update(session, selection).await, ids) {
            (Ok(patched), _) => Ok(vec![patched]),
            (Err(error), [id]) => {
                let affected = Affected::One {
                    id: *id,
                    owner: selection.owner,
                };
                let (context, changes) = (self.patch.context, &self.patch.changes);
                Err(
                    diagnose::change_error::<D, R>(session, context, error, affected, changes)
                        .await,
                )
            }
            (Err(error), _) => Err(error),
        }
    }
}
