//! The interface between the neutral core and an engine.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::row::{Decodes, HasRow};
use super::rows::Rows;
use crate::model::domain::Table;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::key::{Key, KeyValue};
use crate::model::scope::Scope;
use crate::model::value::{Type, Value};
use crate::sql::{Spelling, SqlText};

/// Whether a session may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads only.
    Read,
    /// Reads and writes.
    Write,
}

/// The extent of a session: how many statements it runs, and how they are isolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// One statement, atomic by itself.
    Statement,
    /// Several statements that succeed or fail together.
    Transaction,
    /// A unit of work. If it only reads, it sees one snapshot.
    Unit,
    /// A unit of work with serializable isolation.
    SerializableUnit,
}

/// The SQL that is sent before the first statement of a session, or with its statements; see [`Sending`].
#[derive(Debug)]
pub struct Begin {
    /// What begins the transaction, if there is one.
    pub(crate) opening: &'static str,
    /// The statement that switches to the role of the scope, if it is another than the login.
    pub(crate) role: Option<String>,
    /// The statements after it, which set what ends with the transaction.
    pub(crate) settings: Vec<String>,
    /// Whether the opening begins a transaction.
    pub(crate) transaction: bool,
    pub(crate) sending: Sending,
    /// A statement that fails if role, claims or search path changed since the opening. May be empty.
    pub(crate) guard_query: String,
}

impl Begin {
    /// The statements after the opening.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &str> {
        self.role.iter().chain(&self.settings).map(String::as_str)
    }

    /// All statements as one text.
    pub(crate) fn text(&self) -> String {
        let parts: Vec<&str> = [self.opening].into_iter().chain(self.settings()).collect();
        parts.join("; ")
    }
}

/// Why a session did not [end](Dialect::end).
pub enum EndError {
    /// The statement that ends its transaction failed.
    Statement(Error),
    /// Its transaction has ended, but the state of its connection is unknown.
    Cleaning,
}

impl From<Error> for EndError {
    fn from(error: Error) -> Self {
        EndError::Statement(error)
    }
}

/// When a [`Begin`] is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "postgres"),
    allow(dead_code, reason = "only Postgres is in another process")
)]
pub(crate) enum Sending {
    /// Before the first statement.
    Now,
    /// In one message with the first statement.
    WithFirst,
    /// Only the settings, in one message with each statement. The message is a transaction.
    WithEach,
}

