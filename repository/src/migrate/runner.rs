//! Runs a batch over a pool, or inside a transaction of the caller.

#[cfg(feature = "sqlite")]
use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseConnectionType, DatabaseExecutor,
    DatabaseTransaction,
};
use tracing::info;

use crate::model::engine::Engine;

use super::{
    Direction, History, MigrateError, Report, applied,
    batch::Batch,
    encoding,
    history::{Step, steps},
    outside,
    table::HistoryTable,
    transaction::finish,
    unfinished,
};

/// Runs a batch over a pool, or inside a transaction of the caller.
pub(crate) async fn run<H: History>(
    db: DatabaseExecutor<'_>,
    batch: Batch,
) -> Result<Report, MigrateError> {
    match db {
        DatabaseExecutor::Connection(db) => over_connection::<H>(db, batch).await,
        DatabaseExecutor::Transaction(tx) => inside::<H>(tx, batch).await,
        // Created by SeaORM's `SchemaManager::begin` for this call, so this call ends it.
        DatabaseExecutor::OwnedTransaction(tx) => {
            let outcome = inside::<H>(&tx, batch).await;
            finish(tx, outcome).await
        }
    }
}

async fn over_connection<H: History>(
    db: &DatabaseConnection,
    batch: Batch,
) -> Result<Report, MigrateError> {
    match &db.inner {
        #[cfg(feature = "sqlite")]
        DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
            encoding::check(db, Engine::Sqlite).await?;
            let history: Arc<[Step]> = steps::<H>(Engine::Sqlite)?.into();
            if nothing_to_do::<H>(db, &history, batch).await? {
                return Ok(Report::default());
            }
            super::sqlite::run::<H>(db, history, batch, outside::complete::<H>).await
        }
        #[cfg(feature = "postgres")]
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            encoding::check(db, Engine::Postgres).await?;
            let history = steps::<H>(Engine::Postgres)?;
            if nothing_to_do::<H>(db, &history, batch).await? {
                return Ok(Report::default());
            }
            super::postgres::run::<H>(db, &history, batch, outside::complete::<H>).await
        }
        // Which variants exist depends on the features of SeaORM that other crates enable.
        _ => Err(unsupported(db)),
    }
}

/// Whether `up` has nothing to do. Takes no lock and creates nothing.
///
/// So the processes of a migrated application start without waiting for a writer, and with a role that must not create
/// tables.
async fn nothing_to_do<H: History>(
    db: &DatabaseConnection,
    history: &[Step],
    batch: Batch,
) -> Result<bool, MigrateError> {
    let Batch::Up { .. } = batch else {
        return Ok(false);
    };
    warn_of_edited::<H, _>(db, history, batch).await?;
    let applied = applied::names::<H, _>(db).await?;
    let nothing = !batch.changes(history, &applied);
    if nothing {
        unfinished::check(db, HistoryTable::of::<H>()?, Direction::Up, &applied).await?;
        match history.iter().all(|step| applied.contains(step.name)) {
            true => info!("No pending migrations"),
            false => info!("Applying 0 pending migrations"),
        }
    }
    Ok(nothing)
}

/// Logs which migrations were edited, once for each `up`.
async fn warn_of_edited<H: History, C: ConnectionTrait>(
    db: &C,
    history: &[Step],
    batch: Batch,
) -> Result<(), MigrateError> {
    if let Batch::Up { .. } = batch {
        applied::warn_of_edited(db, HistoryTable::of::<H>()?, history).await?;
    }
    Ok(())
}

async fn inside<H: History>(
    tx: &DatabaseTransaction,
    batch: Batch,
) -> Result<Report, MigrateError> {
    match Engine::of_backend(tx.get_database_backend()) {
        #[cfg(feature = "sqlite")]
        Some(Engine::Sqlite) => {
            encoding::check(tx, Engine::Sqlite).await?;
            let history = steps::<H>(Engine::Sqlite)?;
            warn_of_edited::<H, _>(tx, &history, batch).await?;
            super::sqlite::inside::<H>(tx, &history, batch).await
        }
        #[cfg(feature = "postgres")]
        Some(Engine::Postgres) => {
            encoding::check(tx, Engine::Postgres).await?;
            let history = steps::<H>(Engine::Postgres)?;
            warn_of_edited::<H, _>(tx, &history, batch).await?;
            super::postgres::inside::<H>(tx, &history, batch).await
        }
        _ => Err(unsupported(tx)),
    }
}

fn unsupported<C: ConnectionTrait>(db: &C) -> MigrateError {
    MigrateError::UnsupportedConnection {
        backend: db.get_database_backend().as_str(),
    }
}
