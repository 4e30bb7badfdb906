//! The implementation of the trait [`Repository`], generic over the dialect.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
use uuid::Uuid;

use crate::driver::Twin;
use crate::driver::row::DecodeRow;
use crate::driver::{Access, Dialect, Extent};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::query::{Filter, Page, PageRequest, Query, Visibility};
use crate::model::repository::{Expected, Repository, Upsert, Upserted};
use crate::model::scope::Scope;
use crate::model::value::Value;
use crate::operation::{self, BulkWrite, Context, InsertMany, Purge, UpsertMany, WriteWhere};
use crate::session::{ENDED, Session};
use crate::sql::SqlText;
use crate::sql::custom::CustomSql;

/// The number of rows in the first page that a stream reads, so that the first rows come soon.
const FIRST_STREAM_PAGE: u32 = 50;

/// The maximum number of rows in a page of a stream. Each page has four times as many rows as the one before.
const STREAM_PAGE: u32 = 4_000;

/// A repository of one record on one engine: `SqliteRepository<Habit>`, `PostgresRepository<Habit>`.
///
/// For its own queries an application implements a trait for both types; see [`query`](Self::query).
pub struct NativeRepository<R, D: Dialect> {
    source: Source<D>,
    context: Context,
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
        NativeRepository::new(self.source.clone(), self.context.clone())
    }
}

impl<R, D: Dialect> std::fmt::Debug for NativeRepository<R, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeRepository")
            .field("engine", &D::ENGINE)
            .field("scope", &self.context.scope)
            .finish_non_exhaustive()
    }
}

/// The session of a unit of work, until it ends.
pub(crate) type SharedSession<D> = Arc<Mutex<Option<Session<D>>>>;

/// Where a repository's sessions come from.
pub(crate) enum Source<D: Dialect> {
    /// A session for each call.
    Pool(D::Pool),
    /// The one session of a unit of work.
    Unit {
        session: SharedSession<D>,
        access: Access,
    },
}

impl<D: Dialect> Clone for Source<D> {
    fn clone(&self) -> Self {
        match self {
            Source::Pool(pool) => Source::Pool(pool.clone()),
            Source::Unit { session, access } => Source::Unit {
                session: session.clone(),
                access: *access,
            },
        }
    }
}

/// The session of one call: its own, or the locked session of the unit.
enum Work<D: Dialect> {
    Own(Session<D>),
    Unit(UnitSession<D>),
}

/// The locked session of a unit that has not ended.
pub(crate) struct UnitSession<D: Dialect>(OwnedMappedMutexGuard<Option<Session<D>>, Session<D>>);

impl<D: Dialect> UnitSession<D> {
    /// Locks the session for a call. Every call of a unit begins here, before it looks at its arguments.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if the unit was committed or rolled back, or a call in it failed or was
    /// dropped.
    pub(crate) async fn lock(session: &SharedSession<D>) -> Result<Self> {
        let session = UnitSession::lock_to_end(session).await?;
        session.check()?;
        Ok(session)
    }

    /// As [`lock`](Self::lock), but after a failed or dropped call too: for the end of a savepoint or of the unit.
    pub(crate) async fn lock_to_end(session: &SharedSession<D>) -> Result<Self> {
        let guard = session.clone().lock_owned().await;
        OwnedMutexGuard::try_map(guard, Option::as_mut)
            .map(UnitSession)
            .map_err(|_| ENDED.into())
    }

    /// Ends a call that writes. If it failed, whatever the error, a unit for writing ends: a part of its changes may be
    /// written.
    pub(crate) fn end_write<T>(&mut self, result: Result<T>) -> Result<T> {
        result.inspect_err(|error| self.fail_write(error))
    }
}

impl<D: Dialect> Deref for UnitSession<D> {
    type Target = Session<D>;

    fn deref(&self) -> &Session<D> {
        &self.0
    }
}

impl<D: Dialect> DerefMut for UnitSession<D> {
    fn deref_mut(&mut self) -> &mut Session<D> {
        &mut self.0
    }
}

impl<D: Dialect> Work<D> {
    fn session(&mut self) -> &mut Session<D> {
        match self {
            Work::Own(session) => session,
            Work::Unit(session) => session,
        }
    }

    /// Ends the call: commits or rolls back a session of its own.
    async fn end<T>(self, access: Access, result: Result<T>) -> Result<T> {
        match (self, access) {
            (Work::Own(session), _) if result.is_ok() => session.commit().await?,
            (Work::Own(session), _) => {
                // The error of the call is reported. A session that cannot roll back discards its connection, which
                // rolls back as well.
                let _rolled_back = session.rollback().await;
            }
            (Work::Unit(mut session), Access::Write) => return session.end_write(result),
            (Work::Unit(_), Access::Read) => {}
        }
        result
    }
}

impl<R, D: Dialect> NativeRepository<R, D> {
    pub(crate) fn new(source: Source<D>, context: Context) -> Self {
        NativeRepository {
            source,
            context,
            _of: PhantomData,
        }
    }

