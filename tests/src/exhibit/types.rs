//! Types that an application could have.

use std::fmt;
use std::net::{AddrParseError, IpAddr};

use catamaran::record::Field;

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
