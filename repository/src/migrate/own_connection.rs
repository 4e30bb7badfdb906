//! The connection to Postgres on which migrations run outside of transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::sqlx::postgres::{PgConnection, PgPoolOptions};
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector};
use sqlx::Executor;

use super::MigrateError;
use super::guard::postgres::Session;
use super::transaction::{LOCK_KEY, LOCK_WAIT, POLL};

/// What statements outside of transactions rely on. `CREATE INDEX CONCURRENTLY` waits for the transactions of others and
/// blocks nobody meanwhile, so it may wait for long.
const OWN: &str = "SET lock_timeout = '10min'; SET statement_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; SET row_security = off; SET standard_conforming_strings = on";

/// Opens one connection with the role and the settings of the pool's, which holds the migration lock until it is closed.
pub(super) async fn open(db: &DatabaseConnection) -> Result<DatabaseConnection, MigrateError> {
    let session = Arc::new(Session::read(db, false).await?);
    let is_held = Arc::new(AtomicBool::new(false));
    let held = is_held.clone();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(LOCK_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        // Also if the connection was lost and is opened again: none is without the lock.
        .after_connect(move |connection, _| {
            let (session, held) = (session.clone(), held.clone());
            Box::pin(async move {
                session.restore_on(connection).await?;
                connection.execute(OWN).await?;
                lock(connection, &held).await
            })
        })
        .connect_with((*db.get_postgres_connection_pool().connect_options()).clone())
        .await
        .map_err(|error| match is_held.load(Ordering::Relaxed) {
            true => MigrateError::Locked {
                waited: LOCK_WAIT,
                source: None,
            },
            false => DbErr::Conn(RuntimeErr::SqlxError(error.into())).into(),
        })?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// Takes the lock until the connection ends. Waits for it without a snapshot, as a transaction does.
async fn lock(connection: &mut PgConnection, held: &AtomicBool) -> Result<(), sqlx::Error> {
    loop {
        let taken: bool = sqlx::query_scalar("SELECT pg_catalog.pg_try_advisory_lock($1)")
            .bind(LOCK_KEY)
            .fetch_one(&mut *connection)
            .await?;
        held.store(!taken, Ordering::Relaxed);
        if taken {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
}
