//! A database that is there: opened for reading only.

use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};

use super::code::Code;
use super::finding::{Finding, Part};
use super::fix::Fix;
use super::read::{self, Seen};
use super::schema::Schema;
use crate::domain::Place;
use crate::engine::Engine;
use crate::migrate::{ConnectOptions, connect};
use crate::options::redacted;

/// A database by its URL.
#[derive(Clone)]
pub(super) struct Database {
    url: SecretString,
    /// The application's schemas on Postgres, separated by commas; `None` is `public`.
    schema: Option<String>,
}

impl Database {
    pub(super) fn at(url: String, schema: Option<String>) -> Self {
        Database {
            url: SecretString::from(url),
            schema,
        }
    }

    /// The place, or why the URL names none.
    pub(super) fn place(&self) -> Result<Place, String> {
        Engine::of_scheme(self.url.expose_secret()).map(Place::Database)
    }

    /// Which database it is, without its secrets.
    pub(super) fn label(&self) -> String {
        let url = redacted(self.url.expose_secret());
        match &self.schema {
            Some(schema) => format!("{url}, schema {schema}"),
            None => url,
        }
    }

    pub(super) async fn look(&self, role: &str, wanted: Option<&Schema>) -> Result<Seen, String> {
        let db = self.open().await?;
        let seen = read::database(&db, role, wanted).await;
        db.close().await.ok();
        seen.map_err(|error| error.to_string())
    }

    async fn open(&self) -> Result<DatabaseConnection, String> {
        let url = self.url.expose_secret();
        #[cfg(feature = "sqlite")]
        if Engine::of_scheme(url)? == Engine::Sqlite {
            return open_for_reading(url).await;
        }
        let options = ConnectOptions {
            schema: self.schema.as_deref(),
            create: false,
        };
        connect(url, options)
            .await
            .map_err(|error| error.to_string())
    }
}

#[cfg(feature = "sqlite")]
async fn open_for_reading(url: &str) -> Result<DatabaseConnection, String> {
    use std::str::FromStr;

    use sea_orm::SqlxSqliteConnector;
    use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

    let options = SqliteConnectOptions::from_str(url).map_err(|error| error.to_string())?;
    let options = options.read_only(true).create_if_missing(false);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await;
    let pool = pool.map_err(|error| crate::sqlite::explain(&options, &error).to_string())?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// The migrations that the database lacks, and those that the history lacks.
pub(super) fn migrations(
    place: Place,
    at: &str,
    applied: &[String],
    names: &[String],
) -> Vec<Finding> {
    let finding = |name: &String, code: Code, wanted: &str, found: &str, words: String| Finding {
        code,
        place,
        at: Some(at.to_owned()),
        table: crate::schema::HISTORY.to_owned(),
        part: Part::Named,
        name: name.clone(),
        wanted: wanted.to_owned(),
        found: found.to_owned(),
        fix: Fix::Words(words),
    };
    let missing = names
        .iter()
        .filter(|name| !applied.contains(name))
        .map(|name| {
            let words = "apply the pending migrations: `migrate up`".to_owned();
            finding(
                name,
                Code::MigrationMissing,
                "applied",
                "not applied",
                words,
            )
        });
    let unknown = applied
        .iter()
        .filter(|name| !names.contains(name))
        .map(|name| {
            let words =
                "use the application that the database was migrated by, or a newer one".to_owned();
            finding(
                name,
                Code::MigrationUnknown,
                "no such migration",
                "applied",
                words,
            )
        });
    missing.chain(unknown).collect()
}
