use catamaran::Record;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A note, which an owner keeps.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    table = crate::domain::NOTES,
    sqlite = crate::sqlite::note,
    postgres = crate::postgres::note
)]
pub struct Note {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The owner of the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// The title. An owner has one note of each title.
    pub title: String,
    /// How much the owner likes it.
    #[record(default = 0)]
    pub stars: i32,
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
