//! The implementation of the trait [`Repository`], generic over the dialect.
//!
//! It is compiled for each record of an application, so it only converts: drafts and patches for the [`Calls`], and what
//! these return into records.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, StreamExt};

use super::calls::Calls;
use super::pages::Pages;
use crate::driver::row::DecodeRow;
use crate::driver::rows::Decoded;
use crate::driver::{Dialect, RecordType, Records, Twin};
use crate::model::error::{ErrorKind, Result};
use crate::model::key::Key;
use crate::model::query::{Filter, Page, PageRequest, Query};
use crate::model::record::{Record, invalid};
use crate::model::record_id::RecordId;
use crate::model::repository::{Expected, Repository, Upsert, Upserted};
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::operation::{Drafts, StoredRow, UpsertedRow, not_found};

/// A repository of one record on one engine: `SqliteRepository<Habit>`, `PostgresRepository<Habit>`.
///
/// For its own queries an application implements a trait for both types; see [`query`](Self::query).
pub struct NativeRepository<R, D: Dialect> {
    calls: Arc<dyn Calls<D>>,
    _of: PhantomData<fn() -> R>,
}

/// A repository on SQLite. An application's own queries are a trait that it implements for this type and for
/// `PostgresRepository`.
#[cfg(feature = "sqlite")]
pub type SqliteRepository<R> = NativeRepository<R, crate::driver::sqlite::Sqlite>;

/// A repository on Postgres. An application's own queries are a trait that it implements for this type and for
/// `SqliteRepository`.
#[cfg(feature = "postgres")]
pub type PostgresRepository<R> = NativeRepository<R, crate::driver::postgres::Postgres>;

impl<R, D: Dialect> Clone for NativeRepository<R, D> {
    fn clone(&self) -> Self {
        NativeRepository::new(self.calls.clone())
    }
}

impl<R, D: Dialect> std::fmt::Debug for NativeRepository<R, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeRepository")
            .field("engine", &D::ENGINE)
            .field("scope", self.scope())
            .finish_non_exhaustive()
    }
}

impl<R, D: Dialect> NativeRepository<R, D> {
    pub(crate) fn new(calls: Arc<dyn Calls<D>>) -> Self {
        NativeRepository {
            calls,
            _of: PhantomData,
        }
    }

    /// The scope of the repository.
    pub fn scope(&self) -> &Scope {
        self.calls.scope()
    }
}

impl<R: Twin<D>, D: Dialect> NativeRepository<R, D> {
    /// Runs a custom query in the repository's scope and unit; returns its rows decoded.
    ///
    /// - The statement is in this engine's SQL, with parameters `?1` or `$1`.
    /// - It names its columns. A `*` is refused, because another process may migrate the table.
    /// - For a stable order of rows it needs an `ORDER BY` over all keys.
    /// - On SQLite it must filter by owner itself: [`scope`](Self::scope) has the owner. On Postgres row level security
    ///   does so.
    ///
    /// # Errors
    /// The errors of every call, and those of `decode`. Besides:
    /// - [`InvalidQuery`](ErrorKind::InvalidQuery) for more than one statement, for more or fewer values than
    ///   parameters, for SQL that controls the transaction, and in an owner's scope for SQL that does not only read and
    ///   write rows.
    /// - [`Permission`](ErrorKind::Permission) on Postgres if a function changed role or claims.
    ///
    /// Other settings that the SQL changes are reset at the end of the unit of work.
    pub async fn query<T: Send + 'static>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
        decode: fn(&D::Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = Decoded::<D, T>::boxed(decode);
        Decoded::<D, T>::taken(self.calls.query(R::TABLE, sql, values, rows).await?)
    }

    /// Runs a query as [`query`](Self::query) and decodes each row as a tuple of columns, in the query's order.
    ///
    /// ```
    /// use catamaran::{Result, SqliteRepository, record::Twin, Sqlite};
    ///
    /// /// How many rows have each title, the most frequent title first.
    /// async fn titles<R: Twin<Sqlite>>(notes: &SqliteRepository<R>) -> Result<Vec<(String, i64)>> {
    ///     let sql = "SELECT title, count(*) FROM notes WHERE stars >= ?1 GROUP BY title ORDER BY 2 DESC, 1";
    ///     notes.query_as(sql, vec![3.into()]).await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`query`](Self::query), and [`Decode`](ErrorKind::Decode) if a stored value is not of its column's type.
    pub async fn query_as<T>(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<T>>
    where
        T: DecodeRow<D> + Send + 'static,
    {
        self.query(sql, values, T::decode_row).await
    }

    /// Runs a custom statement that writes; returns how many rows it changed.
    ///
    /// The statement must itself maintain owner, version, timestamps and soft delete.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn execute(&self, sql: &'static str, values: Vec<Value>) -> Result<u64> {
        self.calls.execute(R::TABLE, sql, values).await
    }
}

#[async_trait]
impl<R: Twin<D>, D: Dialect> Repository<R> for NativeRepository<R, D> {
    async fn find(&self, id: R::Id) -> Result<Option<R>> {
        let found = self.calls.find(RecordType::of::<R>(), key::<R>(id)).await?;
        Ok(all(found)?.into_iter().next())
    }

    async fn lock(&self, ids: &[R::Id]) -> Result<Vec<R>> {
        let ids = ids.iter().cloned().map(key::<R>).collect();
        all(self.calls.lock(RecordType::of::<R>(), ids).await?)
    }

    async fn get(&self, id: R::Id) -> Result<R> {
        let found = self.find(id.clone()).await?;
        match found {
            Some(row) => Ok(row),
            None => Err(not_found(R::statements(), &key::<R>(id)?)),
        }
    }

