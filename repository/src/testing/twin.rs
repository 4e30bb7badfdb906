//! One test body, run on every engine.

#[cfg(feature = "postgres")]
use super::{Collation, PostgresServer};
use super::{DatabaseOptions, EphemeralDatabase, TestError};
use crate::migrate::{History, Plan};
use crate::model::engine::Engine;
use crate::model::error::Result;
use crate::store::Store;
use crate::store::StoreOptions;

/// What a test body runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A SQLite file.
    #[cfg(feature = "sqlite")]
    SqliteFile,
    /// A SQLite database in memory.
    #[cfg(feature = "sqlite")]
    SqliteMemory,
    /// A Postgres database whose default collation is `C`.
    #[cfg(feature = "postgres")]
    Postgres,
    /// A Postgres database whose default collation is that of American English.
    #[cfg(feature = "postgres")]
    PostgresEnUs,
}

/// The database of one test, migrated and opened.
#[derive(Debug)]
pub struct TwinDatabase {
    store: Store,
    url: String,
    target: Target,
    /// Removes the database when the test ends; nothing has to for one in memory.
    database: Option<EphemeralDatabase>,
}

impl TwinDatabase {
    /// Makes a database of that kind, migrates it with `M`, and opens it.
    ///
    /// # Errors
    /// [`TestError`], for a server or a file that cannot be had, or a migration or a store that fails.
    pub async fn create<M>(target: Target) -> Result<Self, TestError>
    where
        M: sea_orm_migration::MigratorTrait + History,
    {
        let (database, options) = match target {
            #[cfg(feature = "sqlite")]
            Target::SqliteMemory => {
                let options = StoreOptions::new("sqlite::memory:");
                (None, options.migrate::<M>())
            }
            #[cfg(feature = "sqlite")]
            Target::SqliteFile => {
                let made = with_plan::<M>(Engine::Sqlite)?.sqlite_file::<M>().await?;
                let options = StoreOptions::new(made.url());
                (Some(made), options)
            }
            #[cfg(feature = "postgres")]
            Target::Postgres | Target::PostgresEnUs => {
                let collation = match target {
                    Target::PostgresEnUs => Collation::EnUs,
                    _ => Collation::C,
                };
                let server = PostgresServer::shared().await?;
                let options = with_plan::<M>(Engine::Postgres)?.collation(collation);
                let made = options.postgres_on::<M>(server).await?;
                let options = StoreOptions::new(made.url());
                (Some(made), options)
            }
        };
        let url = options.exposed_url().to_owned();
        let store = options.open().await.map_err(TestError::open)?;
        Ok(TwinDatabase {
            store,
            url,
            target,
            database,
        })
    }

    /// The store, opened with the defaults.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The URL; on Postgres it is a superuser's, whose scoped work runs as the application role.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it is.
    pub fn target(&self) -> Target {
        self.target
    }

    /// Which engine it is on.
    pub fn engine(&self) -> Engine {
        self.store.engine()
    }

    /// Whether another store can be opened on it. A database in memory belongs to one store.
    pub fn is_shared(&self) -> bool {
        self.database.is_some()
    }

    /// Another store on the same database: another pool, as another process would have.
    ///
    /// # Errors
    /// As [`StoreOptions::open`].
    pub async fn open_another(&self) -> Result<Store> {
        StoreOptions::new(&self.url).open().await
    }

    async fn remove(self) -> Result<(), TestError> {
        self.store.close();
        match self.database {
            Some(database) => database.close().await,
            None => Ok(()),
        }
    }
}

/// Test executables with the same migrations share a template.
fn with_plan<H: History>(engine: Engine) -> Result<DatabaseOptions, TestError> {
    let plan = Plan::of::<H>(engine).map_err(|error| TestError::open(error.into()))?;
    Ok(DatabaseOptions::new().fingerprint(plan.to_string()))
}

/// What `#[twin_test]` expands to: runs the body on one target, in a runtime of its own.
///
/// # Panics
/// If the database cannot be made or removed: the test has failed.
#[doc(hidden)]
pub fn run_on<M, T>(target: Target, body: impl AsyncFnOnce(&TwinDatabase) -> T) -> T
where
    M: sea_orm_migration::MigratorTrait + History,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(async {
        let database = TwinDatabase::create::<M>(target)
            .await
            .unwrap_or_else(|error| panic!("no database for the test: {error}"));
        let outcome = body(&database).await;
        database
            .remove()
            .await
            .unwrap_or_else(|error| panic!("the test's database stays: {error}"));
        outcome
    })
}
