//! [`DOMAIN`]: the names of the tables, columns and constraints.

use catamaran::domain::{
    Check, ColumnDefault, DefaultValue, Domain, Index, ManagedColumns, PrimaryKey, Table,
    TableSource, UniqueKey,
};

use crate::Note;

/// Every table, each after those that it references.
pub const DOMAIN: Domain = Domain {
    tables: &[NOTES],
    sources: &[TableSource::record::<Note>()],
    ..Domain::BLANK
};

/// The table of [`Note`](crate::Note); each row has an owner.
pub const NOTES: Table = Table {
    name: "notes",
    columns: &[
        "id",
        "user_id",
        "title",
        "stars",
        "created_at",
        "updated_at",
        "version",
        "deleted_at",
    ],
    primary_key: PrimaryKey {
        name: "pk_notes",
        columns: &["id"],
    },
    owner: Some("user_id"),
    managed: ManagedColumns::ALL,
    defaults: &[ColumnDefault {
        column: "stars",
        value: DefaultValue::Integer(0),
    }],
    unique_keys: &[UniqueKey {
        name: "uq_notes__user_id_id",
        columns: &["user_id", "id"],
    }],
    indexes: &[Index {
        name: "uq_notes__user_id_title",
        columns: &["user_id", "title"],
        unique: true,
        predicate: Some("deleted_at IS NULL"),
    }],
    checks: &[
        Check::on_sqlite("ck_notes__id").of(&["id"]),
        Check::on_sqlite("ck_notes__user_id").of(&["user_id"]),
        Check::on_sqlite("ck_notes__stars").of(&["stars"]),
        Check::on_both("ck_notes__created_at").of(&["created_at"]),
        Check::on_both("ck_notes__updated_at").of(&["updated_at"]),
        Check::on_both("ck_notes__version").of(&["version"]),
        Check::on_both("ck_notes__deleted_at").of(&["deleted_at"]),
    ],
    ..Table::BLANK
};
