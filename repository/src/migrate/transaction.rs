//! The transaction that a batch runs in.

use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, TransactionOptions, TransactionTrait,
};

use super::{MigrateError, Report};

/// How long to wait for another migrator. Long enough for its migrations, short enough for an operator.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(60);

/// Begins a transaction in a task of its own, so that a caller who stops waiting cannot cut `BEGIN` in half:
/// sqlx 0.9.0 would put the connection back into the pool with the transaction still open
/// (<https://github.com/transact-rs/sqlx/issues/4385>).
pub(crate) async fn begin(
    db: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, DbErr> {
    let db = db.clone();
    let task = tokio::spawn(async move {
        #[expect(
            clippy::disallowed_methods,
            reason = "a batch of migrations is a transaction of its own; it begins here and nowhere else"
        )]
        db.begin_with_options(options).await
    });
    task.await.map_err(|error| {
        DbErr::Custom(format!(
            "the task that begins a transaction failed: {error}"
        ))
    })?
}

/// Commits what succeeded, rolls back what did not, and reports the first error of the two.
pub(super) async fn finish(
    tx: DatabaseTransaction,
    outcome: Result<Report, MigrateError>,
) -> Result<Report, MigrateError> {
    match outcome {
        Ok(report) => {
            tx.commit().await?;
            Ok(report)
        }
        Err(error) => {
            // The connection may be what broke; then the server has rolled back already.
            tx.rollback().await.ok();
            Err(error)
        }
    }
}