    /// The scope of the repository.
    pub fn scope(&self) -> &Scope {
        &self.context.scope
    }
}

impl<R: Twin<D>, D: Dialect> NativeRepository<R, D> {
    async fn work(&self, access: Access, extent: Extent) -> Result<Work<D>> {
        tracing::trace!(table = R::TABLE.name, engine = %D::ENGINE, scope = ?self.scope(), ?access);
        match &self.source {
            Source::Pool(pool) => {
                self.context.check_scope(R::TABLE)?;
                let session = Session::begin(pool, &self.context.scope, access, extent).await?;
                Ok(Work::Own(session))
            }
            Source::Unit {
                session,
                access: of_unit,
            } => {
                let work = Work::Unit(UnitSession::lock(session).await?);
                match self.check_access(*of_unit, access) {
                    Ok(()) => Ok(work),
                    Err(refused) => work.end(access, Err(refused)).await,
                }
            }
        }
    }

    /// Fails if the scope, or a unit for reading, must not be used for the call.
    fn check_access(&self, of_unit: Access, access: Access) -> Result<()> {
        self.context.check_scope(R::TABLE)?;
        match (of_unit, access) {
            (Access::Read, Access::Write) => Err(ErrorKind::ReadOnly {
                reason: "the unit of work was opened for reading".into(),
            }
            .into()),
            (Access::Write, _) | (Access::Read, Access::Read) => Ok(()),
        }
    }

    async fn read(&self) -> Result<Work<D>> {
        self.work(Access::Read, Extent::Statement).await
    }

    async fn write(&self, extent: Extent) -> Result<Work<D>> {
        self.work(Access::Write, extent).await
    }

    /// Runs a write of several rows: at once, and if a row is refused, again in order.
    async fn bulk<'c, B: BulkWrite<D> + 'c>(
        &'c self,
        extent: Extent,
        bulk: impl FnOnce(&'c Context) -> Result<B> + Send,
    ) -> Result<B::Output> {
        let mut work = self.write(extent).await?;
        let written = match bulk(&self.context) {
            Ok(bulk) => self.write_bulk(work.session(), &bulk).await,
            Err(error) => Err(error),
        };
        work.end(Access::Write, written).await
    }

    async fn write_bulk<B: BulkWrite<D>>(
        &self,
        session: &mut Session<D>,
        bulk: &B,
    ) -> Result<B::Output> {
        if bulk.starts_in_order() {
            if let Source::Pool(pool) = &self.source {
                session.restart(pool, self.scope()).await?;
            }
            return bulk.write_in_order(session).await;
        }
        if matches!(self.source, Source::Unit { .. }) && bulk.is_ordered() {
            session.mark().await?;
        }
        match bulk.write_at_once(session).await {
            Err(error) if operation::is_refusal(&error) && bulk.is_ordered() => {}
            result => return result,
        }
        match &self.source {
            Source::Pool(pool) => session.restart(pool, self.scope()).await?,
            Source::Unit { .. } => session.undo().await?,
        }
        bulk.write_in_order(session).await
    }

    /// Validates custom SQL, and converts its values to the form that both engines accept.
    fn custom_statement(
        session: &mut Session<D>,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<(SqlText, Vec<Value>)> {
        let custom = CustomSql::read(D::ENGINE, sql);
        session.validate_one(&custom, values.len())?;
        if custom.has_star() {
            return Err(ErrorKind::InvalidQuery {
                reason: "name the columns instead of *: another process may migrate the table"
                    .into(),
            }
            .into());
        }
        let values: Result<Vec<Value>, _> = values.into_iter().map(Value::canonical).collect();
        let values = values.map_err(|reason| ErrorKind::InvalidValue {
            field: None,
            reason,
        })?;
        let text = SqlText::new(D::custom_text(sql, &values), Some(R::TABLE));
        Ok((text, values))
    }

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
        // Postgres refuses a write only in a transaction that is READ ONLY.
        let mut work = self.work(Access::Read, Extent::Transaction).await?;
        let session = work.session();
        let rows = match Self::custom_statement(session, sql, values) {
            Ok((text, values)) => session.fetch(&text, values, decode).await,
            Err(error) => Err(error),
        };
        work.end(Access::Read, rows).await
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
        let mut work = self.write(Extent::Statement).await?;
        let session = work.session();
        let changed = match Self::custom_statement(session, sql, values) {
            Ok((text, values)) => session.execute(&text, values).await,
            Err(error) => Err(error),
        };
        work.end(Access::Write, changed).await
    }
}

#[async_trait]
impl<R: Twin<D>, D: Dialect> Repository<R> for NativeRepository<R, D> {
    async fn find(&self, id: Uuid) -> Result<Option<R>> {
        let mut work = self.read().await?;
        let found = operation::find(work.session(), &self.context, id, Visibility::Live).await;
        work.end(Access::Read, found).await
    }

