//! How processes that share a server know which databases nobody needs any more.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::sqlx::{self, PgConnection};

use super::{super::TestError, admin, server::random_hex};

/// Every ephemeral database is called `catamaran_test_<token>_<number>`.
const PREFIX: &str = "catamaran_test_";

/// A process's claim on the databases that carry its token: an advisory lock that it holds for as
/// long as it lives. Databases whose lock is free belong to nobody.
pub(super) struct Session {
    token: String,
    strategy: &'static str,
    next: AtomicU32,
    /// Holds the lock; ends with the process.
    _claim: PgConnection,
}

impl Session {
    /// Claims a new token, and drops the databases that killed processes left behind.
    pub(super) async fn open(admin_url: &str) -> Result<Self, TestError> {
        let mut claim = admin::connect(admin_url).await?;
        // Unknown before PostgreSQL 14, and there nothing ends an idle session.
        let _ = admin::execute(&mut claim, "SET idle_session_timeout = 0".to_owned()).await;
        let token = random_hex::<8>()?;
        try_lock(&mut claim, &token).await?;
        sweep(&mut claim).await?;
        let strategy = strategy(&mut claim).await?;
        Ok(Self {
            token,
            strategy,
            next: AtomicU32::new(1),
            _claim: claim,
        })
    }

    /// How a template is copied: the end of a `CREATE DATABASE`.
    pub(super) fn strategy(&self) -> &'static str {
        self.strategy
    }

    /// A name that no other database has.
    pub(super) fn database_name(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{PREFIX}{}_{number}", self.token)
    }
}

/// Copying files takes half as long as writing the copy to the log (7 ms beside 14 ms for a small
/// schema), where the checkpoint that it needs costs nothing: on a server without fsync. The choice
/// exists since PostgreSQL 15; before, files are copied.
async fn strategy(connection: &mut PgConnection) -> Result<&'static str, TestError> {
    let query = "SELECT current_setting('fsync') = 'off' \
                 AND current_setting('server_version_num')::int >= 150000";
    let copies_files = sqlx::query_scalar(query).fetch_one(connection).await;
    let copies_files: bool =
        copies_files.map_err(TestError::sql("reading the server's settings"))?;
    Ok(if copies_files {
        " STRATEGY file_copy"
    } else {
        ""
    })
}

async fn sweep(connection: &mut PgConnection) -> Result<(), TestError> {
    let query = "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1)";
    let found = sqlx::query_scalar(query)
        .bind(PREFIX)
        .fetch_all(&mut *connection)
        .await;
    let names: Vec<String> = found.map_err(TestError::sql("looking for abandoned databases"))?;
    for name in names {
        let token = name[PREFIX.len()..].split('_').next().unwrap_or_default();
        if try_lock(connection, token).await? {
            let name = admin::identifier(&name);
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            admin::execute(connection, sql).await?;
            unlock(connection, token).await?;
        }
    }
    Ok(())
}

/// Whether this connection now holds the token's lock. A connection may take a lock that it already
/// holds, but no database carries its own token before the sweep is over.
async fn try_lock(connection: &mut PgConnection, token: &str) -> Result<bool, TestError> {
    let query = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";
    let taken = sqlx::query_scalar(query)
        .bind(token)
        .fetch_one(connection)
        .await;
    taken.map_err(TestError::sql("claiming databases"))
}

async fn unlock(connection: &mut PgConnection, token: &str) -> Result<(), TestError> {
    let query = "SELECT pg_advisory_unlock(hashtextextended($1, 0))";
    let freed = sqlx::query_scalar::<_, bool>(query)
        .bind(token)
        .fetch_one(connection)
        .await;
    freed
        .map(drop)
        .map_err(TestError::sql("giving a claim back"))
}
