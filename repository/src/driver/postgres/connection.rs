//! A connection of a pool, and what it keeps between two sessions.

use std::sync::Arc;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::message::Prepared;
use super::plans::Plans;
use super::retirement::{Age, Incidents};
use crate::driver::Access;
use crate::model::error::Error;

/// A connection of a pool.
#[derive(Debug)]
pub struct PooledConnection {
    pub(super) connection: PgConnection,
    pub(super) age: Age,
    /// Whether the connection always has the same server process, which then keeps prepared statements.
    pub(super) own_backend: bool,
    /// Whether it was returned to the pool without an open transaction.
    pub(super) released: bool,
    pub(super) incidents: Incidents,
    /// The SQL that restores the state of a new connection.
    pub(super) cleaning: Arc<str>,
    pub(super) prepared: Prepared,
    pub(super) plans: Plans,
}

impl PooledConnection {
    /// The connection, for a statement.
    pub(super) fn live(&mut self) -> &mut PgConnection {
        self.age.used();
        &mut self.connection
    }

    /// The connection, and the statements that are prepared on it by SQL.
    pub(super) fn with_prepared(&mut self) -> (&mut PgConnection, &mut Prepared) {
        self.age.used();
        (&mut self.connection, &mut self.prepared)
    }

    /// Marks the connection as returned without an open transaction. One whose server keeps too many unknown statements is
    /// not used again, unless all are removed before.
    pub(super) fn release(&mut self) {
        self.released = self.prepared.is_known() || self.plans.are_old();
    }

    /// Forgets the prepared statements, also in a failed transaction, where the server accepts no statement.
    pub(super) async fn forget_statements(&mut self) -> Result<(), sqlx::Error> {
        self.plans.record_change();
        self.prepared.forget();
        self.connection.clear_cached_statements().await
    }

    /// Removes the prepared statements if the schema changed after they were prepared.
    pub(super) async fn remove_old_statements(&mut self) -> Result<(), sqlx::Error> {
        if self.plans.are_old() {
            self.plans.renew();
            Box::pin(self.prepared.remove_all(&mut self.connection)).await?;
        }
        Ok(())
    }

    /// Records that the connection is given up.
    pub(super) fn lose(&self) {
        self.incidents.lost();
    }

    /// Records what an error says of the server.
    pub(super) fn failed(&self, access: Access, error: &Error) {
        self.incidents.failed(access, error);
    }

    /// Whether it was made for the session that has it.
    pub(super) fn is_new(&self) -> bool {
        self.age.is_new()
    }

    /// The SQL that removes any state that custom SQL may have left.
    pub(super) fn cleaning(&self) -> &str {
        &self.cleaning
    }

    /// Whether statements may be prepared with a name. Behind a pooler, the statement of another client may have the
    /// same name, and would be run instead.
    pub(super) fn keeps_statements(&self) -> bool {
        self.own_backend
    }
}
