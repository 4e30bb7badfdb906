//! The Postgres dialect.

mod answers;
mod connect;
mod connect_error;
mod connection;
mod copy;
mod dialect;
mod error;
mod execute;
mod message;
mod plans;
mod powers;
mod rejection;
mod retirement;
mod rls;
mod search_path;
mod session_settings;
mod token;
mod types;
mod url;

pub use dialect::Postgres;
pub use execute::Row;
pub use types::FromColumn;

pub(crate) use connect::PostgresPool;
#[cfg(feature = "migrate")]
pub(crate) use connect_error::{connect, explain, of_shared_statements};
#[cfg(feature = "migrate")]
pub(crate) use search_path::{SearchPath, listed, refuse_another};
#[cfg(feature = "migrate")]
pub(crate) use session_settings::{refuse_values, set_formats};
#[cfg(feature = "migrate")]
pub(crate) use token::Token;
pub(crate) use url::PostgresUrl;
