//! A connection at work: statements go through here, and it never goes back to its pool unclean.

mod held;
mod savepoint;

use std::future::Future;
use std::time::Duration;

use sea_orm::{DbErr, ExecResult, QueryResult};

use crate::driver::{Access, Dialect, Extent};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::sql::SqlText;
use crate::sql::custom::{CustomSql, Trace};
use held::Held;

/// A checked-out connection and what is going on in it.
///
/// However a session ends, the connection is clean before anyone else gets it: a session that is dropped
/// in the middle of a statement or of a transaction hands its connection to a task that waits for the
/// statement's end, rolls back, and throws the connection away if that fails or if the task itself ends.
pub(crate) struct Session<D: Dialect> {
    /// Taken when the session ends.
    connection: Option<Held<D>>,
    access: Access,
    in_transaction: bool,
    /// A statement was sent whose answer has not been read.
    busy: bool,
    /// Why the transaction can only be rolled back.
    failure: Option<Failure>,
    /// How many savepoints are open, one inside the other.
    savepoints: u32,
    /// Whether it works for one owner.
    owned: bool,
    /// Whether SQL of the application's own ran, which may have left something on the connection.
    custom_sql: bool,
    /// What must still hold at the end; see [`Begin`](crate::dialect::Begin).
    guard_query: String,
    /// The connection is of no more use to anyone.
    broken: bool,
    /// How long an answer may take before the database is given up: longer than it may take by its own
    /// limits.
    response_deadline: Duration,
}

/// A call in a transaction failed.
#[derive(Clone, Copy)]
struct Failure {
    /// The same work, run again from its beginning, may succeed.
    retryable: bool,
    /// All of the transaction has failed, and a savepoint does not help: SQLite has rolled it back, or it can
    /// no more be serialised. The same errors end a unit on both engines.
    whole: bool,
}

impl Failure {
    fn of(error: &Error) -> Self {
        let ends_all = matches!(
            error.kind(),
            ErrorKind::Serialization | ErrorKind::StatementTimeout
        );
        Failure {
            retryable: error.is_retryable(),
            whole: ends_all || error.breaks_connection(),
        }
    }
}

/// The error of a call on a unit that has ended.
pub(crate) const ENDED: ErrorKind = ErrorKind::UnitEnded {
    reason: "it was committed or rolled back",
};

const FAILED: ErrorKind = ErrorKind::UnitEnded {
    reason: "a call in it failed, so it can only be rolled back",
};

const DROPPED: ErrorKind = ErrorKind::UnitEnded {
    reason: "a call in it was dropped before its end, so it can only be rolled back",
};

/// The answer, or that there is none: the other side is silent, and its own limits have long passed.
async fn within<T, E: From<Error>>(
    response_deadline: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(response_deadline, answer).await {
        Ok(answer) => answer,
        Err(_) => {
            let message = "the database did not answer in time".to_owned();
            Err(Error::with_cause(ErrorKind::ConnectionLost, None, message).into())
        }
    }
}

impl<D: Dialect> Session<D> {
    pub(crate) async fn begin(
        pool: &D::Pool,
        scope: &Scope,
        access: Access,
        extent: Extent,
    ) -> Result<Self> {
        let begin = D::begin_sql(pool, scope, access, extent)?;
        let mut session = Session {
            connection: Some(Held::new(D::acquire(pool, access).await?)),
            access,
            in_transaction: false,
            busy: false,
            failure: None,
            savepoints: 0,
            owned: scope.owner_id().is_some(),
            custom_sql: false,
            guard_query: String::new(),
            broken: false,
            response_deadline: D::response_deadline(pool),
        };
        if let Some(begin) = begin {
            session.in_transaction = begin.transaction;
            session.guard_query = begin.guard_query;
            session.control(&begin.text).await?;
        }
        Ok(session)
    }

    async fn control(&mut self, text: &str) -> Result<()> {
        let response_deadline = self.response_deadline;
        let answer = within(response_deadline, D::control(self.ready()?, text)).await;
        self.answered(answer)
    }

    /// Whether what was done so far may stay. A call whose answer nobody read may have done a part of its
    /// work.
    fn check(&self) -> Result<()> {
        match (self.failure, self.busy) {
            (Some(_), _) => Err(FAILED.into()),
            (None, true) => Err(DROPPED.into()),
            (None, false) => Ok(()),
        }
    }

    /// Whether the transaction failed in a way that need not happen again.
    pub(crate) fn is_retryable(&self) -> bool {
        self.failure.is_some_and(|failure| failure.retryable)
    }

    /// The connection, if another statement may be sent on it.
    fn ready(&mut self) -> Result<&mut D::Connection> {
        self.check()?;
        let held = self.connection.as_mut().and_then(|held| held.0.as_mut());
        let connection = held.ok_or(ENDED)?;
        self.busy = true;
        Ok(connection)
    }

