//! How a store is opened.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::clock::{Clock, IdSource, SystemClock, UuidV7};
use crate::domain::Domain;
use crate::error::{ErrorKind, Result};

/// The role that scoped work on Postgres runs as, unless told otherwise.
pub const DEFAULT_APPLICATION_ROLE: &str = "catamaran_app";

/// The schema of Postgres in which a store looks for its tables by default.
pub const DEFAULT_SCHEMA: &str = "public";

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
    #[cfg(feature = "doctor")]
    pub(crate) fingerprint: Option<crate::doctor::Fingerprint>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    #[cfg(feature = "migrate")]
    pub(crate) migration: Option<crate::migrate::ForStore>,
}

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

/// What a database may take to say that one of its own limits has passed.
const GRACE: Duration = Duration::from_secs(5);

impl Settings {
    /// How long the answer to a statement may take before the database is taken for lost.
    pub(crate) fn patience(&self) -> Duration {
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
            settings: Settings {
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
            },
            domain: None,
            #[cfg(feature = "doctor")]
            fingerprint: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7),
            #[cfg(feature = "migrate")]
            migration: None,
        }
    }

    /// The domain that the schema must have: opening fails with
    /// [`NotMigrated`](ErrorKind::NotMigrated) where a table or a column is missing. With it a refused delete
    /// names the rows that still refer also on SQLite ([`ForeignKey`](ErrorKind::ForeignKey)).
    #[must_use]
    pub fn domain(mut self, domain: &'static Domain) -> Self {
        self.domain = Some(domain);
        self
    }

    /// The schema that the database must have, down to types, checks, indexes, policies and privileges, and the
    /// migrations if the fingerprint knows them. Looked at once, with one statement that only reads and needs no
    /// right to change anything. Opening fails with [`NotMigrated`](ErrorKind::NotMigrated) where a migration is
    /// pending, and with [`SchemaDiffers`](ErrorKind::SchemaDiffers) where anything else is an error to the doctor. The
    /// fingerprint's domain is the [`domain`](Self::domain) too.
    #[cfg(feature = "doctor")]
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: crate::doctor::Fingerprint) -> Self {
        self.domain = Some(fingerprint.domain());
        self.fingerprint = Some(fingerprint);
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
    /// is given up as [`ConnectionLost`](ErrorKind::ConnectionLost).
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

    /// The role that scoped work on Postgres runs as; [`DEFAULT_APPLICATION_ROLE`] unless told otherwise.
    #[must_use]
    pub fn application_role(mut self, role: impl Into<String>) -> Self {
        self.settings.application_role = role.into();
        self
    }

    /// The application's schemas on Postgres, by their names. Default: [`DEFAULT_SCHEMA`]. SQLite has
    /// none.
    ///
    /// On each connection `search_path` is set to them: names are looked up in `pg_catalog`, then in these schemas in
    /// their order, then among the session's temporary tables, whatever the role or the database are set to. The
    /// first one holds the application's tables, and is where the migrations make them; others hold what these need,
    /// such as extensions. Give the same to
    /// `migrate::ConnectOptions::schema`, to `Doctor::schemas` and to `--database-schema`.
    ///
    /// Opening fails with [`NotMigrated`](ErrorKind::NotMigrated) where one does not exist, and with
    /// [`Setting`](ErrorKind::Setting) for a name that is no schema of an application's: `$user`, or one that begins
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
    /// and a store that then meets a pooler refuses to open with [`Pooler`](ErrorKind::Pooler).
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

    /// Applies the pending migrations before the store is opened. The only way to fill a database in
    /// memory; for others it is for programs that may change their own schema.
    #[cfg(feature = "migrate")]
    #[must_use]
    pub fn migrate<H: crate::migrate::History>(mut self) -> Self {
        self.migration = Some(crate::migrate::for_store::<H>);
        self
    }

    /// Opens the store: connects once, and asserts the settings and the schema.
    ///
    /// # Errors
    /// [`InvalidUrl`](ErrorKind::InvalidUrl), [`DatabaseMissing`](ErrorKind::DatabaseMissing),
    /// [`Authentication`](ErrorKind::Authentication), [`NotADatabase`](ErrorKind::NotADatabase),
    /// [`NotMigrated`](ErrorKind::NotMigrated), [`SchemaDiffers`](ErrorKind::SchemaDiffers), [`Setting`](ErrorKind::Setting),
    /// [`Pooler`](ErrorKind::Pooler), [`Unavailable`](ErrorKind::Unavailable).
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub async fn open(self) -> Result<crate::Store> {
        crate::Store::open_with(self).await
    }

    pub(crate) fn exposed_url(&self) -> &str {
        self.url.expose_secret()
    }
}

pub(crate) fn invalid_url(reason: impl Into<std::borrow::Cow<'static, str>>) -> crate::Error {
    ErrorKind::InvalidUrl {
        reason: reason.into(),
    }
    .into()
}

/// More connections than any server or file takes.
const MOST_CONNECTIONS: usize = 10_000;

/// A timeout as both engines take it.
fn in_milliseconds(timeout: Duration) -> Duration {
    let most = i32::MAX.unsigned_abs().into();
    let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(most);
    Duration::from_millis(milliseconds.clamp(1, most))
}

/// The URL without what may be secret: for people to see which database is meant.
///
/// A password with a character that should be escaped may stand anywhere in what is parsed, so of a
/// server's URL only what is certainly a host, a port and a plain name is shown.
pub(crate) fn redacted(url: &str) -> String {
    let Ok(parsed) = url::Url::parse(url) else {
        return "(not a URL)".to_owned();
    };
    let path = parsed.path();
    let host = parsed.host_str().unwrap_or_default();
    if parsed.scheme() == "sqlite" {
        // What stands after two slashes is read as a host, and is the beginning of the path.
        return format!("sqlite:{host}{path}");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
    if host.is_empty() || !path.chars().all(plain) || path.matches('/').count() > 1 {
        return format!("{}://(hidden)", parsed.scheme());
    }
    let port = parsed
        .port()
        .map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{host}{port}{path}", parsed.scheme())
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
