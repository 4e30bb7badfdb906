//! What the connections of a store are set to.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;

use crate::model::error::Result;

/// The role that scoped work on Postgres runs as. Default of
/// [`StoreOptions::application_role`](crate::StoreOptions::application_role).
pub const DEFAULT_APPLICATION_ROLE: &str = "catamaran_app";

/// The schema of Postgres in which a store looks for its tables. Default of
/// [`StoreOptions::schemas`](crate::StoreOptions::schemas).
pub const DEFAULT_SCHEMA: &str = "public";

/// Applies the pending migrations over a connection. The layer of the migrations fills it in.
pub(crate) type ApplyMigrations = for<'c> fn(&'c DatabaseConnection) -> BoxFuture<'c, Result<()>>;

/// What the connections of a store are set to.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) readers: usize,
    pub(crate) connections: usize,
    pub(crate) acquire_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) synchronous: Synchronous,
    pub(crate) application_name: String,
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
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            synchronous: Synchronous::Full,
            application_name: "catamaran".to_owned(),
            application_role: DEFAULT_APPLICATION_ROLE.to_owned(),
            schemas: vec![DEFAULT_SCHEMA.to_owned()],
            transaction_pooler: false,
        }
    }
}

/// What a database may take to say that one of its own limits has passed.
const GRACE: Duration = Duration::from_secs(5);

impl Settings {
    /// How long the answer to a statement may take before the database is taken for lost.
    pub(crate) fn response_deadline(&self) -> Duration {
        self.lock_timeout + self.statement_timeout + GRACE
    }
}

/// What a commit on SQLite waits for. Postgres has `synchronous_commit` for this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// For the disk: an acknowledged write outlives a power failure, as it does on Postgres.
    #[default]
    Full,
    /// For the operating system: the last writes before a power failure may be undone. The file stays
    /// whole, and a crash of the program loses nothing.
    Normal,
}
