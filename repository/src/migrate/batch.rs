use std::{collections::BTreeSet, fmt};

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tracing::info;

use crate::model::engine::Engine;

use super::{
    History, MigrateError, Script, applied,
    history::{Step, steps},
};

/// What a batch of migrations did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The migrations that were taken back, in the order in which that happened.
    pub reverted: Vec<String>,
    /// The migrations that were applied, in the order in which that happened.
    pub applied: Vec<String>,
}

impl Report {
    /// Whether the database was left as it was.
    pub fn is_empty(&self) -> bool {
        self.reverted.is_empty() && self.applied.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (applied, reverted) = (self.applied.len(), self.reverted.len());
        match reverted {
            0 => write!(f, "{applied} applied"),
            _ => write!(f, "{reverted} taken back, {applied} applied"),
        }
    }
}

/// What to do, as one atomic batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Batch {
    Up { steps: Option<u32> },
    Down { steps: Option<u32> },
    Fresh,
    Refresh,
    Reset,
}

impl Batch {
    /// Does it, in a transaction that holds the migration lock. The caller commits or rolls back.
    pub(super) async fn run<H: History>(
        self,
        tx: &DatabaseTransaction,
        engine: Engine,
    ) -> Result<Report, MigrateError> {
        let history = steps::<H>(engine)?;
        // Before anything is dropped: the history may lack what the database has, which is an error.
        let mut applied = match self {
            Self::Fresh => BTreeSet::new(),
            _ => applied::names::<H, _>(tx).await?,
        };
        let mut report = Report::default();
        match self {
            Self::Up { steps } => {
                up(tx, &history, &applied, steps, &mut report).await?;
            }
            Self::Down { steps } => {
                down(tx, &history, &mut applied, steps, &mut report).await?;
            }
            Self::Fresh => {
                info!("Dropping every table");
                Bookkeeping::fresh(tx).await?;
                up(tx, &history, &applied, None, &mut report).await?;
            }
            Self::Refresh => {
                down(tx, &history, &mut applied, None, &mut report).await?;
                up(tx, &history, &applied, None, &mut report).await?;
            }
            Self::Reset => {
                down(tx, &history, &mut applied, None, &mut report).await?;
                Bookkeeping::uninstall(tx).await?;
            }
        }
        Ok(report)
    }

    /// Whether it would run a script or drop a table, given what is applied.
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

/// SeaORM's handling of its own table, and its way to drop everything, without any migration.
struct Bookkeeping;

impl MigratorTrait for Bookkeeping {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }
}

async fn up(
    tx: &DatabaseTransaction,
    history: &[Step],
    applied: &BTreeSet<String>,
    limit: Option<u32>,
    report: &mut Report,
) -> Result<(), MigrateError> {
    announce("Applying", "pending migrations", limit);
    Bookkeeping::install(tx).await?;
    let pending = history.iter().filter(|step| !applied.contains(step.name));
    for step in pending.take(count(limit)) {
        info!("Applying migration '{}'", step.name);
        execute(tx, step.name, "up", &step.up).await?;
        applied::record(tx, step.name).await?;
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
        applied::forget(tx, step.name).await?;
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
