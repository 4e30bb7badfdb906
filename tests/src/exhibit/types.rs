//! Types that an application could have.

use std::fmt;
use std::net::{AddrParseError, IpAddr};

use catamaran::RecordEnum;
use catamaran::record::Field;
use sea_orm::entity::prelude::*;

/// Any text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Field)]
pub struct Title(pub String);

impl From<&str> for Title {
    fn from(text: &str) -> Self {
        Title(text.to_owned())
    }
}

/// A text with an `@`, whose letters are lower-case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Field)]
#[field(try_from)]
pub struct Email(String);

impl Email {
    /// An address that nobody has.
    pub fn example() -> Self {
        Email("nobody@example.org".to_owned())
    }

    /// A value that was not converted.
    pub fn unchecked(text: &str) -> Self {
        Email(text.to_owned())
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no [`Email`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAt;

impl fmt::Display for NoAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it has no @")
    }
}

impl TryFrom<String> for Email {
    type Error = NoAt;

    fn try_from(text: String) -> Result<Self, NoAt> {
        match text.contains('@') {
            true => Ok(Email(text.to_lowercase())),
            false => Err(NoAt),
        }
    }
}

/// An address of another type than the one that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Field)]
#[field(try_from = String)]
pub struct Address(pub IpAddr);

impl TryFrom<String> for Address {
    type Error = AddrParseError;

    fn try_from(text: String) -> Result<Self, AddrParseError> {
        text.parse().map(Address)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0.to_string()
    }
}

/// Stored as the names of its variants, but one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, RecordEnum)]
#[record_enum(rename_all = "kebab-case")]
pub enum Access {
    /// Stored as `nobody`.
    Nobody,
    /// Stored as `read-only`.
    ReadOnly,
    /// Stored as a text that code could quote wrongly.
    #[record_enum(rename = "everybody's")]
    Everybodys,
}

/// Stored as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, RecordEnum)]
#[record_enum(repr = i32)]
pub enum Grade {
    /// Stored as 10.
    High = 10,
    /// Stored as -1.
    Low = -1,
    /// Stored as 2.
    Middle = 2,
}

/// An enum of SeaORM's that is stored as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, RecordEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[record_enum(active_enum)]
pub enum Loan {
    /// Stored as `in`.
    #[sea_orm(string_value = "in")]
    In,
    /// Stored as `out`.
    #[sea_orm(string_value = "out")]
    Out,
}

/// An enum of SeaORM's that is stored as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, RecordEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
#[record_enum(active_enum)]
pub enum Floor {
    /// Stored as -1.
    #[sea_orm(num_value = -1)]
    Cellar,
    /// Stored as 0.
    #[sea_orm(num_value = 0)]
    Ground,
}

/// Addresses for random rows, of which some are not in canonical form.
pub fn emails() -> [Email; 4] {
    ["a@x", "A@X", "'@\\", "é@\u{10ffff}"].map(Email::unchecked)
}

/// Addresses for random rows.
pub fn addresses() -> [Address; 3] {
    let addresses = [
        IpAddr::from([127, 0, 0, 1]),
        IpAddr::from([255; 4]),
        IpAddr::from([0; 16]),
    ];
    addresses.map(Address)
}
