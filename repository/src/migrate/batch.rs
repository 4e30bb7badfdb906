//! A batch of migrations, inside one transaction.

use std::{collections::BTreeSet, marker::PhantomData};

use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DynIden,
    sea_query::{Alias, IntoIden},
};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tracing::info;

use crate::model::engine::Engine;

use super::{
    Direction, History, MigrateError, Report, applied, fresh, guard::Guard, history::Step,
    table::HistoryTable, unfinished,
};

/// What one transaction of a batch did.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) report: Report,
    /// The migration before which it ended, as that runs outside of a transaction.
    pub(super) stop: Option<Stop>,
}

/// Completes a batch after its first part, over the same connection.
pub(super) type Complete = for<'c> fn(
    &'c DatabaseConnection,
    Engine,
    &'c [Step],
    Part,
) -> BoxFuture<'c, Result<Report, MigrateError>>;

/// A migration that runs outside of a transaction, and what comes after it.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) step: Step,
    pub(super) direction: Direction,
    /// What is left of the batch, beginning with this migration.
    pub(super) rest: Batch,
}

impl Part {
    /// Appends what came after this part.
    pub(super) fn append(&mut self, later: Self) {
        self.report.append(later.report);
        self.stop = later.stop;
    }

    /// The report of a batch in a transaction of the caller's, which must be complete.
    pub(super) fn complete(self) -> Result<Report, MigrateError> {
        match self.stop {
            None => Ok(self.report),
            Some(stop) => Err(MigrateError::InCallersTransaction {
                migration: stop.step.name.to_owned(),
            }),
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
    /// Runs the batch in a transaction that holds the migration lock, up to the first migration that runs outside of a
    /// transaction. The caller commits or rolls back.
    pub(super) async fn run<H: History>(
        self,
        tx: &DatabaseTransaction,
        guard: &Guard,
        history: &[Step],
    ) -> Result<Part, MigrateError> {
        let table = HistoryTable::of::<H>()?;
        let mut applied = self.begin::<H>(tx).await?;
        let mut part = Part::default();
        match self {
            Self::Up { steps } => {
                up::<H>(tx, guard, history, &applied, steps, &mut part).await?;
            }
            Self::Down { steps } => {
                down(tx, guard, table, history, &mut applied, steps, &mut part).await?;
            }
            Self::Fresh => {
                fresh::drop_all(tx, guard.engine(), table, history).await?;
                up::<H>(tx, guard, history, &applied, None, &mut part).await?;
            }
            Self::Refresh => {
                down(tx, guard, table, history, &mut applied, None, &mut part).await?;
                match &mut part.stop {
                    Some(stop) => stop.rest = self,
                    None => up::<H>(tx, guard, history, &applied, None, &mut part).await?,
                }
            }
            Self::Reset => {
                down(tx, guard, table, history, &mut applied, None, &mut part).await?;
                match &mut part.stop {
                    Some(stop) => stop.rest = self,
                    None => fresh::drop_history(tx, guard.engine(), table).await?,
                }
            }
        }
        Ok(part)
    }

    /// The applied migrations, in a transaction that holds the migration lock.
    ///
    /// # Errors
    /// - [`MigrateError::UnknownMigrations`] if the database has migrations that the history lacks.
    /// - [`MigrateError::Unfinished`] if one is unfinished in the other direction.
    pub(super) async fn begin<H: History>(
        self,
        tx: &DatabaseTransaction,
    ) -> Result<BTreeSet<String>, MigrateError> {
        let Some(direction) = self.first_direction() else {
            return Ok(BTreeSet::new());
        };
        let table = HistoryTable::of::<H>()?;
        let applied = applied::names::<H, _>(tx).await?;
        unfinished::clear(tx, table, &applied).await?;
        unfinished::check(tx, table, direction, &applied).await?;
        Ok(applied)
    }

    /// The migration with which the batch begins, and its direction.
    pub(super) fn next<'h>(
        self,
        history: &'h [Step],
        applied: &BTreeSet<String>,
    ) -> Option<(&'h Step, Direction)> {
        let is_applied = |step: &&Step| applied.contains(step.name);
        let pending = || history.iter().find(|step| !is_applied(step));
        let last = || history.iter().rfind(is_applied);
        match self {
            Self::Up { steps: Some(0) } | Self::Down { steps: Some(0) } => None,
            Self::Up { steps: _ } => Some((pending()?, Direction::Up)),
            Self::Down { steps: _ } | Self::Reset => Some((last()?, Direction::Down)),
            Self::Refresh => match last() {
                Some(step) => Some((step, Direction::Down)),
                None => Some((pending()?, Direction::Up)),
            },
            Self::Fresh => Some((history.first()?, Direction::Up)),
        }
    }

    /// What is left after some migrations.
    pub(super) fn after(self, done: usize) -> Self {
        let done = u32::try_from(done).unwrap_or(u32::MAX);
        let less = |steps: Option<u32>| steps.map(|steps| steps.saturating_sub(done));
        match self {
            Self::Up { steps } => Self::Up { steps: less(steps) },
            Self::Down { steps } => Self::Down { steps: less(steps) },
            Self::Fresh | Self::Refresh | Self::Reset => self,
        }
    }

    /// The direction of the first scripts; `None` if the database starts anew.
    const fn first_direction(self) -> Option<Direction> {
        match self {
            Self::Up { .. } => Some(Direction::Up),
            Self::Down { .. } | Self::Refresh | Self::Reset => Some(Direction::Down),
            Self::Fresh => None,
        }
    }

    /// Whether the batch would run a script or drop a table, given the applied migrations.
    pub(super) fn changes(self, history: &[Step], applied: &BTreeSet<String>) -> bool {
        match self {
            Self::Up { steps: Some(0) } | Self::Down { steps: Some(0) } => false,
            Self::Up { steps: _ } => history.iter().any(|step| !applied.contains(step.name)),
            Self::Down { steps: _ } => !applied.is_empty(),
            Self::Fresh | Self::Refresh | Self::Reset => true,
        }
    }
}

/// A SeaORM migrator without migrations: creates the table of a history.
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
    let table = HistoryTable::of::<H>()?;
    #[cfg(feature = "postgres")]
    if engine == Engine::Postgres {
        may_create(db, table).await?;
    }
    Bookkeeping::<H>::install(db).await?;
    applied::install(db, engine, table).await?;
    Ok(())
}

