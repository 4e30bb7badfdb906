//! Opens a database by its URL in order to migrate it.

#[cfg(feature = "postgres")]
use sea_orm::sqlx::postgres::PgConnectOptions;
#[cfg(feature = "postgres")]
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::driver::DatabaseUrl;
#[cfg(feature = "postgres")]
use crate::driver::postgres::{
    Connected, PostgresUrl, SearchPath, Server, refuse_values, set_formats,
};
#[cfg(feature = "sqlite")]
use crate::driver::sqlite::{SqliteUrl, open_seaorm};
#[cfg(feature = "postgres")]
use crate::model::error::Error;
use crate::model::error::ErrorKind;
use sea_orm::{DatabaseConnection, IntoDatabaseExecutor};

#[cfg(feature = "postgres")]
use super::transaction::in_time;
use super::{
    History, MigrateError, Report, applied, batch::Batch, history::steps, runner::run,
    transaction::LOCK_WAIT,
};

/// Options of the connection that migrates a database.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectOptions<'a> {
    /// The application's schemas on Postgres, separated by commas. A name in double quotes may contain commas. `None`
    /// is `public`. SQLite ignores it.
    ///
    /// They are the `search_path` of the connection, as for
    /// [`StoreOptions::schemas`](crate::StoreOptions::schemas). Tables are created in the first one, which must exist.
    /// An empty text, such as that of an empty variable of the environment, is also `public`.
    pub schema: Option<&'a str>,
    /// Whether to create a missing SQLite file even without `mode=rwc` in the URL. `mode=ro` and `mode=rw` in the URL
    /// take precedence.
    pub create: bool,
    /// How long a statement may wait for a lock on Postgres, in whole milliseconds. `None` keeps the server's setting.
    pub lock_timeout: Option<Duration>,
}

/// Applies every pending migration to the database at `url`; returns their names.
///
/// Opens a connection of its own and closes it. Creates a missing SQLite file, unless the URL has `mode=ro` or
/// `mode=rw`; its folder must exist. Several processes may call this at the same time: one migrates, and the others
/// wait and find nothing to do.
///
/// # Errors
///
/// - For the URL: [`InvalidUrl`](MigrateError::InvalidUrl), also for a database in memory, which would end with the
///   connection; [`NotBuilt`](MigrateError::NotBuilt), [`MissingFile`](MigrateError::MissingFile),
///   [`MissingSchema`](MigrateError::MissingSchema).
/// - [`Connect`](MigrateError::Connect) if the database cannot be opened, or if a migration outside of a transaction runs
///   behind a pooler.
/// - [`History`](MigrateError::History) if a migration is invalid.
/// - [`Statement`](MigrateError::Statement) if a statement of a migration fails, and
///   [`ForeignKeys`](MigrateError::ForeignKeys) or [`BrokenForeignKeys`](MigrateError::BrokenForeignKeys) if the
///   migrations would leave rows without a parent, or foreign keys without one, on SQLite. The transaction is rolled back.
/// - [`TransactionEnded`](MigrateError::TransactionEnded) if a script has ended the transaction in a way that is not seen
///   in its text.
/// - [`Unfinished`](MigrateError::Unfinished) if a migration [outside of a transaction](super::Script::outside_transaction)
///   fails, or another one is unfinished.
/// - [`Locked`](MigrateError::Locked) if another migrator runs for more than a minute.
/// - [`PartlyCommitted`](MigrateError::PartlyCommitted), around the other error, if a part of a split batch was committed
///   before.
/// - [`UnknownMigrations`](MigrateError::UnknownMigrations) if the database has migrations that the history lacks: it is
///   newer than this program, or another program's.
/// - [`Database`](MigrateError::Database) for every other error.
pub async fn up<H: History>(url: &str) -> Result<Report, MigrateError> {
    let options = ConnectOptions {
        create: true,
        ..ConnectOptions::default()
    };
    up_with::<H>(url, options).await
}

/// As [`up`], over a connection with these options.
///
/// # Errors
///
/// As [`up`].
pub async fn up_with<H: History>(
    url: &str,
    options: ConnectOptions<'_>,
) -> Result<Report, MigrateError> {
    up_at::<H>(&DatabaseUrl::parse(url)?, options).await
}

