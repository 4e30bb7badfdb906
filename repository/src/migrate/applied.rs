//! The record of applied migrations: SeaORM's table, and a second one with the checksums of what was applied.
//!
//! SeaORM's tools write and delete rows of the first table only. So a checksum counts only while the row that it was
//! written with exists: both have the same `applied_at`.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::MigrationStatus;
use tracing::{info, warn};

use crate::model::clock::{Clock, SystemClock};
use crate::model::engine::Engine;

use super::{
    History, MigrateError,
    history::{Step, steps},
    table::{ANY, HistoryTable, MAY_READ, execute, has_columns},
    unfinished::{self, Unfinished},
};

/// The names of the applied migrations; empty if the database was never migrated. Creates nothing.
///
/// # Errors
/// [`MigrateError::UnknownMigrations`] if the database has migrations that the history lacks.
pub(super) async fn names<H: History, C: ConnectionTrait>(
    db: &C,
) -> Result<BTreeSet<String>, MigrateError> {
    let table = HistoryTable::of::<H>()?;
    let recorded = recorded(db, table).await?;
    let unfinished = unfinished::rows(db, table, &recorded).await?;
    all_known::<H>(table, &recorded, &unfinished)?;
    Ok(recorded)
}

fn all_known<H: History>(
    table: HistoryTable,
    recorded: &BTreeSet<String>,
    unfinished: &[Unfinished],
) -> Result<(), MigrateError> {
    let migrations = H::migrations();
    let is_unknown = |name: &&String| migrations.iter().all(|known| known.name() != **name);
    let unknown: Vec<&String> = recorded.iter().filter(is_unknown).collect();
    let begun: Vec<&String> = unfinished
        .iter()
        .map(|row| &row.migration)
        .filter(is_unknown)
        .collect();
    let (table, names) = match (unknown.is_empty(), begun.is_empty()) {
        (true, true) => return Ok(()),
        (false, _) => (table.name().to_owned(), unknown),
        (true, false) => (table.progress(), begun),
    };
    Err(MigrateError::UnknownMigrations {
        table,
        names: names.into_iter().cloned().collect(),
    })
}

/// Logs the status of each migration, and a warning for each one that was [`edited`]. Creates nothing.
///
/// # Errors
/// As [`names`], after all others are logged.
pub(crate) async fn status<H: History, C: ConnectionTrait>(db: &C) -> Result<(), MigrateError> {
    let backend = db.get_database_backend();
    let engine = Engine::of_backend(backend).ok_or(MigrateError::UnsupportedConnection {
        backend: backend.as_str(),
    })?;
    let (table, steps) = (HistoryTable::of::<H>()?, steps::<H>(engine)?);
    info!("Checking migration status");
    let recorded = recorded(db, table).await?;
    for step in &steps {
        let status = match recorded.contains(step.name) {
            true => MigrationStatus::Applied,
            false => MigrationStatus::Pending,
        };
        info!("Migration '{}'... {status}", step.name);
    }
    let unfinished = unfinished::rows(db, table, &recorded).await?;
    for row in &unfinished {
        info!("{row}");
    }
    warn_of_edited(db, table, &steps).await?;
    all_known::<H>(table, &recorded, &unfinished)
}

/// Every recorded name, whether the history has it or not.
pub(super) async fn recorded<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
) -> Result<BTreeSet<String>, MigrateError> {
    match has_columns(db, table.name(), &HISTORY, ANY).await? {
        None => return Ok(BTreeSet::new()),
        Some(true) => {}
        Some(false) => {
            return Err(MigrateError::HistoryTable {
                name: table.name().to_owned(),
                reason: "the database has another table of that name, without the columns version and applied_at"
                    .to_owned(),
            });
        }
    }
    let sql = format!("SELECT version FROM \"{}\"", table.name());
    let select = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(select).await?;
    let names: Result<_, DbErr> = rows.iter().map(|row| row.try_get_by_index(0)).collect();
    Ok(names?)
}

