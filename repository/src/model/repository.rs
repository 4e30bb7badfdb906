//! The trait that an application writes to.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use uuid::Uuid;

use crate::model::error::Result;
use crate::model::query::{Filter, Page, PageRequest, Query};
use crate::model::record::Record;

/// Reads and writes the rows of one record, in one scope, on either engine.
///
/// Object-safe: a service holds an `Arc<dyn Repository<Habit>>`. A repository comes from a
/// `Store` or from a `Unit` of work. The calls of the latter are part of the unit.
///
/// # Errors of every call
/// [`PoolTimeout`](crate::ErrorKind::PoolTimeout), [`Unavailable`](crate::ErrorKind::Unavailable),
/// [`Permission`](crate::ErrorKind::Permission) (the database role may not work in the scope),
/// [`ConnectionLost`](crate::ErrorKind::ConnectionLost),
/// [`StatementTimeout`](crate::ErrorKind::StatementTimeout), [`Corrupt`](crate::ErrorKind::Corrupt),
/// [`StatementTooLarge`](crate::ErrorKind::StatementTooLarge),
/// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch), [`Decode`](crate::ErrorKind::Decode) and
/// [`Internal`](crate::ErrorKind::Internal); in a unit of work [`UnitEnded`](crate::ErrorKind::UnitEnded).
///
/// A write can also return [`InvalidValue`](crate::ErrorKind::InvalidValue),
/// [`Unique`](crate::ErrorKind::Unique), [`ForeignKey`](crate::ErrorKind::ForeignKey),
/// [`NotNull`](crate::ErrorKind::NotNull), [`Check`](crate::ErrorKind::Check),
/// [`ReadOnly`](crate::ErrorKind::ReadOnly), [`LockTimeout`](crate::ErrorKind::LockTimeout),
/// [`Serialization`](crate::ErrorKind::Serialization), [`StorageFull`](crate::ErrorKind::StorageFull) and
/// [`CommitUnknown`](crate::ErrorKind::CommitUnknown). Each method documents only its further errors.
///
/// If a row breaks several rules, the error is that of the first: NOT NULL, checks by name, unique keys with the primary
/// key first, foreign keys. If several rows of a call are faulty, it is that of the first one in the order of the call;
/// of a filter, of the one with the lowest id.
///
/// A write that fails in a unit of work ends the unit, whatever the error, also one that is refused before anything is
/// sent: the unit can only roll back. A unit for reading refuses writes, and goes on. A read that finds no row, or is refused before it is sent, does not end it; an error
/// of the database does.
///
/// In a unit that has ended every call is `UnitEnded`, whatever its arguments.
///
/// # Cancellation
/// Dropping a future leaves no transaction open and applies a call completely or not at all. The caller does not learn
/// which. In a unit of work it ends the unit.
#[async_trait]
pub trait Repository<R: Record>: Send + Sync {
    /// Returns the live row with this id, or `None`.
    async fn find(&self, id: R::Id) -> Result<Option<R>>;

    /// Returns the live row with this id.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none in this scope.
    async fn get(&self, id: R::Id) -> Result<R>;

