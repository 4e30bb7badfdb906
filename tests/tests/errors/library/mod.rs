//! A domain of references: refused, followed and of several columns; unique texts; no managed column but the id.

mod migrations;
pub mod postgres;
pub mod sqlite;

use catamaran::domain::{
    Action, Domain, ForeignKey, Index, Presence, PrimaryKey, Table, UniqueKey,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use migrations::{History, Migrator};

const BARE: Table = Table {
    name: "",
    columns: &[],
    primary_key: PrimaryKey {
        name: "",
        columns: &["id"],
    },
    owner: None,
    defaults: &[],
    unique_keys: &[],
    indexes: &[],
    foreign_keys: &[],
    checks: &[],
    presence: Presence::Both,
    ..Table::BLANK
};

/// A room has shelves, which are deleted with it.
pub const ROOMS: Table = Table {
    name: "rooms",
    columns: &["id", "name"],
    primary_key: PrimaryKey {
        name: "pk_rooms",
        columns: &["id"],
    },
    ..BARE
};

/// A shelf has books. It cannot be deleted while it has some.
pub const SHELVES: Table = Table {
    name: "shelves",
    columns: &["id", "room_id", "code", "deleted_at"],
    primary_key: PrimaryKey {
        name: "pk_shelves",
        columns: &["id"],
    },
    unique_keys: &[UniqueKey {
        name: "uq_shelves__code",
        columns: &["code"],
    }],
    foreign_keys: &[ForeignKey {
        name: "fk_shelves__room_id",
        columns: &["room_id"],
        references: "rooms",
        referenced_columns: &["id"],
        on_delete: Action::Cascade,
        on_update: Action::NoAction,
    }],
    ..BARE
};

/// A book may be part of a volume. It refers to two columns other than the id.
pub const VOLUMES: Table = Table {
    name: "volumes",
    columns: &["id", "series", "number"],
    primary_key: PrimaryKey {
        name: "pk_volumes",
        columns: &["id"],
    },
    unique_keys: &[UniqueKey {
        name: "uq_volumes__series_number",
        columns: &["series", "number"],
    }],
    ..BARE
};

/// A book refers to all the other tables, and to itself.
pub const BOOKS: Table = Table {
    name: "books",
    columns: &[
        "id",
        "shelf_id",
        "series",
        "number",
        "follows_id",
        "title",
        "subtitle",
        "pages",
    ],
    primary_key: PrimaryKey {
        name: "pk_books",
        columns: &["id"],
    },
    indexes: &[Index {
        name: "ix_books__title_subtitle",
        columns: &["title", "subtitle"],
        unique: false,
        predicate: None,
    }],
    foreign_keys: &[
        ForeignKey {
            name: "fk_books__shelf_id",
            columns: &["shelf_id"],
            references: "shelves",
            referenced_columns: &["id"],
            on_delete: Action::Restrict,
            on_update: Action::NoAction,
        },
        ForeignKey {
            name: "fk_books__series_number",
            columns: &["series", "number"],
            references: "volumes",
            referenced_columns: &["series", "number"],
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        },
        ForeignKey {
            name: "fk_books__follows_id",
            columns: &["follows_id"],
            references: "books",
            referenced_columns: &["id"],
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        },
    ],
    ..BARE
};

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[ROOMS, SHELVES, VOLUMES, BOOKS],
    ..Domain::BLANK
};

#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::ROOMS, sqlite = self::sqlite::room, postgres = self::postgres::room)]
pub struct Room {
    #[record(id)]
    pub id: Uuid,
    #[record(max_chars = 8)]
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::SHELVES, sqlite = self::sqlite::shelf, postgres = self::postgres::shelf)]
pub struct Shelf {
    #[record(id)]
    pub id: Uuid,
    pub room_id: Uuid,
    pub code: String,
    #[record(deleted)]
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::VOLUMES, sqlite = self::sqlite::volume, postgres = self::postgres::volume)]
pub struct Volume {
    #[record(id)]
    pub id: Uuid,
    pub series: String,
    pub number: i32,
}

#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::BOOKS, sqlite = self::sqlite::book, postgres = self::postgres::book)]
pub struct Book {
    #[record(id)]
    pub id: Uuid,
    pub shelf_id: Uuid,
    pub series: Option<String>,
    pub number: Option<i32>,
    pub follows_id: Option<Uuid>,
    pub title: String,
    #[record(max_chars = 2_000)]
    pub subtitle: Option<String>,
    #[record(default = 1)]
    pub pages: i32,
}
