//! The trait that an application writes to.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use uuid::Uuid;

use crate::model::error::Result;
use crate::model::query::{Filter, Page, PageRequest, Query};
use crate::model::record::Record;

/// The rows of one record, in one scope, on whichever engine.
///
/// Object-safe: a service holds an `Arc<dyn Repository<Habit>>`. A repository comes from a
/// `Store` or from a unit of work, in which case all of its calls are part of the unit.
///
/// # Errors that every call can give
/// [`PoolTimeout`](crate::ErrorKind::PoolTimeout), [`Unavailable`](crate::ErrorKind::Unavailable),
/// [`Permission`](crate::ErrorKind::Permission) (the role does not fit the scope),
/// [`ConnectionLost`](crate::ErrorKind::ConnectionLost),
/// [`StatementTimeout`](crate::ErrorKind::StatementTimeout), [`Corrupt`](crate::ErrorKind::Corrupt),
/// [`StatementTooLarge`](crate::ErrorKind::StatementTooLarge),
/// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch), [`Decode`](crate::ErrorKind::Decode) and
/// [`Internal`](crate::ErrorKind::Internal); in a unit of work [`UnitEnded`](crate::ErrorKind::UnitEnded).
///
/// A write can also give [`InvalidValue`](crate::ErrorKind::InvalidValue),
/// [`Unique`](crate::ErrorKind::Unique), [`ForeignKey`](crate::ErrorKind::ForeignKey),
/// [`NotNull`](crate::ErrorKind::NotNull), [`Check`](crate::ErrorKind::Check),
/// [`ReadOnly`](crate::ErrorKind::ReadOnly), [`LockTimeout`](crate::ErrorKind::LockTimeout),
/// [`Serialization`](crate::ErrorKind::Serialization), [`StorageFull`](crate::ErrorKind::StorageFull) and
/// [`CommitUnknown`](crate::ErrorKind::CommitUnknown). What a method names is beside these.
///
/// In a unit of work a write that gives any error, one of its own included, ends the unit: only rolling back
/// is left. A read that finds nothing does not.
///
/// # Cancellation
/// Dropping a future never leaves a connection in a transaction and never applies a call by half. Whether
/// the call itself took effect is unknown; in a unit of work it ends the unit.
#[async_trait]
pub trait Repository<R: Record>: Send + Sync {
    /// The living row with that id, or `None`.
    async fn find(&self, id: Uuid) -> Result<Option<R>>;

    /// The living row with that id.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is none in this scope.
    async fn get(&self, id: Uuid) -> Result<R>;

