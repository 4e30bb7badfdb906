//! Connections and execution of SQL. `sqlite` and `postgres` are a pair: files of the same name do the same, with
//! the same names inside. What only one engine has is a file of its own.

mod database_url;
mod dialect;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod error;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod over_sqlx;
pub(crate) mod pool;
#[cfg(feature = "postgres")]
pub mod postgres;
pub(crate) mod records;
pub mod row;
pub(crate) mod rows;
mod seaorm;
mod settings;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod twin;
pub(crate) mod url;

pub(crate) use database_url::DatabaseUrl;
#[cfg(feature = "migrate")]
pub(crate) use database_url::UrlError;
pub(crate) use dialect::Sending;
pub use dialect::{Access, Begin, Dialect, EndError, Extent};
#[cfg(any(feature = "postgres", feature = "fingerprint"))]
pub use settings::DEFAULT_APPLICATION_ROLE;
#[cfg(feature = "postgres")]
pub use settings::DEFAULT_SCHEMA;
pub use settings::Synchronous;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use twin::Stored;
pub use twin::Twin;

#[cfg(all(feature = "postgres", feature = "migrate"))]
pub(crate) use seaorm::classify;

pub(crate) use records::{AnyRecord, Keys, RecordType, Records, generated};
pub(crate) use settings::{ApplyMigrations, Settings};
