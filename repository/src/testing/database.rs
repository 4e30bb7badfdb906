//! A database for one test.

use std::fmt;

use super::TestError;
#[cfg(feature = "postgres")]
use super::postgres::{Clone as PostgresClone, Collation, PostgresServer};
use crate::migrate::History;

/// A migrated database that exists for one test.
///
/// Dropping this value removes the database, even if connections to it are still open. A SQLite file is deleted with
/// its directory. A Postgres database is dropped, which blocks for some hundredths of a second, and for at most one
/// second; after that a thread drops it in the background. [`close`](Self::close) removes it without blocking.
pub struct EphemeralDatabase {
    url: String,
    cleanup: Cleanup,
}

/// Removes the database when it is dropped.
enum Cleanup {
    #[cfg(feature = "sqlite")]
    Sqlite(tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Postgres(PostgresClone),
}

impl EphemeralDatabase {
    /// A SQLite file in a directory of its own, migrated by `H`.
    ///
    /// # Errors
    /// [`TestError::Migrate`] if a migration fails, [`TestError::Io`] if the file cannot be written.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite_file<H: History>() -> Result<Self, TestError> {
        DatabaseOptions::new().sqlite_file::<H>().await
    }

    /// A Postgres database with collation `C`, migrated by `H`, on [`PostgresServer::shared`].
    ///
    /// # Errors
    /// The errors of [`PostgresServer::find_or_start`]; [`TestError::Migrate`] if a migration fails;
    /// `TestError::Sql` if a statement fails.
    #[cfg(feature = "postgres")]
    pub async fn postgres<H: History>() -> Result<Self, TestError> {
        DatabaseOptions::new().postgres::<H>().await
    }

    /// Removes the database without blocking the runtime.
    ///
    /// # Errors
    /// [`TestError::Io`] if the directory of the file cannot be removed, `TestError::Sql` if the server reports an
    /// error.
    pub async fn close(self) -> Result<(), TestError> {
        match self.cleanup {
            #[cfg(feature = "sqlite")]
            Cleanup::Sqlite(directory) => {
                let removed = directory.close();
                removed.map_err(TestError::io("removing a temporary directory"))
            }
            #[cfg(feature = "postgres")]
            Cleanup::Postgres(clone) => clone.close().await,
        }
    }

    /// The URL of the database. A Postgres URL contains the superuser's password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for EphemeralDatabase {
    /// Shows no URL, because it may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EphemeralDatabase").finish_non_exhaustive()
    }
}

/// The options of an [`EphemeralDatabase`].
#[derive(Clone, Debug, Default)]
pub struct DatabaseOptions {
    contents: Option<String>,
    #[cfg(feature = "postgres")]
    collation: Collation,
}

impl DatabaseOptions {
    /// The defaults: collation `C`, and one template for each test executable.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A text that changes whenever the migrations change, such as their SQL.
    ///
    /// Test executables with the same text share a template. Default: none; each test executable has its own template.
    #[must_use]
    pub fn template_contents(mut self, text: impl Into<String>) -> Self {
        self.contents = Some(text.into());
        self
    }

    /// The collation of a Postgres database. SQLite always compares bytes.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn collation(mut self, collation: Collation) -> Self {
        self.collation = collation;
        self
    }

    /// As [`EphemeralDatabase::sqlite_file`].
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite_file<H: History>(&self) -> Result<EphemeralDatabase, TestError> {
        let (directory, url) = super::sqlite::create::<H>(self.contents.as_deref()).await?;
        Ok(EphemeralDatabase {
            url,
            cleanup: Cleanup::Sqlite(directory),
        })
    }

    /// As [`EphemeralDatabase::postgres`].
    ///
    /// # Errors
    /// As there; also [`TestError::NoCollation`].
    #[cfg(feature = "postgres")]
    pub async fn postgres<H: History>(&self) -> Result<EphemeralDatabase, TestError> {
        self.postgres_on::<H>(PostgresServer::shared().await?).await
    }

    /// A migrated database on the given server.
    ///
    /// # Errors
    /// [`TestError::Migrate`], [`TestError::NoCollation`], [`TestError::Sql`].
    #[cfg(feature = "postgres")]
    pub async fn postgres_on<H: History>(
        &self,
        server: &PostgresServer,
    ) -> Result<EphemeralDatabase, TestError> {
        let contents = self.contents.as_deref();
        let clone = PostgresClone::create::<H>(server, contents, self.collation).await?;
        Ok(EphemeralDatabase {
            url: clone.url().to_owned(),
            cleanup: Cleanup::Postgres(clone),
        })
    }

    /// An empty database on the given server, without even the table of migrations.
    ///
    /// # Errors
    /// [`TestError::NoCollation`], [`TestError::Sql`].
    #[cfg(feature = "postgres")]
    pub async fn empty_postgres_on(
        &self,
        server: &PostgresServer,
    ) -> Result<EphemeralDatabase, TestError> {
        let clone = PostgresClone::empty(server, self.collation).await?;
        Ok(EphemeralDatabase {
            url: clone.url().to_owned(),
            cleanup: Cleanup::Postgres(clone),
        })
    }
}
