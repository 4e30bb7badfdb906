use catamaran::Record;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A habit that its owner wants to keep.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    table = crate::domain::HABITS,
    sqlite = crate::sqlite::habit,
    postgres = crate::postgres::habit
)]
pub struct Habit {
    /// The id, made by whoever made the row.
    #[record(id)]
    pub id: Uuid,
    /// Who owns the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// What the owner calls it.
    pub name: String,
    /// How often: `daily`, `weekly`.
    pub cadence: String,
    /// The color of its card, as `#rrggbb`.
    #[record(default = "#0ea5e9")]
    pub color: String,
    /// Its place in the owner's list.
    #[record(default = 0)]
    pub sort_order: i32,
    /// Whether it is put away.
    #[record(default = false)]
    pub is_archived: bool,
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
