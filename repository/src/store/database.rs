//! An open database.

use std::sync::Arc;

use super::backend::Backend;
use super::options::StoreOptions;
use super::start_up;
use crate::driver::Stored;
#[cfg(feature = "postgres")]
use crate::driver::postgres::PostgresPool;
#[cfg(feature = "sqlite")]
use crate::driver::sqlite::SqlitePool;
use crate::driver::{Access, DatabaseUrl, Extent};
use crate::model::engine::Engine;
use crate::model::error::Result;
use crate::model::repository::Repository;
use crate::model::scope::Scope;
use crate::operation::Context;
use crate::unit::{AnyCalls, AnyRepository, NativeUnit, Unit, calls_over};

/// An open database, on the engine that its URL names. Cheap to clone; clones share connections.
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

impl StoreOptions {
    /// Opens the store: connects once, and checks the settings and the schema.
    ///
    /// # Errors
    /// - For the URL and the server: [`InvalidUrl`](crate::ErrorKind::InvalidUrl),
    ///   [`DatabaseMissing`](crate::ErrorKind::DatabaseMissing), [`NotADatabase`](crate::ErrorKind::NotADatabase),
    ///   [`Authentication`](crate::ErrorKind::Authentication), [`Permission`](crate::ErrorKind::Permission); and
    ///   [`Unavailable`](crate::ErrorKind::Unavailable) and [`PoolTimeout`](crate::ErrorKind::PoolTimeout), which may end
    ///   by themselves.
    /// - For the schema: [`NotMigrated`](crate::ErrorKind::NotMigrated),
    ///   [`SchemaDiffers`](crate::ErrorKind::SchemaDiffers).
    /// - For the connection: [`Setting`](crate::ErrorKind::Setting), [`Pooler`](crate::ErrorKind::Pooler).
    pub async fn open(self) -> Result<Store> {
        Store::open_with(self).await
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
        let url = DatabaseUrl::parse(options.exposed_url())?;
        let (settings, history) = (&options.settings, options.recorded_in()?);
        if let Some(migrate) = options.hooks.migrate
            && !url.is_in_memory()
        {
            (migrate.before_opening)(&url, &settings.schemas).await?;
        }
        let backend = match url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(url) => {
                let migrate = options.hooks.migrate.map(|migrate| migrate.apply);
                Backend::Sqlite(SqlitePool::open(url, settings, migrate).await?)
            }
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => {
                Backend::Postgres(PostgresPool::open(&url, settings, options.domain).await?)
            }
        };
        match &options.hooks.check_schema {
            Some(check) => check(&backend, &settings.application_role).await?,
            None => start_up::check(&backend, options.domain, history).await?,
        }
        Ok(Store {
            backend,
            options: Arc::new(options),
        })
    }

    /// The engine of the database.
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
            unprotected: match &self.backend {
                #[cfg(feature = "sqlite")]
                Backend::Sqlite(_) => Arc::default(),
                #[cfg(feature = "postgres")]
                Backend::Postgres(pool) => pool.unguarded(),
            },
            clock: self.options.clock.clone(),
            ids: self.options.ids.clone(),
        }
    }

    /// A repository of one record in one scope. Each of its calls is a transaction of its own.
    pub fn repository<R: Stored>(&self, scope: &Scope) -> Arc<dyn Repository<R>> {
        self.native(scope).shared()
    }

    /// As [`repository`](Self::repository), with the type of the store's engine.
    ///
    /// For an application that implements a trait of its own for both engines.
    pub fn native<R: Stored>(&self, scope: &Scope) -> AnyRepository<R> {
        AnyRepository::new(self.calls(scope))
    }

    fn calls(&self, scope: &Scope) -> AnyCalls {
        let context = self.context(scope);
        match &self.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(pool) => AnyCalls::Sqlite(calls_over(pool, context)),
            #[cfg(feature = "postgres")]
            Backend::Postgres(pool) => AnyCalls::Postgres(calls_over(pool, context)),
        }
    }

    /// Begins a unit of work that reads. On Postgres it is `REPEATABLE READ READ ONLY`. On SQLite its connection is
    /// `query_only`.
    ///
    /// # Errors
    /// [`PoolTimeout`](crate::ErrorKind::PoolTimeout), [`Unavailable`](crate::ErrorKind::Unavailable);
    /// [`Permission`](crate::ErrorKind::Permission) if the role of the connection must not work in the scope.
    pub async fn begin_read(&self, scope: &Scope) -> Result<Unit> {
        self.begin(scope, Access::Read, Extent::Unit).await
    }

    /// Begins a unit of work that writes. On Postgres it is `READ COMMITTED`, and its begin is sent with the first
    /// statement. On SQLite it holds the only connection that writes until it ends.
    ///
    /// # Errors
    /// As [`begin_read`](Self::begin_read); [`LockTimeout`](crate::ErrorKind::LockTimeout) on SQLite if another process
    /// holds the write lock for longer than [`StoreOptions::lock_timeout`].
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

    /// Closes the store: each connection is closed when it is free, and further calls fail with
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    ///
    /// A store is also closed when all of its clones, repositories and units are dropped.
    pub fn close(&self) {
        match &self.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(pool) => pool.close(),
            #[cfg(feature = "postgres")]
            Backend::Postgres(pool) => pool.close(),
        }
    }
}
