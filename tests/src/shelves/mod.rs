//! A domain whose references have the owner in them and outlive the row that they reference: the books of a shelf that is
//! deleted stay, without a shelf.

mod migrations;
mod postgres;
mod sqlite;

use catamaran::Record;
use catamaran::domain::{Action, Domain, ForeignKey, ManagedColumns, PrimaryKey, Table, UniqueKey};
use catamaran::record::MAX_BYTES;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use migrations::{History, Migrator};

const fn primary(name: &'static str) -> PrimaryKey {
    PrimaryKey {
        name,
        columns: &["id"],
    }
}

const fn reference(
    name: &'static str,
    columns: &'static [&'static str],
    references: &'static str,
    on_delete: Action,
) -> ForeignKey {
    ForeignKey {
        name,
        columns,
        references,
        referenced_columns: &["user_id", "id"],
        on_delete,
        on_update: Action::NoAction,
    }
}

const ROOMS: Table = Table {
    name: "rooms",
    columns: &["id", "user_id"],
    primary_key: primary("pk_rooms"),
    owner: Some("user_id"),
    unique_keys: &[UniqueKey {
        name: "uq_rooms__user_id_id",
        columns: &["user_id", "id"],
    }],
    ..Table::BLANK
};

const SHELVES: Table = Table {
    name: "shelves",
    columns: &["id", "user_id", "room_id", "above_id", "deleted_at"],
    primary_key: primary("pk_shelves"),
    owner: Some("user_id"),
    managed: ManagedColumns {
        deleted: Some("deleted_at"),
        ..ManagedColumns::NONE
    },
    unique_keys: &[UniqueKey {
        name: "uq_shelves__user_id_id",
        columns: &["user_id", "id"],
    }],
    foreign_keys: &[
        reference(
            "fk_shelves__user_id_room_id",
            &["user_id", "room_id"],
            "rooms",
            Action::Cascade,
        ),
        reference(
            "fk_shelves__user_id_above_id",
            &["user_id", "above_id"],
            "shelves",
            Action::SetNullOf(&["above_id"]),
        ),
    ],
    ..Table::BLANK
};

const BOOKS: Table = Table {
    name: "books",
    columns: &[
        "id",
        "user_id",
        "shelf_id",
        "mark",
        "text",
        "cover",
        "facts",
        "updated_at",
        "version",
    ],
    primary_key: primary("pk_books"),
    owner: Some("user_id"),
    managed: ManagedColumns {
        updated: Some("updated_at"),
        version: Some("version"),
        ..ManagedColumns::NONE
    },
    foreign_keys: &[reference(
        "fk_books__user_id_shelf_id",
        &["user_id", "shelf_id"],
        "shelves",
        Action::SetNullOf(&["shelf_id"]),
    )],
    ..Table::BLANK
};

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[ROOMS, SHELVES, BOOKS],
    ..Domain::BLANK
};

/// A room. Its shelves are deleted with it.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(table = self::ROOMS, sqlite = self::sqlite::room, postgres = self::postgres::room)]
pub struct Room {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The owner of the row.
    #[record(owner)]
    pub user_id: Uuid,
}

/// A shelf, in a room and above another one, or not.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(table = self::SHELVES, sqlite = self::sqlite::shelf, postgres = self::postgres::shelf)]
pub struct Shelf {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The owner of the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// The room.
    pub room_id: Option<Uuid>,
    /// The shelf above it.
    pub above_id: Option<Uuid>,
    /// When the row was soft-deleted; `None` while it is live.
    #[record(deleted)]
    pub deleted_at: Option<DateTime<Utc>>,
}

/// The maximum length of what a book has, in bytes: more than that of other columns.
pub const LONG: usize = 2 * MAX_BYTES + 3;

/// A book, on a shelf or not.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(table = self::BOOKS, sqlite = self::sqlite::book, postgres = self::postgres::book)]
pub struct Book {
    /// The id.
    #[record(id)]
    pub id: Uuid,
    /// The owner of the row.
    #[record(owner)]
    pub user_id: Uuid,
    /// The shelf.
    pub shelf_id: Option<Uuid>,
    /// A short text, or none.
    #[record(max_bytes = 16)]
    pub mark: Option<String>,
    /// A long text, or none.
    #[record(max_bytes = LONG)]
    pub text: Option<String>,
    /// An image, or none.
    #[record(max_bytes = LONG)]
    pub cover: Option<Vec<u8>>,
    /// A document, or none.
    #[record(max_bytes = LONG)]
    pub facts: Option<serde_json::Value>,
    /// When the row was last written.
    #[record(updated)]
    pub updated_at: DateTime<Utc>,
    /// How often the row was written.
    #[record(version)]
    pub version: i64,
}
