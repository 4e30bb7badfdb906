use std::io;

use sea_orm::DbErr;

/// Why a test could not have its database.
///
/// No variant carries a URL, so that no password reaches a test's output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// The store, or the migrations of a database in memory.
    #[error("the store does not open: {0}")]
    Open(crate::model::error::Error),

    /// Neither a server's URL nor the binaries to start one.
    #[error(
        "no PostgreSQL: found neither a URL in CATAMARAN_TEST_POSTGRES_URL nor initdb, pg_ctl and \
         postgres on this machine. Install it (Debian, Ubuntu: apt-get install postgresql; macOS: \
         brew install postgresql), or set the variable to the URL of a superuser, such as \
         postgres://postgres:secret@localhost/postgres"
    )]
    NoPostgres,
    /// The environment variable does not hold the URL of a Postgres server.
    #[error("CATAMARAN_TEST_POSTGRES_URL is not a postgres:// URL: {reason}")]
    BadUrl {
        /// What is wrong with it; never the URL itself.
        reason: String,
    },
    /// This process is root, which PostgreSQL refuses to run as, and no other account can be used.
    #[error("PostgreSQL refuses to run as root, and {reason}")]
    NoAccount {
        /// What is missing.
        reason: &'static str,
    },
    /// A server of our own did not start.
    #[error("{step} failed:\n{log}")]
    Start {
        /// The step that failed: `initdb` or `pg_ctl start`.
        step: &'static str,
        /// The end of what it wrote.
        log: String,
    },
    /// A file or a process refused.
    #[error("{attempt}: {source}")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The server cannot make a database with this collation.
    #[error(
        "this server has no en_US collation: neither libc's en_US.UTF-8 (Debian: install `locales`, \
         then `localedef -i en_US -f UTF-8 en_US.UTF-8`) nor ICU"
    )]
    NoCollation,
    /// The server or the driver refused a statement of ours.
    #[cfg(feature = "postgres")]
    #[error("{attempt}: {source}")]
    Sql {
        /// What was attempted.
        attempt: String,
        /// The driver's error.
        source: sea_orm::sqlx::Error,
    },
    /// A migration failed while the template was made.
    #[error("migrating the template database: {source}")]
    Migrate {
        /// The migration's error.
        source: DbErr,
    },
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl TestError {
    pub(super) fn open(error: crate::model::error::Error) -> Self {
        TestError::Open(error)
    }

    /// Wraps an operating system's error with what was attempted.
    pub(super) fn io(attempt: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { attempt, source }
    }

    /// Wraps a driver's error with what was attempted.
    #[cfg(feature = "postgres")]
    pub(super) fn sql(attempt: impl Into<String>) -> impl FnOnce(sea_orm::sqlx::Error) -> Self {
        let attempt = attempt.into();
        move |source| Self::Sql { attempt, source }
    }
}
