//! The outbox, a table of one engine without a record: its columns have their types here.

use catamaran::domain::{
    Check, ColumnDefault, DefaultValue, Index, ManagedColumns, Presence, PrimaryKey, Table,
    TableTypes, TypedColumn,
};
use catamaran::{Engine, table};

/// Changes that a local database has not yet sent to the remote one.
pub const OUTBOX: Table = table!(
    types = TYPES,
    Table {
        name: "outbox",
        primary_key: PrimaryKey::over(&["id"]),
        managed: ManagedColumns {
            deleted: None,
            ..ManagedColumns::ALL
        },
        defaults: &[ColumnDefault::new("attempts", DefaultValue::Integer(0))],
        indexes: &[Index::over(&["created_at"])],
        checks: &[Check::over(&["operation"]).holds("operation IN ('insert', 'update', 'delete')")],
        presence: Presence::Only {
            engine: Engine::Sqlite,
            reason: "a server is the remote side: it has nothing to send",
        },
        ..Table::BLANK
    }
);

pub(super) const TYPES: TableTypes = TableTypes {
    table: "outbox",
    columns: &[
        TypedColumn::new("id", "uuid"),
        TypedColumn::new("table_name", "text"),
        TypedColumn::new("row_id", "uuid"),
        TypedColumn::new("operation", "text"),
        TypedColumn::new("payload", "text"),
        TypedColumn::new("attempts", "int4"),
        TypedColumn::new("created_at", "timestamptz"),
        TypedColumn::new("updated_at", "timestamptz"),
        TypedColumn::new("version", "bigint"),
    ],
};
