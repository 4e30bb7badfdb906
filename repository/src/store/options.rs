//! The options of a store.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use super::backend::Backend;
use super::history_table::{HISTORY, fault};
use crate::driver::{ApplyMigrations, DatabaseUrl, Settings, Synchronous};
use crate::model::clock::{Clock, IdSource, SystemClock, UuidV7};
use crate::model::domain::Domain;
use crate::model::error::{ErrorKind, Result};

/// The options of a store: a URL, and settings that differ from the defaults.
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
    history_table: Option<Cow<'static, str>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) hooks: Hooks,
}

/// Steps of opening that belong to the layers above the store. Those layers set them, so that the store does not depend
/// on them.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    /// Applies the pending migrations.
    pub(crate) migrate: Option<Migrate>,
    /// Compares the whole schema. Replaces the check of names.
    pub(crate) check_schema: Option<CheckSchema>,
}

/// Two ways to apply the pending migrations.
#[derive(Clone, Copy)]
pub(crate) struct Migrate {
    /// The table of the history.
    pub(crate) table: &'static str,
    /// Over a given connection: for a database in memory.
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(dead_code, reason = "only SQLite has databases in memory")
    )]
    pub(crate) apply: ApplyMigrations,
    /// Over a connection of its own, to a URL and these schemas of Postgres.
    pub(crate) before_opening:
        for<'a> fn(&'a DatabaseUrl, &'a [String]) -> BoxFuture<'a, Result<()>>,
}

