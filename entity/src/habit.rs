use catamaran::Record;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A habit.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    table = crate::domain::HABITS,
    sqlite = crate::sqlite::habit,
    postgres = crate::postgres::habit
)]
pub struct Habit {
    /// The id, made by the client that made the row.
    #[record(id)]
    pub id: Uuid,
    /// The owner of the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// The name.
    pub name: String,
    /// How often: `daily`, `weekly`.
    pub cadence: String,
    /// The color, as `#rrggbb`.
    #[record(default = "#0ea5e9")]
    pub color: String,
    /// The position in the owner's list.
    #[record(default = 0)]
    pub sort_order: i32,
    /// Whether the habit is archived.
    #[record(default = false)]
    pub is_archived: bool,
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
