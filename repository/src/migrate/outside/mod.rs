//! Runs a migration outside of a transaction, statement by statement or in batches, and what comes after it.

mod batches;
#[cfg(feature = "postgres")]
mod index;
mod run;

use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;

use super::{
    History, MigrateError, Report,
    batch::{Batch, Part, Stop},
    history::Step,
};
use crate::model::engine::Engine;

/// Completes a batch, over a connection of its own. A transaction of the batch may have stopped before a migration that
/// runs outside of transactions.
pub(super) fn complete<'c, H: History>(
    db: &'c DatabaseConnection,
    engine: Engine,
    history: &'c [Step],
    mut part: Part,
) -> BoxFuture<'c, Result<Report, MigrateError>> {
    Box::pin(async move {
        while let Some(stop) = part.stop.take() {
            match next::<H>(db, engine, history, &stop, &mut part.report).await {
                Ok(later) => part.append(later),
                Err(error) => return Err(error.after(part.report)),
            }
        }
        Ok(part.report)
    })
}

/// Runs a migration outside of a transaction, and the next transaction of the batch.
async fn next<H: History>(
    db: &DatabaseConnection,
    engine: Engine,
    history: &[Step],
    stop: &Stop,
    report: &mut Report,
) -> Result<Part, MigrateError> {
    let rest = match run::step::<H>(db, engine, history, stop, report).await? {
        true => stop.rest.after(1),
        false => stop.rest,
    };
    transaction::<H>(db, engine, history, rest).await
}

async fn transaction<H: History>(
    db: &DatabaseConnection,
    engine: Engine,
    history: &[Step],
    batch: Batch,
) -> Result<Part, MigrateError> {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => super::sqlite::transaction::<H>(db, history, batch).await,
        #[cfg(feature = "postgres")]
        Engine::Postgres => super::postgres::transaction::<H>(db, history, batch).await,
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        engine => {
            let _ = (db, history, batch);
            Err(MigrateError::NotBuilt { engine })
        }
    }
}
