//! A connection at work: statements go through here, and it never goes back to its pool unclean.

use sea_orm::{DbErr, ExecResult, QueryResult};

use crate::dialect::{Access, Dialect, Extent, Text};
use crate::error::{Error, ErrorKind, Result};
use crate::scope::Scope;
use crate::value::Value;

/// A checked-out connection and what is going on in it.
///
/// However a session ends, the connection is clean before anyone else gets it: a session that is dropped
/// in the middle of a statement or of a transaction hands its connection to a task that waits for the
/// statement's end, rolls back, and throws the connection away if that fails.
pub(crate) struct Session<D: Dialect> {
    /// Taken when the session ends.
    connection: Option<D::Connection>,
    in_transaction: bool,
    /// A statement was sent whose answer has not been read.
    busy: bool,
    /// A statement failed inside the transaction.
    failed: bool,
}

const ENDED: ErrorKind = ErrorKind::UnitEnded {
    reason: "it was committed or rolled back",
};

const FAILED: ErrorKind = ErrorKind::UnitEnded {
    reason: "a call in it failed, so it can only be rolled back",
};

impl<D: Dialect> Session<D> {
    pub(crate) async fn begin(
        pool: &D::Pool,
        scope: &Scope,
        access: Access,
        extent: Extent,
    ) -> Result<Self> {
        let connection = D::acquire(pool, access).await?;
        let mut session = Session {
            connection: Some(connection),
            in_transaction: false,
            busy: true,
            failed: false,
        };
        let connection = session.connection.as_mut().ok_or(ENDED)?;
        let begun = D::begin(connection, pool, scope, access, extent).await;
        session.in_transaction = *begun.as_ref().unwrap_or(&true);
        session.busy = false;
        begun?;
        Ok(session)
    }

    /// The connection, if another statement may be sent on it.
    fn ready(&mut self) -> Result<&mut D::Connection> {
        if self.failed {
            return Err(FAILED.into());
        }
        let connection = self.connection.as_mut().ok_or(ENDED)?;
        self.busy = true;
        Ok(connection)
    }

    fn answered<T, E>(&mut self, answer: Result<T, E>) -> Result<T, E> {
        self.busy = false;
        self.failed |= answer.is_err() && self.in_transaction;
        answer
    }

    /// Refuses every further statement: a call failed after it had written something.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }

    pub(crate) async fn fetch<T: Send>(
        &mut self,
        text: &Text,
        values: Vec<Value>,
        decode: fn(&D::Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let answer = D::fetch(self.ready()?, text, values, decode).await;
        self.answered(answer)
    }

    /// The first row of a statement that only reads.
    pub(crate) async fn fetch_first<T: Send>(
        &mut self,
        text: &Text,
        values: Vec<Value>,
        decode: fn(&D::Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let answer = D::fetch_first(self.ready()?, text, values, decode).await;
        self.answered(answer)
    }

    /// The first row of a statement that also writes: it runs to its end, where it may still fail.
    pub(crate) async fn fetch_optional<T: Send>(
        &mut self,
        text: &Text,
        values: Vec<Value>,
        decode: fn(&D::Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let rows = self.fetch(text, values, decode).await?;
        Ok(rows.into_iter().next())
    }

    pub(crate) async fn execute(&mut self, text: &Text, values: Vec<Value>) -> Result<u64> {
        let answer = D::execute(self.ready()?, text, values).await;
        self.answered(answer)
    }

    pub(crate) async fn seaorm_fetch(
        &mut self,
        statement: sea_orm::Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let connection = self.ready().map_err(to_db_err)?;
        let answer = D::seaorm_fetch(connection, statement).await;
        self.answered(answer)
    }

    pub(crate) async fn seaorm_execute(
        &mut self,
        statement: sea_orm::Statement,
    ) -> Result<ExecResult, DbErr> {
        let connection = self.ready().map_err(to_db_err)?;
        let answer = D::seaorm_execute(connection, statement).await;
        self.answered(answer)
    }

    pub(crate) async fn seaorm_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let connection = self.ready().map_err(to_db_err)?;
        let answer = D::seaorm_unprepared(connection, sql).await;
        self.answered(answer)
    }

    /// Makes everything durable, or nothing.
    ///
    /// The commit goes on when the caller stops waiting for it.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if a call in it failed: it was rolled back. A lost connection
    /// is [`CommitUnknown`](ErrorKind::CommitUnknown) here.
    pub(crate) async fn commit(mut self) -> Result<()> {
        if self.failed {
            self.rollback().await?;
            return Err(FAILED.into());
        }
        if !self.in_transaction {
            return Ok(());
        }
        self.busy = true;
        let connection = self.connection.as_mut().ok_or(ENDED)?;
        D::control(connection, "COMMIT")
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::ConnectionLost => error.with_kind(ErrorKind::CommitUnknown),
                _ => error,
            })?;
        self.in_transaction = false;
        self.busy = false;
        Ok(())
    }

    pub(crate) async fn rollback(mut self) -> Result<()> {
        if !self.in_transaction {
            return Ok(());
        }
        self.busy = true;
        let connection = self.connection.as_mut().ok_or(ENDED)?;
        D::control(connection, "ROLLBACK").await?;
        self.in_transaction = false;
        self.busy = false;
        Ok(())
    }
}

impl<D: Dialect> Drop for Session<D> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if !self.busy && !self.in_transaction {
            return;
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    if D::control(&mut connection, "ROLLBACK").await.is_err() {
                        D::discard(connection);
                    }
                });
            }
            // Without a runtime nothing can be sent; closing the connection rolls back as well.
            Err(_) => D::discard(connection),
        }
    }
}

fn to_db_err(error: Error) -> DbErr {
    DbErr::Custom(error.to_string())
}