    /// Locks the live rows with these ids until the unit of work ends, and returns them ordered by id.
    ///
    /// Other units that write or lock these rows wait. An id without a row is skipped. Use it for decisions that depend
    /// on several rows. On SQLite a write unit already locks the whole database.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) outside of a unit of work;
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly) in a read unit;
    /// [`LockTimeout`](crate::ErrorKind::LockTimeout).
    async fn lock(&self, ids: &[R::Id]) -> Result<Vec<R>>;

    /// Returns whether the query matches any row.
    ///
    /// # Errors
    /// [`InvalidQuery`](crate::ErrorKind::InvalidQuery) for a filter with more than 500 conditions, and for
    /// [`is_in`](crate::Column::is_in) on a column of bytes or floats.
    async fn exists(&self, query: &Query<R>) -> Result<bool>;

    /// Returns how many rows the query matches.
    ///
    /// # Errors
    /// As [`exists`](Self::exists).
    async fn count(&self, query: &Query<R>) -> Result<u64>;

    /// Returns one page of the query's rows.
    ///
    /// The order is total and the same on both engines. A row that does not change between two pages appears exactly
    /// once. One that changes appears at its position at the time the page is read.
    ///
    /// # Errors
    /// [`InvalidQuery`](crate::ErrorKind::InvalidQuery) for a size outside 1 to
    /// [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE); [`InvalidCursor`](crate::ErrorKind::InvalidCursor) for a
    /// cursor of another query or another scope.
    async fn list(&self, query: &Query<R>, page: PageRequest) -> Result<Page<R>>;

    /// Streams all rows of the query, read page by page.
    ///
    /// A stream holds no connection between two pages, so slow readers block no other call. Open it in a read unit to
    /// see one snapshot.
    ///
    /// # Errors
    /// As [`exists`](Self::exists). The stream ends after an error.
    fn stream(&self, query: Query<R>) -> BoxStream<'static, Result<R>>;

    /// Inserts a row, and returns it with its managed columns, and with the id if the database generates it.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) of the id if every number of its type was generated.
    async fn insert(&self, draft: R::Draft) -> Result<R>;

    /// Inserts all rows or none, and returns them in the order of the drafts. Ids that the database generates ascend in
    /// this order.
    ///
    /// The rows are as if inserted one after another, but each after the rows of the call that it references. Rows may
    /// reference each other in a circle of up to 32,766 values.
    async fn insert_many(&self, drafts: Vec<R::Draft>) -> Result<Vec<R>>;

    /// Writes every column that is not managed if the row still has the record's version, and returns the new row.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is no live row in this scope;
    /// [`Conflict`](crate::ErrorKind::Conflict) if it has another version.
    async fn update(&self, record: R) -> Result<R>;

    /// Writes the columns that the patch sets, and returns the new row. An empty patch writes nothing.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    async fn patch(&self, id: R::Id, expected: Expected, patch: R::Patch) -> Result<R>;

    /// Inserts the row, or updates it if it exists with other contents; see [`Upsert`].
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if the row is deleted, or has other contents and not the expected
    /// version; [`Permission`](crate::ErrorKind::Permission) if the id is that of another owner's row.
    async fn upsert(&self, row: Upsert<R>) -> Result<Upserted<R>>;

    /// Upserts all rows or none, and returns the outcomes in the order of the rows.
    ///
    /// The rows are as if upserted one after another, but each after the rows of the call that it references. So a row
    /// may take a key only from a row that leaves it earlier in the call.
    ///
    /// Two rows with the same id are handled in order, as two calls would be: with the same contents, the second one is
    /// [`Unchanged`](Upserted::Unchanged).
    ///
    /// # Errors
    /// As [`upsert`](Self::upsert), for the first row that fails.
    async fn upsert_many(&self, rows: Vec<Upsert<R>>) -> Result<Vec<Upserted<R>>>;

    /// Deletes the row: softly if the table has soft delete, else permanently.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    async fn delete(&self, id: R::Id, expected: Expected) -> Result<()>;

    /// Restores a soft-deleted row, and returns it. A live row is returned unchanged.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) and [`Conflict`](crate::ErrorKind::Conflict) as in
    /// [`update`](Self::update); [`Unique`](crate::ErrorKind::Unique) if another row has the same key by now;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a record without soft delete.
    async fn restore(&self, id: R::Id, expected: Expected) -> Result<R>;

    /// Permanently removes rows that were soft-deleted before a time, and returns how many.
    ///
    /// It removes at most `limit` rows, those first that were deleted first. The foreign keys that refer to them apply.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a record without soft delete.
    async fn purge(&self, before: DateTime<Utc>, limit: u32) -> Result<u64>;

    /// Patches every live row that the filter matches, in any version, and returns how many it wrote.
    ///
    /// An empty patch writes nothing: it returns 0, and the rows keep their versions.
    ///
    /// # Errors
    /// As [`exists`](Self::exists).
    async fn patch_where(&self, filter: &Filter<R>, patch: R::Patch) -> Result<u64>;

    /// Deletes every live row that the filter matches, in any version, and returns how many.
    ///
    /// # Errors
    /// As [`exists`](Self::exists).
    async fn delete_where(&self, filter: &Filter<R>) -> Result<u64>;
}

/// The version in which the caller expects a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Any version: the write does not depend on what the row was before.
    Any,
    /// This version. In any other, the write is a [`Conflict`](crate::ErrorKind::Conflict).
    Version(i64),
}

/// A row to upsert, and the version in which the caller saw it.
///
/// | the stored row | no version given | same version | another version |
/// | --- | --- | --- | --- |
/// | does not exist | inserted | inserted | inserted |
/// | has the same contents | unchanged | unchanged | unchanged |
/// | has other contents | conflict | updated | conflict |
///
/// A call may therefore be repeated when its response was lost, and never overwrites a change that the caller has not
/// seen. A record without a version is updated if its contents differ.
#[derive(Clone, Debug)]
pub struct Upsert<R: Record> {
    pub(crate) draft: R::Draft,
    /// The id of the row that the caller read. A draft lacks it if the database generates it.
    pub(crate) id: Option<R::Id>,
    pub(crate) expected: Option<i64>,
    pub(crate) owner: Option<Uuid>,
}

impl<R: Record> Upsert<R> {
    /// A row of which the caller has seen no version. If the database generates the id, it is inserted.
    pub fn new(draft: R::Draft) -> Self {
        Upsert {
            draft,
            id: None,
            expected: None,
            owner: None,
        }
    }

    /// A row that the caller read and may have changed. Its version is the expected one.
    pub fn seen(record: R) -> Self {
        Upsert {
            id: Some(record.id()),
            expected: record.version(),
            owner: record.owner(),
            draft: record.into_draft(),
        }
    }
}

/// The outcome of an upsert.
#[derive(Clone, Debug, PartialEq)]
pub enum Upserted<R> {
    /// The row did not exist.
    Inserted(R),
    /// The row existed with other contents.
    Updated(R),
    /// The row existed with the same contents. Nothing was written.
    Unchanged(R),
}

impl<R> Upserted<R> {
    /// The stored row.
    pub fn record(&self) -> &R {
        match self {
            Upserted::Inserted(record)
            | Upserted::Updated(record)
            | Upserted::Unchanged(record) => record,
        }
    }

    /// The stored row, by value.
    pub fn into_record(self) -> R {
        match self {
            Upserted::Inserted(record)
            | Upserted::Updated(record)
            | Upserted::Unchanged(record) => record,
        }
    }
}
