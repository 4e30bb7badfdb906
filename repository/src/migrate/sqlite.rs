//! Runs a batch of migrations on SQLite.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, sqlx::SqlitePool,
};

use crate::driver::sqlite::connect_seaorm;
use crate::model::engine::Engine;

use super::{
    History, MigrateError, Report, applied,
    batch::{Batch, Complete, Part},
    db_error::is_locked,
    foreign_keys::ForeignKeys,
    guard::Guard,
    history::Step,
    transaction::{LOCK_WAIT, begin, finish},
};

/// Runs a batch in one transaction with foreign keys off.
///
/// It uses a connection of its own, because `PRAGMA foreign_keys` belongs to a connection and has no effect inside a
/// transaction. An in-memory database has only one connection, which is borrowed from the pool.
pub(super) async fn run<H: History>(
    db: &DatabaseConnection,
    history: Arc<[Step]>,
    batch: Batch,
    complete: Complete,
) -> Result<Report, MigrateError> {
    let pool = db.get_sqlite_connection_pool();
    if pool.options().get_max_connections() == 1 && in_memory(db).await? {
        // A task completes even if the caller drops this call. So it always restores the setting of the connection.
        let db = db.clone();
        let task =
            tokio::spawn(async move { run_borrowed::<H>(db, history, batch, complete).await });
        return task.await.map_err(task_failed)?;
    }

    let own = connect(pool).await?;
    let outcome = whole::<H>(&own, &history, batch, complete).await;
    own.close().await.ok();
    outcome
}

/// Runs a batch inside a transaction of the caller, who must roll it back after an error.
pub(super) async fn inside<H: History>(
    tx: &DatabaseTransaction,
    history: &[Step],
    batch: Batch,
) -> Result<Report, MigrateError> {
    if !matches!(batch, Batch::Fresh) {
        let applied = applied::names::<H, _>(tx).await?;
        if !batch.changes(history, &applied) {
            return Ok(Report::default());
        }
    }
    run_checked::<H>(tx, history, batch).await?.complete()
}

/// Held while a batch borrows a connection. A second batch would read the changed setting, and restore that.
static BORROWING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Runs a batch over the only connection of a database. Turns foreign keys off, and restores the setting after it.
async fn run_borrowed<H: History>(
    db: DatabaseConnection,
    history: Arc<[Step]>,
    batch: Batch,
    complete: Complete,
) -> Result<Report, MigrateError> {
    let _one_at_a_time = BORROWING.lock().await;
    let enforced = foreign_keys(&db).await?;
    db.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
    let inner = db.clone();
    // In a task, so that the setting is restored even if a migration panics.
    let task = tokio::spawn(async move { whole::<H>(&inner, &history, batch, complete).await });
    let outcome = task.await.map_err(task_failed);
    if enforced {
        db.execute_unprepared("PRAGMA foreign_keys = ON").await?;
    }
    outcome?
}

async fn whole<H: History>(
    db: &DatabaseConnection,
    history: &[Step],
    batch: Batch,
    complete: Complete,
) -> Result<Report, MigrateError> {
    let part = transaction::<H>(db, history, batch).await?;
    complete(db, Engine::Sqlite, history, part).await
}

/// Runs a batch, up to the first migration that runs outside of a transaction.
pub(super) async fn transaction<H: History>(
    db: &DatabaseConnection,
    history: &[Step],
    batch: Batch,
) -> Result<Part, MigrateError> {
    let tx = begin_immediate(db).await?;
    let outcome = run_checked::<H>(&tx, history, batch).await;
    finish(tx, outcome).await
}

/// Begins a transaction that holds the lock of the writer.
pub(super) async fn begin_immediate(
    db: &DatabaseConnection,
) -> Result<DatabaseTransaction, MigrateError> {
    let options = TransactionOptions {
        isolation_level: None,
        access_mode: None,
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
    };
    begin(db, options).await.map_err(explain)
}

async fn run_checked<H: History>(
    tx: &DatabaseTransaction,
    history: &[Step],
    batch: Batch,
) -> Result<Part, MigrateError> {
    if foreign_keys(tx).await? {
        return Err(MigrateError::ForeignKeysOn);
    }
    // `fresh` keeps no row, so nothing is from before it.
    let before = match batch {
        Batch::Fresh => ForeignKeys::default(),
        _ => ForeignKeys::read(tx).await?,
    };
    before.warn();
    let part = batch.run::<H>(tx, &Guard::Sqlite, history).await?;
    if !part.report.is_empty() {
        ForeignKeys::read(tx).await?.refuse_new(&before)?;
    }
    Ok(part)
}

/// Opens a connection to the database of the pool, with foreign keys off and its other options unchanged.
pub(super) async fn connect(pool: &SqlitePool) -> Result<DatabaseConnection, MigrateError> {
    let options = (*pool.connect_options())
        .clone()
        .foreign_keys(false)
        .busy_timeout(LOCK_WAIT);
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        let connected = connect_seaorm(options.clone(), LOCK_WAIT)
            .await
            .map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())));
        match connected {
            Ok(db) => return Ok(db),
            // A change of the journal mode to WAL ignores the busy timeout.
            Err(error) if is_locked(&error) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(explain(error)),
        }
    }
}

/// Whether the database is in memory or in a temporary file. Both have no file name.
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

fn statement(sql: &str) -> Statement {
    Statement::from_string(sea_orm::DbBackend::Sqlite, sql)
}

fn explain(source: DbErr) -> MigrateError {
    match is_locked(&source) {
        true => MigrateError::Locked {
            waited: LOCK_WAIT,
            source: Some(source),
        },
        false => MigrateError::Database(source),
    }
}

fn task_failed(error: tokio::task::JoinError) -> MigrateError {
    MigrateError::Database(DbErr::Custom(format!("the migration task failed: {error}")))
}
