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
mod numeric;
mod parameters;
mod password_file;
mod plans;
mod powers;
mod rejection;
mod retirement;
mod rls;
#[cfg(feature = "migrate")]
mod seaorm_values;
mod search_path;
mod server;
mod session_settings;
mod tls;
mod token;
mod types;
mod url;
mod url_options;
mod url_text;

pub use dialect::Postgres;
pub use execute::Row;
pub use types::FromColumn;

pub(crate) use connect::PostgresPool;
#[cfg(feature = "migrate")]
pub(crate) use connect_error::{explain, of_shared_statements};
#[cfg(feature = "migrate")]
pub(crate) use seaorm_values::{column, parameter};
#[cfg(feature = "migrate")]
pub(crate) use search_path::{SearchPath, listed, refuse_another};
#[cfg(feature = "migrate")]
pub(crate) use server::{Connected, Server};
#[cfg(feature = "migrate")]
pub(crate) use session_settings::{refuse_values, set_formats};
#[cfg(feature = "migrate")]
pub(crate) use token::Token;
pub(crate) use url::PostgresUrl;
