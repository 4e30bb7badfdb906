//! A password manager: ten tables, with each kind of key and type that an application has.
//!
//! - [`DOMAIN`] has the names of all tables, columns and constraints.
//! - The records are what the application uses. [`sqlite`] and [`postgres`] hold their entities.
//! - [`migration`] creates the tables on both engines.
//! - [`questions`] has what the application asks. Questions of one record that need custom SQL are traits:
//!   [`UserRepository`] and [`ItemRepository`].

pub mod domain;
pub mod migration;
pub mod postgres;
pub mod questions;
pub mod sqlite;

mod items;
mod records;
mod types;
mod users;

pub use domain::DOMAIN;
pub use items::{ItemName, ItemRepository, Total, items};
pub use records::*;
pub use types::{Kind, Price, Reprompt, Role, Settings};
pub use users::{UserRepository, users};
