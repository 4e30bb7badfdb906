//! A domain of one table with owners and soft delete, which refers to itself.

mod migrations;
mod postgres;
mod sqlite;

use catamaran::domain::{Domain, ForeignKey, Index, Table, UniqueKey};
use catamaran::table;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use migrations::{History, Migrator};

/// The table. One key is unique across owners, so a row may take that of a row which its owner does not see.
pub const STEPS: Table = table!(
    Step,
    Table {
        name: "steps",
        unique_keys: &[
            UniqueKey::over(&["user_id", "id"]),
            UniqueKey::over(&["badge"])
        ],
        indexes: &[Index::over(&["user_id", "title"])
            .unique()
            .only("deleted_at IS NULL")],
        foreign_keys: &[
            to_step(&["user_id", "before_id"]),
            to_step(&["user_id", "after_id"])
        ],
        ..Table::BLANK
    }
);

const fn to_step(columns: &'static [&'static str]) -> ForeignKey {
    ForeignKey::over(columns, "steps", &["user_id", "id"])
}

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[STEPS],
    ..Domain::BLANK
};

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, catamaran::Record)]
#[record(table = self::STEPS, sqlite = self::sqlite, postgres = self::postgres)]
pub struct Step {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The owner.
    #[record(owner)]
    pub user_id: Uuid,
    /// Unique among the steps of all owners.
    pub badge: i32,
    /// Unique among the live steps of the owner.
    pub title: String,
    /// A step of the same owner. The database requires one.
    pub before_id: Option<Uuid>,
    /// A step of the same owner, or none.
    pub after_id: Option<Uuid>,
    /// When the row was written last.
    #[record(updated)]
    pub updated_at: DateTime<Utc>,
    /// How often the row was written.
    #[record(version)]
    pub version: i64,
    /// When the row was deleted.
    #[record(deleted)]
    pub deleted_at: Option<DateTime<Utc>>,
}

/// The draft of the `nth` step, which refers to itself and breaks no rule. Its id is the number.
pub fn step(nth: u32) -> StepDraft {
    let badge = i32::try_from(nth).expect("a small number");
    let id = Uuid::from_u128(nth.into());
    let step = StepDraft::new(badge, format!("title {nth}"));
    step.id(id).before_id(Some(id))
}
