use std::time::Duration;

use crate::model::engine::Engine;
#[cfg(feature = "postgres")]
use crate::{
    driver::{DEFAULT_SCHEMA, postgres::SearchPath},
    model::error::ErrorKind,
};
use sea_orm::{DatabaseConnection, IntoDatabaseExecutor};

use super::{
    History, MigrateError, Report, applied, batch::Batch, history::steps, runner::run,
    transaction::LOCK_WAIT,
};

/// How to open a database in order to migrate it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectOptions<'a> {
    /// The application's schemas on Postgres: one, or several separated by commas; a name in double quotes may hold
    /// commas. `None` is `public`. `search_path` is set to them as
    /// [`StoreOptions::schemas`](crate::StoreOptions::schemas) says; tables are made in the first one, which must be
    /// there. SQLite ignores it.
    pub schema: Option<&'a str>,
    /// Whether to create a SQLite file that is missing although the URL does not say `mode=rwc`.
    /// A URL that says `mode=ro` or `mode=rw` is obeyed.
    pub create: bool,
    /// How long a statement may wait for a lock on Postgres, in whole milliseconds. `None` leaves the server's own.
    pub lock_timeout: Option<Duration>,
}

/// Applies every pending migration to the database at `url`, and says which.
///
/// Opens a connection of its own and closes it. A SQLite file that is missing is created, unless the URL says
/// `mode=ro` or `mode=rw`; its folder must exist. Any number of processes may do this at once: one migrates, the
/// others wait for it and find nothing left to do.
///
/// # Errors
///
/// [`MigrateError::InvalidUrl`] or [`NotBuilt`](MigrateError::NotBuilt) for the URL; [`MissingFile`](MigrateError::MissingFile);
/// [`Statement`](MigrateError::Statement) when a migration fails, [`ForeignKeys`](MigrateError::ForeignKeys) when
/// it would orphan rows, [`Locked`](MigrateError::Locked) when another one takes more than a minute, each of them
/// with nothing changed; [`Database`](MigrateError::Database) for the rest, among it a database that has a
/// migration which the history lacks.
pub async fn up<H: History>(url: &str) -> Result<Report, MigrateError> {
    let options = ConnectOptions {
        create: true,
        ..ConnectOptions::default()
    };
    up_with::<H>(url, options).await
}

/// The same as [`up`], over a connection that is opened with `options`.
///
/// # Errors
///
/// As [`up`].
pub async fn up_with<H: History>(
    url: &str,
    options: ConnectOptions<'_>,
) -> Result<Report, MigrateError> {
    let db = connect(url, options).await?;
    let outcome = apply::<H>(&db).await;
    db.close().await.ok();
    outcome
}

/// Applies every pending migration over a connection or inside a transaction that is open already.
///
/// What [`Migrator`](super::Migrator) says of the two holds here; unlike its `up`, this keeps the kind of an error.
///
/// # Errors
///
/// Those of [`up`] that do not concern the URL; [`MigrateError::ForeignKeysOn`] in a SQLite transaction that
/// enforces foreign keys; [`MigrateError::UnsupportedConnection`] on a third engine.
pub async fn apply<'c, H: History>(
    db: impl IntoDatabaseExecutor<'c>,
) -> Result<Report, MigrateError> {
    run::<H>(db.into_database_executor(), Batch::Up { steps: None }).await
}

/// The names of the migrations that the database at `url` does not have yet, in order. Changes nothing.
///
/// A SQLite file that is missing lacks them all, and is not created.
///
/// # Errors
///
/// Those of [`up`] that concern the URL and the connection, and [`MigrateError::Database`] when the database has
/// a migration that the history lacks.
pub async fn pending<H: History>(url: &str) -> Result<Vec<String>, MigrateError> {
    pending_with::<H>(url, ConnectOptions::default()).await
}

pub(super) async fn pending_with<H: History>(
    url: &str,
    options: ConnectOptions<'_>,
) -> Result<Vec<String>, MigrateError> {
    let history =
        steps::<H>(Engine::of_scheme(url).map_err(|reason| MigrateError::InvalidUrl { reason })?)?;
    let names = history.iter().map(|step| step.name.to_owned());
    // `mode=rwc` would create the file; a question must not.
    let options = ConnectOptions {
        create: false,
        ..options
    };
    let db = match connect(&url.replace("mode=rwc", "mode=rw"), options).await {
        Ok(db) => db,
        Err(MigrateError::MissingFile { .. }) => return Ok(names.collect()),
        Err(error) => return Err(error),
    };
    let applied = applied::names::<H, _>(&db).await;
    db.close().await.ok();
    let applied = applied?;
    Ok(names.filter(|name| !applied.contains(name)).collect())
}