    /// The living rows with those ids, in the order of ids, locked until the unit of work ends: nobody else
    /// writes them, and whoever locks them waits. An id without a row is passed over.
    ///
    /// For what is decided by the state of several rows. On SQLite the unit has the whole database locked
    /// already.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) outside of a unit of work;
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly) in one that reads;
    /// [`LockTimeout`](crate::ErrorKind::LockTimeout).
    async fn lock(&self, ids: &[Uuid]) -> Result<Vec<R>>;

    /// Whether the query has any row.
    ///
    /// # Errors
    /// [`InvalidQuery`](crate::ErrorKind::InvalidQuery) for more conditions than both engines take.
    async fn exists(&self, query: &Query<R>) -> Result<bool>;

    /// How many rows the query has.
    ///
    /// # Errors
    /// As [`exists`](Self::exists).
    async fn count(&self, query: &Query<R>) -> Result<u64>;

    /// One page of the query's rows.
    ///
    /// The order is total and the same on both engines. A row that changes between two pages is seen where
    /// it stands when its page is read; rows that do not change are seen exactly once.
    ///
    /// # Errors
    /// [`InvalidQuery`](crate::ErrorKind::InvalidQuery) for a size outside 1 to
    /// [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE); [`InvalidCursor`](crate::ErrorKind::InvalidCursor) for a
    /// cursor that this query, in this scope, did not make.
    async fn list(&self, query: &Query<R>, page: PageRequest) -> Result<Page<R>>;

    /// All of the query's rows, one after the other, read page by page.
    ///
    /// No connection is held between two pages, so a stream may be read as slowly as one likes and beside
    /// other calls. For rows that are of one moment, open it in a read unit.
    ///
    /// # Errors
    /// As [`exists`](Self::exists); after an error the stream ends.
    fn stream(&self, query: Query<R>) -> BoxStream<'static, Result<R>>;

    /// Inserts a row; returns it with the columns that the library wrote.
    async fn insert(&self, draft: R::Draft) -> Result<R>;

    /// Inserts all of the rows or none; returns them in the order of the drafts.
    async fn insert_many(&self, drafts: Vec<R::Draft>) -> Result<Vec<R>>;

    /// Writes every column of the caller's, if the row still has the record's version; returns the new row.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is no living row in this scope;
    /// [`Conflict`](crate::ErrorKind::Conflict) if it has another version.
    async fn update(&self, record: R) -> Result<R>;

    /// Writes the columns that the patch sets; returns the new row. An empty patch changes nothing.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    async fn patch(&self, id: Uuid, expected: Expected, patch: R::Patch) -> Result<R>;

    /// Inserts the row, updates it where it is there and differs, or leaves it; see [`Upsert`].
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if the row is there, differs, and is not in the expected
    /// version, or is deleted; [`Permission`](crate::ErrorKind::Permission) if the id belongs to another
    /// owner's row.
    async fn upsert(&self, row: Upsert<R>) -> Result<Upserted<R>>;

    /// Upserts all of the rows or none; returns the outcomes in the order of the rows.
    ///
    /// A row whose id another row of the call has meets what that one made, as if each were a call of its own:
    /// with the same contents it is [`Unchanged`](Upserted::Unchanged).
    ///
    /// # Errors
    /// As [`upsert`](Self::upsert), for the first row that has one.
    async fn upsert_many(&self, rows: Vec<Upsert<R>>) -> Result<Vec<Upserted<R>>>;

    /// Deletes the row: softly where the table has soft delete, for good where it has not.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    async fn delete(&self, id: Uuid, expected: Expected) -> Result<()>;

    /// Brings a soft-deleted row back; returns it. A row that lives is returned as it is.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) and [`Conflict`](crate::ErrorKind::Conflict) as in
    /// [`update`](Self::update); [`Unique`](crate::ErrorKind::Unique) if its key was given to another row
    /// meanwhile; [`Unsupported`](crate::ErrorKind::Unsupported) for a record without soft delete.
    async fn restore(&self, id: Uuid, expected: Expected) -> Result<R>;

    /// Removes rows for good that were soft-deleted before that time, the oldest first, up to `limit`;
    /// returns how many. Foreign keys act on what refers to them.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a record without soft delete.
    async fn purge(&self, before: DateTime<Utc>, limit: u32) -> Result<u64>;

    /// Patches every living row that the filter selects, whatever its version; returns how many.
    ///
    /// # Errors
    /// As [`exists`](Self::exists).
    async fn patch_where(&self, filter: &Filter<R>, patch: R::Patch) -> Result<u64>;

    /// Deletes every living row that the filter selects, whatever its version; returns how many.
    ///
    /// # Errors
    /// As [`exists`](Self::exists).
    async fn delete_where(&self, filter: &Filter<R>) -> Result<u64>;
}

/// In which version the caller expects a row to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// In whichever: the write is right whatever happened to the row meanwhile.
    Any,
    /// In this one.
    Version(i64),
}

/// A row to be upserted, and what the caller knows of the stored one.
///
/// | the row is | the caller knows no version | the caller knows its version | it has another version |
/// | --- | --- | --- | --- |
/// | not there | inserted | inserted | inserted |
/// | there, with these contents | unchanged | unchanged | unchanged |
/// | there, with others | conflict | updated | conflict |
///
/// So a call that is repeated after its answer was lost does no harm, and no write of someone else is
/// overwritten unseen. A record without a version has nothing to compare: it is updated.
#[derive(Clone, Debug)]
pub struct Upsert<R: Record> {
    pub(crate) draft: R::Draft,
    pub(crate) expected: Option<i64>,
    pub(crate) owner: Option<Uuid>,
}

impl<R: Record> Upsert<R> {
    /// A row of which the caller knows no stored version.
    pub fn new(draft: R::Draft) -> Self {
        Upsert {
            draft,
            expected: None,
            owner: None,
        }
    }

    /// A row that the caller saw: its contents now, and the version then.
    pub fn seen(record: R) -> Self {
        Upsert {
            expected: record.version(),
            owner: record.owner(),
            draft: record.into_draft(),
        }
    }
}

/// What an upsert did.
#[derive(Clone, Debug, PartialEq)]
pub enum Upserted<R> {
    /// The row was not there.
    Inserted(R),
    /// The row was there and had other contents.
    Updated(R),
    /// The row was there with these contents already; nothing was written.
    Unchanged(R),
}

impl<R> Upserted<R> {
    /// The row as it is stored now.
    pub fn record(&self) -> &R {
        match self {
            Upserted::Inserted(record)
            | Upserted::Updated(record)
            | Upserted::Unchanged(record) => record,
        }
    }

    /// The row as it is stored now.
    pub fn into_record(self) -> R {
        match self {
            Upserted::Inserted(record)
            | Upserted::Updated(record)
            | Upserted::Unchanged(record) => record,
        }
    }
}
