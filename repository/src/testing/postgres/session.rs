//! Finds databases whose process has ended, on a server that processes share.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::sqlx::{self, PgConnection};

use super::{super::TestError, admin, server::random_hex};

/// The name of an ephemeral database is `catamaran_test_<token>_<number>`.
const PREFIX: &str = "catamaran_test_";

/// The claim of a process on the databases with its token: an advisory lock that it holds until it ends.
///
/// If the lock of a token is free, its databases are abandoned.
pub(super) struct Session {
    token: String,
    strategy: &'static str,
    next: AtomicU32,
    /// The connection that holds the lock.
    _claim: PgConnection,
}

impl Session {
    /// Claims a new token, and drops abandoned databases.
    pub(super) async fn open(admin_url: &str) -> Result<Self, TestError> {
        let mut claim = admin::connect(admin_url).await?;
        // An error before PostgreSQL 14, where idle sessions have no timeout.
        let _ = admin::execute(&mut claim, "SET idle_session_timeout = 0".to_owned()).await;
        let token = random_hex::<8>()?;
        try_lock(&mut claim, &token).await?;
        drop_abandoned(&mut claim).await?;
        let strategy = strategy(&mut claim).await?;
        Ok(Self {
            token,
            strategy,
            next: AtomicU32::new(1),
            _claim: claim,
        })
    }

    /// The strategy of copying a template: the end of a `CREATE DATABASE`.
    pub(super) fn strategy(&self) -> &'static str {
        self.strategy
    }

    /// A unique name for a database.
    pub(super) fn database_name(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{PREFIX}{}_{number}", self.token)
    }
}

/// On a server without fsync, `file_copy` takes half the time of the default: 7 ms instead of 14 ms for a small schema.
/// With fsync, the checkpoint that it needs is slow. The option exists since PostgreSQL 15; before, files are always
/// copied.
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

/// Drops the databases whose process has ended.
async fn drop_abandoned(connection: &mut PgConnection) -> Result<(), TestError> {
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

/// Tries to take the lock of a token; returns whether this connection holds it now.
///
/// It also succeeds for the connection's own token. That is harmless, because no database has that token yet.
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
    freed.map(drop).map_err(TestError::sql("releasing a claim"))
}