    fn answered<T>(&mut self, answer: Result<T>) -> Result<T> {
        self.busy = false;
        answer.map_err(|error| self.judged(error))
    }

    fn seaorm_answered<T>(&mut self, answer: Result<T, DbErr>) -> Result<T, DbErr> {
        self.busy = false;
        if let Err(error) = &answer {
            self.judged(error.clone().into());
        }
        answer
    }

    /// What an error means for the session, and for the caller.
    fn judged(&mut self, error: Error) -> Error {
        if self.in_transaction {
            self.fail(&error);
        }
        self.broken |= error.breaks_connection();
        match error.kind() {
            // A statement that commits by itself may have done so before the connection was lost.
            ErrorKind::ConnectionLost if !self.in_transaction && self.access == Access::Write => {
                error.with_kind(ErrorKind::CommitUnknown)
            }
            _ => error,
        }
    }

    /// Refuses every further statement: a call failed, perhaps after it had written something.
    pub(crate) fn fail(&mut self, error: &Error) {
        if self.busy {
            // It has ended already, and that is what the error says.
            return;
        }
        let new = Failure::of(error);
        let failure = self.failure.get_or_insert(new);
        failure.whole |= new.whole;
    }

    /// Refuses every further statement: an attempt was dropped before its end.
    pub(crate) fn abandon(&mut self) {
        self.busy = true;
    }

    pub(crate) async fn fetch<T: Send>(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&D::Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let response_deadline = self.response_deadline;
        let answer = within(
            response_deadline,
            D::fetch(self.ready()?, text, values, decode),
        )
        .await;
        self.answered(answer)
    }

    /// The first row of a statement that only reads.
    pub(crate) async fn fetch_first<T: Send>(
        &mut self,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&D::Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let response_deadline = self.response_deadline;
        let answer = within(
            response_deadline,
            D::fetch_first(self.ready()?, text, values, decode),
        )
        .await;
        self.answered(answer)
    }

    pub(crate) async fn execute(&mut self, text: &SqlText, values: Vec<Value>) -> Result<u64> {
        let response_deadline = self.response_deadline;
        let answer = within(response_deadline, D::execute(self.ready()?, text, values)).await;
        self.answered(answer)
    }

    /// Looks around after a statement that broke a constraint, where that undid the statement alone: the first
    /// column of the first row. The session stays as failed as it was.
    pub(crate) async fn probe(&mut self, text: &SqlText, values: Vec<Value>) -> Option<i64> {
        let connection = self.connection.as_mut()?.0.as_mut()?;
        self.busy = true;
        let number = |row: &D::Row| D::get::<i64>(row, 0);
        let look = D::fetch_first(connection, text, values, number);
        let answer = within(self.response_deadline, look).await;
        // What the look-up itself met is not what the caller asked about.
        self.answered(answer).ok().flatten()
    }

    pub(crate) async fn seaorm_fetch(
        &mut self,
        statement: sea_orm::Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let response_deadline = self.response_deadline;
        self.look_over_statement(&statement)?;
        let connection = self.ready()?;
        let answer = within(response_deadline, D::seaorm_fetch(connection, statement)).await;
        self.seaorm_answered(answer)
    }

    pub(crate) async fn seaorm_execute(
        &mut self,
        statement: sea_orm::Statement,
    ) -> Result<ExecResult, DbErr> {
        let response_deadline = self.response_deadline;
        self.look_over_statement(&statement)?;
        let connection = self.ready()?;
        let answer = within(response_deadline, D::seaorm_execute(connection, statement)).await;
        self.seaorm_answered(answer)
    }

