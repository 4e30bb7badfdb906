//! A session runs statements over one connection, and never returns it to its pool unclean.

mod checked_out;
mod custom;
mod renew;
mod resend;
mod rows;
mod savepoint;
mod statement;

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use crate::driver::{Access, Begin, Dialect, EndError, Extent, Sending};
use crate::model::error::{Error, ErrorKind, Result, Setback};
use crate::model::scope::Scope;
use checked_out::CheckedOut;

/// A checked-out connection and the state of its transaction.
///
/// The connection is clean before another session gets it. A session that is dropped in the middle of a statement or a
/// transaction hands its connection to a task. The task waits for the end of the statement and rolls back. It discards
/// the connection if that fails.
pub(crate) struct Session<D: Dialect> {
    /// `None` before the first statement of a session for one write, and after the session has ended.
    connection: Option<CheckedOut<D>>,
    /// Where a session for one write gets its connection, if others use it. Then its statement may be committed together
    /// with others, and the session needs no connection.
    waits_for: Option<D::Pool>,
    /// What begins the session, if anything does.
    begin: Option<Begin>,
    /// Whether it is still to be sent, alone or with a statement.
    is_unsent: bool,
    /// Whether the session is for one statement. It runs another one only after the first changed nothing.
    is_single: bool,
    access: Access,
    in_transaction: bool,
    /// A statement was sent, and its response has not been read.
    busy: bool,
    /// Set by a failed call: the transaction can only be rolled back.
    failure: Option<Failure>,
    /// The number of open savepoints, which are nested.
    savepoints: u32,
    /// Whether a mark was set after the innermost savepoint; see [`mark`](Self::mark).
    marked: bool,
    /// Whether the scope is one owner's.
    has_owner: bool,
    /// Whether custom SQL ran. It may have changed settings of the connection, so the end of the session resets them.
    custom_sql: bool,
    /// Runs before the commit if custom SQL ran; see [`Begin`](crate::dialect::Begin).
    guard_query: String,
    /// The connection must not be reused.
    broken: bool,
    /// Client-side deadline of a response; longer than the server's own timeouts.
    response_deadline: Duration,
}

/// The consequences of a failed call for its transaction.
#[derive(Clone, Copy)]
struct Failure {
    /// Why the transaction may succeed if it is run again from its beginning.
    setback: Option<Setback>,
    /// The transaction has ended, and a rollback to a savepoint does not help: SQLite has rolled it back, or it
    /// cannot be serialised. The same errors end a unit on both engines.
    ends_transaction: bool,
}

impl Failure {
    const ENDS_TRANSACTION: Failure = Failure {
        setback: None,
        ends_transaction: true,
    };

    fn of(error: &Error) -> Self {
        let ends_unit = matches!(
            error.kind(),
            ErrorKind::Serialization | ErrorKind::StatementTimeout
        );
        Failure {
            setback: error.setback(),
            ends_transaction: ends_unit || error.breaks_connection(),
        }
    }
}

/// A call on a unit that has ended.
pub(crate) const ENDED: ErrorKind = ErrorKind::UnitEnded {
    reason: "it was committed or rolled back",
};

const FAILED: ErrorKind = ErrorKind::UnitEnded {
    reason: "a call in it failed, so it can only be rolled back",
};

const DROPPED: ErrorKind = ErrorKind::UnitEnded {
    reason: "a call in it was dropped before its end, so it can only be rolled back",
};

/// The start of the message of an error that [`with_deadline`] gives.
const NO_RESPONSE: &str = "no response from the database";

