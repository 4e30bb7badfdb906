//! A Postgres server for tests.

use std::{env, fmt, fs, io::Read, path::Path};

use sea_orm::sqlx;
use tokio::{sync::OnceCell, task};

use super::{
    super::TestError,
    account::Account,
    admin, binaries,
    collation::{Collation, Locale},
    session::Session,
    watchdog::Watchdog,
};
use crate::driver::{DatabaseUrl, postgres::PostgresUrl};
use crate::migrate::hexadecimal;

/// The environment variable with the URL of a superuser of the server to test on.
pub const POSTGRES_URL_VARIABLE: &str = "CATAMARAN_TEST_POSTGRES_URL";

static SHARED: OnceCell<PostgresServer> = OnceCell::const_new();

/// A Postgres server for tests: an existing one, or one that this value starts.
///
/// A started server listens on the loopback interface, with a random password and a temporary directory. It stops when
/// this value is dropped, and also when the process ends without dropping it, even by `kill -9`.
pub struct PostgresServer {
    /// The superuser's URL of the server.
    server: PostgresUrl,
    /// The same of the database `postgres`. Advisory locks belong to a database, so all processes use the same.
    admin: String,
    /// Set when the first ephemeral database is created.
    session: OnceCell<Session>,
    /// `None` for an existing server.
    watchdog: Option<Watchdog>,
}

impl PostgresServer {
    /// Returns the server of [`POSTGRES_URL_VARIABLE`], or starts one from the binaries on this machine.
    ///
    /// Searches the binaries on `PATH`, in `pg_config --bindir`, and in the directories of packages, newest version
    /// first. Root starts the server as the account `postgres`, or else `nobody`.
    ///
    /// The server's files are in the folder of `TMPDIR`; if they cannot be there, in `/tmp` or `/var/tmp`. Variables of
    /// the environment such as `PGDATA`, `PGPORT` and `LANG` make no difference to the server. `PGOPTIONS` are options of
    /// every connection of this process, so they must be valid.
    ///
    /// Blocks for about a second while a server starts.
    ///
    /// # Errors
    /// [`TestError::NoPostgres`] if there is neither a URL nor a binary; [`TestError::BadUrl`];
    /// [`TestError::NoFolder`] if no folder can have the server's files; [`TestError::NoAccount`],
    /// [`TestError::Start`] or [`TestError::Io`] if the server does not start.
    pub fn find_or_start() -> Result<Self, TestError> {
        match env::var(POSTGRES_URL_VARIABLE) {
            Ok(url) if !url.trim().is_empty() => Self::at(&url),
            _ => Self::start(),
        }
    }

    /// The existing server at a superuser's URL. Does not connect yet.
    ///
    /// # Errors
    /// [`TestError::BadUrl`].
    pub fn at(url: &str) -> Result<Self, TestError> {
        let server = read_url(url)?;
        Ok(Self {
            admin: server.of_database("postgres"),
            server,
            session: OnceCell::new(),
            watchdog: None,
        })
    }

    /// Starts a server, whatever the environment contains.
    ///
    /// # Errors
    /// The errors of [`find_or_start`](Self::find_or_start), except [`TestError::BadUrl`].
    pub fn start() -> Result<Self, TestError> {
        // Without an account, the programs are still searched: installing them makes one.
        let account = Account::of_the_server();
        let binaries = binaries::directory(account.as_ref().ok().and_then(Option::as_ref))?;
        let password = random_hex::<24>()?;
        let mut watchdog = Watchdog::initialise(&binaries, account?.as_ref(), &password)?;
        let port = watchdog.start()?;
        let url = format!(
            "postgres://postgres:{password}@127.0.0.1:{port}/postgres{}",
            without_variables()
        );
        Ok(Self {
            watchdog: Some(watchdog),
            ..Self::at(&url)?
        })
    }

    /// Restarts a started server after its end, on the same port and files. Does nothing for an existing server.
    ///
    /// It is for tests of clients whose server stops.
    ///
    /// Blocks until the server accepts connections.
    ///
    /// # Errors
    /// [`TestError::Start`] or [`TestError::Io`].
    pub fn start_again(&mut self) -> Result<(), TestError> {
        match (&mut self.watchdog, self.server.port()) {
            (Some(watchdog), Some(port)) => watchdog.start_again(port),
            _ => Ok(()),
        }
    }

    /// The server of this process. The first call finds or starts it, and it runs until the process ends.
    ///
    /// # Errors
    /// The errors of [`find_or_start`](Self::find_or_start). The next call tries again.
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

    /// The superuser's URL of the maintenance database `postgres`, with the password.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        &self.admin
    }

    /// The superuser's URL of a database, with the password. The database need not exist.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.server.of_database(database)
    }

    /// The directory of a started server; `None` for an existing server.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.watchdog.as_ref().map(Watchdog::directory)
    }

    /// The version that the server reports, such as `15.18 (Debian 15.18-0+deb12u1)`.
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

    /// The locale of a collation on this server: libc's if the server has it, else ICU's.
    ///
    /// # Errors
    /// [`TestError::NoCollation`] if the server has neither, [`TestError::Sql`].
    pub async fn locale_of(&self, collation: Collation) -> Result<Locale, TestError> {
        let mut connection = admin::connect(self.admin_url()).await?;
        Locale::of(collation, &mut connection).await
    }

    /// Creates an empty database, which is not dropped automatically.
    ///
    /// # Errors
    /// [`TestError::Sql`], for example if it exists; [`TestError::NoCollation`].
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

    /// The claim of this process on the databases that it creates.
    pub(super) async fn session(&self) -> Result<&Session, TestError> {
        let open = || Session::open(self.admin_url());
        self.session.get_or_try_init(open).await
    }
}

impl fmt::Debug for PostgresServer {
    /// Shows host, port, database and directory, and no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresServer")
            .field("server", &self.server.label())
            .field("directory", &self.directory())
            .finish_non_exhaustive()
    }
}

/// The parameters that keep variables of libpq from the started server, which has no TLS.
fn without_variables() -> String {
    let parameters: Vec<&str> = [
        (
            &["PGSSLMODE", "PGREQUIRESSL", "PGSERVICE"][..],
            "sslmode=disable",
        ),
        (&["PGHOSTADDR"], "hostaddr=127.0.0.1"),
        (&["PGCHANNELBINDING"], "channel_binding=disable"),
        (&["PGTARGETSESSIONATTRS"], "target_session_attrs=any"),
    ]
    .into_iter()
    .filter(|(variables, _)| {
        let is_set = |variable| env::var(variable).is_ok_and(|value| !value.is_empty());
        variables.iter().any(is_set)
    })
    .map(|(_, parameter)| parameter)
    .collect();
    match parameters.is_empty() {
        true => String::new(),
        false => format!("?{}", parameters.join("&")),
    }
}

/// Reads the URL of a server.
pub(super) fn read_url(url: &str) -> Result<PostgresUrl, TestError> {
    let bad = |reason: String| TestError::BadUrl { reason };
    match DatabaseUrl::parse(url).map_err(|error| bad(error.to_string()))? {
        DatabaseUrl::Postgres(url) => Ok(*url),
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(_) => Err(bad("it names SQLite".to_owned())),
    }
}

/// Random bytes from the operating system, in hexadecimal.
pub(super) fn random_hex<const BYTES: usize>() -> Result<String, TestError> {
    let mut bytes = [0; BYTES];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(TestError::io("reading /dev/urandom"))?;
    Ok(hexadecimal(&bytes))
}
