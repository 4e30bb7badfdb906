//! Types of the application's own that columns have.

use catamaran::{Numeric, RecordEnum};
use serde::{Deserialize, Serialize};

/// A price, exact to the cent: `numeric(12, 2)` on Postgres, a number of cents on SQLite.
pub type Price = Numeric<12, 2>;

/// What a user has chosen: JSON in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The language, such as `de`; that of the browser if there is none.
    pub language: Option<String>,
    /// After how many seconds the clipboard is cleared, if at all.
    pub clear_clipboard: Option<u32>,
}

/// What an item is: a number in the database, as older clients store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, RecordEnum)]
#[record_enum(repr = i32)]
pub enum Kind {
    /// A user name and a password.
    Login = 1,
    /// A text.
    Note = 2,
    /// A payment card.
    Card = 3,
    /// A person.
    Identity = 4,
}

/// What is asked again before an item is shown: a text in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, RecordEnum)]
#[record_enum(rename_all = "snake_case")]
pub enum Reprompt {
    /// The password.
    Password,
    /// A second factor.
    SecondFactor,
}

/// What a member of an organization may do: a text in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, RecordEnum)]
#[record_enum(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but to delete the organization.
    Admin,
    /// To use its collections.
    Member,
}
