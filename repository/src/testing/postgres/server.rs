use std::{env, fmt, fs, io::Read, path::Path};

use sea_orm::sqlx;
use tokio::{sync::OnceCell, task};
use url::Url;

use super::{
    super::TestError,
    admin, binaries,
    collation::{Collation, Locale},
    session::Session,
    watchdog::Watchdog,
};

/// The environment variable that names a server to test on, by the URL of a superuser.
pub const POSTGRES_URL_VARIABLE: &str = "CATAMARAN_TEST_POSTGRES_URL";

static SHARED: OnceCell<PostgresServer> = OnceCell::const_new();

/// A Postgres server to test on: one that somebody gave us, or one of our own.
///
/// A server of our own listens on this machine only, under a random password, in a temporary
/// directory. It stops when this value is dropped, and also when the process ends without dropping
/// it, be it by `kill -9`.
pub struct PostgresServer {
    /// The superuser's URL of the database `postgres`.
    admin: Url,
    /// Set when the first ephemeral database is made.
    session: OnceCell<Session>,
    own: Option<Watchdog>,
}

impl PostgresServer {
    /// The server that [`POSTGRES_URL_VARIABLE`] names, else a new one from the binaries on this
    /// machine: those on `PATH`, then `pg_config --bindir`, then where distributions put them,
    /// newest first. Root starts it as the account `postgres`, or else `nobody`.
    ///
    /// Blocks for about a second while a server starts.
    ///
    /// # Errors
    /// [`TestError::NoPostgres`] when there is neither; [`TestError::BadUrl`];
    /// [`TestError::NoAccount`], [`TestError::Start`] or [`TestError::Io`] when it does not start.
    pub fn find_or_start() -> Result<Self, TestError> {
        match env::var(POSTGRES_URL_VARIABLE) {
            Ok(url) if !url.is_empty() => Self::at(&url),
            _ => Self::start(),
        }
    }

    /// The server at the given superuser's URL. Does not connect yet.
    ///
    /// # Errors
    /// [`TestError::BadUrl`].
    pub fn at(url: &str) -> Result<Self, TestError> {
        let bad = |reason: String| TestError::BadUrl { reason };
        let mut admin = Url::parse(url).map_err(|error| bad(error.to_string()))?;
        if !matches!(admin.scheme(), "postgres" | "postgresql") {
            return Err(bad(format!("its scheme is {:?}", admin.scheme())));
        }
        // Locks that processes share are taken in one database.
        admin.set_path("postgres");
        Ok(Self {
            admin,
            session: OnceCell::new(),
            own: None,
        })
    }

    /// A server of our own, whatever the environment says.
    ///
    /// # Errors
    /// Those of [`find_or_start`](Self::find_or_start), [`TestError::BadUrl`] suppressed.
    pub fn start() -> Result<Self, TestError> {
        let binaries = binaries::directory().ok_or(TestError::NoPostgres)?;
        let password = random_hex::<24>()?;
        let mut watchdog = Watchdog::initialise(&binaries, &password)?;
        let port = watchdog.start()?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        Ok(Self {
            own: Some(watchdog),
            ..Self::at(&url)?
        })
    }

    /// Starts a server of our own again, on its port and its files, after something ended it. For tests of what
    /// a server's end does to its clients. Does nothing for a server that somebody gave us.
    ///
    /// Blocks until the server accepts connections.
    ///
    /// # Errors
    /// [`TestError::Start`] or [`TestError::Io`].
    pub fn start_again(&mut self) -> Result<(), TestError> {
        match (&mut self.own, self.admin.port()) {
            (Some(watchdog), Some(port)) => watchdog.start_again(port),
            _ => Ok(()),
        }
    }

    /// The server of this process: found or started by whoever asks first, and then kept until the
    /// process ends.
    ///
    /// # Errors
    /// Those of [`find_or_start`](Self::find_or_start). The next call tries again.
    pub async fn shared() -> Result<&'static Self, TestError> {
        SHARED
            .get_or_try_init(|| async {
                let started = task::spawn_blocking(Self::find_or_start).await;
                started.unwrap_or_else(|error| {
                    Err(TestError::Start {
                        step: "starting the server",
                        log: error.to_string(),
                    })
                })
            })
            .await
    }

    /// The superuser's URL of the maintenance database, password included.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        self.admin.as_str()
    }

    /// The superuser's URL of a database, password included. The database need not exist.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let mut url = self.admin.clone();
        url.set_path(database);
        url.into()
    }

    /// The directory of a server of our own; `None` for a server that somebody gave us.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.own.as_ref().map(Watchdog::directory)
    }

    /// The server's version, as it gives it: `15.18 (Debian 15.18-0+deb12u1)`.
    ///
    /// # Errors
    /// [`TestError::Sql`].
    pub async fn version(&self) -> Result<String, TestError> {
        let mut connection = admin::connect(self.admin_url()).await?;
        let version = sqlx::query_scalar("SHOW server_version")
            .fetch_one(&mut connection)
            .await;
        version.map_err(TestError::sql("SHOW server_version"))
    }

    /// What a collation is on this server: libc's locale where the server has it, else ICU's.
    ///
    /// # Errors
    /// [`TestError::NoCollation`] when it has neither, [`TestError::Sql`].
    pub async fn locale_of(&self, collation: Collation) -> Result<Locale, TestError> {
        let mut connection = admin::connect(self.admin_url()).await?;
        Locale::of(collation, &mut connection).await
    }

    /// Makes an empty database that stays until somebody drops it.
    ///
    /// # Errors
    /// [`TestError::Sql`], also when it exists; [`TestError::NoCollation`].
    pub async fn create_database(
        &self,
        name: &str,
        collation: Collation,
    ) -> Result<Locale, TestError> {
        let mut connection = admin::connect(self.admin_url()).await?;
        let locale = Locale::of(collation, &mut connection).await?;
        let name = admin::identifier(name);
        let sql = format!("CREATE DATABASE {name} {}", locale.options());
        admin::execute(&mut connection, sql).await?;
        Ok(locale)
    }

    /// What this process holds on the server while it makes databases there.
    pub(super) async fn session(&self) -> Result<&Session, TestError> {
        let open = || Session::open(self.admin_url());
        self.session.get_or_try_init(open).await
    }
}

impl fmt::Debug for PostgresServer {
    /// Shows where it listens, and no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresServer")
            .field("host", &self.admin.host_str())
            .field("port", &self.admin.port())
            .field("directory", &self.directory())
            .finish_non_exhaustive()
    }
}

/// Random bytes from the operating system, in hexadecimal.
pub(super) fn random_hex<const BYTES: usize>() -> Result<String, TestError> {
    let mut bytes = [0; BYTES];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(TestError::io("reading /dev/urandom"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
