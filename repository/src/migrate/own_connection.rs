//! The connection to Postgres on which migrations run outside of transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector};
use sqlx::{Connection, Executor};

use super::MigrateError;
use super::guard::postgres::Session;
use super::transaction::{LOCK_KEY, LOCK_WAIT, POLL, in_time};
use crate::driver::postgres::{Server, Token, explain};
use crate::model::error::ErrorKind;

/// What statements outside of transactions rely on. `CREATE INDEX CONCURRENTLY` waits for the transactions of others and
/// blocks nobody meanwhile, so it may wait for long.
const OWN: &str = "SET lock_timeout = '10min'; SET statement_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; SET row_security = off; SET standard_conforming_strings = on";

/// Opens one connection with the role and the settings of the pool's, which holds the migration lock until it is closed.
///
/// # Errors
/// [`MigrateError::Connect`] with [`ErrorKind::Pooler`] behind a pooler: the lock would stay on the pooler's connection,
/// and the statements could run on another one.
pub(super) async fn open(db: &DatabaseConnection) -> Result<DatabaseConnection, MigrateError> {
    let options = db.get_postgres_connection_pool().connect_options();
    refuse_pooler(&options).await?;
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
        .connect_with((*options).clone())
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

/// Fails if a pooler is in front of the server. It is asked before the lock is taken, over a connection that sets nothing.
async fn refuse_pooler(options: &PgConnectOptions) -> Result<(), MigrateError> {
    let pooler = || {
        ErrorKind::Pooler {
        reason: "a migration outside of a transaction needs one server connection, which keeps the migration lock: \
             migrate over a direct connection to the server"
            .into(),
    }
    };
    let token = Token::new();
    let asked = async {
        let mut connection = token
            .on(&Server::of_pool(options))
            .connect()
            .await?
            .connection;
        let kept = async {
            let is_kept = token.is_kept_by(&mut connection).await?;
            connection.close().await?;
            Ok(is_kept)
        };
        kept.await.map_err(|error| explain(options, &error))
    };
    let failed = match in_time(asked).await {
        Ok(true) => return Ok(()),
        Ok(false) => pooler().into(),
        Err(error) => error,
    };
    // A pooler may also reject the token.
    Err(MigrateError::Connect(match failed.kind() {
        ErrorKind::Pooler { .. } => failed.with_kind(pooler()),
        _ => failed,
    }))
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
