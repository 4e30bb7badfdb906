//! The error of the test kit.

use std::io;

use sea_orm::DbErr;

/// An error of creating or removing the database of a test.
///
/// No variant contains a URL, so that no password appears in the output of a test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// The store could not be opened, or a database in memory could not be migrated.
    #[error("cannot open the store: {0}")]
    Open(crate::model::error::Error),

    /// Neither the URL of a server nor the binaries to start one were found.
    #[error(
        "no PostgreSQL: found neither a URL in CATAMARAN_TEST_POSTGRES_URL nor a folder with initdb, \
         pg_ctl and postgres. Install it (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf \
         install postgresql-server; macOS: brew install postgresql@17), put its folder on PATH, or set \
         the variable to the URL of a superuser, such as \
         postgres://postgres:secret@localhost/postgres. Tried:\n{tried}"
    )]
    NoPostgres {
        /// The folders that were searched, one on each line, with what each lacks.
        tried: String,
    },
    /// No folder can have the files of a database.
    #[error(
        "the files of a test database can be made in none of these folders. Make room or access in \
         one of them, or set TMPDIR to another:{tried}"
    )]
    NoFolder {
        /// The folders that were tried, each on a line, with the error of each.
        tried: String,
    },
    /// The environment variable, or the caller, does not give the URL of a Postgres server.
    #[error(
        "the URL of the test server (CATAMARAN_TEST_POSTGRES_URL or --server) cannot be read: {reason}"
    )]
    BadUrl {
        /// What is wrong with the URL, without the URL itself.
        reason: String,
    },
    /// PostgreSQL refuses to run as root, and no other account can be used.
    #[error("PostgreSQL refuses to run as root, and {reason}")]
    NoAccount {
        /// What is missing.
        reason: &'static str,
    },
    /// The test server did not start.
    #[error("{step} failed:\n{log}")]
    Start {
        /// The step that failed: `initdb` or `pg_ctl start`.
        step: &'static str,
        /// The last lines of its log.
        log: String,
    },
    /// An operation on a file or a process failed.
    #[error("{attempt}: {source}")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The server has no en_US collation, or none of ICU.
    #[error(
        "the server has no such collation: for en_US install libc's en_US.UTF-8 (Debian: install `locales`, \
         then `localedef -i en_US -f UTF-8 en_US.UTF-8`), or use a server with ICU; for ICU use a server that is built with it"
    )]
    NoCollation,
    /// The test server refused the connection, or did not respond.
    #[cfg(feature = "postgres")]
    #[error("{attempt}: {source}")]
    Connect {
        /// What was attempted.
        attempt: &'static str,
        /// Why it failed.
        source: crate::model::error::Error,
    },
    /// A statement of the test kit failed.
    #[cfg(feature = "postgres")]
    #[error("{attempt}: {source}")]
    Sql {
        /// What was attempted.
        attempt: String,
        /// The error of the driver.
        source: sea_orm::sqlx::Error,
    },
    /// A migration of the template database failed.
    #[error("migrating the template database: {source}")]
    Migrate {
        /// The error of the migration.
        source: DbErr,
    },
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl TestError {
    pub(super) fn open(error: crate::model::error::Error) -> Self {
        TestError::Open(error)
    }

    /// Adds what was attempted to an error of the operating system.
    pub(super) fn io(attempt: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { attempt, source }
    }

    /// Adds what was attempted to an error of the driver.
    #[cfg(feature = "postgres")]
    pub(super) fn sql(attempt: impl Into<String>) -> impl FnOnce(sea_orm::sqlx::Error) -> Self {
        let attempt = attempt.into();
        move |source| Self::Sql { attempt, source }
    }
}