    pub(crate) async fn seaorm_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let response_deadline = self.response_deadline;
        self.validate(&CustomSql::read(D::ENGINE, sql))?;
        let connection = self.ready()?;
        let answer = within(response_deadline, D::seaorm_unprepared(connection, sql)).await;
        self.seaorm_answered(answer)
    }

    fn look_over_statement(&mut self, statement: &sea_orm::Statement) -> Result<()> {
        let values = statement.values.as_ref().map_or(0, |values| values.0.len());
        self.validate_one(&CustomSql::read(D::ENGINE, &statement.sql), values)
    }

    /// As [`validate`](Self::validate), for a text that is sent prepared, with so many values. Of several
    /// statements Postgres would take none, and SQLite each by itself, also where no transaction holds them
    /// together; a value that is missing would be NULL to SQLite.
    pub(crate) fn validate_one(&mut self, sql: &CustomSql<'_>, values: usize) -> Result<()> {
        let reason = if !sql.is_one_statement() {
            "several statements in one text; say them one by one".to_owned()
        } else {
            match sql.parameters() {
                Ok(taken) if taken == values => return self.validate(sql),
                Ok(taken) => format!("{values} values for a statement with {taken} parameters"),
                Err(name) => format!("the parameter {name} has no number from 1"),
            }
        };
        Err(ErrorKind::InvalidQuery {
            reason: reason.into(),
        }
        .into())
    }

    /// Refuses SQL of the application's own that would end the transaction, change its role, or reach past
    /// the scope; from then on the connection has to be made clean at the session's end.
    fn validate(&mut self, sql: &CustomSql<'_>) -> Result<()> {
        match sql.validate(self.owned) {
            Ok(trace) => {
                self.custom_sql = true;
                // Nothing but a new connection is clean after this.
                self.broken |= trace == Trace::Left;
                Ok(())
            }
            Err(words) => Err(ErrorKind::InvalidQuery {
                reason: format!("{words} belongs to the unit of work, not to SQL in it").into(),
            }
            .into()),
        }
    }

    /// Makes everything durable, or nothing.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if a call in it failed or was dropped: it was rolled back. A connection that is
    /// lost while a unit that writes commits is [`CommitUnknown`](ErrorKind::CommitUnknown).
    pub(crate) async fn commit(mut self) -> Result<()> {
        let ended = self.check().and(match self.savepoints {
            0 => Ok(()),
            // An attempt was dropped.
            _ => Err(DROPPED.into()),
        });
        if let Err(ended) = ended {
            self.rollback().await?;
            return Err(ended);
        }
        let writes = self.access == Access::Write;
        if writes && let Err(elsewhere) = self.verify() {
            self.broken = true;
            return Err(match self.in_transaction {
                true => elsewhere,
                // It committed by itself, who knows where.
                false => elsewhere.with_kind(ErrorKind::CommitUnknown),
            });
        }
        let cleans = self.custom_sql;
        self.finish("COMMIT")
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::ConnectionLost if writes => error.with_kind(ErrorKind::CommitUnknown),
                _ if writes && cleans && !is_of_commit(&error) => {
                    error.with_kind(ErrorKind::CommitUnknown)
                }
                _ => error,
            })
    }

    fn verify(&self) -> Result<()> {
        let held = self.connection.as_ref().and_then(|held| held.0.as_ref());
        held.map_or(Ok(()), D::verify)
    }

    pub(crate) async fn rollback(mut self) -> Result<()> {
        if self.broken {
            // It is thrown away, which rolls back as well; nobody may be listening any more.
            return Ok(());
        }
        self.finish("ROLLBACK").await
    }

    async fn finish(&mut self, statement: &'static str) -> Result<()> {
        let held = self.connection.as_mut().and_then(|held| held.0.as_mut());
        let connection = held.ok_or(ENDED)?;
        let statement = self.in_transaction.then_some(statement);
        let text = match self.custom_sql {
            true => D::end_sql(connection, statement, &self.guard_query),
            false => statement.unwrap_or_default().into(),
        };
        if text.is_empty() {
            return Ok(());
        }
        self.busy = true;
        if let Err(error) = within(self.response_deadline, D::control(connection, &text)).await {
            if statement.is_none() {
                // What the statement did is done; only its connection is of no more use.
                self.broken = true;
                return Ok(());
            }
            self.broken |= error.breaks_connection();
            return Err(error);
        }
        self.busy = false;
        self.custom_sql = false;
        self.in_transaction = false;
        Ok(())
    }
}

/// Whether the error is that of a commit, which then kept nothing, and not of what makes the connection clean
/// after one.
fn is_of_commit(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Permission { .. }
            | ErrorKind::Serialization
            | ErrorKind::Unique { .. }
            | ErrorKind::ForeignKey { .. }
            | ErrorKind::NotNull { .. }
            | ErrorKind::Check { .. }
            | ErrorKind::UnitEnded { .. }
    )
}

impl<D: Dialect> Drop for Session<D> {
    fn drop(&mut self) {
        let Some(mut held) = self.connection.take() else {
            return;
        };
        if self.broken {
            return;
        }
        if !self.busy && !self.in_transaction && !self.custom_sql {
            return held.release();
        }
        // Without a runtime nothing can be sent; closing the connection rolls back as well.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let response_deadline = self.response_deadline;
        let custom_sql = self.custom_sql;
        runtime.spawn(async move {
            let Some(connection) = held.0.as_mut() else {
                return;
            };
            D::interrupt(connection);
            let text = match custom_sql {
                true => D::end_sql(connection, Some("ROLLBACK"), ""),
                false => "ROLLBACK".into(),
            };
            let rolled_back = within(response_deadline, D::control(connection, &text)).await;
            if rolled_back.is_ok() {
                held.release();
            }
        });
    }
}
