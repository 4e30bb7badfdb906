//! A third domain, of one table: types of an application's own, and those that the specimens lack.

mod migrations;
mod postgres;
mod sqlite;
mod types;

use catamaran::domain::{
    Check, ColumnDefault, DefaultValue, Domain, Presence, PrimaryKey, Table, TableSource,
};
use uuid::Uuid;

pub use migrations::{History, Migrator};
pub use types::{Address, Email, Title, addresses, emails};

/// The table.
pub const EXHIBITS: Table = Table {
    name: "exhibits",
    columns: &["id", "title", "subtitle", "email", "reply_to", "address"],
    primary_key: PrimaryKey {
        name: "pk_exhibits",
        columns: &["id"],
    },
    owner: None,
    defaults: &[ColumnDefault {
        column: "email",
        value: DefaultValue::Text("nobody@example.org"),
    }],
    unique_keys: &[],
    indexes: &[],
    foreign_keys: &[],
    checks: &[Check::on_sqlite("ck_exhibits__id")],
    presence: Presence::Both,
    ..Table::BLANK
};

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[EXHIBITS],
    sources: &[TableSource::record::<Exhibit>()],
    ..Domain::BLANK
};

/// A row with a column of each type, required and nullable.
#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::EXHIBITS, sqlite = self::sqlite, postgres = self::postgres)]
pub struct Exhibit {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// A newtype that holds every text.
    #[record(max_chars = 200)]
    pub title: Title,
    /// The same, or none.
    pub subtitle: Option<Title>,
    /// A newtype of which not every text is one.
    #[record(default = Email::example())]
    pub email: Email,
    /// The same, or none.
    pub reply_to: Option<Email>,
    /// A type of another crate.
    pub address: Option<Address>,
}
