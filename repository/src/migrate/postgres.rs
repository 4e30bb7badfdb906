//! Runs a batch of migrations on Postgres.

use std::time::{Duration, Instant};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, IsolationLevel,
    Statement, TransactionOptions,
};

use crate::model::engine::Engine;

use super::{
    History, MigrateError, Report,
    batch::{Batch, Complete, Part},
    guard::{Guard, postgres::Session},
    history::Step,
    own_connection,
    transaction::{LOCK_KEY, LOCK_WAIT, POLL, begin, finish},
};

/// What a transaction of migrations relies on. These settings end with it.
///
/// Without a statement timeout, a long rebuild of a table can finish. A statement that waits for a table lock blocks all
/// later statements on that table. With `row_security = off`, a statement whose rows a policy would filter fails. Scripts
/// are read as with `standard_conforming_strings = on`.
const OWN: &str = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = 0; \
    SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL row_security = off; \
    SET LOCAL standard_conforming_strings = on";

/// Runs a batch over connections of the pool, and what is outside of transactions over a connection of its own.
pub(super) async fn run<H: History>(
    db: &DatabaseConnection,
    history: &[Step],
    batch: Batch,
    complete: Complete,
) -> Result<Report, MigrateError> {
    let part = transaction::<H>(db, history, batch).await?;
    if part.stop.is_none() {
        return Ok(part.report);
    }
    let own = match own_connection::open(db).await {
        Ok(own) => own,
        Err(error) => return Err(error.after(part.report)),
    };
    let outcome = complete(&own, Engine::Postgres, history, part).await;
    own.close().await.ok();
    outcome
}

/// Runs a batch in one transaction, up to the first migration that runs outside of a transaction.
pub(super) async fn transaction<H: History>(
    db: &DatabaseConnection,
    history: &[Step],
    batch: Batch,
) -> Result<Part, MigrateError> {
    let (tx, guard) = begin_locked(db).await?;
    let outcome = batch.run::<H>(&tx, &guard, history).await;
    finish(tx, outcome).await
}

/// Runs a batch inside a transaction of the caller's, with the caller's own timeouts and settings.
pub(super) async fn inside<H: History>(
    tx: &DatabaseTransaction,
    history: &[Step],
    batch: Batch,
) -> Result<Report, MigrateError> {
    schema_exists(tx).await?;
    let session = Session::read(tx, true).await?;
    lock(tx, lock_timeout(tx).await?).await?;
    let guard = Guard::Postgres(session);
    let part = batch.run::<H>(tx, &guard, history).await?;
    part.complete()
}

/// Begins a transaction that holds the migration lock.
pub(super) async fn begin_locked(
    db: &DatabaseConnection,
) -> Result<(DatabaseTransaction, Guard), MigrateError> {
    let options = TransactionOptions {
        // Not the role's default: a snapshot from before the lock would not contain the migrations of its last holder.
        isolation_level: Some(IsolationLevel::ReadCommitted),
        access_mode: Some(AccessMode::ReadWrite),
        sqlite_transaction_mode: None,
    };
    let tx = begin(db, options).await?;
    match prepare(&tx).await {
        Ok(guard) => Ok((tx, guard)),
        Err(error) => {
            tx.rollback().await.ok();
            Err(error)
        }
    }
}

async fn prepare(tx: &DatabaseTransaction) -> Result<Guard, MigrateError> {
    let session = Session::read(tx, false).await?;
    tx.execute_unprepared(OWN).await?;
    schema_exists(tx).await?;
    lock(tx, LOCK_WAIT).await?;
    Ok(Guard::Postgres(session.with(OWN)))
}

/// Takes the migration lock until the transaction ends.
///
/// It does not wait in a statement: that would hold a snapshot, for which the `CREATE INDEX CONCURRENTLY` of another
/// migrator would wait.
async fn lock(tx: &DatabaseTransaction, longest: Duration) -> Result<(), MigrateError> {
    let deadline = Instant::now() + longest;
    let take = format!("SELECT pg_catalog.pg_try_advisory_xact_lock({LOCK_KEY})");
    loop {
        let row = tx
            .query_one_raw(Statement::from_string(tx.get_database_backend(), &take))
            .await?;
        if row.map_or(Ok(false), |row| row.try_get_by_index(0))? {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(MigrateError::Locked {
                waited: longest,
                source: None,
            });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The caller's `lock_timeout`, or the migrator's own time if that is unlimited.
async fn lock_timeout(tx: &DatabaseTransaction) -> Result<Duration, DbErr> {
    let row = tx
        .query_one_raw(Statement::from_string(
            tx.get_database_backend(),
            "SELECT s.setting::bigint FROM pg_catalog.pg_settings s WHERE s.name = 'lock_timeout'",
        ))
        .await?;
    let milliseconds: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(match u64::try_from(milliseconds) {
        Ok(0) | Err(_) => LOCK_WAIT,
        Ok(milliseconds) => Duration::from_millis(milliseconds),
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
