//! The one place that names both dialects: what a store holds, and which driver made an error.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, without_code};
#[cfg(feature = "postgres")]
use crate::postgres::{Postgres, PostgresPool, PostgresRepository};
use crate::record::{Record, Twin};
use crate::repository::Repository;
#[cfg(feature = "sqlite")]
use crate::sqlite::{Sqlite, SqlitePool, SqliteRepository};

/// The connections of a store.
#[derive(Clone)]
pub(crate) enum Backend {
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(PostgresPool),
}

/// A record that every compiled-in engine can store: one with a twin in each dialect.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
pub trait Stored: Twin<Sqlite> + Twin<Postgres> {}
#[cfg(all(feature = "sqlite", feature = "postgres"))]
impl<R: Twin<Sqlite> + Twin<Postgres>> Stored for R {}

/// A record that every compiled-in engine can store: one with a twin in each dialect.
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
pub trait Stored: Twin<Sqlite> {}
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
impl<R: Twin<Sqlite>> Stored for R {}

/// A record that every compiled-in engine can store: one with a twin in each dialect.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
pub trait Stored: Twin<Postgres> {}
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
impl<R: Twin<Postgres>> Stored for R {}

/// A repository of the store's own dialect, for an application that implements a trait of its own for
/// both.
#[derive(Debug, Clone)]
pub enum AnyRepository<R: Record> {
    /// On SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteRepository<R>),
    /// On Postgres.
    #[cfg(feature = "postgres")]
    Postgres(PostgresRepository<R>),
}

impl<R: Stored> AnyRepository<R> {
    pub(crate) fn shared(self) -> Arc<dyn Repository<R>> {
        match self {
            #[cfg(feature = "sqlite")]
            AnyRepository::Sqlite(repository) => Arc::new(repository),
            #[cfg(feature = "postgres")]
            AnyRepository::Postgres(repository) => Arc::new(repository),
        }
    }
}

/// A driver's error. The engine is the one whose driver made the error.
pub(crate) fn classify(error: &sqlx::Error) -> Error {
    let sqlx::Error::Database(database) = error else {
        return Error::with_cause(without_code(error), None, error.to_string());
    };
    #[cfg(feature = "postgres")]
    if database
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
    {
        return <Postgres as crate::dialect::Execute>::classify(error, None);
    }
    #[cfg(feature = "sqlite")]
    if database
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
    {
        return <Sqlite as crate::dialect::Execute>::classify(error, None);
    }
    let code = database.code().map(std::borrow::Cow::into_owned);
    Error::with_cause(ErrorKind::Internal, code, database.message().to_owned())
}