/// The names of the migrations whose text is no longer the one that was applied, in the order of the history.
///
/// A migration without a checksum is none of them: SeaORM's tools applied it, or a version of this library without
/// checksums. Neither is any if the role may not read the checksums.
pub(super) async fn edited<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
    steps: &[Step],
) -> Result<Vec<&'static str>, DbErr> {
    let checksums = checksums(db, table).await?;
    let is_edited = |step: &&Step| {
        let applied = checksums.get(step.name);
        applied.is_some_and(|applied| *applied != step.checksum())
    };
    let edited = steps.iter().filter(is_edited);
    Ok(edited.map(|step| step.name).collect())
}

/// Logs a warning for each migration that was [`edited`].
pub(super) async fn warn_of_edited<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
    steps: &[Step],
) -> Result<(), DbErr> {
    for name in edited(db, table, steps).await? {
        warn!(
            "Warning: migration '{name}' was edited after it was applied: restore the text that was applied, and put the \
             change in a new migration"
        );
    }
    Ok(())
}

async fn checksums<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
) -> Result<BTreeMap<String, String>, DbErr> {
    let name = table.checksums();
    let readable = has_columns(db, &name, &CHECKSUMS, MAY_READ).await? == Some(true)
        && has_columns(db, table.name(), &HISTORY, MAY_READ).await? == Some(true);
    if !readable {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT c.version, c.checksum FROM \"{name}\" c \
         JOIN \"{}\" h ON h.version = c.version AND h.applied_at = c.applied_at",
        table.name()
    );
    let select = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(select).await?;
    let pairs = rows.iter();
    pairs
        .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
        .collect()
}

/// Creates the table of the checksums, if it does not exist.
pub(super) async fn install<C: ConnectionTrait>(
    db: &C,
    engine: Engine,
    table: HistoryTable,
) -> Result<(), DbErr> {
    let name = table.checksums();
    let columns = match engine {
        Engine::Sqlite => {
            "version TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL"
        }
        Engine::Postgres => {
            "version text COLLATE \"C\" NOT NULL PRIMARY KEY, checksum text COLLATE \"C\" NOT NULL, \
             applied_at bigint NOT NULL"
        }
    };
    let options = match engine {
        Engine::Sqlite => " STRICT",
        Engine::Postgres => "",
    };
    let sql = format!("CREATE TABLE IF NOT EXISTS \"{name}\" ({columns}){options}");
    db.execute_unprepared(&sql).await.map(drop)
}

/// Records a migration as applied, with its checksum.
pub(super) async fn record<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
    step: &Step,
) -> Result<(), DbErr> {
    // A second before the current one, which no later row of SeaORM can have.
    let applied_at = SystemClock.now().timestamp() - 1;
    let insert = format!(
        "INSERT INTO \"{}\" (version, applied_at) VALUES ($1, $2)",
        table.name()
    );
    execute(db, insert, [step.name.into(), applied_at.into()]).await?;
    // The checksum of an earlier row, which SeaORM's tools deleted alone.
    delete_from(db, &table.checksums(), step.name).await?;
    let insert = format!(
        "INSERT INTO \"{}\" (version, checksum, applied_at) VALUES ($1, $2, $3)",
        table.checksums()
    );
    let values = [step.name.into(), step.checksum().into(), applied_at.into()];
    execute(db, insert, values).await
}

/// Deletes the record of a migration, and its checksum if there is one.
pub(super) async fn delete<C: ConnectionTrait>(
    db: &C,
    table: HistoryTable,
    name: &str,
) -> Result<(), DbErr> {
    let checksums = has_columns(db, &table.checksums(), &CHECKSUMS, ANY).await?;
    if checksums == Some(true) {
        delete_from(db, &table.checksums(), name).await?;
    }
    delete_from(db, table.name(), name).await
}

async fn delete_from<C: ConnectionTrait>(db: &C, table: &str, version: &str) -> Result<(), DbErr> {
    let delete = format!("DELETE FROM \"{table}\" WHERE version = $1");
    execute(db, delete, [version.into()]).await
}

/// The columns of a history.
const HISTORY: [&str; 2] = ["version", "applied_at"];

/// The columns of its checksums.
const CHECKSUMS: [&str; 3] = ["version", "checksum", "applied_at"];