    async fn lock(&self, ids: &[Uuid]) -> Result<Vec<R>> {
        if let Source::Pool(_) = &self.source {
            return Err(ErrorKind::Unsupported {
                what: "a lock outside of a unit of work",
                reason: "it would end with the call",
            }
            .into());
        }
        let mut work = self.write(Extent::Transaction).await?;
        let locked = operation::lock(work.session(), &self.context, ids).await;
        work.end(Access::Write, locked).await
    }

    async fn get(&self, id: Uuid) -> Result<R> {
        self.find(id)
            .await?
            .ok_or_else(|| operation::not_found::<R>(id))
    }

    async fn exists(&self, query: &Query<R>) -> Result<bool> {
        let mut work = self.read().await?;
        let exists = operation::exists(work.session(), &self.context, query).await;
        work.end(Access::Read, exists).await
    }

    async fn count(&self, query: &Query<R>) -> Result<u64> {
        let mut work = self.read().await?;
        let count = operation::count(work.session(), &self.context, query).await;
        work.end(Access::Read, count).await
    }

    async fn list(&self, query: &Query<R>, page: PageRequest) -> Result<Page<R>> {
        let mut work = self.read().await?;
        let page = operation::list(work.session(), &self.context, query, &page).await;
        work.end(Access::Read, page).await
    }

    fn stream(&self, query: Query<R>) -> BoxStream<'static, Result<R>> {
        let start = Some((FIRST_STREAM_PAGE, PageRequest::first(FIRST_STREAM_PAGE)));
        let repository = self.clone();
        stream::try_unfold(
            (repository, query, start),
            |(repository, query, request)| async move {
                let Some((size, request)) = request else {
                    return Ok::<_, Error>(None);
                };
                let page = repository.list(&query, request).await?;
                let size = (size * 4).min(STREAM_PAGE);
                let next = page.next.map(|next| (size, PageRequest::after(size, next)));
                let items = stream::iter(page.items.into_iter().map(Ok));
                Ok(Some((items, (repository, query, next))))
            },
        )
        .try_flatten()
        .boxed()
    }

    async fn insert(&self, draft: R::Draft) -> Result<R> {
        let mut work = self.write(Extent::Statement).await?;
        let inserted = operation::insert(work.session(), &self.context, draft).await;
        work.end(Access::Write, inserted).await
    }

    async fn insert_many(&self, drafts: Vec<R::Draft>) -> Result<Vec<R>> {
        let mut work = self.write(Extent::Transaction).await?;
        let inserted = match InsertMany::new::<D>(&self.context, drafts) {
            Ok(rows) => {
                let written = self.write_bulk(work.session(), &rows).await;
                written.map(|()| rows.into_records())
            }
            Err(error) => Err(error),
        };
        work.end(Access::Write, inserted).await
    }

    async fn update(&self, record: R) -> Result<R> {
        let mut work = self.write(Extent::Statement).await?;
        let updated = operation::update(work.session(), &self.context, record).await;
        work.end(Access::Write, updated).await
    }

    async fn patch(&self, id: Uuid, expected: Expected, patch: R::Patch) -> Result<R> {
        let mut work = self.write(Extent::Statement).await?;
        let patched = operation::patch(work.session(), &self.context, id, expected, &patch).await;
        work.end(Access::Write, patched).await
    }

    async fn upsert(&self, row: Upsert<R>) -> Result<Upserted<R>> {
        let upserted = self.upsert_many(vec![row]).await?;
        // One row in, one outcome out.
        upserted
            .into_iter()
            .next()
            .ok_or_else(|| ErrorKind::Internal.into())
    }

    async fn upsert_many(&self, rows: Vec<Upsert<R>>) -> Result<Vec<Upserted<R>>> {
        let upsert = |context| UpsertMany::new::<D>(context, rows);
        self.bulk(Extent::Transaction, upsert).await
    }

    async fn delete(&self, id: Uuid, expected: Expected) -> Result<()> {
        let mut work = self.write(Extent::Statement).await?;
        let deleted = operation::delete::<D, R>(work.session(), &self.context, id, expected).await;
        work.end(Access::Write, deleted).await
    }

    async fn restore(&self, id: Uuid, expected: Expected) -> Result<R> {
        let mut work = self.write(Extent::Statement).await?;
        let restored = operation::restore(work.session(), &self.context, id, expected).await;
        work.end(Access::Write, restored).await
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u32) -> Result<u64> {
        let purge = |context| Purge::<R>::new(context, before, limit);
        self.bulk(Extent::Statement, purge).await
    }

    async fn patch_where(&self, filter: &Filter<R>, patch: R::Patch) -> Result<u64> {
        let write = |context| WriteWhere::patch::<D>(context, filter, &patch);
        self.bulk(Extent::Statement, write).await
    }

    async fn delete_where(&self, filter: &Filter<R>) -> Result<u64> {
        let write = |context| WriteWhere::delete(context, filter);
        self.bulk(Extent::Statement, write).await
    }
}
