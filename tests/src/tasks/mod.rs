//! A third domain, of one table with a rule of every kind: NOT NULL, two checks, three unique keys, and two references
//! to other rows of the table.

mod migrations;
mod postgres;
mod sqlite;

use catamaran::domain::{Check, Domain, ForeignKey, Index, Table, UniqueKey};
use catamaran::table;
use uuid::Uuid;

pub use migrations::{History, Migrator};

/// The table. SQLite and Postgres check its rules in different orders.
pub const TASKS: Table = table!(
    Task,
    Table {
        name: "tasks",
        unique_keys: &[UniqueKey::over(&["slug"]), UniqueKey::over(&["code"])],
        indexes: &[Index::over(&["place DESC"]).unique().only("is_open")],
        foreign_keys: &[
            ForeignKey::over(&["parent_id"], "tasks", &["id"]),
            ForeignKey::over(&["next_id"], "tasks", &["id"]),
        ],
        checks: &[
            Check::on_both("ck_tasks__slug_length")
                .of(&["slug"])
                .holds("length(slug) <= 40"),
            Check::on_both("ck_tasks__code_differs")
                .of(&["slug", "code"])
                .holds("code <> slug"),
        ],
        ..Table::BLANK
    }
);

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[TASKS],
    ..Domain::BLANK
};

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, catamaran::Record)]
#[record(table = self::TASKS, sqlite = self::sqlite, postgres = self::postgres)]
pub struct Task {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// Unique, at most 40 characters.
    pub slug: String,
    /// Unique, and not the slug.
    pub code: String,
    /// Unique among open tasks.
    pub place: i32,
    /// Whether the task is open.
    #[record(default = true)]
    pub is_open: bool,
    /// NULL in the record, and NOT NULL in the database.
    #[record(default = Some(String::new()))]
    pub note: Option<String>,
    /// Another task, or none.
    pub parent_id: Option<Uuid>,
    /// Another task, or none.
    pub next_id: Option<Uuid>,
    /// How often the row was written.
    #[record(version)]
    pub version: i64,
}

/// The id of the `nth` task.
pub fn id(nth: u32) -> Uuid {
    Uuid::from_u128(nth.into())
}

/// The draft of the `nth` task, which breaks no rule.
pub fn task(nth: u32) -> TaskDraft {
    let place = i32::try_from(nth).expect("a small number");
    TaskDraft::new(format!("slug {nth}"), format!("code {nth}"), place).id(id(nth))
}
