use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, SqlxSqliteConnector, Statement, TransactionOptions,
    sqlx::{SqlitePool, sqlite::SqlitePoolOptions},
};

use crate::model::engine::Engine;

use super::{
    History, MigrateError, Report, Violation, applied,
    batch::Batch,
    error::is_locked,
    transaction::{LOCK_WAIT, begin, finish},
};

/// How many violations an error lists; it gives the number of all.
const SHOWN: usize = 10;

/// Runs a batch in one transaction with foreign keys off.
///
/// On a connection of its own, because `PRAGMA foreign_keys` belongs to a connection and does nothing inside a
/// transaction. A private in-memory database has one connection and no other: it is borrowed.
pub(super) async fn run<H: History>(
    db: &DatabaseConnection,
    batch: Batch,
) -> Result<Report, MigrateError> {
    let pool = db.get_sqlite_connection_pool();
    if pool.options().get_max_connections() == 1 && in_memory(db).await? {
        // In a task of its own: a caller who stops waiting must not leave the connection without foreign keys.
        let db = db.clone();
        let task = tokio::spawn(async move { borrowed::<H>(db, batch).await });
        return task.await.map_err(died)?;
    }

    let own = connect(pool).await?;
    let outcome = transaction::<H>(&own, batch).await;
    own.close().await.ok();
    outcome
}

/// Runs a batch inside a transaction of the caller's, who must roll it back if this fails.
pub(super) async fn inside<H: History>(
    tx: &DatabaseTransaction,
    batch: Batch,
) -> Result<Report, MigrateError> {
    let applied = applied::names::<H, _>(tx).await?;
    if !batch.changes::<H>(Engine::Sqlite, &applied)? {
        return Ok(Report::default());
    }
    checked::<H>(tx, batch).await
}

/// One batch at a time borrows a connection: a second one would take the first one's setting for the
/// connection's own.
static BORROWING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Foreign keys off, the batch, foreign keys as they were: on the only connection there is.
async fn borrowed<H: History>(
    db: DatabaseConnection,
    batch: Batch,
) -> Result<Report, MigrateError> {
    let _one_at_a_time = BORROWING.lock().await;
    let enforced = foreign_keys(&db).await?;
    db.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
    let inner = db.clone();
    // In a task again, so that a panic inside a migration does not skip the last line either.
    let task = tokio::spawn(async move { transaction::<H>(&inner, batch).await });
    let outcome = task.await.map_err(died);
    if enforced {
        db.execute_unprepared("PRAGMA foreign_keys = ON").await?;
    }
    outcome?
}

async fn transaction<H: History>(
    db: &DatabaseConnection,
    batch: Batch,
) -> Result<Report, MigrateError> {
    let options = TransactionOptions {
        isolation_level: None,
        access_mode: None,
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
    };
    let tx = begin(db, options).await.map_err(locked)?;
    let outcome = checked::<H>(&tx, batch).await;
    finish(tx, outcome).await
}

async fn checked<H: History>(
    tx: &DatabaseTransaction,
    batch: Batch,
) -> Result<Report, MigrateError> {
    if foreign_keys(tx).await? {
        return Err(MigrateError::ForeignKeysOn);
    }
    let report = batch.run::<H>(tx, Engine::Sqlite).await?;
    if !report.is_empty() {
        foreign_key_check(tx).await?;
    }
    Ok(report)
}

/// A connection to the same database with foreign keys off, and nothing else of the pool's options changed.
async fn connect(pool: &SqlitePool) -> Result<DatabaseConnection, MigrateError> {
    let options = (*pool.connect_options())
        .clone()
        .foreign_keys(false)
        .busy_timeout(LOCK_WAIT);
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        let attempt = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(LOCK_WAIT)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())));
        match attempt {
            Ok(pool) => return Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)),
            // The options may ask for WAL, and the change to it does not wait for the busy timeout.
            Err(error) if is_locked(&error) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(locked(error)),
        }
    }
}

/// Whether the database lives in memory (or in a temporary file): SQLite then gives it no file name.
async fn in_memory<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    let row = db
        .query_one_raw(statement(
            "SELECT file IS NULL OR file = '' FROM pragma_database_list WHERE name = 'main'",
        ))
        .await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}

async fn foreign_keys<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    let row = db
        .query_one_raw(statement("SELECT foreign_keys FROM pragma_foreign_keys"))
        .await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}

/// See <https://sqlite.org/pragma.html#pragma_foreign_key_check>. It reads every row that has a parent.
async fn foreign_key_check(tx: &DatabaseTransaction) -> Result<(), MigrateError> {
    let rows = tx
        .query_all_raw(statement(
            "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check",
        ))
        .await?;
    if rows.is_empty() {
        return Ok(());
    }
    let violations = rows
        .iter()
        .take(SHOWN)
        .map(|row| {
            Ok(Violation {
                table: row.try_get_by_index(0)?,
                row: row.try_get_by_index(1)?,
                parent: row.try_get_by_index(2)?,
            })
        })
        .collect::<Result<_, DbErr>>()?;
    Err(MigrateError::ForeignKeys {
        total: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        violations,
    })
}

fn statement(sql: &str) -> Statement {
    Statement::from_string(sea_orm::DbBackend::Sqlite, sql)
}

fn locked(source: DbErr) -> MigrateError {
    match is_locked(&source) {
        true => MigrateError::Locked {
            waited: LOCK_WAIT,
            source,
        },
        false => MigrateError::Database(source),
    }
}

fn died(error: tokio::task::JoinError) -> MigrateError {
    MigrateError::Database(DbErr::Custom(format!("the migration task failed: {error}")))
}
