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
mod numeric;
mod opening;
mod place;
#[cfg(feature = "migrate")]
mod seaorm_values;
mod statement;
mod types;
mod url;

pub use dialect::Sqlite;
pub use numeric::IntegerNumeric;
pub use statement::Row;
pub use types::{FromColumn, TextDate, TextId, TextTime, TextTimeOfDay};

pub(crate) use connect::SqlitePool;
#[cfg(feature = "migrate")]
pub(crate) use connect::{connect_seaorm, open_seaorm};
#[cfg(feature = "migrate")]
pub(crate) use seaorm_values::{column, parameter};
pub(crate) use url::SqliteUrl;
#[cfg(feature = "testing")]
pub(crate) use url::url_of;
