//! A second domain, of one table: every type that a column may have, and none of the managed columns but
//! the id.

mod migrations;
mod postgres;
mod sqlite;

use catamaran::domain::{Domain, Table};
use catamaran::table;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

pub use migrations::{History, Migrator};

/// The table.
pub const SPECIMENS: Table = table!(
    Specimen,
    Table {
        name: "specimens",
        ..Table::BLANK
    }
);

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[SPECIMENS],
    ..Domain::BLANK
};

/// A row without owner, version, timestamps and soft delete.
#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::SPECIMENS, sqlite = self::sqlite, postgres = self::postgres)]
pub struct Specimen {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// A text.
    pub label: String,
    /// A text that may be absent.
    pub note: Option<String>,
    /// 32 bits.
    #[record(default = 0)]
    pub small: i32,
    /// 64 bits, or none.
    pub whole: Option<i64>,
    /// A float.
    #[record(default = 0.0)]
    pub ratio: f64,
    /// A float that may be absent.
    pub reading: Option<f64>,
    /// Yes, no or unknown.
    pub flag: Option<bool>,
    /// A day that may be absent.
    pub day: Option<NaiveDate>,
    /// An instant that the caller writes.
    pub at: Option<DateTime<Utc>>,
    /// Another row, or none.
    pub link: Option<Uuid>,
    /// Bytes.
    #[record(default = Vec::new())]
    pub blob: Vec<u8>,
}
