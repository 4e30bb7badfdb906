//! How a store is opened.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use super::backend::Backend;
use crate::driver::url::redacted;
use crate::driver::{ApplyMigrations, Settings, Synchronous};
use crate::model::clock::{Clock, IdSource, SystemClock, UuidV7};
use crate::model::domain::Domain;
use crate::model::error::Result;

/// How a store is opened: a URL, and what differs from the defaults.
///
/// ```no_run
/// # async fn tour() -> catamaran::Result<()> {
/// use std::time::Duration;
/// use catamaran::StoreOptions;
///
/// let store = StoreOptions::new("sqlite://habits.db?mode=rwc")
///     .readers(8)
///     .lock_timeout(Duration::from_secs(2))
///     .open()
///     .await?;
/// # let _ = store;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct StoreOptions {
    url: SecretString,
    pub(crate) settings: Settings,
    pub(crate) domain: Option<&'static Domain>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) hooks: Hooks,
}

/// What the layers above the store do while it is opened. They fill these in, so that the store knows none of them.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    /// Applies the pending migrations.
    pub(crate) migrate: Option<Migrate>,
    /// Compares the schema, in place of the check by names.
    pub(crate) check_schema: Option<CheckSchema>,
}

/// How the pending migrations are applied.
#[derive(Clone, Copy)]
pub(crate) struct Migrate {
    /// Over a connection that is there: to a database in memory.
    pub(crate) apply: ApplyMigrations,
    /// Over a connection of its own, to the database at a URL, in these schemas of Postgres.
    pub(crate) before_opening:
        for<'a> fn(&'a str, &'a [String], ApplyMigrations) -> BoxFuture<'a, Result<()>>,
}

