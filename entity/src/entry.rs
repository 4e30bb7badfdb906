use catamaran::Record;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// A day on which a habit was kept. Among the living rows there is one for each habit and day.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    table = crate::domain::HABIT_ENTRIES,
    sqlite = crate::sqlite::entry,
    postgres = crate::postgres::entry
)]
pub struct Entry {
    /// The id, made by whoever made the row.
    #[record(id)]
    pub id: Uuid,
    /// Who owns the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// The habit, of the same owner.
    pub habit_id: Uuid,
    /// The day, in the owner's own calendar.
    pub date: NaiveDate,
    /// How much was done, in the habit's own unit.
    #[record(default = 0)]
    pub amount: i64,
    /// Where the entry comes from.
    #[record(default = "local")]
    pub source: String,
    /// When the row was inserted.
    #[record(created)]
    pub created_at: DateTime<Utc>,
    /// When the row was last written.
    #[record(updated)]
    pub updated_at: DateTime<Utc>,
    /// How often the row was written.
    #[record(version)]
    pub version: i64,
    /// When the row was deleted.
    #[record(deleted)]
    pub deleted_at: Option<DateTime<Utc>>,
}
