//! The Postgres server of a test run, and its databases.

mod account;
mod admin;
mod binaries;
mod clone;
mod collation;
mod server;
mod session;
mod template;
mod watchdog;

pub(super) use clone::Clone;
pub use collation::{Collation, Locale};
pub use server::{POSTGRES_URL_VARIABLE, PostgresServer};