/// Compares the schema behind the connections with what it has to be; takes the application's role as well.
pub(crate) type CheckSchema =
    Arc<dyn for<'a> Fn(&'a Backend, &'a str) -> BoxFuture<'a, Result<()>> + Send + Sync>;

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("url", &redacted(self.url.expose_secret()))
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl StoreOptions {
    /// The defaults for a URL: `sqlite:` or `postgres:` (also `postgresql:`), as sqlx reads them.
    pub fn new(url: impl Into<String>) -> Self {
        StoreOptions {
            url: SecretString::from(url.into()),
            settings: Settings::default(),
            domain: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7),
            hooks: Hooks::default(),
        }
    }

    /// The domain that the schema must have: opening fails with
    /// [`NotMigrated`](crate::ErrorKind::NotMigrated) where a table or a column is missing. With it a refused delete
    /// names the rows that still refer also on SQLite ([`ForeignKey`](crate::ErrorKind::ForeignKey)).
    #[must_use]
    pub fn domain(mut self, domain: &'static Domain) -> Self {
        self.domain = Some(domain);
        self
    }

    /// How many connections read on SQLite, beside the one that writes; 4 unless told otherwise.
    #[must_use]
    pub fn readers(mut self, readers: usize) -> Self {
        self.settings.readers = readers.clamp(1, MOST_CONNECTIONS);
        self
    }

    /// How many connections a store has on Postgres; 10 unless told otherwise.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.settings.connections = connections.clamp(1, MOST_CONNECTIONS);
        self
    }

    /// How long a call waits for a connection; 5 seconds unless told otherwise.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.settings.acquire_timeout = timeout;
        self
    }

    /// How long a statement waits for a lock; 5 seconds unless told otherwise. In whole milliseconds, at
    /// least one and at most `i32::MAX` of them (24 days): both engines read 0 as something else.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.settings.lock_timeout = in_milliseconds(timeout);
        self
    }

    /// How long a statement may take; 30 seconds unless told otherwise. In milliseconds as
    /// [`lock_timeout`](Self::lock_timeout).
    ///
    /// Postgres ends a statement by its own clock (`statement_timeout`), and a unit of work that waits as
    /// long for its next statement (`idle_in_transaction_session_timeout`). SQLite is interrupted between
    /// two steps of its virtual machine. A database that is silent for both timeouts and five seconds more
    /// is given up as [`ConnectionLost`](crate::ErrorKind::ConnectionLost).
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.settings.statement_timeout = in_milliseconds(timeout);
        self
    }

    /// What a commit on SQLite waits for.
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.settings.synchronous = synchronous;
        self
    }

    /// The name under which Postgres lists the store's connections.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.settings.application_name = name.into();
        self
    }

    /// The role that scoped work on Postgres runs as; [`DEFAULT_APPLICATION_ROLE`](crate::postgres::DEFAULT_APPLICATION_ROLE) unless told otherwise.
    #[must_use]
    pub fn application_role(mut self, role: impl Into<String>) -> Self {
        self.settings.application_role = role.into();
        self
    }

    /// The application's schemas on Postgres, by their names. Default: [`DEFAULT_SCHEMA`](crate::postgres::DEFAULT_SCHEMA). SQLite has
    /// none.
    ///
    /// On each connection `search_path` is set to them: names are looked up in `pg_catalog`, then in these schemas in
    /// their order, then among the session's temporary tables, whatever the role or the database are set to. The
    /// first one holds the application's tables, and is where the migrations make them; others hold what these need,
    /// such as extensions. Give the same to
    /// `migrate::ConnectOptions::schema`, to `Doctor::schemas` and to `--database-schema`.
    ///
    /// Opening fails with [`NotMigrated`](crate::ErrorKind::NotMigrated) where one does not exist, and with
    /// [`Setting`](crate::ErrorKind::Setting) for a name that is no schema of an application's: `$user`, or one that begins
    /// with `pg_`.
    ///
    /// ```
    /// # use catamaran::StoreOptions;
    /// let options = StoreOptions::new("postgres://habits_service@localhost/habits")
    ///     .schemas(["app", "extensions"]);
    /// # let _ = options;
    /// ```
    #[must_use]
    pub fn schemas<S: Into<String>>(mut self, schemas: impl IntoIterator<Item = S>) -> Self {
        self.settings.schemas = schemas.into_iter().map(Into::into).collect();
        self
    }

    /// Whether a pooler that gives a server connection to a client for one transaction at a time stands
    /// before Postgres: pgbouncer with `pool_mode = transaction`, or its like. `false` unless told otherwise,
    /// and a store that then meets a pooler refuses to open with [`Pooler`](crate::ErrorKind::Pooler).
    ///
    /// With `true`, nothing is kept on a connection: every call is a transaction that begins with the
    /// settings of the store, and no statement is prepared under a name. Each statement is planned anew, in one
    /// round trip more. Without a pooler it works as well. SQLite has none.
    #[must_use]
    pub fn transaction_pooler(mut self, stands_between: bool) -> Self {
        self.settings.transaction_pooler = stands_between;
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of ids than UUID version 7.
    #[must_use]
    pub fn ids(mut self, ids: impl IdSource) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    pub(crate) fn exposed_url(&self) -> &str {
        self.url.expose_secret()
    }
}

/// More connections than any server or file takes.
const MOST_CONNECTIONS: usize = 10_000;

/// A timeout as both engines take it.
fn in_milliseconds(timeout: Duration) -> Duration {
    let most = i32::MAX.unsigned_abs().into();
    let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(most);
    Duration::from_millis(milliseconds.clamp(1, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password_wherever_it_stands_in_the_url() {
        for url in [
            "postgres://ann:s3cret@localhost/habits",
            "postgres://localhost/habits?user=ann&password=s3cret",
            "postgres://ann:s3c%72et@[::1/habits s3cret",
            "postgres:ann:s3cret@localhost/habits",
            "postgres:/ann:s3cret@localhost/habits",
            "postgres:///ann:s3cret@localhost/habits",
            "postgres://ann:12/s3cret@localhost/habits",
            "postgres://ann@localhost/habits#s3cret",
            "sqlite:habits.db?key=s3cret",
        ] {
            let shown = format!("{:?}", StoreOptions::new(url));
            assert!(!shown.contains("s3c"), "{shown}");
        }
    }
}