/// An engine, `Sqlite` or `Postgres`: its SQL syntax, its
/// connections, and the execution of statements.
///
/// Sealed, so that methods may be added.
pub trait Dialect:
    Spelling
    + HasRow
    + Decodes<i64>
    + Decodes<bool>
    + Decodes<i32>
    + Decodes<DateTime<Utc>>
    + Decodes<NaiveDate>
    + Decodes<Uuid>
    + Decodes<String>
    + Sized
    + Send
    + Sync
    + 'static
{
    /// A connection that is checked out of the pool.
    type Connection: Send;

    /// The pool of connections, with the settings of the store.
    type Pool: Clone + Send + Sync + 'static;

    /// Returns the SQL to send before the first statement, or `None` if there is none.
    ///
    /// # Errors
    /// [`Permission`](crate::ErrorKind::Permission) if the login role may not work in the scope.
    fn begin_sql(
        pool: &Self::Pool,
        scope: &Scope,
        access: Access,
        extent: Extent,
    ) -> Result<Option<Begin>>;

    /// Checks a connection out.
    fn acquire(
        pool: &Self::Pool,
        access: Access,
        extent: Extent,
    ) -> impl Future<Output = Result<Self::Connection>> + Send;

    /// Checks a connection out for one statement that writes. `None` if others use it: then the statement may be
    /// committed together with others, by [`fetch_together`](Self::fetch_together) or
    /// [`execute_together`](Self::execute_together).
    fn acquire_for_one(
        pool: &Self::Pool,
    ) -> impl Future<Output = Result<Option<Self::Connection>>> + Send;

    /// Runs a statement and commits it together with others. `None` if nothing was written: it must run alone.
    fn fetch_together(
        pool: &Self::Pool,
        text: &SqlText,
        values: &[Value],
        rows: Box<dyn Rows<Self>>,
    ) -> impl Future<Output = Result<Option<Box<dyn Rows<Self>>>>> + Send;

    /// As [`fetch_together`](Self::fetch_together); returns how many rows it changed.
    fn execute_together(
        pool: &Self::Pool,
        text: &SqlText,
        values: &[Value],
    ) -> impl Future<Output = Result<Option<u64>>> + Send;

    /// Runs a statement, and decodes its rows into `rows`.
    fn fetch(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        rows: Box<dyn Rows<Self>>,
    ) -> impl Future<Output = Result<Box<dyn Rows<Self>>>> + Send;

    /// Runs a statement that only reads, and decodes its first row into `rows`. The statement may stop after that row.
    fn fetch_first(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        rows: Box<dyn Rows<Self>>,
    ) -> impl Future<Output = Result<Box<dyn Rows<Self>>>> + Send;

    /// Runs a statement, and returns how many rows it changed.
    fn execute(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Runs a statement in one message with the text before it, and decodes its rows into `rows`. `None` if nothing was
    /// sent: the text must be sent alone.
    fn fetch_in_message(
        _connection: &mut Self::Connection,
        _begin: &Begin,
        _text: &SqlText,
        _values: &[Value],
        _rows: &mut dyn Rows<Self>,
    ) -> impl Future<Output = Result<Option<()>>> + Send {
        async { Ok(None) }
    }

    /// As [`fetch_in_message`](Self::fetch_in_message); returns how many rows it changed.
    fn execute_in_message(
        _connection: &mut Self::Connection,
        _begin: &Begin,
        _text: &SqlText,
        _values: &[Value],
    ) -> impl Future<Output = Result<Option<u64>>> + Send {
        async { Ok(None) }
    }

    /// Inserts rows of values by a statement for each row, or by one for all, and returns how many. If it fails, it may
    /// have inserted some of them.
    fn execute_each(
        connection: &mut Self::Connection,
        text: &SqlText,
        rows: Vec<Vec<Value>>,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Whether the engine runs in this process, so that a second statement costs no round trip.
    const IN_PROCESS: bool;

    /// Whether a statement that violates a constraint is undone alone, and its transaction continues.
    const OUTLIVES_REFUSALS: bool;

    /// Runs the text of a `Begin`, `COMMIT` or `ROLLBACK`. A `ROLLBACK` without a transaction is no error.
    fn control(
        connection: &mut Self::Connection,
        text: &str,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Forgets the statements that the connection keeps prepared, after one of them was
    /// [`SchemaChanged`](crate::ErrorKind::SchemaChanged). Other connections of the pool forget theirs before their next
    /// use.
    ///
    /// # Errors
    /// The connection must not be reused.
    fn forget_statements(
        _connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// Returns a connection without an open transaction to its pool. A connection that is dropped instead is not
    /// reused.
    fn release(connection: Self::Connection);

    /// Ends a session in which custom SQL ran, and restores the state of the connection.
    ///
    /// `statement` is `COMMIT` or `ROLLBACK`, or `None` without a transaction. `guard_query` is the one of the
    /// session's `Begin`.
    fn end(
        connection: &mut Self::Connection,
        statement: Option<&'static str>,
        guard_query: &str,
    ) -> impl Future<Output = Result<(), EndError>> + Send;

    /// Records for the pool what the error of a statement says of its other connections.
    fn failed(_connection: &Self::Connection, _access: Access, _error: &Error) {}

    /// Whether the connection was made for the session that has it, so that a newer one would give the same errors.
    fn is_new(_connection: &Self::Connection) -> bool {
        true
    }

    /// Replaces a connection that is not new by a new one.
    fn renew(_connection: &mut Self::Connection) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// Closes the connection.
    fn discard(connection: Self::Connection);

    /// Checks that the connection writes to the database that other connections see.
    fn verify(connection: &Self::Connection) -> Result<()>;

    /// Interrupts the running statement, if the driver can. Called when its caller was dropped.
    fn interrupt(connection: &mut Self::Connection);

    /// The client-side deadline of a statement. Longer than the database's own timeouts, so that those come first.
    fn response_deadline(pool: &Self::Pool) -> Duration;

    /// Runs a SeaORM statement, and returns its rows.
    fn seaorm_fetch(
        connection: &mut Self::Connection,
        statement: sea_orm::Statement,
    ) -> impl Future<Output = Result<Vec<sea_orm::QueryResult>, sea_orm::DbErr>> + Send;

    /// Runs a SeaORM statement, and returns how many rows it changed.
    fn seaorm_execute(
        connection: &mut Self::Connection,
        statement: sea_orm::Statement,
    ) -> impl Future<Output = Result<sea_orm::ExecResult, sea_orm::DbErr>> + Send;

    /// Runs SQL without preparing it.
    fn seaorm_unprepared(
        connection: &mut Self::Connection,
        sql: &str,
    ) -> impl Future<Output = Result<sea_orm::ExecResult, sea_orm::DbErr>> + Send;

    /// Reads the value at a position of a row.
    fn get<T>(row: &Self::Row<'_>, index: usize) -> Result<T>
    where
        Self: Decodes<T>,
    {
        <Self as Decodes<T>>::column(row, index)
    }

    /// Reads the key of a table from the first columns of a row, which have these types.
    fn get_key(row: &Self::Row<'_>, types: &[Type]) -> Result<Key> {
        let get = |(index, ty): (usize, &Type)| {
            Ok(match ty {
                Type::Uuid => KeyValue::Uuid(Self::get(row, index)?),
                Type::Text => KeyValue::Text(Self::get(row, index)?),
                Type::Bool => KeyValue::Bool(Self::get(row, index)?),
                Type::Int => KeyValue::Int(Self::get(row, index)?),
                Type::BigInt => KeyValue::BigInt(Self::get(row, index)?),
                Type::Timestamp => KeyValue::Timestamp(Self::get(row, index)?),
                Type::Date => KeyValue::Date(Self::get(row, index)?),
                // The derive refuses a key of another type.
                _ => return Err(ErrorKind::Internal.into()),
            })
        };
        let values = types.iter().enumerate().map(get);
        values.collect::<Result<Vec<_>>>().map(Key::of)
    }

    /// A query of the name of each table and column.
    const COLUMNS: &'static str;

    /// Converts a driver's error. `table` is the one that the statement is about.
    fn classify(error: &sqlx::Error, table: Option<&'static Table>) -> Error;
}
