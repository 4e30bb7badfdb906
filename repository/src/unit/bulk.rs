//! Calls that write several rows: at once, and if a row is refused, again in order.

use super::calls::SourceCalls;
use super::source::Source;
use crate::driver::{Access, Dialect, Extent};
use crate::model::error::{ErrorKind, Result};
use crate::operation::{self, BulkWrite, Context, NewRows, ReservedIds};
use crate::session::Session;
use crate::sql::Statements;

impl<D: Dialect> SourceCalls<D> {
    /// Runs a write of several rows: at once, and if a row is refused, again in order.
    pub(super) async fn bulk<'c, B: BulkWrite<D> + 'c>(
        &'c self,
        statements: &Statements,
        extent: Extent,
        bulk: impl FnOnce(&'c Context) -> Result<B> + Send,
    ) -> Result<B::Output> {
        let mut work = self.write(statements, extent).await?;
        let written = match bulk(&self.context) {
            Ok(bulk) => self.write_bulk(work.session(), &bulk, false).await,
            Err(error) => Err(error),
        };
        work.end(Access::Write, written).await
    }

    /// As [`bulk`](Self::bulk), for rows whose ids the database may generate.
    pub(super) async fn bulk_rows<'c, B: BulkWrite<D> + 'c>(
        &'c self,
        statements: &Statements,
        rows: &'c mut dyn NewRows,
        bulk: impl FnOnce(&'c Context, &'c mut dyn NewRows, ReservedIds) -> Result<B> + Send,
    ) -> Result<B::Output> {
        let mut work = self.write(statements, Extent::Transaction).await?;
        let keeps_ids = !D::RESERVES_EACH && rows.without_id() > 0;
        let reserved = ReservedIds::reserve(work.session(), statements, rows);
        let reserved = Box::pin(reserved).await;
        let written = match reserved.and_then(|ids| bulk(&self.context, rows, ids)) {
            Ok(bulk) => self.write_bulk(work.session(), &bulk, keeps_ids).await,
            Err(error) => Err(error),
        };
        work.end(Access::Write, written).await
    }

    /// `keeps_ids` is whether others could use the ids of the rows if the transaction ended before the call does.
    async fn write_bulk<B: BulkWrite<D>>(
        &self,
        session: &mut Session<D>,
        bulk: &B,
        keeps_ids: bool,
    ) -> Result<B::Output> {
        // On the heap: the futures of bulk writes are large, and a call holds two of them.
        let written = Box::pin(self.write_bulk_once(session, bulk, keeps_ids)).await;
        if let Source::Pool(pool) = &self.source
            && is_schema_change(&written)
            && !keeps_ids
        {
            session.restart(pool, &self.context.scope).await?;
            return Box::pin(self.write_bulk_once(session, bulk, keeps_ids)).await;
        }
        written
    }

    async fn write_bulk_once<B: BulkWrite<D>>(
        &self,
        session: &mut Session<D>,
        bulk: &B,
        keeps_ids: bool,
    ) -> Result<B::Output> {
        if bulk.starts_in_order() {
            if let Source::Pool(pool) = &self.source {
                session.restart(pool, &self.context.scope).await?;
            }
            return bulk.write_in_order(session).await;
        }
        let restarted = match &self.source {
            Source::Pool(pool) => Some(pool).filter(|_| !keeps_ids),
            Source::Unit { .. } => None,
        };
        if restarted.is_none() && bulk.is_ordered() {
            session.mark().await?;
        }
        match bulk.write_at_once(session).await {
            Err(error) if operation::is_refusal(&error) && bulk.is_ordered() => {}
            result => return result,
        }
        match restarted {
            Some(pool) => session.restart(pool, &self.context.scope).await?,
            None => session.undo().await?,
        }
        bulk.write_in_order(session).await
    }
}

/// Whether a statement of a transaction failed because its connection had prepared it before the schema changed, so that
/// the transaction may be run again.
pub(super) fn is_schema_change<T>(result: &Result<T>) -> bool {
    let error = result.as_ref().err();
    error.is_some_and(|error| *error.kind() == ErrorKind::SchemaChanged)
}
