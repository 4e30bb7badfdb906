//! The settings of the connections of a store.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;

use crate::model::error::Result;

/// The role of scoped work on Postgres. The default of
/// [`StoreOptions::application_role`](crate::StoreOptions::application_role).
pub const DEFAULT_APPLICATION_ROLE: &str = "catamaran_app";

/// The schema of the tables on Postgres. The default of
/// [`StoreOptions::schemas`](crate::StoreOptions::schemas).
pub const DEFAULT_SCHEMA: &str = "public";

/// Applies the pending migrations over a connection. Set by the module `migrate`, which this one does not know.
pub(crate) type ApplyMigrations = for<'c> fn(&'c DatabaseConnection) -> BoxFuture<'c, Result<()>>;

/// The settings of the connections of a store.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) readers: usize,
    pub(crate) connections: usize,
    pub(crate) acquire_timeout: Duration,
    /// Of a connection to Postgres.
    pub(crate) max_lifetime: Option<Duration>,
    pub(crate) lock_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) synchronous: Synchronous,
    /// In KiB, for each connection to SQLite.
    pub(crate) cache_kib: u32,
    /// In bytes, for each connection to SQLite.
    pub(crate) memory_map: u64,
    /// `None` leaves it to the URL.
    pub(crate) application_name: Option<String>,
    pub(crate) application_role: String,
    pub(crate) schemas: Vec<String>,
    pub(crate) transaction_pooler: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            readers: 4,
            connections: 10,
            acquire_timeout: Duration::from_secs(5),
            max_lifetime: Some(Duration::from_secs(30 * 60)),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            synchronous: Synchronous::Full,
            cache_kib: 16 * 1024,
            memory_map: 0,
            application_name: None,
            application_role: DEFAULT_APPLICATION_ROLE.to_owned(),
            schemas: vec![DEFAULT_SCHEMA.to_owned()],
            transaction_pooler: false,
        }
    }
}

/// How long after its own timeout a database may take to report it.
const GRACE: Duration = Duration::from_secs(5);

impl Settings {
    /// The client-side deadline of a statement, after which the connection counts as lost.
    pub(crate) fn response_deadline(&self) -> Duration {
        self.lock_timeout + self.statement_timeout + GRACE
    }
}

/// What a commit on SQLite waits for: `PRAGMA synchronous`. On Postgres, set `synchronous_commit` on the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// The disk. A committed write survives a power failure, as on Postgres.
    #[default]
    Full,
    /// The operating system. A power failure may undo the last commits, but does not damage the file. A crash of the
    /// program loses nothing.
    Normal,
}
