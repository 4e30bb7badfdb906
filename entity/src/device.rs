use catamaran::Record;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A device that holds a copy of its owner's data.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(
    table = crate::domain::DEVICES,
    sqlite = crate::sqlite::device,
    postgres = crate::postgres::device
)]
pub struct Device {
    /// The id, made by the client that made the row.
    #[record(id)]
    pub id: Uuid,
    /// The owner of the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// The platform: `ios`, `linux`. 1 to 64 characters.
    pub platform: String,
    /// When the device last synchronised; `None` if it never did.
    pub last_sync_at: Option<DateTime<Utc>>,
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
