//! A repository on the engine of its store.

use std::sync::Arc;

use super::NativeRepository;
use super::calls::Calls;
#[cfg(feature = "postgres")]
use super::native_repository::PostgresRepository;
#[cfg(feature = "sqlite")]
use super::native_repository::SqliteRepository;
use crate::driver::Stored;
#[cfg(feature = "postgres")]
use crate::driver::postgres::Postgres;
#[cfg(feature = "sqlite")]
use crate::driver::sqlite::Sqlite;
use crate::model::record::Record;
use crate::model::repository::Repository;

/// A repository with the type of the store's engine.
///
/// For an application that implements a trait of its own for both engines.
#[derive(Debug, Clone)]
pub enum AnyRepository<R: Record> {
    /// On SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteRepository<R>),
    /// On Postgres.
    #[cfg(feature = "postgres")]
    Postgres(PostgresRepository<R>),
}

/// The calls of a repository on the engine of its store.
pub(crate) enum AnyCalls {
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<dyn Calls<Sqlite>>),
    #[cfg(feature = "postgres")]
    Postgres(Arc<dyn Calls<Postgres>>),
}

impl<R: Stored> AnyRepository<R> {
    pub(crate) fn new(calls: AnyCalls) -> Self {
        match calls {
            #[cfg(feature = "sqlite")]
            AnyCalls::Sqlite(calls) => AnyRepository::Sqlite(NativeRepository::new(calls)),
            #[cfg(feature = "postgres")]
            AnyCalls::Postgres(calls) => AnyRepository::Postgres(NativeRepository::new(calls)),
        }
    }

    pub(crate) fn shared(self) -> Arc<dyn Repository<R>> {
        match self {
            #[cfg(feature = "sqlite")]
            AnyRepository::Sqlite(repository) => Arc::new(repository),
            #[cfg(feature = "postgres")]
            AnyRepository::Postgres(repository) => Arc::new(repository),
        }
    }
}
