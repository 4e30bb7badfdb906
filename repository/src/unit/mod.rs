//! Repositories over a session, and units of work: one transaction that hands out repositories.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod any;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod any_repository;
pub(crate) mod idempotency;
mod native;
mod repository;
mod savepoint;
mod seaorm;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use any::Unit;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use any_repository::AnyRepository;
pub use native::NativeUnit;
pub use repository::NativeRepository;
pub use seaorm::SeaOrm;

pub(crate) use repository::Source;
use repository::{SharedSession, UnitSession};

#[cfg(feature = "postgres")]
use crate::driver::postgres::Postgres;
#[cfg(feature = "sqlite")]
use crate::driver::sqlite::Sqlite;

/// A repository on SQLite. An application's own queries are a trait that it implements for this type and
/// for its Postgres twin.
#[cfg(feature = "sqlite")]
pub type SqliteRepository<R> = NativeRepository<R, Sqlite>;

/// A unit of work on SQLite.
#[cfg(feature = "sqlite")]
pub type SqliteUnit = NativeUnit<Sqlite>;

/// A repository on Postgres. An application's own queries are a trait that it implements for this type and
/// for its SQLite twin.
#[cfg(feature = "postgres")]
pub type PostgresRepository<R> = NativeRepository<R, Postgres>;

/// A unit of work on Postgres.
#[cfg(feature = "postgres")]
pub type PostgresUnit = NativeUnit<Postgres>;
