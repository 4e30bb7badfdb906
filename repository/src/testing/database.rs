use std::fmt;

use sea_orm_migration::MigratorTrait;

use super::TestError;
#[cfg(feature = "postgres")]
use super::postgres::{Clone as PostgresClone, Collation, PostgresServer};

/// A migrated database that exists for one test.
///
/// Dropping it removes it, also while connections to it are still open: a SQLite file goes with its
/// directory, and a Postgres database is dropped before `drop` returns. That blocks for some hundredths
/// of a second, and at most one second, after which the database is dropped behind the caller's back;
/// [`close`](Self::close) awaits it instead.
pub struct EphemeralDatabase {
    url: String,
    keeper: Keeper,
}

/// What removes the database when it is dropped.
enum Keeper {
    #[cfg(feature = "sqlite")]
    Sqlite(tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Postgres(PostgresClone),
}

impl EphemeralDatabase {
    /// A SQLite file in a directory of its own, migrated by `M`.
    ///
    /// # Errors
    /// [`TestError::Migrate`] when a migration fails, [`TestError::Io`] when the file cannot be written.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite_file<M: MigratorTrait>() -> Result<Self, TestError> {
        DatabaseOptions::new().sqlite_file::<M>().await
    }

    /// A Postgres database with collation `C`, migrated by `M`, on [`PostgresServer::shared`].
    ///
    /// # Errors
    /// Those of [`PostgresServer::find_or_start`]; [`TestError::Migrate`] when a migration fails;
    /// `TestError::Sql` when the server refuses.
    #[cfg(feature = "postgres")]
    pub async fn postgres<M: MigratorTrait>() -> Result<Self, TestError> {
        DatabaseOptions::new().postgres::<M>().await
    }

    /// Removes the database without blocking the runtime, and says whether that worked.
    ///
    /// # Errors
    /// [`TestError::Io`] when the file's directory stays, `TestError::Sql` when the server refuses.
    pub async fn close(self) -> Result<(), TestError> {
        match self.keeper {
            #[cfg(feature = "sqlite")]
            Keeper::Sqlite(directory) => {
                let removed = directory.close();
                removed.map_err(TestError::io("removing a temporary directory"))
            }
            #[cfg(feature = "postgres")]
            Keeper::Postgres(clone) => clone.close().await,
        }
    }

    /// The URL to open it with. A Postgres URL carries the superuser's password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for EphemeralDatabase {
    /// Shows no URL: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EphemeralDatabase").finish_non_exhaustive()
    }
}

/// How an [`EphemeralDatabase`] is made, where the defaults do not fit.
#[derive(Clone, Debug, Default)]
pub struct DatabaseOptions {
    fingerprint: Option<String>,
    #[cfg(feature = "postgres")]
    collation: Collation,
}

impl DatabaseOptions {
    /// The defaults: collation `C`, and a template for each test executable.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A text that changes whenever the migrations would build something else, such as their SQL.
    /// Test executables that give the same one share a template. Without it, each has its own.
    #[must_use]
    pub fn fingerprint(mut self, text: impl Into<String>) -> Self {
        self.fingerprint = Some(text.into());
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
    pub async fn sqlite_file<M: MigratorTrait>(&self) -> Result<EphemeralDatabase, TestError> {
        let (directory, url) = super::sqlite::create::<M>(self.fingerprint.as_deref()).await?;
        Ok(EphemeralDatabase {
            url,
            keeper: Keeper::Sqlite(directory),
        })
    }

    /// As [`EphemeralDatabase::postgres`].
    ///
    /// # Errors
    /// As there; also [`TestError::NoCollation`].
    #[cfg(feature = "postgres")]
    pub async fn postgres<M: MigratorTrait>(&self) -> Result<EphemeralDatabase, TestError> {
        self.postgres_on::<M>(PostgresServer::shared().await?).await
    }

    /// A database on the given server.
    ///
    /// # Errors
    /// [`TestError::Migrate`], [`TestError::NoCollation`], [`TestError::Sql`].
    #[cfg(feature = "postgres")]
    pub async fn postgres_on<M: MigratorTrait>(
        &self,
        server: &PostgresServer,
    ) -> Result<EphemeralDatabase, TestError> {
        let fingerprint = self.fingerprint.as_deref();
        let clone = PostgresClone::create::<M>(server, fingerprint, self.collation).await?;
        Ok(EphemeralDatabase {
            url: clone.url().to_owned(),
            keeper: Keeper::Postgres(clone),
        })
    }

    /// A database on the given server with nothing in it, not even the table of migrations.
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
            keeper: Keeper::Postgres(clone),
        })
    }
}