/// Compares the schema of the database with the expected one, for the application's role.
pub(crate) type CheckSchema =
    Arc<dyn for<'a> Fn(&'a Backend, &'a str) -> BoxFuture<'a, Result<()>> + Send + Sync>;

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("url", &DatabaseUrl::label_of(self.url.expose_secret()))
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl StoreOptions {
    /// The defaults for a URL that begins with `sqlite:`, `postgres:` or `postgresql:`. White
    /// space around it is ignored.
    ///
    /// - `sqlite://habits.db`, `sqlite:habits.db`, `sqlite:///var/lib/habits.db`: a file, by its path. In a name, `%`
    ///   and `?` are written `%25` and `%3F`. The parameter `mode` is `ro` (reading only), `rw`, or `rwc`, which creates
    ///   a missing file. Other parameters of SQLite are refused.
    /// - `sqlite::memory:`: a database in memory, which belongs to the store.
    /// - `postgres://user:password@host:port/database`, with the parameters of libpq
    ///   (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>), its variables such as
    ///   `PGSSLMODE`, and the names that sqlx has for some. Each works as in libpq, or is refused with what to write
    ///   instead. `channel_binding=require`, which the driver lacks, is `sslmode=verify-full`.
    pub fn new(url: impl Into<String>) -> Self {
        StoreOptions {
            url: SecretString::from(url.into()),
            settings: Settings::default(),
            domain: None,
            history_table: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7),
            hooks: Hooks::default(),
        }
    }

    /// The domain of the schema. Default: none.
    ///
    /// Opening fails with [`NotMigrated`](crate::ErrorKind::NotMigrated) if a table or a column is missing. With a
    /// domain, [`ForeignKey`](crate::ErrorKind::ForeignKey) names the violated key of any table on SQLite too.
    #[must_use]
    pub fn domain(mut self, domain: &'static Domain) -> Self {
        self.domain = Some(domain);
        self
    }

    /// The table in which the application's migrations are recorded, if it has one of its own
    /// (`migrate::History::table`). Default: `seaql_migrations`.
    ///
    /// Opening a store without a [`domain`](Self::domain) fails with [`NotMigrated`](crate::ErrorKind::NotMigrated) if
    /// there is no such table. `migrate` knows the table of its history, so this is for an application that is migrated
    /// by another program.
    ///
    /// Opening fails with [`Setting`](crate::ErrorKind::Setting) if the name is not valid for a history, or if the
    /// history of `migrate` has another table.
    #[must_use]
    pub fn history_table(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.history_table = Some(name.into());
        self
    }

    /// The number of reading connections on SQLite, besides the one that writes. Default: 4; at least 1.
    #[must_use]
    pub fn readers(mut self, readers: usize) -> Self {
        self.settings.readers = readers.clamp(1, MOST_CONNECTIONS);
        self
    }

    /// The number of connections on Postgres. Default: 10; at least 1.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.settings.connections = connections.clamp(1, MOST_CONNECTIONS);
        self
    }

    /// How long a call waits for a connection. Default: 5 seconds.
    ///
    /// It is the limit of the whole acquisition: waiting until a connection is free, testing it, and connecting. The call
    /// fails with [`PoolTimeout`](crate::ErrorKind::PoolTimeout) if every connection is in use until then, and with
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the database does not respond.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.settings.acquire_timeout = timeout;
        self
    }

    /// How old a connection to Postgres may become. Default: 30 minutes. `None`: no limit.
    ///
    /// A connection that is older is closed when a call would take it, and replaced by a new one. So connections follow
    /// an address that leads to another server now, and settings of the role or the database that were changed.
    /// The age of each connection is up to a fifth less, at random, so that not all of them are replaced at once. It has
    /// no effect on a unit of work that is open, nor on SQLite, where a connection leads to a file.
    ///
    /// ```
    /// # use catamaran::StoreOptions;
    /// use std::time::Duration;
    ///
    /// let options = StoreOptions::new("postgres://habits_service@localhost/habits");
    /// let shorter = options.clone().max_lifetime(Duration::from_secs(5 * 60));
    /// let unlimited = options.max_lifetime(None);
    /// # let _ = (shorter, unlimited);
    /// ```
    #[must_use]
    pub fn max_lifetime(mut self, lifetime: impl Into<Option<Duration>>) -> Self {
        self.settings.max_lifetime = lifetime.into();
        self
    }

    /// How long a statement waits for a lock. Default: 5 seconds.
    ///
    /// Rounded down to whole milliseconds, at least 1 and at most `i32::MAX` (24 days). The engines give 0 another
    /// meaning: no waiting on SQLite, no limit on Postgres.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.settings.lock_timeout = in_milliseconds(timeout);
        self
    }

    /// How long a statement may take. Default: 30 seconds; rounded as [`lock_timeout`](Self::lock_timeout).
    ///
    /// Postgres ends the statement itself (`statement_timeout`). It also ends a unit of work that is idle for that long
    /// (`idle_in_transaction_session_timeout`). On SQLite the library interrupts the statement between two steps of the
    /// virtual machine.
    ///
    /// The client-side deadline is the sum of both timeouts and 5 seconds. After it a call fails with
    /// [`ConnectionLost`](crate::ErrorKind::ConnectionLost).
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.settings.statement_timeout = in_milliseconds(timeout);
        self
    }

    /// What a commit on SQLite waits for. Default: [`Synchronous::Full`].
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.settings.synchronous = synchronous;
        self
    }

    /// The page cache of each connection to SQLite, in bytes. Default: 16 MiB; at least 64 KiB, in whole KiB.
    ///
    /// A connection takes the memory as it reads pages, and keeps it. There are [`readers`](Self::readers) and one
    /// writer, so the default is up to 80 MiB for a large database. A page that is not in the cache is a system call.
    #[must_use]
    pub fn page_cache(mut self, bytes: u64) -> Self {
        let kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        // `PRAGMA cache_size` takes the negative number in 32 bits.
        self.settings.cache_kib = kib.clamp(64, i32::MAX as u32);
        self
    }

    /// How much of the file each connection to SQLite maps into memory, in bytes. Default: 0, none of it.
    ///
    /// Mapped pages are read without a system call, and share the memory of the operating system's cache. The price: an
    /// I/O error in a mapped page ends the process with `SIGBUS` instead of an [`Error`](crate::Error), and so does a
    /// file that another program truncates. See <https://sqlite.org/mmap.html>. SQLite maps at most 2 GiB less 64 KiB.
    #[must_use]
    pub fn memory_map(mut self, bytes: u64) -> Self {
        // `SQLITE_MAX_MMAP_SIZE`
        const MOST: u64 = 0x7fff_0000;
        self.settings.memory_map = bytes.min(MOST);
        self
    }

    /// The `application_name` of the connections on Postgres. Default: that of the URL or of `PGAPPNAME`, otherwise
    /// `catamaran`.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.settings.application_name = Some(name.into());
        self
    }

    /// The role of work in an owner's scope on Postgres. Default:
    /// `catamaran_app`.
    #[must_use]
    pub fn application_role(mut self, role: impl Into<String>) -> Self {
        self.settings.application_role = role.into();
        self
    }

    /// The names of the application's schemas on Postgres. Default: `public`. SQLite
    /// ignores it.
    ///
    /// The first schema holds the application's tables, and migrations create them there. Others hold what the tables
    /// need, such as extensions.
    ///
    /// Each connection sets its `search_path` to them, whatever the settings of the role or the database are. A name is
    /// looked up in `pg_catalog`, then in these schemas in order, then among the temporary tables of the session.
    ///
    /// Use the same schemas for `migrate::ConnectOptions::schema`, `Doctor::schemas` and `--database-schema`.
    ///
    /// Opening fails with [`NotMigrated`](crate::ErrorKind::NotMigrated) if a schema does not exist. It fails with
    /// [`Setting`](crate::ErrorKind::Setting) for `$user` and for a name that begins with `pg_`.
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

    /// Whether the URL leads to a pooler in transaction mode, such as pgbouncer with `pool_mode = transaction`.
    /// Default: `false`; opening then fails with [`Pooler`](crate::ErrorKind::Pooler) if it detects a pooler.
    ///
    /// With `true` the store keeps no state on a connection. Every call is a transaction that first sets the settings
    /// of the store, and no prepared statement has a name. Each statement costs one more round trip and is planned
    /// every time. It also works without a pooler. SQLite ignores it.
    #[must_use]
    pub fn transaction_pooler(mut self, pooled: bool) -> Self {
        self.settings.transaction_pooler = pooled;
        self
    }

    /// The clock for timestamps of rows. Default: the clock of the machine.
    ///
    /// A call that would write a time outside of the years 1 to 9999 fails; see [`Clock`].
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The source of ids for new rows. Default: UUID version 7.
    #[must_use]
    pub fn ids(mut self, ids: impl IdSource) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// The table in which the application's migrations are recorded.
    ///
    /// # Errors
    /// [`Setting`](ErrorKind::Setting) if its name is invalid, or if the history that the store migrates has another one.
    pub(crate) fn recorded_in(&self) -> Result<&str> {
        let migrated = self.hooks.migrate.map(|migrate| migrate.table);
        let Some(named) = self.history_table.as_deref() else {
            return Ok(migrated.unwrap_or(HISTORY));
        };
        let wanted = match (fault(named), migrated) {
            (Some(fault), _) => format!("the table of a history: {fault}"),
            (None, Some(table)) if table != named => {
                format!("{table}, the table of the history that the store migrates")
            }
            (None, _) => return Ok(named),
        };
        Err(ErrorKind::Setting {
            name: "history_table",
            wanted,
            found: format!("\"{}\"", named.escape_debug()),
        }
        .into())
    }

    pub(crate) fn exposed_url(&self) -> &str {
        self.url.expose_secret()
    }
}

/// An upper limit of connections, above what any server or file supports.
const MOST_CONNECTIONS: usize = 10_000;

/// A timeout in the range that both engines accept.
fn in_milliseconds(timeout: Duration) -> Duration {
    let most = i32::MAX.unsigned_abs().into();
    let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(most);
    Duration::from_millis(milliseconds.clamp(1, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_of_options_shows_no_password_of_a_url() {
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
