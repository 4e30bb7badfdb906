//! The SQLite dialect.

mod connect;
mod connection;
mod deadline;
mod dialect;
mod error;
mod execute;
mod file;
mod group;
mod handle;
mod place;
mod statement;
mod types;
mod url;

pub use dialect::Sqlite;
pub use statement::Row;
pub use types::{FromColumn, TextDate, TextId, TextTime};

pub(crate) use connect::{SqlitePool, is_in_memory};
#[cfg(feature = "migrate")]
pub(crate) use connect::{connect_seaorm, explain, has_mode};
#[cfg(feature = "migrate")]
pub(crate) use url::options_of;
