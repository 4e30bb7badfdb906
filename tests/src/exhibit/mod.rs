//! A third domain: types of an application's own, and those that the specimens lack.

pub mod measure;
mod migrations;
pub mod paper;
pub mod postgres;
pub mod sqlite;
mod types;

use catamaran::domain::{ColumnDefault, DefaultValue, Domain, Table, TableSource};
use catamaran::{Numeric, table};
use uuid::Uuid;

pub use measure::{MEASURES, Measure, MeasureDraft, MeasurePatch};
pub use migrations::{History, Migrator, OtherVariants};
pub use paper::{PAPERS, Paper, PaperDraft, PaperPatch, Settings};
pub use types::{Access, Address, Email, Floor, Grade, Loan, Title, addresses, emails};

/// The table.
pub const EXHIBITS: Table = table!(
    Exhibit,
    Table {
        name: "exhibits",
        defaults: &[
            ColumnDefault::new("email", DefaultValue::Text("nobody@example.org")),
            ColumnDefault::new(
                "price",
                DefaultValue::Numeric {
                    units: 150,
                    scale: 2
                }
            ),
            ColumnDefault::new("access", DefaultValue::Text("everybody's")),
            ColumnDefault::new("grade", DefaultValue::Integer(-1)),
            ColumnDefault::new("loan", DefaultValue::Text("in")),
        ],
        ..Table::BLANK
    }
);

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[EXHIBITS, MEASURES, PAPERS],
    sources: &[
        TableSource::record::<Exhibit>(),
        TableSource::record::<Measure>(),
        TableSource::record::<Paper>(),
    ],
    ..Domain::BLANK
};

/// A row with a column of each type, required and nullable.
#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::EXHIBITS, sqlite = self::sqlite, postgres = self::postgres)]
pub struct Exhibit {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// A decimal number.
    #[record(default = Numeric::of_units::<150>())]
    pub price: Numeric<12, 2>,
    /// A decimal number of the most digits, none of them behind the point.
    pub balance: Option<Numeric<18, 0>>,
    /// The same, all of them behind it.
    pub share: Option<Numeric<18, 18>>,
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
    /// An enum as text.
    #[record(default = Access::Everybodys)]
    pub access: Access,
    /// The same, or none.
    pub shown_to: Option<Access>,
    /// An enum as number.
    #[record(default = Grade::Low)]
    pub grade: Grade,
    /// The same, or none.
    pub goal: Option<Grade>,
    /// An enum of SeaORM's as text.
    #[record(default = Loan::In)]
    pub loan: Loan,
    /// The same, or none.
    pub last_loan: Option<Loan>,
    /// An enum of SeaORM's as number, or none.
    pub floor: Option<Floor>,
}