pub(super) async fn up_at<H: History>(
    url: &DatabaseUrl,
    options: ConnectOptions<'_>,
) -> Result<Report, MigrateError> {
    with_connection(url, options, async |db| apply::<H>(db).await).await?
}

/// Applies every pending migration over an open connection, or inside an open transaction.
///
/// It treats both as [`Migrator`](super::Migrator) does. Unlike `Migrator::up` it keeps the kind of an error.
///
/// # Errors
///
/// As [`up`], without those of the URL. [`MigrateError::ForeignKeysOn`] in a SQLite transaction that enforces foreign
/// keys. [`MigrateError::InCallersTransaction`] in a transaction, for a migration that runs outside of one.
/// [`MigrateError::UnsupportedConnection`] on a third engine.
pub async fn apply<'c, H: History>(
    db: impl IntoDatabaseExecutor<'c>,
) -> Result<Report, MigrateError> {
    run::<H>(db.into_database_executor(), Batch::Up { steps: None }).await
}

/// The names of the pending migrations of the database at `url`, in order. Changes nothing.
///
/// In a missing SQLite file all of them are pending. The file is not created.
///
/// # Errors
///
/// The errors of [`up`] for the URL and the connection. [`MigrateError::UnknownMigrations`] if the database has
/// migrations that the history lacks.
pub async fn pending<H: History>(url: &str) -> Result<Vec<String>, MigrateError> {
    let url = DatabaseUrl::parse(url)?;
    let history = steps::<H>(url.engine())?;
    let names = async |db: &DatabaseConnection| applied::names::<H, _>(db).await;
    let applied = read(url, ConnectOptions::default(), names).await?;
    let pending = history.iter().filter(|step| !applied.contains(step.name));
    Ok(pending.map(|step| step.name.to_owned()).collect())
}

/// Reads the database at `url`. In a missing SQLite file there is nothing: the default.
pub(super) async fn read<T: Default>(
    url: DatabaseUrl,
    options: ConnectOptions<'_>,
    work: impl AsyncFnOnce(&DatabaseConnection) -> Result<T, MigrateError>,
) -> Result<T, MigrateError> {
    // A read must not create the file.
    let options = ConnectOptions {
        create: false,
        ..options
    };
    match with_connection(&url.existing(), options, work).await {
        Ok(outcome) => outcome,
        Err(MigrateError::MissingFile { .. }) => Ok(T::default()),
        Err(error) => Err(error),
    }
}

/// Opens the database at `url`, runs the work over the connection, and closes it.
pub(crate) async fn with_connection<T>(
    url: &DatabaseUrl,
    options: ConnectOptions<'_>,
    work: impl AsyncFnOnce(&DatabaseConnection) -> T,
) -> Result<T, MigrateError> {
    if url.is_in_memory() {
        return Err(MigrateError::InvalidUrl {
            reason: "a database in memory ends with its connection; migrate it with StoreOptions::migrate, \
                     or name a file"
                .to_owned(),
        });
    }
    let db = connect_to(url, options).await?;
    let outcome = work(&db).await;
    // The work has ended, so an error of closing is harmless.
    db.close().await.ok();
    Ok(outcome)
}

/// Opens a connection for migrations to the database at `url`: a pool of one connection on SQLite, and of two on
/// Postgres. Waits up to a minute for the database.
///
/// # Errors
///
/// The errors of [`up`] for the URL and the connection. A database in memory is opened; it ends with the connection.
pub async fn connect(
    url: &str,
    options: ConnectOptions<'_>,
) -> Result<DatabaseConnection, MigrateError> {
    connect_to(&DatabaseUrl::parse(url)?, options).await
}