/// Opens the database at `url` for migrating: one or two connections, generous timeouts, no statement log.
///
/// # Errors
///
/// Those of [`up`] that concern the URL and the connection.
pub async fn connect(
    url: &str,
    options: ConnectOptions<'_>,
) -> Result<DatabaseConnection, MigrateError> {
    match Engine::of_scheme(url).map_err(|reason| MigrateError::InvalidUrl { reason })? {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => sqlite(url, options).await,
        #[cfg(feature = "postgres")]
        Engine::Postgres => postgres(url, options).await,
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        engine => Err(MigrateError::NotBuilt { engine }),
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(
    url: &str,
    options: ConnectOptions<'_>,
) -> Result<DatabaseConnection, MigrateError> {
    use sea_orm::{SqlxSqliteConnector, sqlx::sqlite::SqlitePoolOptions};

    let parsed = crate::driver::sqlite::options_of(url)
        .map_err(|reason| MigrateError::InvalidUrl { reason })?;
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mode = query.split('&').find_map(|pair| pair.strip_prefix("mode="));
    let may_create = match mode {
        Some(mode) => mode == "rwc" || mode == "memory",
        None => options.create,
    };
    let file = parsed.get_filename().to_owned();
    let in_memory = mode == Some("memory") || file.to_string_lossy().starts_with("file:");
    if !may_create && !in_memory && !file.exists() {
        return Err(MigrateError::MissingFile {
            path: file.display().to_string(),
        });
    }
    let explain = |error| MigrateError::Connect(crate::driver::sqlite::explain(&parsed, &error));
    let options = parsed
        .clone()
        .create_if_missing(may_create)
        .busy_timeout(LOCK_WAIT);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(explain)?;
    // SQLite reads the file when it is first asked something.
    sqlx::query("PRAGMA schema_version")
        .execute(&pool)
        .await
        .map_err(explain)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

#[cfg(feature = "postgres")]
async fn postgres(
    url: &str,
    options: ConnectOptions<'_>,
) -> Result<DatabaseConnection, MigrateError> {
    use sea_orm::{
        SqlxPostgresConnector,
        sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, postgres::PgPoolOptions},
    };

    let parsed = crate::driver::postgres::options_of(url)
        .map_err(|reason| MigrateError::InvalidUrl { reason })?;
    crate::driver::postgres::refuse_another(&parsed)
        .map_err(|reason| MigrateError::InvalidUrl { reason })?;
    let path = match options.schema {
        Some(list) => SearchPath::over_list(list),
        None => SearchPath::over(&[DEFAULT_SCHEMA.to_owned()]),
    };
    let path = path.map_err(MigrateError::Connect)?;
    // A pool takes a refused connection for a server that is starting, and goes on trying until its timeout;
    // someone who runs a migration wants the reason at once.
    let explain = |error| MigrateError::Connect(crate::driver::postgres::explain(&parsed, &error));
    let probe = tokio::time::timeout(LOCK_WAIT, PgConnection::connect_with(&parsed)).await;
    match probe {
        Ok(probe) => probe.map_err(explain)?.close().await.ok(),
        Err(_) => {
            return Err(MigrateError::Connect(
                ErrorKind::Unavailable {
                    reason: format!("no answer within {} s", LOCK_WAIT.as_secs()).into(),
                }
                .into(),
            ));
        }
    };
    let lock_timeout = options.lock_timeout.map_or(String::new(), |timeout| {
        format!(
            "; SET lock_timeout = {}",
            timeout.as_millis().clamp(1, i32::MAX as u128)
        )
    });
    let set = format!("{}{lock_timeout}", path.set_for_session());
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(LOCK_WAIT)
        .after_connect(move |connection, _| {
            let set = set.clone();
            Box::pin(async move { connection.execute(AssertSqlSafe(set)).await.map(drop) })
        })
        .connect_with(parsed.clone())
        .await
        .map_err(explain)?;
    // Postgres accepts a path over schemas that do not exist, and makes tables in the first one that does.
    let first: Option<String> = sqlx::query_scalar("SELECT current_schema()::text")
        .fetch_one(&pool)
        .await
        .map_err(explain)?;
    let wanted = path.schemas().first();
    if first.as_ref() != wanted {
        pool.close().await;
        let search_path = wanted.cloned().unwrap_or_default();
        return Err(MigrateError::MissingSchema { search_path });
    }
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}
