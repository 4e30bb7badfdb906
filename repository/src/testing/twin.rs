//! Runs one test body on each engine.

#[cfg(feature = "postgres")]
use super::{Collation, PostgresServer};
use super::{DatabaseOptions, EphemeralDatabase, TestError};
use crate::migrate::{History, Plan};
use crate::model::engine::Engine;
use crate::model::error::Result;
use crate::store::Store;
use crate::store::StoreOptions;

/// The kind of database that a test body runs on.
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
    /// A Postgres database whose default collation is American English.
    #[cfg(feature = "postgres")]
    PostgresEnUs,
    /// A Postgres database whose default collation is ICU's root collation. The server must be built with ICU.
    #[cfg(feature = "postgres")]
    PostgresIcu,
}

impl Target {
    /// The engine of the database.
    pub fn engine(self) -> Engine {
        match self {
            #[cfg(feature = "sqlite")]
            Target::SqliteFile | Target::SqliteMemory => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Target::Postgres | Target::PostgresEnUs | Target::PostgresIcu => Engine::Postgres,
        }
    }
}

/// The database of one test, migrated and opened.
#[derive(Debug)]
pub struct TwinDatabase {
    store: Store,
    url: String,
    target: Target,
    /// The table of its migrations.
    history: &'static str,
    /// Removes the database when the test ends; `None` for one in memory.
    database: Option<EphemeralDatabase>,
}

impl TwinDatabase {
    /// Creates a database of this kind, migrates it with `H`, and opens it with the default options.
    ///
    /// # Errors
    /// [`TestError`] if the server does not start, or a file, a migration or the store fails.
    pub async fn create<H: History>(target: Target) -> Result<Self, TestError> {
        Self::create_with::<H>(target, |options| options).await
    }

    /// As [`create`](Self::create), with other options of the store: a clock, ids, a domain, the number of connections.
    ///
    /// ```no_run
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
    /// # use demo::{domain::DOMAIN, migration::History};
    /// # #[cfg(feature = "sqlite")]
    /// # async fn example() -> Result<(), catamaran::testing::TestError> {
    /// use catamaran::testing::{Target, TwinDatabase};
    ///
    /// let database = TwinDatabase::create_with::<History>(Target::SqliteFile, |options| {
    ///     options.domain(&DOMAIN).readers(1)
    /// })
    /// .await?;
    /// # let _ = database;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with<H: History>(
        target: Target,
        adapt: impl FnOnce(StoreOptions) -> StoreOptions,
    ) -> Result<Self, TestError> {
        let (database, options) = match target {
            #[cfg(feature = "sqlite")]
            Target::SqliteMemory => {
                let options = StoreOptions::new("sqlite::memory:");
                (None, options.migrate::<H>())
            }
            #[cfg(feature = "sqlite")]
            Target::SqliteFile => {
                let made = with_plan::<H>(Engine::Sqlite)?.sqlite_file::<H>().await?;
                let options = StoreOptions::new(made.url()).history_table(H::table());
                (Some(made), options)
            }
            #[cfg(feature = "postgres")]
            Target::Postgres | Target::PostgresEnUs | Target::PostgresIcu => {
                let collation = match target {
                    Target::PostgresEnUs => Collation::EnUs,
                    Target::PostgresIcu => Collation::Icu,
                    _ => Collation::C,
                };
                let server = PostgresServer::shared().await?;
                let options = with_plan::<H>(Engine::Postgres)?.collation(collation);
                let made = options.postgres_on::<H>(server).await?;
                let options = StoreOptions::new(made.url()).history_table(H::table());
                (Some(made), options)
            }
        };
        let url = options.exposed_url().to_owned();
        let store = adapt(options).open().await.map_err(TestError::open)?;
        Ok(TwinDatabase {
            store,
            url,
            target,
            history: H::table(),
            database,
        })
    }

    /// The store, opened with the options of [`create_with`](Self::create_with), or the default ones.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The URL of the database. On Postgres it is a superuser's; work in an owner's scope still runs as the application
    /// role.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The kind of the database.
    pub fn target(&self) -> Target {
        self.target
    }

    /// The engine of the database.
    pub fn engine(&self) -> Engine {
        self.store.engine()
    }

    /// Whether another store can be opened on it. A database in memory belongs to one store.
    pub fn is_shared(&self) -> bool {
        self.database.is_some()
    }

    /// Opens another store on the same database, with a pool of its own, as another process would.
    ///
    /// # Errors
    /// As [`StoreOptions::open`].
    pub async fn open_another(&self) -> Result<Store> {
        let options = StoreOptions::new(&self.url).history_table(self.history);
        options.open().await
    }

    pub(super) async fn remove(self) -> Result<(), TestError> {
        self.store.close();
        match self.database {
            Some(database) => database.close().await,
            None => Ok(()),
        }
    }
}

/// Options with which test executables share a template if they have the same migrations.
fn with_plan<H: History>(engine: Engine) -> Result<DatabaseOptions, TestError> {
    let plan = Plan::of::<H>(engine).map_err(|error| TestError::open(error.into()))?;
    Ok(DatabaseOptions::new().template_contents(plan.to_string()))
}

/// Called by the expansion of `#[twin_test]`: runs the body on one target, in a new runtime.
///
/// # Panics
/// If the database cannot be created or removed.
#[doc(hidden)]
pub fn run_on<H: History, T>(target: Target, body: impl AsyncFnOnce(&TwinDatabase) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("cannot start a runtime for the test: {error}"));
    runtime.block_on(async {
        let database = TwinDatabase::create::<H>(target)
            .await
            .unwrap_or_else(|error| panic!("cannot create the database of the test: {error}"));
        let outcome = body(&database).await;
        database
            .remove()
            .await
            .unwrap_or_else(|error| panic!("cannot remove the database of the test: {error}"));
        outcome
    })
}
