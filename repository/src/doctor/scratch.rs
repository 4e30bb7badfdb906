//! Scratch databases: what the migrations build, read once and dropped.

use futures_util::future::BoxFuture;
#[cfg(feature = "postgres")]
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseConnection;

#[cfg(feature = "postgres")]
use crate::driver::postgres::{SearchPath, listed};
use crate::fingerprint::read;
use crate::fingerprint::schema::Schema;
use crate::migrate::{ConnectOptions, History, apply, connect};
use crate::model::engine::Engine;
#[cfg(feature = "postgres")]
use crate::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};

/// A migration history, without its type.
#[derive(Clone)]
pub(super) struct Migrations {
    open: for<'a> fn(Engine, Server<'a>, Schemas<'a>) -> BoxFuture<'a, Result<Scratch, String>>,
    names: fn() -> Vec<String>,
    /// The application's schemas on Postgres; `None` is `public`.
    schemas: Option<String>,
}

/// The URL of a Postgres server with a role that may create databases; `None` to find or start one.
type Server<'a> = Option<&'a str>;

/// The application's schemas, separated by commas.
type Schemas<'a> = Option<&'a str>;

/// A scratch database with every migration applied.
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
            open: |engine, server, schemas| {
                Box::pin(async move {
                    match engine {
                        Engine::Sqlite => in_memory::<H>().await,
                        #[cfg(feature = "postgres")]
                        Engine::Postgres => on_a_server::<H>(server, schemas).await,
                        #[cfg(not(feature = "postgres"))]
                        Engine::Postgres => {
                            let _ = (server, schemas);
                            // The error says that this build has no support for Postgres.
                            Err(migrated::<H>("postgres:", None)
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
            schemas: None,
        }
    }

    /// The schemas on Postgres, which the scratch database gets too.
    pub(super) fn set_schemas(&mut self, schemas: String) {
        self.schemas = Some(schemas);
    }

    /// Creates a scratch database and applies the migrations; or says why that failed.
    pub(super) async fn open(&self, engine: Engine, server: Server<'_>) -> Result<Scratch, String> {
        (self.open)(engine, server, self.schemas.as_deref()).await
    }

    /// The schema that the migrations build on an engine, or why it cannot be read.
    pub(super) async fn build(
        &self,
        engine: Engine,
        server: Server<'_>,
        role: &str,
        wanted: Option<&Schema>,
    ) -> Result<Schema, String> {
        let scratch = self.open(engine, server).await?;
        let schema = read::schema(&scratch.db, role, wanted).await;
        scratch.close().await?;
        schema.map_err(|error| error.to_string())
    }

    pub(super) fn names(&self) -> Vec<String> {
        (self.names)()
    }
}

async fn in_memory<H: History>() -> Result<Scratch, String> {
    Ok(Scratch {
        db: migrated::<H>("sqlite::memory:", None).await?,
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
    let db = migrated::<H>(database.url(), schemas).await?;
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
) -> Result<DatabaseConnection, String> {
    let options = ConnectOptions {
        schema,
        ..ConnectOptions::default()
    };
    let db = connect(url, options)
        .await
        .map_err(|error| error.to_string())?;
    match apply::<H>(&db).await {
        Ok(_) => Ok(db),
        Err(error) => {
            db.close().await.ok();
            Err(format!("the migrations fail: {error}"))
        }
    }
}
