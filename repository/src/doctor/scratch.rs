//! Scratch databases: what the migrations build, read once and dropped.

use futures_util::future::BoxFuture;
#[cfg(feature = "postgres")]
use sea_orm::ConnectionTrait;
use sea_orm::{DatabaseConnection, DatabaseExecutor};

#[cfg(feature = "postgres")]
use crate::driver::postgres::{SearchPath, listed};
use crate::fingerprint::read::{self, Application};
use crate::fingerprint::schema::Schema;
use crate::migrate::{Batch, ConnectOptions, History, HistoryTable, checksums, connect, run};
use crate::model::engine::Engine;
#[cfg(feature = "postgres")]
use crate::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};

/// A migration history, without its type.
#[derive(Clone)]
pub(super) struct Migrations {
    open: Open,
    names: fn() -> Vec<String>,
    checksums: fn(Engine) -> Vec<(&'static str, String)>,
    pub(super) table: HistoryTable,
    /// The application's schemas on Postgres; `None` is `public`.
    schemas: Option<String>,
}

/// Creates a scratch database and applies migrations to it.
type Open = for<'a> fn(Engine, Server<'a>, Schemas<'a>, Steps) -> Opening<'a>;

/// The scratch database, or why there is none.
type Opening<'a> = BoxFuture<'a, Result<Scratch, String>>;

/// The URL of a Postgres server with a role that may create databases; `None` to find or start one.
type Server<'a> = Option<&'a str>;

/// The application's schemas, separated by commas.
type Schemas<'a> = Option<&'a str>;

/// How many migrations to apply; `None` is all of them.
type Steps = Option<u32>;

/// A scratch database with the migrations applied.
pub(super) struct Scratch {
    pub(super) db: DatabaseConnection,
    #[cfg(feature = "postgres")]
    database: Option<EphemeralDatabase>,
    /// A server that was given. It holds the lock that tells other processes that the database is in use.
    #[cfg(feature = "postgres")]
    _server: Option<PostgresServer>,
}

impl Scratch {
    /// Drops the database.
    pub(super) async fn close(self) -> Result<(), String> {
        self.db.close().await.ok();
        #[cfg(feature = "postgres")]
        if let Some(database) = self.database {
            database.close().await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

impl Migrations {
    pub(super) fn of<H: History>() -> Self {
        Migrations {
            open: |engine, server, schemas, steps| {
                Box::pin(async move {
                    match engine {
                        Engine::Sqlite => in_memory::<H>(steps).await,
                        #[cfg(feature = "postgres")]
                        Engine::Postgres => on_a_server::<H>(server, schemas, steps).await,
                        #[cfg(not(feature = "postgres"))]
                        Engine::Postgres => {
                            let _ = (server, schemas);
                            // The error says that this build has no support for Postgres.
                            Err(migrated::<H>("postgres:", None, steps)
                                .await
                                .err()
                                .unwrap_or_default())
                        }
                    }
                })
            },
            names: || {
                let migrations = H::migrations();
                migrations
                    .iter()
                    .map(|migration| migration.name().to_owned())
                    .collect()
            },
            checksums: checksums::<H>,
            // An invalid name fails when the migrations run.
            table: HistoryTable::of::<H>().unwrap_or_default(),
            schemas: None,
        }
    }

    /// The schemas on Postgres, which the scratch database gets too.
    pub(super) fn set_schemas(&mut self, schemas: String) {
        self.schemas = Some(schemas);
    }

    /// Creates a scratch database and applies the migrations; or says why that failed.
    pub(super) async fn open(&self, engine: Engine, server: Server<'_>) -> Result<Scratch, String> {
        (self.open)(engine, server, self.schemas.as_deref(), None).await
    }

    /// The schema that the first migrations build, or why it cannot be read.
    pub(super) async fn build_first(
        &self,
        steps: u32,
        engine: Engine,
        server: Server<'_>,
        application: Application<'_>,
    ) -> Result<Schema, String> {
        let opened = (self.open)(engine, server, self.schemas.as_deref(), Some(steps));
        read_and_close(opened.await?, application, None).await
    }

    /// The schema that the migrations build on an engine, or why it cannot be read.
    pub(super) async fn build(
        &self,
        engine: Engine,
        server: Server<'_>,
        application: Application<'_>,
        wanted: Option<&Schema>,
    ) -> Result<Schema, String> {
        read_and_close(self.open(engine, server).await?, application, wanted).await
    }

    pub(super) fn names(&self) -> Vec<String> {
        (self.names)()
    }

    /// The name and the checksum of each migration on an engine.
    pub(super) fn checksums(&self, engine: Engine) -> Vec<(&'static str, String)> {
        (self.checksums)(engine)
    }
}

async fn read_and_close(
    scratch: Scratch,
    application: Application<'_>,
    wanted: Option<&Schema>,
) -> Result<Schema, String> {
    let schema = read::schema(&scratch.db, application, wanted).await;
    scratch.close().await?;
    schema.map_err(|error| error.to_string())
}

async fn in_memory<H: History>(steps: Steps) -> Result<Scratch, String> {
    Ok(Scratch {
        db: migrated::<H>("sqlite::memory:", None, steps).await?,
        #[cfg(feature = "postgres")]
        database: None,
        #[cfg(feature = "postgres")]
        _server: None,
    })
}

#[cfg(feature = "postgres")]
async fn on_a_server<H: History>(
    server: Server<'_>,
    schemas: Schemas<'_>,
    steps: Steps,
) -> Result<Scratch, String> {
    let given = server.map(PostgresServer::at).transpose();
    let given = given.map_err(|error| error.to_string())?;
    let server = match &given {
        Some(server) => server,
        None => PostgresServer::shared()
            .await
            .map_err(|error| error.to_string())?,
    };
    let options = DatabaseOptions::new();
    let database = options
        .empty_postgres_on(server)
        .await
        .map_err(|error| error.to_string())?;
    if let Some(schemas) = schemas {
        create_schemas(database.url(), schemas).await?;
    }
    let db = migrated::<H>(database.url(), schemas, steps).await?;
    Ok(Scratch {
        db,
        database: Some(database),
        _server: given,
    })
}

/// Creates the schemas that the migrations require.
#[cfg(feature = "postgres")]
async fn create_schemas(url: &str, schemas: &str) -> Result<(), String> {
    let path = SearchPath::over_list(schemas).map_err(|error| error.to_string())?;
    let db = connect(url, ConnectOptions::default()).await;
    let db = db.map_err(|error| error.to_string())?;
    let mut made = Ok(());
    for schema in path.schemas() {
        let name = listed(std::slice::from_ref(schema));
        let sql = format!("CREATE SCHEMA IF NOT EXISTS {name}");
        made = made.and(db.execute_unprepared(&sql).await.map(drop));
    }
    db.close().await.ok();
    made.map_err(|error| error.to_string())
}

async fn migrated<H: History>(
    url: &str,
    schema: Schemas<'_>,
    steps: Steps,
) -> Result<DatabaseConnection, String> {
    let options = ConnectOptions {
        schema,
        ..ConnectOptions::default()
    };
    let db = connect(url, options)
        .await
        .map_err(|error| error.to_string())?;
    let batch = Batch::Up { steps };
    match run::<H>(DatabaseExecutor::Connection(&db), batch).await {
        Ok(_) => Ok(db),
        Err(error) => {
            db.close().await.ok();
            Err(format!("the migrations fail: {error}"))
        }
    }
}
