//! What the neutral core asks of an engine: how it writes SQL, and how it runs it.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use uuid::Uuid;

use super::row::{Decodes, HasRow};
use crate::model::domain::Table;
use crate::model::error::{Error, Result};
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::sql::{Spelling, SqlText};

/// Whether work may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads only.
    Read,
    /// Reads and writes.
    Write,
}

/// How many statements belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// One statement, atomic by itself.
    Statement,
    /// Several statements that succeed or fail together.
    Transaction,
    /// A unit of work: one that reads sees one snapshot.
    Unit,
    /// A unit of work that is as if no other ran at the same time.
    SerializableUnit,
}

/// What is sent before the first statement, as one text.
#[derive(Debug)]
pub struct Begin {
    pub(crate) text: Cow<'static, str>,
    /// Whether it begins a transaction.
    pub(crate) transaction: bool,
    /// A statement that fails unless the transaction still is whose it was when it began; may be empty.
    pub(crate) guard_query: String,
}

/// One engine, `Sqlite` or `Postgres`: how it writes SQL,
/// and how it runs it. Statement text and typed values in, rows out.
///
/// Sealed: what a dialect has to do may grow.
pub trait Dialect:
    Spelling
    + HasRow
    + Decodes<i64>
    + Decodes<bool>
    + Decodes<Uuid>
    + Decodes<String>
    + Sized
    + Send
    + Sync
    + 'static
{
    /// A connection that is checked out.
    type Connection: Send;

    /// Where connections come from, with the settings of the store.
    type Pool: Clone + Send + Sync + 'static;

    /// What has to be sent before the first statement; `None` for a statement that needs nothing.
    ///
    /// # Errors
    /// [`Permission`](crate::ErrorKind::Permission) if the scope may not work here.
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
    ) -> impl Future<Output = Result<Self::Connection>> + Send;

    /// Runs a statement and decodes its rows.
    fn fetch<T: Send>(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&Self::Row) -> Result<T>,
    ) -> impl Future<Output = Result<Vec<T>>> + Send;

    /// Runs a statement that only reads and decodes its first row; what comes after it may not be run.
    fn fetch_first<T: Send>(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&Self::Row) -> Result<T>,
    ) -> impl Future<Output = Result<Option<T>>> + Send;

    /// Runs a statement; returns how many rows it changed.
    fn execute(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Whether a statement that breaks a constraint is undone alone, so that its transaction goes on.
    const OUTLIVES_REFUSALS: bool;

    /// Runs an opening, `COMMIT` or `ROLLBACK`. Rolling back what is rolled back already is no error.
    fn control(
        connection: &mut Self::Connection,
        text: &str,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Gives the connection back to its pool: nothing is open on it. One that comes back in any other way is
    /// not handed out again.
    fn release(connection: Self::Connection);

    /// The text that ends a session in which the application's own SQL ran: `COMMIT` or `ROLLBACK`, or nothing
    /// where there is no transaction, and whatever makes the connection as it was before. `guard_query` is that
    /// of the `Begin`.
    fn end_sql(
        connection: &Self::Connection,
        statement: Option<&'static str>,
        guard_query: &str,
    ) -> Cow<'static, str>;

    /// Keeps the connection from being used again.
    fn discard(connection: Self::Connection);

    /// Whether what is written here is written where others look for it.
    fn verify(connection: &Self::Connection) -> Result<()>;

    /// Ends the statement that nobody waits for any more, where that can be done from here.
    fn interrupt(connection: &mut Self::Connection);

    /// How long a statement's answer may take: the limits that the database keeps by itself, and some
    /// more for it to say so.
    fn response_deadline(pool: &Self::Pool) -> Duration;

    /// Runs a statement of SeaORM's.
    fn seaorm_fetch(
        connection: &mut Self::Connection,
        statement: sea_orm::Statement,
    ) -> impl Future<Output = Result<Vec<sea_orm::QueryResult>, sea_orm::DbErr>> + Send;

    /// Runs a statement of SeaORM's; for its count.
    fn seaorm_execute(
        connection: &mut Self::Connection,
        statement: sea_orm::Statement,
    ) -> impl Future<Output = Result<sea_orm::ExecResult, sea_orm::DbErr>> + Send;

    /// Runs SQL as it stands.
    fn seaorm_unprepared(
        connection: &mut Self::Connection,
        sql: &str,
    ) -> impl Future<Output = Result<sea_orm::ExecResult, sea_orm::DbErr>> + Send;

    /// The value at that place of a row.
    fn get<T>(row: &Self::Row, index: usize) -> Result<T>
    where
        Self: Decodes<T>,
    {
        <Self as Decodes<T>>::column(row, index)
    }

    /// Selects the names of every table and each of its columns.
    const COLUMNS: &'static str;

    /// The error as this library tells it.
    fn classify(error: &sqlx::Error, table: Option<&'static Table>) -> Error;
}
