//! A batch of migrations, inside one transaction.

use std::{collections::BTreeSet, fmt, marker::PhantomData};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DynIden,
    sea_query::{Alias, IntoIden},
};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tracing::info;

use crate::model::engine::Engine;

use super::{
    History, MigrateError, Script, applied,
    history::{Step, steps},
    table::HistoryTable,
};

/// The migrations that a batch applied and reverted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The names of the reverted migrations, in the order in which they were reverted.
    pub reverted: Vec<String>,
    /// The names of the applied migrations, in the order in which they were applied.
    pub applied: Vec<String>,
}

impl Report {
    /// Whether nothing was applied or reverted.
    pub fn is_empty(&self) -> bool {
        self.reverted.is_empty() && self.applied.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (applied, reverted) = (self.applied.len(), self.reverted.len());
        match reverted {
            0 => write!(f, "{applied} applied"),
            _ => write!(f, "{reverted} reverted, {applied} applied"),
        }
    }
}

/// A command that runs as one atomic batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Batch {
    Up { steps: Option<u32> },
    Down { steps: Option<u32> },
    Fresh,
    Refresh,
    Reset,
}

impl Batch {
    /// Runs the batch in a transaction that holds the migration lock. The caller commits or rolls back.
    pub(super) async fn run<H: History>(
        self,
        tx: &DatabaseTransaction,
        engine: Engine,
    ) -> Result<Report, MigrateError> {
        let history = steps::<H>(engine)?;
        let table = HistoryTable::of::<H>()?;
        // Before anything is dropped, because it fails if the database has a migration that the history lacks.
        let mut applied = match self {
            Self::Fresh => BTreeSet::new(),
            _ => applied::names::<H, _>(tx).await?,
        };
        let mut report = Report::default();
        match self {
            Self::Up { steps } => {
                applied::warn_of_edited(tx, table, &history).await?;
                up::<H>(tx, engine, &applied, steps, &mut report).await?;
            }
            Self::Down { steps } => {
                down(tx, table, &history, &mut applied, steps, &mut report).await?;
            }
            Self::Fresh => {
                info!("Dropping every table");
                Bookkeeping::<H>::fresh(tx).await?;
                up::<H>(tx, engine, &applied, None, &mut report).await?;
            }
            Self::Refresh => {
                down(tx, table, &history, &mut applied, None, &mut report).await?;
                up::<H>(tx, engine, &applied, None, &mut report).await?;
            }
            Self::Reset => {
                down(tx, table, &history, &mut applied, None, &mut report).await?;
                Bookkeeping::<H>::uninstall(tx).await?;
                applied::uninstall(tx, table).await?;
            }
        }
        Ok(report)
    }

    /// Whether the batch would run a script or drop a table, given the applied migrations.
    pub(super) fn changes<H: History>(
        self,
        engine: Engine,
        applied: &BTreeSet<String>,
    ) -> Result<bool, MigrateError> {
        Ok(match self {
            Self::Up { steps: Some(0) } | Self::Down { steps: Some(0) } => false,
            Self::Up { steps: _ } => steps::<H>(engine)?
                .iter()
                .any(|step| !applied.contains(step.name)),
            Self::Down { steps: _ } => !applied.is_empty(),
            Self::Fresh | Self::Refresh | Self::Reset => true,
        })
    }
}

/// A SeaORM migrator without migrations: creates and drops the table of a history, and drops all tables.
struct Bookkeeping<H>(PhantomData<H>);

impl<H: History> MigratorTrait for Bookkeeping<H> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }

    fn migration_table_name() -> DynIden {
        Alias::new(H::table()).into_iden()
    }
}

/// Creates the tables of the history, if they do not exist.
pub(super) async fn install<H: History, C: ConnectionTrait>(
    db: &C,
    engine: Engine,
) -> Result<(), MigrateError> {
    Bookkeeping::<H>::install(db).await?;
    applied::install(db, engine, HistoryTable::of::<H>()?).await?;
    Ok(())
}

async fn up<H: History>(
    tx: &DatabaseTransaction,
    engine: Engine,
    applied: &BTreeSet<String>,
    limit: Option<u32>,
    report: &mut Report,
) -> Result<(), MigrateError> {
    announce("Applying", "pending migrations", limit);
    install::<H, _>(tx, engine).await?;
    let (history, table) = (steps::<H>(engine)?, HistoryTable::of::<H>()?);
    let pending = history.iter().filter(|step| !applied.contains(step.name));
    for step in pending.take(count(limit)) {
        info!("Applying migration '{}'", step.name);
        execute(tx, step.name, "up", &step.up).await?;
        applied::record(tx, table, step).await?;
        info!("Migration '{}' has been applied", step.name);
        report.applied.push(step.name.to_owned());
    }
    if report.applied.is_empty() {
        info!("No pending migrations");
    }
    Ok(())
}

async fn down(
    tx: &DatabaseTransaction,
    table: HistoryTable,
    history: &[Step],
    applied: &mut BTreeSet<String>,
    limit: Option<u32>,
    report: &mut Report,
) -> Result<(), MigrateError> {
    announce("Rolling back", "applied migrations", limit);
    for step in history.iter().rev() {
        if report.reverted.len() == count(limit) {
            break;
        }
        if !applied.remove(step.name) {
            continue;
        }
        info!("Rolling back migration '{}'", step.name);
        execute(tx, step.name, "down", &step.down).await?;
        applied::delete(tx, table, step.name).await?;
        info!("Migration '{}' has been rolled back", step.name);
        report.reverted.push(step.name.to_owned());
    }
    if report.reverted.is_empty() {
        info!("No applied migrations");
    }
    Ok(())
}

async fn execute(
    tx: &DatabaseTransaction,
    migration: &'static str,
    direction: &'static str,
    script: &Script,
) -> Result<(), MigrateError> {
    for (index, statement) in script.statements().enumerate() {
        tx.execute_unprepared(statement)
            .await
            .map_err(|source| MigrateError::Statement {
                migration,
                direction,
                statement: index + 1,
                source,
            })?;
    }
    Ok(())
}

fn count(limit: Option<u32>) -> usize {
    limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    })
}

fn announce(verb: &str, what: &str, limit: Option<u32>) {
    match limit {
        Some(limit) => info!("{verb} {limit} {what}"),
        None => info!("{verb} all {what}"),
    }
}
