//! An opened database.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::backend::{AnyRepository, Backend, Stored};
use crate::dialect::{Access, Dialect, Extent};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::native::{NativeRepository, Source};
use crate::operation::Context;
use crate::options::StoreOptions;
#[cfg(feature = "postgres")]
use crate::postgres::{Postgres, PostgresPool};
use crate::repository::Repository;
use crate::schema;
use crate::scope::Scope;
#[cfg(all(feature = "migrate", feature = "sqlite"))]
use crate::sqlite::is_in_memory;
#[cfg(feature = "sqlite")]
use crate::sqlite::{Sqlite, SqlitePool};
use crate::unit::{NativeUnit, Unit};
use crate::writing::{Writing, finish};

/// An opened database, of whichever engine its URL names. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    options: Arc<StoreOptions>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database that the URL names, with the defaults of [`StoreOptions`].
    ///
    /// # Errors
    /// As [`StoreOptions::open`].
    pub async fn open(url: impl Into<String>) -> Result<Self> {
        StoreOptions::new(url).open().await
    }

    pub(crate) async fn open_with(options: StoreOptions) -> Result<Self> {
        let url = options.exposed_url();
        let engine = Engine::of_url(url)?;
        #[cfg(feature = "migrate")]
        if let Some(migrate) = options.migration
            && !is_in_memory(url)
        {
            let schemas = &options.settings.schemas;
            crate::migrate::before_opening(url, schemas, migrate).await?;
        }
        let backend = match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => {
                let pool = SqlitePool::open(&options).await?;
                check_schema::<Sqlite>(&pool, &options).await?;
                Backend::Sqlite(pool)
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                let pool = PostgresPool::open(&options).await?;
                check_schema::<Postgres>(&pool, &options).await?;
                Backend::Postgres(pool)
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            engine => {
                return Err(crate::options::invalid_url(format!(
                    "it names {engine}, and the feature \"{engine}\" is off"
                )));
            }
        };
        Ok(Store {
            backend,
            options: Arc::new(options),
        })
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match &self.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    fn context(&self, scope: &Scope) -> Context {
        Context {
            scope: *scope,
            domain: self.options.domain,
            sees_all: match &self.backend {
                #[cfg(feature = "sqlite")]
                Backend::Sqlite(_) => true,
                #[cfg(feature = "postgres")]
                Backend::Postgres(pool) => pool.sees_all(),
            },
            unguarded: match &self.backend {
                #[cfg(feature = "sqlite")]
                Backend::Sqlite(_) => Arc::default(),
                #[cfg(feature = "postgres")]
                Backend::Postgres(pool) => pool.unguarded(),
            },
            clock: self.options.clock.clone(),
            ids: self.options.ids.clone(),
        }
    }

    /// The rows of one record in one scope. Each call of the repository is a unit of its own.
    pub fn repository<R: Stored>(&self, scope: &Scope) -> Arc<dyn Repository<R>> {
        self.native(scope).shared()
    }

    /// As [`repository`](Self::repository), of the store's own dialect: where an application's own trait,
    /// implemented for both, begins.
    pub fn native<R: Stored>(&self, scope: &Scope) -> AnyRepository<R> {
        let context = self.context(scope);
        match &self.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(pool) => {
                AnyRepository::Sqlite(NativeRepository::new(Source::Pool(pool.clone()), context))
            }
            #[cfg(feature = "postgres")]
            Backend::Postgres(pool) => {
                AnyRepository::Postgres(NativeRepository::new(Source::Pool(pool.clone()), context))
            }
        }
    }

    /// Runs a unit of work that reads: all of its reads see one snapshot, and writes are refused.
    ///
    /// # Errors
    /// What the work gives; and as [`begin_read`](Self::begin_read).
    pub async fn read<T, E, F>(&self, scope: &Scope, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        let unit = self.begin_read(scope).await?;
        let result = work(&unit).await;
        finish(unit, result).await.result
    }

    /// Runs a unit of work that writes, and commits it if the work gives `Ok`. It is one try;
    /// [`writing`](Self::writing) makes one that is tried again.
    ///
    /// Inside, ask the unit for repositories. One of the store's own would be another connection, and on
    /// SQLite its writes would wait for this unit until they give
    /// [`PoolTimeout`](crate::ErrorKind::PoolTimeout).
    ///
    /// ```no_run
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
    /// # use demo::{Note, NoteDraft};
    /// # async fn tour(store: catamaran::Store, scope: catamaran::Scope) -> catamaran::Result<()> {
    /// let both = store
    ///     .write(&scope, async |unit| {
    ///         let notes = unit.repository::<Note>();
    ///         let first = notes.insert(NoteDraft::new("hull")).await?;
    ///         let second = notes.insert(NoteDraft::new("deck")).await?;
    ///         Ok::<_, catamaran::Error>((first, second))
    ///     })
    ///     .await?;
    /// # let _ = both;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the work gives, in which case nothing of it stays; and as [`begin_write`](Self::begin_write)
    /// and [`Unit::commit`].
    pub async fn write<T, E, F>(&self, scope: &Scope, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        let unit = self.begin_write(scope).await?;
        let result = work(&unit).await;
        finish(unit, result).await.result
    }

    /// Begins a unit of work that reads. On Postgres it is `REPEATABLE READ READ ONLY`; on SQLite a
    /// transaction of a connection that cannot write.
    ///
    /// # Errors
    /// [`PoolTimeout`](crate::ErrorKind::PoolTimeout), [`Unavailable`](crate::ErrorKind::Unavailable);
    /// [`Permission`](crate::ErrorKind::Permission) if the role does not fit the scope.
    pub async fn begin_read(&self, scope: &Scope) -> Result<Unit> {
        self.begin(scope, Access::Read, Extent::Unit).await
    }

    /// Begins a unit of work that writes. On Postgres it is `READ COMMITTED`; on SQLite it holds the one
    /// writing connection from its beginning.
    ///
    /// # Errors
    /// As [`begin_read`](Self::begin_read); [`LockTimeout`](crate::ErrorKind::LockTimeout) on SQLite if
    /// another process writes for too long.
    pub async fn begin_write(&self, scope: &Scope) -> Result<Unit> {
        self.begin(scope, Access::Write, Extent::Unit).await
    }

    pub(crate) async fn begin(
        &self,
        scope: &Scope,
        access: Access,
        extent: Extent,
    ) -> Result<Unit> {
        let context = self.context(scope);
        Ok(match &self.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(pool) => {
                Unit::Sqlite(NativeUnit::begin(pool, context, access, extent).await?)
            }
            #[cfg(feature = "postgres")]
            Backend::Postgres(pool) => {
                Unit::Postgres(NativeUnit::begin(pool, context, access, extent).await?)
            }
        })
    }

    /// A unit of work that writes, as it is wanted: serializable, tried again, done once for good.
    pub fn writing(&self, scope: &Scope) -> Writing<'_> {
        Writing::new(self, scope)
    }

    /// Whether a unit with that idempotency key was committed in the scope. One that has taken the key and is
    /// still under way is waited for, so that the answer is final for a call that was lost; a call that has
    /// not got as far may still do it.
    ///
    /// # Errors
    /// As [`begin_write`](Self::begin_write); [`LockTimeout`](crate::ErrorKind::LockTimeout) if a unit with
    /// the key takes longer; [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) if there is no table
    /// [`OPERATION_KEYS`](crate::OPERATION_KEYS).
    pub async fn was_done(&self, scope: &Scope, key: Uuid) -> Result<bool> {
        let unit = self.begin_write(scope).await?;
        let free = unit.take_key(key).await?;
        // What was looked for is known, however this ends.
        let _rolled_back = unit.rollback().await;
        Ok(!free)
    }

    /// Forgets the idempotency keys of the scope that were taken before that time; returns how many. Do
    /// so when nobody repeats those calls any more. The system's scope forgets every owner's.
    ///
    /// # Errors
    /// As [`was_done`](Self::was_done); [`InvalidValue`](crate::ErrorKind::InvalidValue) for a time outside the
    /// years 1 to 9999.
    pub async fn forget_keys(&self, scope: &Scope, before: DateTime<Utc>) -> Result<u64> {
        self.write(scope, async |unit| unit.forget_keys(before).await)
            .await
    }

    /// Closes the store: connections end as they become free, and further calls are
    /// [`Unavailable`](crate::ErrorKind::Unavailable). So does dropping every clone of the store and every
    /// repository and unit that came from it.
    pub fn close(&self) {
        match &self.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(pool) => pool.close(),
            #[cfg(feature = "postgres")]
            Backend::Postgres(pool) => pool.close(),
        }
    }
}

/// A fingerprint knows all that the names alone would tell.
async fn check_schema<D: Dialect>(pool: &D::Pool, options: &StoreOptions) -> Result<()> {
    #[cfg(feature = "doctor")]
    if let Some(fingerprint) = &options.fingerprint {
        let role = &options.settings.application_role;
        return fingerprint.check::<D>(pool, role).await;
    }
    schema::check::<D>(pool, options.domain).await
}

/// A database in memory is migrated over the connection that it lives in; on Postgres there is none.
#[cfg(all(feature = "migrate", not(feature = "sqlite")))]
fn is_in_memory(_url: &str) -> bool {
    false
}