/// Waits for a response until the deadline. After it the connection counts as lost.
async fn with_deadline<T, E: From<Error>>(
    response_deadline: Duration,
    response: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(response_deadline, response).await {
        Ok(result) => result,
        Err(_) => {
            let message = format!("{NO_RESPONSE} within {response_deadline:?}");
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
        let connection = match (access, extent, &begin) {
            (Access::Write, Extent::Statement, None) => D::acquire_for_one(pool).await?,
            _ => Some(D::acquire(pool, access, extent).await?),
        };
        let mut session = Session {
            waits_for: connection.is_none().then(|| pool.clone()),
            connection: connection.map(CheckedOut::new),
            begin: None,
            is_unsent: false,
            is_single: extent == Extent::Statement,
            access,
            in_transaction: false,
            busy: false,
            failure: None,
            savepoints: 0,
            marked: false,
            has_owner: scope.owner_id().is_some(),
            custom_sql: false,
            guard_query: String::new(),
            broken: false,
            response_deadline: D::response_deadline(pool),
        };
        session.start(begin).await?;
        Ok(session)
    }

    async fn start(&mut self, begin: Option<Begin>) -> Result<()> {
        let Some(mut begin) = begin else {
            return Ok(());
        };
        self.guard_query = std::mem::take(&mut begin.guard_query);
        let sending = begin.sending;
        self.begin = Some(begin);
        self.is_unsent = true;
        match sending {
            Sending::Now => self.ready().await,
            Sending::WithFirst | Sending::WithEach => Ok(()),
        }
    }

    /// Rolls back, clears the failure, and begins a transaction on the same connection.
    pub(crate) async fn restart(&mut self, pool: &D::Pool, scope: &Scope) -> Result<()> {
        let begin = D::begin_sql(pool, scope, self.access, Extent::Transaction)?;
        self.acquire().await?;
        self.finish("ROLLBACK").await?;
        self.failure = None;
        self.is_single = false;
        self.start(begin).await
    }

    /// Waits for the connection of a session for one write that has none yet.
    async fn acquire(&mut self) -> Result<()> {
        if let Some(pool) = self.waits_for.take() {
            let acquired = D::acquire(&pool, self.access, Extent::Statement).await?;
            self.connection = Some(CheckedOut::new(acquired));
        }
        Ok(())
    }

    /// Prepares the session for a statement that is sent alone.
    async fn ready(&mut self) -> Result<()> {
        self.acquire().await?;
        match self.is_unsent {
            true => self.control("").await,
            false => Ok(()),
        }
    }

    /// Whether each statement commits itself.
    pub(crate) fn commits_each(&self) -> bool {
        match self.unsent() {
            Some(begin) => begin.sending == Sending::WithEach,
            None => !self.in_transaction,
        }
    }

    /// What begins the session, if it is still to be sent.
    fn unsent(&self) -> Option<&Begin> {
        self.begin.as_ref().filter(|_| self.is_unsent)
    }

    /// Runs the text of a control statement, after what begins the session.
    async fn control(&mut self, text: &str) -> Result<()> {
        let response_deadline = self.response_deadline;
        self.check()?;
        let was_in_transaction = self.in_transaction;
        let begun = self.unsent().map(|begin| (begin.transaction, begin.text()));
        self.is_unsent = false;
        let begins_transaction = matches!(begun, Some((true, _)));
        let text = match begun {
            None => Cow::Borrowed(text),
            Some((_, opening)) => match text {
                "" => opening.into(),
                text => format!("{opening}; {text}").into(),
            },
        };
        loop {
            self.in_transaction |= begins_transaction;
            let sent = D::control(self.start_statement()?, &text);
            let result = with_deadline(response_deadline, sent).await;
            let is_sent_again = match &result {
                Ok(_) => false,
                Err(error) => {
                    Box::pin(self.has_new_connection_after(error, was_in_transaction)).await
                }
            };
            if !is_sent_again {
                return self.finish_statement(result);
            }
        }
    }

    /// Fails if a call failed, or was dropped before its response was read: it may have done a part of its work.
    pub(crate) fn check(&self) -> Result<()> {
        match (self.failure, self.busy) {
            (Some(_), _) => Err(FAILED.into()),
            (None, true) => Err(DROPPED.into()),
            (None, false) => Ok(()),
        }
    }

    /// Why another try of the failed transaction may succeed, if it may.
    pub(crate) fn setback(&self) -> Option<Setback> {
        self.failure?.setback
    }

    /// Returns the connection for the next statement, and marks it as busy.
    fn start_statement(&mut self) -> Result<&mut D::Connection> {
        self.check()?;
        let connection = CheckedOut::live(&mut self.connection).ok_or(ENDED)?;
        self.busy = true;
        Ok(connection)
    }

    fn finish_statement<T>(&mut self, result: Result<T>) -> Result<T> {
        self.busy = false;
        result.map_err(|error| self.record_error(error))
    }

    /// Records what an error means for the session; returns the error for the caller.
    fn record_error(&mut self, error: Error) -> Error {
        if self.in_transaction {
            self.fail(&error);
        }
        self.report(&error);
        self.broken |= error.breaks_connection();
        match error.kind() {
            // Without a transaction, the statement may have been committed before the connection was lost.
            ErrorKind::ConnectionLost if !self.in_transaction && self.access == Access::Write => {
                error.with_kind(ErrorKind::CommitUnknown)
            }
            _ => error,
        }
    }

    /// Refuses every further statement, because a failed call may have written a part of its changes.
    pub(crate) fn fail(&mut self, error: &Error) {
        if self.busy {
            // The session already refuses statements, and this error reports that.
            return;
        }
        let new = Failure::of(error);
        let failure = self.failure.get_or_insert(new);
        failure.ends_transaction |= new.ends_transaction;
    }

    /// As [`fail`](Self::fail), after a write that was refused. A session for reading has nothing to roll back.
    pub(crate) fn fail_write(&mut self, error: &Error) {
        if self.access == Access::Write {
            self.fail(error);
        }
    }

    /// Refuses every further statement, because a savepoint was dropped before its end.
    pub(crate) fn abandon(&mut self) {
        self.busy = true;
    }

    /// Commits all changes, or rolls them all back.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if a call in it failed or was dropped: it was rolled back.
    /// [`CommitUnknown`](ErrorKind::CommitUnknown) if the connection is lost during the commit of a unit that writes.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let ended = self.check().and(match self.savepoints {
            0 => Ok(()),
            // A savepoint was dropped before its end.
            _ => Err(DROPPED.into()),
        });
        if let Err(ended) = ended {
            self.rollback().await?;
            return Err(ended);
        }
        let writes = self.access == Access::Write;
        if writes && let Err(error) = self.verify() {
            self.broken = true;
            return Err(match self.in_transaction {
                true => error,
                // Without a transaction the statement was committed, but perhaps not to the database that others see.
                false => error.with_kind(ErrorKind::CommitUnknown),
            });
        }
        if !D::IN_PROCESS && !writes && !self.custom_sql {
            // The caller has its rows. Dropping the session ends the transaction behind it, by a task of the runtime.
            return Ok(());
        }
        let committed = self.finish("COMMIT").await;
        committed.map_err(|error| match error.kind() {
            ErrorKind::ConnectionLost if writes => error.with_kind(ErrorKind::CommitUnknown),
            _ => error,
        })
    }

    fn verify(&self) -> Result<()> {
        let checked_out = self.connection.as_ref();
        let connection = checked_out.and_then(|checked_out| checked_out.0.as_ref());
        connection.map_or(Ok(()), D::verify)
    }

    pub(crate) async fn rollback(mut self) -> Result<()> {
        if self.broken || self.settle().await.is_err() {
            // The connection is discarded, which also rolls back; the server may be unreachable.
            return Ok(());
        }
        self.finish("ROLLBACK").await
    }

    /// As [`settle`], if a statement was dropped.
    ///
    /// # Errors
    /// An error that breaks the connection, and with it ends the transaction.
    async fn settle(&mut self) -> Result<()> {
        let connection = CheckedOut::live(&mut self.connection);
        let (true, Some(connection)) = (self.busy, connection) else {
            return Ok(());
        };
        let settled = settle::<D>(connection, self.response_deadline).await;
        settled.map_err(|error| {
            self.failure = Some(Failure::of(&error));
            self.record_error(error)
        })
    }

    async fn finish(&mut self, statement: &'static str) -> Result<()> {
        if self.waits_for.is_some() {
            // Its statement was committed together with others, or none was sent.
            return Ok(());
        }
        let connection = CheckedOut::live(&mut self.connection).ok_or(ENDED)?;
        let statement = self.in_transaction.then_some(statement);
        let deadline = self.response_deadline;
        self.busy = true;
        let ending = end::<D>(connection, self.custom_sql, statement, &self.guard_query);
        match with_deadline(deadline, ending).await {
            Ok(()) => {
                self.busy = false;
                self.custom_sql = false;
                self.in_transaction = false;
                Ok(())
            }
            Err(EndError::Statement(error)) if statement.is_some() => {
                self.broken |= error.breaks_connection();
                Err(error)
            }
            // What the session wrote is committed. Only the connection must not be reused.
            Err(_) => {
                self.broken = true;
                Ok(())
            }
        }
    }
}

