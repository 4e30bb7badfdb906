//! The Postgres dialect.

mod connect;
mod dialect;
mod error;
mod execute;
mod parameters;
mod powers;
mod rls;
mod search_path;
mod types;

pub use dialect::Postgres;
pub use execute::Row;

pub(crate) use connect::PostgresPool;
#[cfg(feature = "migrate")]
pub(crate) use connect::explain;
#[cfg(feature = "migrate")]
pub(crate) use parameters::options_of;
#[cfg(feature = "migrate")]
pub(crate) use search_path::{SearchPath, listed, refuse_another};

/// A repository on Postgres. An application's own queries are a trait that it implements for this type and
/// for its SQLite twin.
pub type PostgresRepository<R> = crate::native::NativeRepository<R, Postgres>;

/// A unit of work on Postgres.
pub type PostgresUnit = crate::unit::NativeUnit<Postgres>;
