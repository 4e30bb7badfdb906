//! What the migrations build: databases that are made for one look, and dropped after it.

use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;

use super::read;
use super::schema::Schema;
use crate::engine::Engine;
use crate::migrate::{ConnectOptions, History, apply, connect};
#[cfg(feature = "postgres")]
use crate::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};

/// A history, as far as the doctor needs it.
#[derive(Clone, Copy)]
pub(super) struct Migrations {
    open: for<'a> fn(Engine, Server<'a>) -> BoxFuture<'a, Result<Scratch, String>>,
    names: fn() -> Vec<String>,
}

/// A Postgres server by the URL of a role that may create databases; none for one that is found or started.
type Server<'a> = Option<&'a str>;

/// A database of its own, with every migration applied.
pub(super) struct Scratch {
    pub(super) db: DatabaseConnection,
    #[cfg(feature = "postgres")]
    database: Option<EphemeralDatabase>,
    /// A server that was given: it holds the claim by which other processes know that the database is in use.
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
            open: |engine, server| {
                Box::pin(async move {
                    match engine {
                        Engine::Sqlite => in_memory::<H>().await,
                        #[cfg(feature = "postgres")]
                        Engine::Postgres => on_a_server::<H>(server).await,
                        #[cfg(not(feature = "postgres"))]
                        Engine::Postgres => {
                            let _ = server;
                            // Which says that this build has no support for it.
                            Err(migrated::<H>("postgres:").await.err().unwrap_or_default())
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
        }
    }

    /// A scratch database with everything that the migrations build, or why there is none.
    pub(super) async fn open(&self, engine: Engine, server: Server<'_>) -> Result<Scratch, String> {
        (self.open)(engine, server).await
    }

    /// What the migrations build on an engine, or why that cannot be known.
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
        db: migrated::<H>("sqlite::memory:").await?,
        #[cfg(feature = "postgres")]
        database: None,
        #[cfg(feature = "postgres")]
        _server: None,
    })
}

#[cfg(feature = "postgres")]
async fn on_a_server<H: History>(server: Server<'_>) -> Result<Scratch, String> {
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
    let db = migrated::<H>(database.url()).await?;
    Ok(Scratch {
        db,
        database: Some(database),
        _server: given,
    })
}

async fn migrated<H: History>(url: &str) -> Result<DatabaseConnection, String> {
    let db = connect(url, ConnectOptions::default())
        .await
        .map_err(|error| error.to_string())?;
    match apply::<H>(&db).await {
        Ok(_) => Ok(db),
        Err(error) => {
            db.close().await.ok();
            Err(format!("the migrations do not run: {error}"))
        }
    }
}