pub(crate) async fn connect_to(
    url: &DatabaseUrl,
    options: ConnectOptions<'_>,
) -> Result<DatabaseConnection, MigrateError> {
    match *url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(ref url) => sqlite(url, options).await,
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(ref url) => postgres(url, options).await,
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(
    url: &SqliteUrl,
    options: ConnectOptions<'_>,
) -> Result<DatabaseConnection, MigrateError> {
    let url = match options.create {
        true => url.clone().creating(),
        false => url.clone(),
    };
    match url.obstacle() {
        None => {}
        Some(ErrorKind::DatabaseMissing { name }) => {
            return Err(MigrateError::MissingFile { path: name });
        }
        Some(kind) => return Err(MigrateError::Connect(kind.into())),
    }
    let opened = open_seaorm(&url, LOCK_WAIT, LOCK_WAIT).await;
    opened.map_err(MigrateError::Connect)
}

#[cfg(feature = "postgres")]
async fn postgres(
    url: &PostgresUrl,
    options: ConnectOptions<'_>,
) -> Result<DatabaseConnection, MigrateError> {
    use sea_orm::{
        SqlxPostgresConnector,
        sqlx::{AssertSqlSafe, Executor, postgres::PgPoolOptions},
    };

    crate::driver::postgres::refuse_another(url.server())
        .map_err(|reason| MigrateError::InvalidUrl { reason })?;
    let path = SearchPath::over_list(options.schema.unwrap_or_default());
    let path = path.map_err(MigrateError::Connect)?;
    let reached = in_time(probe(url)).await.map_err(MigrateError::Connect)?;
    let lock_timeout = options.lock_timeout.map_or(String::new(), |timeout| {
        format!(
            "; SET lock_timeout = {}",
            timeout.as_millis().clamp(1, i32::MAX as u128)
        )
    });
    let set = format!(
        "{}; {}{lock_timeout}",
        path.set_for_session(),
        set_formats()
    );
    // The pool tries again, and keeps no error of what it runs on a new connection.
    let failed = Arc::new(Mutex::new(None));
    let (failure, at) = (failed.clone(), reached.clone());
    let opened = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(LOCK_WAIT)
        // Without these limits the driver has no task that looks at idle connections. That task may read their number
        // while it is below zero, and then never ends.
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            let (set, failure, at) = (set.clone(), failure.clone(), at.clone());
            Box::pin(async move {
                let done = connection.execute(AssertSqlSafe(set)).await.map(drop);
                done.inspect_err(|error| {
                    let error = crate::driver::postgres::explain(&at, error);
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                })
            })
        })
        .connect_with(reached.clone())
        .await;
    let explain = |error| {
        let failed = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let error = crate::driver::postgres::explain(&reached, &error);
        MigrateError::Connect(failed.unwrap_or(error))
    };
    let pool = opened.map_err(explain)?;
    let mut connection = pool.acquire().await.map_err(explain)?;
    let refused = refuse_values(&mut connection, &reached).await;
    refused.map_err(MigrateError::Connect)?;
    drop(connection);
    // Postgres accepts a search path with schemas that do not exist, and creates tables in the first existing one.
    let first: Option<String> = sqlx::query_scalar("SELECT current_schema()::text")
        .fetch_one(&pool)
        .await
        .map_err(explain)?;
    let required = path.schemas().first();
    if first.as_ref() != required {
        pool.close().await;
        let search_path = required.cloned().unwrap_or_default();
        return Err(MigrateError::MissingSchema { search_path });
    }
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// Finds out which host can be connected to, and whether with TLS.
///
/// The pool tries a refused connection again until its timeout, as the server may be starting. It opens its second one while
/// the first one returns to it. Connections without a pool report the reason immediately.
#[cfg(feature = "postgres")]
async fn probe(url: &PostgresUrl) -> Result<PgConnectOptions, Error> {
    use sea_orm::sqlx::Connection;

    let Connected {
        connection,
        options,
    } = url.server().clone().within(LOCK_WAIT).connect().await?;
    let second = Server::of_pool(&options).connect().await;
    let second = second.map_err(|error| match error.kind() {
        ErrorKind::Unavailable { reason } => {
            let reason = format!("a migrator needs two connections, and {reason}");
            error.with_kind(ErrorKind::Unavailable {
                reason: reason.into(),
            })
        }
        _ => error,
    })?;
    for connection in [connection, second.connection] {
        connection.close().await.ok();
    }
    Ok(options)
}
