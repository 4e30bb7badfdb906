//! What holds for each script of a batch: the transaction stays the same, and what the script sets ends with it.

#[cfg(feature = "postgres")]
pub(super) mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr};

use super::{Direction, MigrateError, script::Prepared};
use crate::model::engine::Engine;

/// Runs the scripts of one transaction.
pub(super) enum Guard {
    /// On SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite,
    /// On Postgres, with the settings of the time before the first script.
    #[cfg(feature = "postgres")]
    Postgres(postgres::Session),
}

impl Guard {
    pub(super) const fn engine(&self) -> Engine {
        // Without a reference, an enum without variants needs no arm.
        match *self {
            #[cfg(feature = "sqlite")]
            Guard::Sqlite => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Guard::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs one script.
    ///
    /// # Errors
    /// [`MigrateError::Statement`] if a statement fails; [`MigrateError::TransactionEnded`] if the script has ended the
    /// transaction.
    pub(super) async fn run(
        &self,
        tx: &DatabaseTransaction,
        migration: &str,
        direction: Direction,
        texts: &[Prepared],
    ) -> Result<(), MigrateError> {
        if texts.is_empty() {
            return Ok(());
        }
        let ended = || MigrateError::TransactionEnded {
            migration: migration.to_owned(),
            direction,
        };
        match *self {
            #[cfg(feature = "sqlite")]
            Guard::Sqlite => {
                let begun = sqlite::begin(tx).await?;
                let outcome = execute(tx, migration, direction, texts).await;
                // A PRAGMA is not rolled back.
                begun.restore(tx).await?;
                outcome?;
                match sqlite::is_same_transaction(tx).await? {
                    true => Ok(()),
                    false => Err(ended()),
                }
            }
            #[cfg(feature = "postgres")]
            Guard::Postgres(ref session) => {
                let begun = postgres::begin(tx, texts).await?;
                execute(tx, migration, direction, texts).await?;
                match begun.is_same_transaction(tx).await? {
                    true => {}
                    false => return Err(ended()),
                }
                session.restore(tx).await?;
                begun.restore_custom(tx, session).await?;
                Ok(())
            }
        }
    }
}

/// The settings of a connection before a script that runs outside of transactions.
pub(super) enum Settings {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Settings),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Session),
}

impl Settings {
    pub(super) async fn read(
        db: &DatabaseConnection,
        engine: Engine,
    ) -> Result<Self, MigrateError> {
        match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => Ok(Settings::Sqlite(sqlite::Settings::read(db).await?)),
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                let session = postgres::Session::read(db, false).await?;
                Ok(Settings::Postgres(session))
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            engine => {
                let _ = db;
                Err(MigrateError::NotBuilt { engine })
            }
        }
    }

    /// Sets the settings back.
    pub(super) async fn restore(&self, db: &DatabaseConnection) -> Result<(), MigrateError> {
        match *self {
            #[cfg(feature = "sqlite")]
            Settings::Sqlite(ref settings) => Ok(settings.restore(db).await?),
            #[cfg(feature = "postgres")]
            Settings::Postgres(ref session) => Ok(session.restore(db).await?),
        }
    }
}

/// Runs the texts of a script.
///
/// # Errors
/// [`MigrateError::Statement`] if one of them fails.
pub(super) async fn execute<C: ConnectionTrait>(
    tx: &C,
    migration: &str,
    direction: Direction,
    texts: &[Prepared],
) -> Result<(), MigrateError> {
    for text in texts {
        let failed = |source| statement_failed(migration, direction, text, source);
        tx.execute_unprepared(&text.sql).await.map_err(failed)?;
    }
    Ok(())
}

fn statement_failed(
    migration: &str,
    direction: Direction,
    text: &Prepared,
    source: DbErr,
) -> MigrateError {
    MigrateError::Statement {
        migration: migration.to_owned(),
        direction,
        statement: text.place.statement,
        line: text.place.line,
        remedy: super::db_error::remedy(&source, text.left_out_by),
        source: Box::new(source),
    }
}
