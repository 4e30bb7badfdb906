//! A repository on the engine of its store.

use std::sync::Arc;

#[cfg(feature = "postgres")]
use super::native_repository::PostgresRepository;
#[cfg(feature = "sqlite")]
use super::native_repository::SqliteRepository;
use crate::driver::Stored;
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