    async fn exists(&self, query: &Query<R>) -> Result<bool> {
        let parts = query.parts();
        self.calls.exists(RecordType::of::<R>(), parts).await
    }

    async fn count(&self, query: &Query<R>) -> Result<u64> {
        let parts = query.parts();
        self.calls.count(RecordType::of::<R>(), parts).await
    }

    async fn list(&self, query: &Query<R>, page: PageRequest) -> Result<Page<R>> {
        let parts = query.parts();
        let page = self.calls.list(RecordType::of::<R>(), parts, page).await?;
        Ok(Page {
            items: all(page.items)?,
            next: page.next,
            previous: page.previous,
        })
    }

    fn stream(&self, query: Query<R>) -> BoxStream<'static, Result<R>> {
        Pages::new(Arc::new(self.clone()), query).boxed()
    }

    async fn insert(&self, draft: R::Draft) -> Result<R> {
        if R::MANAGED.generated && R::Id::MAY_REFUSE {
            // A number that the type refuses has to be known before the row is stored.
            return one(self.insert_many(vec![draft]).await?);
        }
        let mut rows = Drafts::<R>::new(vec![Upsert::new(draft)]);
        self.calls.insert(RecordType::of::<R>(), &mut rows).await?;
        one(rows.into_records())
    }

    async fn insert_many(&self, drafts: Vec<R::Draft>) -> Result<Vec<R>> {
        let drafts = drafts.into_iter().map(Upsert::new).collect();
        let mut rows = Drafts::<R>::new(drafts);
        let inserted = self.calls.insert_many(RecordType::of::<R>(), &mut rows);
        inserted.await?;
        Ok(rows.into_records())
    }

    async fn update(&self, record: R) -> Result<R> {
        let mut record = record;
        let updated = self.calls.update(RecordType::of::<R>(), &mut record);
        match updated.await? {
            Some(rows) => one(all(rows)?),
            None => Ok(record),
        }
    }

    async fn patch(&self, id: R::Id, expected: Expected, patch: R::Patch) -> Result<R> {
        let changes = || R::changes(&patch);
        let of = RecordType::of::<R>();
        one(all(self
            .calls
            .patch(of, key::<R>(id), expected, &changes)
            .await?)?)
    }

    async fn upsert(&self, row: Upsert<R>) -> Result<Upserted<R>> {
        let upserted = self.upsert_many(vec![row]).await?;
        one(upserted)
    }

    async fn upsert_many(&self, rows: Vec<Upsert<R>>) -> Result<Vec<Upserted<R>>> {
        let mut rows = Drafts::<R>::new(rows);
        let outcomes = self.calls.upsert_many(RecordType::of::<R>(), &mut rows);
        let outcomes = outcomes.await?;
        upserted(rows.into_records(), outcomes)
    }

    async fn delete(&self, id: R::Id, expected: Expected) -> Result<()> {
        let of = RecordType::of::<R>();
        self.calls.delete(of, key::<R>(id), expected).await
    }

    async fn restore(&self, id: R::Id, expected: Expected) -> Result<R> {
        let of = RecordType::of::<R>();
        one(all(self.calls.restore(of, key::<R>(id), expected).await?)?)
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u32) -> Result<u64> {
        let of = RecordType::of::<R>();
        self.calls.purge(of, before, limit).await
    }

    async fn patch_where(&self, filter: &Filter<R>, patch: R::Patch) -> Result<u64> {
        let changes = || R::changes(&patch);
        let of = RecordType::of::<R>();
        self.calls
            .patch_where(of, &filter.condition, &changes)
            .await
    }

    async fn delete_where(&self, filter: &Filter<R>) -> Result<u64> {
        let of = RecordType::of::<R>();
        self.calls.delete_where(of, &filter.condition).await
    }
}

/// The id in canonical form, without its type.
///
/// # Errors
/// [`InvalidValue`](ErrorKind::InvalidValue), naming the column whose value has no canonical form.
fn key<R: Record>(id: R::Id) -> Result<Key> {
    id.into_key().map_err(|(position, reason)| {
        let column = R::MANAGED.id.get(position).copied().unwrap_or_default();
        invalid(R::COLUMNS[column].field, reason)
    })
}

/// The rows that a call returned.
fn all<R: Record>(rows: Box<dyn Records>) -> Result<Vec<R>> {
    let rows: Box<dyn Any> = rows;
    match rows.downcast() {
        Ok(rows) => Ok(*rows),
        Err(_) => Err(ErrorKind::Internal.into()),
    }
}

/// The first row.
///
/// # Errors
/// [`Internal`](ErrorKind::Internal) if there is none: the call should have failed.
fn one<R>(rows: Vec<R>) -> Result<R> {
    let row = rows.into_iter().next();
    row.ok_or_else(|| ErrorKind::Internal.into())
}

/// The outcomes of an upsert, for the rows of its call.
fn upserted<R: Record>(rows: Vec<R>, outcomes: Vec<UpsertedRow>) -> Result<Vec<Upserted<R>>> {
    let rows = rows.into_iter().zip(outcomes);
    rows.map(|(row, outcome)| {
        Ok(match outcome {
            UpsertedRow::Inserted => Upserted::Inserted(row),
            UpsertedRow::Updated(stored) => Upserted::Updated(copied(&stored)?),
            UpsertedRow::Unchanged(stored) => Upserted::Unchanged(copied(&stored)?),
        })
    })
    .collect()
}

fn copied<R: Record>(row: &StoredRow) -> Result<R> {
    let rows: &dyn Any = &*row.rows;
    let rows = rows.downcast_ref::<Vec<R>>().map(Vec::as_slice);
    let row = rows.and_then(|rows| rows.get(row.index));
    row.cloned().ok_or_else(|| ErrorKind::Internal.into())
}
