//! Runs a batch of migrations on Postgres.

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, IsolationLevel,
    Statement, TransactionOptions,
};

use crate::model::engine::Engine;

use super::{
    History, MigrateError, Report,
    batch::Batch,
    error::is_locked,
    transaction::{LOCK_WAIT, begin, finish},
};

/// The key of the advisory lock of every migrator of this library: the bytes of "catamara" as a number.
///
/// It is one lock for a database, whatever the schema. An application must not use it.
const LOCK_KEY: i64 = i64::from_be_bytes(*b"catamara");

/// Runs a batch in one transaction over a connection of the pool.
pub(super) async fn run<H: History>(
    db: &DatabaseConnection,
    batch: Batch,
) -> Result<Report, MigrateError> {
    let tx = begin_locked(db).await?;
    let outcome = batch.run::<H>(&tx, Engine::Postgres).await;
    finish(tx, outcome).await
}

/// Begins a transaction that holds the migration lock.
pub(super) async fn begin_locked(
    db: &DatabaseConnection,
) -> Result<DatabaseTransaction, MigrateError> {
    let options = TransactionOptions {
        // Not the role's default: a snapshot from before the lock would not contain the migrations of its last holder.
        isolation_level: Some(IsolationLevel::ReadCommitted),
        access_mode: Some(AccessMode::ReadWrite),
        sqlite_transaction_mode: None,
    };
    let tx = begin(db, options).await?;
    match prepare(&tx).await {
        Ok(()) => Ok(tx),
        Err(error) => {
            // If the connection is lost, the server rolls back by itself.
            tx.rollback().await.ok();
            Err(error)
        }
    }
}

/// Runs a batch inside a transaction of the caller's, with the caller's own timeouts and settings.
pub(super) async fn inside<H: History>(
    tx: &DatabaseTransaction,
    batch: Batch,
) -> Result<Report, MigrateError> {
    schema_exists(tx).await?;
    lock(tx).await?;
    batch.run::<H>(tx, Engine::Postgres).await
}

/// Sets what a batch needs, and takes the migration lock.
async fn prepare(tx: &DatabaseTransaction) -> Result<(), MigrateError> {
    // These settings end with the transaction. Without a statement timeout, a long rebuild of a table can finish. With
    // `row_security = off`, a statement whose rows a policy would filter fails.
    tx.execute_unprepared(&format!(
        "SET LOCAL lock_timeout = '{}s'; SET LOCAL statement_timeout = 0; \
         SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL row_security = off",
        LOCK_WAIT.as_secs()
    ))
    .await?;
    schema_exists(tx).await?;
    lock(tx).await?;
    // A statement that waits for a table lock blocks all later statements on that table.
    tx.execute_unprepared("SET LOCAL lock_timeout = '10s'")
        .await?;
    Ok(())
}

async fn lock(tx: &DatabaseTransaction) -> Result<(), MigrateError> {
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK_KEY})"))
        .await
        .map(drop)
        .map_err(|source| match is_locked(&source) {
            true => MigrateError::Locked {
                waited: LOCK_WAIT,
                source,
            },
            false => MigrateError::Database(source),
        })
}

/// Postgres accepts a search path of schemas that do not exist, and fails only at the first `CREATE`.
async fn schema_exists(tx: &DatabaseTransaction) -> Result<(), MigrateError> {
    let row = tx
        .query_one_raw(Statement::from_string(
            tx.get_database_backend(),
            "SELECT current_schema() IS NOT NULL, current_setting('search_path')",
        ))
        .await?;
    let (exists, search_path) = match row {
        Some(row) => (row.try_get_by_index(0)?, row.try_get_by_index(1)?),
        // A SELECT without FROM always returns one row.
        None => (true, String::new()),
    };
    match exists {
        true => Ok(()),
        false => Err(MigrateError::MissingSchema {
            search_path: search_path.replace('"', ""),
        }),
    }
}
