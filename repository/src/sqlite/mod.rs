//! The SQLite dialect.

mod connect;
mod deadline;
mod dialect;
mod error;
mod execute;
mod file;
mod parameters;
mod types;

pub use dialect::Sqlite;
pub use execute::Row;
pub use types::{TextDate, TextId, TextTime};

pub(crate) use connect::SqlitePool;
#[cfg(feature = "migrate")]
pub(crate) use connect::{explain, is_in_memory};
#[cfg(feature = "migrate")]
pub(crate) use parameters::options_of;

/// A repository on SQLite. An application's own queries are a trait that it implements for this type and
/// for its Postgres twin.
pub type SqliteRepository<R> = crate::native::NativeRepository<R, Sqlite>;

/// A unit of work on SQLite.
pub type SqliteUnit = crate::unit::NativeUnit<Sqlite>;