/// Ends a session with `COMMIT` or `ROLLBACK`, or without a transaction with what custom SQL needs.
async fn end<D: Dialect>(
    connection: &mut D::Connection,
    custom_sql: bool,
    statement: Option<&'static str>,
    guard_query: &str,
) -> Result<(), EndError> {
    match (custom_sql, statement) {
        (true, _) => D::end(connection, statement, guard_query).await,
        (false, Some(statement)) => Ok(D::control(connection, statement).await?),
        (false, None) => Ok(()),
    }
}

/// Reads the response of a dropped statement. The driver would report its error by the next statement.
///
/// # Errors
/// An error that breaks the connection. Any other is that of the dropped statement.
async fn settle<D: Dialect>(
    connection: &mut D::Connection,
    response_deadline: Duration,
) -> Result<()> {
    let response = with_deadline(response_deadline, D::control(connection, "SELECT 1"));
    match response.await {
        Err(error) if error.breaks_connection() => Err(error),
        _ => Ok(()),
    }
}

impl<D: Dialect> Drop for Session<D> {
    fn drop(&mut self) {
        let Some(mut checked_out) = self.connection.take() else {
            return;
        };
        if self.broken {
            return;
        }
        if !self.busy && !self.in_transaction && !self.custom_sql {
            return checked_out.release();
        }
        // Without a runtime no statement can be sent. Closing the connection rolls back as well.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let response_deadline = self.response_deadline;
        let custom_sql = self.custom_sql;
        let busy = self.busy;
        runtime.spawn(async move {
            let Some(connection) = checked_out.0.as_mut() else {
                return;
            };
            D::interrupt(connection);
            if busy && !D::IN_PROCESS && settle::<D>(connection, response_deadline).await.is_err() {
                return;
            }
            let ending = end::<D>(connection, custom_sql, Some("ROLLBACK"), "");
            if with_deadline(response_deadline, ending).await.is_ok() {
                checked_out.release();
            }
        });
    }
}
