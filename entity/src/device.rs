use catamaran::Record;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A device that an owner's data is on.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    table = crate::domain::DEVICES,
    sqlite = crate::sqlite::device,
    postgres = crate::postgres::device
)]
pub struct Device {
    /// The id, made by whoever made the row.
    #[record(id)]
    pub id: Uuid,
    /// Who owns the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// What it runs: `ios`, `linux`. At most 64 characters.
    pub platform: String,
    /// When it last exchanged data.
    pub last_sync_at: Option<DateTime<Utc>>,
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
