//! The transaction of a batch.

use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, TransactionOptions, TransactionTrait,
};

use super::{MigrateError, db_error};
#[cfg(feature = "postgres")]
use crate::model::error::{Error, ErrorKind};

/// How long to wait for another migrator: long enough for most migrations, short enough for an operator.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(60);

/// The key of the advisory lock of every migrator of this library: the bytes of "catamara" as a number.
///
/// It is one lock for a database, whatever the schema. An application must not use it.
#[cfg(feature = "postgres")]
pub(super) const LOCK_KEY: i64 = i64::from_be_bytes(*b"catamara");

/// How often the lock is asked for.
#[cfg(feature = "postgres")]
pub(super) const POLL: Duration = Duration::from_millis(50);

/// Waits for a server as long as for the migration lock.
///
/// # Errors
/// [`ErrorKind::Unavailable`] after that, and those of the work.
#[cfg(feature = "postgres")]
pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let done = tokio::time::timeout(LOCK_WAIT, work).await;
    done.unwrap_or_else(|_| {
        let reason = format!("no response within {} s", LOCK_WAIT.as_secs());
        Err(ErrorKind::Unavailable {
            reason: reason.into(),
        }
        .into())
    })
}

/// Begins a transaction in a task, which completes even if the caller drops this call.
///
/// Without it, sqlx 0.9.0 can return the connection to the pool with the transaction still open:
/// <https://github.com/transact-rs/sqlx/issues/4385>.
pub(crate) async fn begin(
    db: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, DbErr> {
    let db = db.clone();
    let task = tokio::spawn(async move {
        #[expect(
            clippy::disallowed_methods,
            reason = "the only place where a batch of migrations begins its transaction"
        )]
        db.begin_with_options(options).await
    });
    task.await.map_err(|error| {
        DbErr::Custom(format!(
            "the task that begins a transaction failed: {error}"
        ))
    })?
}

/// Commits the transaction if the batch succeeded, and rolls it back if not. Returns the first error.
pub(super) async fn finish<T, E: From<MigrateError>>(
    tx: DatabaseTransaction,
    outcome: Result<T, E>,
) -> Result<T, E> {
    match outcome {
        Ok(done) => {
            let committed = tx.commit().await;
            committed.map_err(|source| match db_error::code(&source) {
                Some(_) => MigrateError::Commit { source },
                None => MigrateError::Database(source),
            })?;
            Ok(done)
        }
        Err(error) => {
            // If the connection is lost, the server rolls back by itself.
            tx.rollback().await.ok();
            Err(error)
        }
    }
}
