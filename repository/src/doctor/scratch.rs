//! What the migrations build: databases that are made for one look, and dropped after it.

use futures_util::future::BoxFuture;

use super::read;
use super::schema::Schema;
use crate::engine::Engine;
use crate::migrate::{ConnectOptions, History, apply, connect};
#[cfg(feature = "postgres")]
use crate::testing::{DatabaseOptions, PostgresServer};

/// A history, as far as the doctor needs it.
#[derive(Clone, Copy)]
pub(super) struct Migrations {
    build: for<'a> fn(Engine, &'a Place<'a>) -> BoxFuture<'a, Result<Schema, String>>,
    names: fn() -> Vec<String>,
}

/// Where scratch databases are made.
pub(super) struct Place<'a> {
    /// A server by its superuser's URL; none for one that is found or started.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "Postgres alone has servers")
    )]
    pub(super) server: Option<&'a str>,
    /// The application's role.
    pub(super) role: &'a str,
}

impl Migrations {
    pub(super) fn of<H: History>() -> Self {
        Migrations {
            build: |engine, place| {
                Box::pin(async move {
                    match engine {
                        Engine::Sqlite => in_memory::<H>(place).await,
                        #[cfg(feature = "postgres")]
                        Engine::Postgres => on_a_server::<H>(place).await,
                        // Which says that this build has no support for it.
                        #[cfg(not(feature = "postgres"))]
                        Engine::Postgres => migrated::<H>("postgres:", place).await,
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

    /// What the migrations build on an engine, or why that cannot be known.
    pub(super) fn build<'a>(
        &self,
        engine: Engine,
        place: &'a Place<'a>,
    ) -> BoxFuture<'a, Result<Schema, String>> {
        (self.build)(engine, place)
    }

    pub(super) fn names(&self) -> Vec<String> {
        (self.names)()
    }
}

async fn in_memory<H: History>(place: &Place<'_>) -> Result<Schema, String> {
    migrated::<H>("sqlite::memory:", place).await
}

#[cfg(feature = "postgres")]
async fn on_a_server<H: History>(place: &Place<'_>) -> Result<Schema, String> {
    let given;
    let server = match place.server {
        Some(url) => {
            given = PostgresServer::at(url).map_err(|error| error.to_string())?;
            &given
        }
        None => PostgresServer::shared()
            .await
            .map_err(|error| error.to_string())?,
    };
    let options = DatabaseOptions::new();
    let database = options
        .empty_postgres_on(server)
        .await
        .map_err(|error| error.to_string())?;
    let schema = migrated::<H>(database.url(), place).await;
    database.close().await.map_err(|error| error.to_string())?;
    schema
}

async fn migrated<H: History>(url: &str, place: &Place<'_>) -> Result<Schema, String> {
    let db = connect(url, ConnectOptions::default())
        .await
        .map_err(|error| error.to_string())?;
    let schema = match apply::<H>(&db).await {
        Ok(_) => read::schema(&db, place.role)
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(format!("the migrations do not run: {error}")),
    };
    db.close().await.ok();
    schema
}