/// Fails if the role may not create tables in the schema, and the schema has no table of the history yet. Since Postgres
/// 15 only its owner may in `public`.
#[cfg(feature = "postgres")]
async fn may_create<C: ConnectionTrait>(db: &C, table: HistoryTable) -> Result<(), MigrateError> {
    let sql = format!(
        "SELECT pg_catalog.quote_ident(current_user), pg_catalog.quote_ident(current_schema()) \
         WHERE NOT pg_catalog.has_schema_privilege(current_schema(), 'CREATE') \
         AND pg_catalog.to_regclass(pg_catalog.quote_ident(current_schema()) || '.{}') IS NULL",
        table.name()
    );
    let refused = db
        .query_one_raw(sea_orm::Statement::from_string(
            db.get_database_backend(),
            sql,
        ))
        .await?;
    match refused {
        None => Ok(()),
        Some(row) => Err(MigrateError::MayNotCreate {
            role: row.try_get_by_index(0)?,
            schema: row.try_get_by_index(1)?,
        }),
    }
}

async fn up<H: History>(
    tx: &DatabaseTransaction,
    guard: &Guard,
    history: &[Step],
    applied: &BTreeSet<String>,
    limit: Option<u32>,
    part: &mut Part,
) -> Result<(), MigrateError> {
    announce("Applying", "pending migrations", limit);
    install::<H, _>(tx, guard.engine()).await?;
    let table = HistoryTable::of::<H>()?;
    let pending = history.iter().filter(|step| !applied.contains(step.name));
    if pending.clone().next().is_none() {
        info!("No pending migrations");
    }
    for step in pending.take(count(limit)) {
        if step.up.script.is_outside_transaction() {
            part.stop = Some(Stop {
                step: step.clone(),
                direction: Direction::Up,
                rest: Batch::Up { steps: limit }.after(part.report.applied.len()),
            });
            return Ok(());
        }
        info!("Applying migration '{}'", step.name);
        guard
            .run(tx, step.name, Direction::Up, &step.up.texts)
            .await?;
        applied::record(tx, table, step).await?;
        info!("Migration '{}' has been applied", step.name);
        part.report.applied.push(step.name.to_owned());
    }
    Ok(())
}

async fn down(
    tx: &DatabaseTransaction,
    guard: &Guard,
    table: HistoryTable,
    history: &[Step],
    applied: &mut BTreeSet<String>,
    limit: Option<u32>,
    part: &mut Part,
) -> Result<(), MigrateError> {
    announce("Rolling back", "applied migrations", limit);
    if applied.is_empty() {
        info!("No applied migrations");
    }
    for step in history.iter().rev() {
        if part.report.reverted.len() == count(limit) {
            break;
        }
        if !applied.contains(step.name) {
            continue;
        }
        if step.down.script.is_outside_transaction() {
            part.stop = Some(Stop {
                step: step.clone(),
                direction: Direction::Down,
                rest: Batch::Down { steps: limit }.after(part.report.reverted.len()),
            });
            return Ok(());
        }
        applied.remove(step.name);
        info!("Rolling back migration '{}'", step.name);
        guard
            .run(tx, step.name, Direction::Down, &step.down.texts)
            .await?;
        applied::delete(tx, table, step.name).await?;
        info!("Migration '{}' has been rolled back", step.name);
        part.report.reverted.push(step.name.to_owned());
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
