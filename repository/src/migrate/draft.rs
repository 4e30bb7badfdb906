//! Runs the script of a migration that no history has yet, on a scratch database.

use sea_orm::DatabaseConnection;

use crate::model::engine::Engine;

use super::{Direction, MigrateError, Script, table::HistoryTable, transaction::finish};

/// Runs a script as a batch does: under the migration lock, in one transaction, behind the guard, and on SQLite with a
/// check of the foreign keys. Records nothing.
///
/// On SQLite the connection must not enforce foreign keys.
///
/// # Errors
/// - [`MigrateError::History`] if the script is invalid.
/// - [`MigrateError::Statement`] if a statement fails, [`MigrateError::BrokenForeignKeys`] and
///   [`MigrateError::ForeignKeys`] if it leaves rows without a parent. Then nothing is changed.
/// - [`MigrateError::Locked`], [`MigrateError::Database`].
pub(crate) async fn run_draft(
    db: &DatabaseConnection,
    engine: Engine,
    migration: &str,
    direction: Direction,
    script: &Script,
) -> Result<(), MigrateError> {
    let texts = script.prepared(engine, HistoryTable::default());
    let texts = texts.map_err(|reason| MigrateError::History {
        migration: migration.to_owned(),
        reason: format!("{engine}_{direction}: {reason}"),
    })?;
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => {
            use super::{foreign_keys::ForeignKeys, guard::Guard};

            let tx = super::sqlite::begin_immediate(db).await?;
            let work = async {
                let before = ForeignKeys::read(&tx).await?;
                let ran = Guard::Sqlite.run(&tx, migration, direction, &texts);
                ran.await?;
                ForeignKeys::read(&tx).await?.refuse_new(&before)
            };
            let outcome = work.await;
            finish(tx, outcome).await
        }
        #[cfg(feature = "postgres")]
        Engine::Postgres => {
            let (tx, guard) = super::postgres::begin_locked(db).await?;
            let outcome = guard.run(&tx, migration, direction, &texts).await;
            finish(tx, outcome).await
        }
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        engine => {
            let _ = (db, texts, direction);
            Err(MigrateError::NotBuilt { engine })
        }
    }
}
