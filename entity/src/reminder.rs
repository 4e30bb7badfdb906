use catamaran::Record;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A time of the week at which the owner is reminded of a habit.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    table = crate::domain::REMINDERS,
    sqlite = crate::sqlite::reminder,
    postgres = crate::postgres::reminder
)]
pub struct Reminder {
    /// The id, made by the client that made the row.
    #[record(id)]
    pub id: Uuid,
    /// The owner of the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// The habit, which has the same owner.
    pub habit_id: Uuid,
    /// The time of day in `timezone`, as `HH:MM`.
    pub time_local: String,
    /// The days as a bit mask: Monday is 1, Sunday is 64.
    pub days_of_week: i32,
    /// The owner's IANA time zone.
    pub timezone: String,
    /// Whether the owner is reminded.
    #[record(default = true)]
    pub is_enabled: bool,
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
