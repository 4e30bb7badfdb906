use catamaran::Record;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// What was done for a habit on a day. There is one live row for each owner, habit and day.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    table = crate::domain::HABIT_ENTRIES,
    sqlite = crate::sqlite::entry,
    postgres = crate::postgres::entry
)]
pub struct Entry {
    /// The id, made by the client that made the row.
    #[record(id)]
    pub id: Uuid,
    /// The owner of the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// The habit, which has the same owner.
    pub habit_id: Uuid,
    /// The day in the owner's time zone.
    pub date: NaiveDate,
    /// How much was done, in the habit's unit.
    #[record(default = 0)]
    pub amount: i64,
    /// The source of the entry: `local`, or the name of a service.
    #[record(default = "local")]
    pub source: String,
    /// When the row was inserted.
    #[record(created)]
    pub created_at: DateTime<Utc>,
    /// When the row was last written.
    #[record(updated)]
    pub updated_at: DateTime<Utc>,
    /// How often the row was written, counted from 1.
    #[record(version)]
    pub version: i64,
    /// When the row was soft-deleted; `None` while it is live.
    #[record(deleted)]
    pub deleted_at: Option<DateTime<Utc>>,
}
