//! Records migrations as applied on a database that was made otherwise.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};

use crate::model::engine::Engine;

use super::{
    History, MigrateError, applied,
    batch::install,
    encoding,
    history::{Step, steps},
    table::HistoryTable,
    transaction::finish,
    unfinished,
};

/// The number of migrations up to and including one.
///
/// # Errors
/// [`MigrateError::Baseline`] if the history has no migration of that name.
pub(crate) fn count_up_to<H: History>(engine: Engine, up_to: &str) -> Result<u32, MigrateError> {
    place(&steps::<H>(engine)?, up_to).map(|place| u32::try_from(place + 1).unwrap_or(u32::MAX))
}

/// The position of a migration in the history.
fn place(steps: &[Step], up_to: &str) -> Result<usize, MigrateError> {
    let Some(place) = steps.iter().position(|step| step.name == up_to) else {
        let names: Vec<String> = steps
            .iter()
            .map(|step| format!("`{}`", step.name))
            .collect();
        return Err(refused(format!(
            "there is no migration `{}`; the history has {}",
            up_to.escape_debug(),
            names.join(", ")
        )));
    };
    Ok(place)
}

/// The names of the migrations up to and including `up_to` that are not recorded, in order.
///
/// # Errors
/// As [`record_up_to`].
pub(crate) async fn unrecorded<H: History, C: ConnectionTrait>(
    db: &C,
    engine: Engine,
    up_to: &str,
) -> Result<Vec<&'static str>, MigrateError> {
    let steps = missing::<H, C>(db, engine, up_to).await?;
    Ok(steps.iter().map(|step| step.name).collect())
}

/// Records the migrations up to and including `up_to` as applied, without running them, if `check` accepts the database.
/// Returns the names of those that were not recorded before.
///
/// Holds the migration lock meanwhile, which on SQLite is the lock of the writer. `check` may read over `db`.
///
/// # Errors
/// - [`MigrateError::Baseline`] if the history has no such migration, a later one is recorded, or one is unfinished.
/// - [`MigrateError::UnknownMigrations`] if the database has migrations that the history lacks.
/// - [`MigrateError::Locked`] and [`MigrateError::Database`] as for a batch of migrations.
/// - The error of `check`.
pub(crate) async fn record_up_to<H: History, E: From<MigrateError>>(
    db: &DatabaseConnection,
    up_to: &str,
    check: impl AsyncFnOnce() -> Result<(), E>,
) -> Result<Vec<&'static str>, E> {
    match Engine::of_backend(db.get_database_backend()) {
        #[cfg(feature = "sqlite")]
        Some(Engine::Sqlite) => {
            encoding::check(db, Engine::Sqlite).await?;
            let own = super::sqlite::connect(db.get_sqlite_connection_pool()).await?;
            let outcome = match super::sqlite::begin_immediate(&own).await {
                Ok(tx) => recorded::<H, E>(tx, Engine::Sqlite, up_to, check).await,
                Err(error) => Err(error.into()),
            };
            own.close().await.ok();
            outcome
        }
        #[cfg(feature = "postgres")]
        Some(Engine::Postgres) => {
            encoding::check(db, Engine::Postgres).await?;
            let (tx, _) = super::postgres::begin_locked(db).await?;
            recorded::<H, E>(tx, Engine::Postgres, up_to, check).await
        }
        _ => Err(MigrateError::UnsupportedConnection {
            backend: db.get_database_backend().as_str(),
        }
        .into()),
    }
}

/// Records inside a transaction that holds the lock, and ends it.
async fn recorded<H: History, E: From<MigrateError>>(
    tx: DatabaseTransaction,
    engine: Engine,
    up_to: &str,
    check: impl AsyncFnOnce() -> Result<(), E>,
) -> Result<Vec<&'static str>, E> {
    let outcome = within::<H, E>(&tx, engine, up_to, check).await;
    finish(tx, outcome).await
}

async fn within<H: History, E: From<MigrateError>>(
    tx: &DatabaseTransaction,
    engine: Engine,
    up_to: &str,
    check: impl AsyncFnOnce() -> Result<(), E>,
) -> Result<Vec<&'static str>, E> {
    let missing = missing::<H, _>(tx, engine, up_to).await?;
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    check().await?;
    install::<H, _>(tx, engine).await?;
    let table = HistoryTable::of::<H>()?;
    for step in &missing {
        let recorded = applied::record(tx, table, step).await;
        recorded.map_err(MigrateError::from)?;
    }
    Ok(missing.iter().map(|step| step.name).collect())
}

/// The migrations up to and including one that are not recorded.
async fn missing<H: History, C: ConnectionTrait>(
    db: &C,
    engine: Engine,
    up_to: &str,
) -> Result<Vec<Step>, MigrateError> {
    let mut steps = steps::<H>(engine)?;
    let later = steps.split_off(place(&steps, up_to)? + 1);
    let applied = applied::names::<H, _>(db).await?;
    if let Some(later) = later.iter().find(|step| applied.contains(step.name)) {
        return Err(refused(format!(
            "`{}`, which comes after `{up_to}`, is recorded as applied in {}: name the last migration whose schema the \
             database has",
            later.name,
            H::table()
        )));
    }
    let unfinished = unfinished::rows(db, HistoryTable::of::<H>()?, &applied).await?;
    if let Some(row) = unfinished.first() {
        return Err(refused(format!(
            "`{}` is unfinished, with {} statement(s) finished: run `{}` first, which goes on with it",
            row.migration, row.finished, row.direction
        )));
    }
    steps.retain(|step| !applied.contains(step.name));
    Ok(steps)
}

fn refused(reason: String) -> MigrateError {
    MigrateError::Baseline { reason }
}
