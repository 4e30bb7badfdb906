//! A domain of one table whose texts and bytes are in indexes of every kind: unique, partial, over expressions.

mod migrations;
pub mod postgres;
pub mod sqlite;

use catamaran::domain::{Domain, Index, ManagedColumns, PrimaryKey, Table, TableSource, UniqueKey};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use migrations::{History, Migrator};

const PLAIN: Index = Index {
    name: "",
    columns: &[],
    unique: false,
    predicate: None,
};

/// The members of a club.
pub const MEMBERS: Table = Table {
    name: "members",
    columns: &[
        "id",
        "email",
        "given_name",
        "family_name",
        "nickname",
        "biography",
        "token",
        "version",
        "deleted_at",
    ],
    primary_key: PrimaryKey {
        name: "pk_members",
        columns: &["id"],
    },
    managed: ManagedColumns {
        version: Some("version"),
        deleted: Some("deleted_at"),
        ..ManagedColumns::NONE
    },
    unique_keys: &[UniqueKey {
        name: "uq_members__token",
        columns: &["token"],
    }],
    indexes: &[
        Index {
            name: "uq_members__email",
            columns: &["lower(email)"],
            unique: true,
            ..PLAIN
        },
        Index {
            name: "ix_members__name",
            columns: &["family_name || ', ' || given_name DESC", "deleted_at"],
            ..PLAIN
        },
        Index {
            name: "ix_members__nickname",
            columns: &["nickname"],
            predicate: Some("deleted_at IS NULL"),
            ..PLAIN
        },
        Index {
            name: "ix_members__biography",
            columns: &["substr(biography, 1, 100)"],
            ..PLAIN
        },
    ],
    ..Table::BLANK
};

/// The domain.
pub const DOMAIN: Domain = Domain {
    tables: &[MEMBERS],
    sources: &[TableSource::record::<Member>()],
    ..Domain::BLANK
};

#[derive(Clone, Debug, PartialEq, catamaran::Record)]
#[record(table = self::MEMBERS, sqlite = self::sqlite, postgres = self::postgres)]
pub struct Member {
    #[record(id)]
    pub id: Uuid,
    pub email: String,
    #[record(default = String::new())]
    pub given_name: String,
    #[record(default = String::new())]
    pub family_name: String,
    pub nickname: Option<String>,
    pub biography: Option<String>,
    pub token: Option<Vec<u8>>,
    #[record(version)]
    pub version: i64,
    #[record(deleted)]
    pub deleted_at: Option<DateTime<Utc>>,
}
