//! [`DOMAIN`]: the names of the application's tables, columns and constraints.

use catamaran::domain::{
    Action, Check, ColumnDefault, DefaultValue, Domain, ForeignKey, Index, ManagedColumns,
    Presence, PrimaryKey, Table, TableSource, TableTypes, TypedColumn, UniqueKey,
};
use catamaran::unit::OPERATION_KEYS_TYPES;
use catamaran::{Engine, OPERATION_KEYS};

use crate::{Device, Entry, Habit, Reminder, postgres, sqlite};

/// Every table. Constraints and indexes are named `pk_`, `uq_`, `ix_`, `fk_` or `ck_`, table, `__`, columns.
pub const DOMAIN: Domain = Domain {
    tables: &[
        HABITS,
        HABIT_ENTRIES,
        REMINDERS,
        DEVICES,
        OUTBOX,
        OPERATION_KEYS,
    ],
    sources: &[
        TableSource::record::<Habit>(),
        TableSource::record::<Entry>(),
        TableSource::record::<Reminder>(),
        TableSource::record::<Device>(),
        TableSource::types(&OUTBOX_TYPES),
        TableSource::sqlite::<sqlite::outbox::Entity>(),
        TableSource::types(&OPERATION_KEYS_TYPES),
        TableSource::sqlite::<sqlite::operation_key::Entity>(),
        TableSource::postgres::<postgres::operation_key::Entity>(),
    ],
    ..Domain::BLANK
};

/// Habits. Child tables reference `(user_id, id)`, so that a child and its habit have the same owner.
pub const HABITS: Table = Table {
    name: "habits",
    columns: &[
        "id",
        "user_id",
        "name",
        "cadence",
        "color",
        "sort_order",
        "is_archived",
        "created_at",
        "updated_at",
        "version",
        "deleted_at",
    ],
    primary_key: PrimaryKey {
        name: "pk_habits",
        columns: &["id"],
    },
    owner: Some("user_id"),
    managed: ManagedColumns::ALL,
    defaults: &[
        ColumnDefault {
            column: "color",
            value: DefaultValue::Text("#0ea5e9"),
        },
        ColumnDefault {
            column: "sort_order",
            value: DefaultValue::Integer(0),
        },
        ColumnDefault {
            column: "is_archived",
            value: DefaultValue::Bool(false),
        },
    ],
    unique_keys: &[UniqueKey {
        name: "uq_habits__user_id_id",
        columns: &["user_id", "id"],
    }],
    indexes: &[Index {
        name: "ix_habits__user_id_updated_at",
        columns: &["user_id", "updated_at"],
        unique: false,
        predicate: None,
    }],
    foreign_keys: &[],
    checks: &[
        Check::on_sqlite("ck_habits__id").of(&["id"]),
        Check::on_sqlite("ck_habits__user_id").of(&["user_id"]),
        Check::on_sqlite("ck_habits__sort_order").of(&["sort_order"]),
        Check::on_sqlite("ck_habits__is_archived").of(&["is_archived"]),
        Check::on_both("ck_habits__created_at").of(&["created_at"]),
        Check::on_both("ck_habits__updated_at").of(&["updated_at"]),
        Check::on_both("ck_habits__version").of(&["version"]),
        Check::on_both("ck_habits__deleted_at").of(&["deleted_at"]),
    ],
    presence: Presence::Both,
    ..Table::BLANK
};

/// What was done for a habit on a day; one live row for each owner, habit and day.
pub const HABIT_ENTRIES: Table = Table {
    name: "habit_entries",
    columns: &[
        "id",
        "user_id",
        "habit_id",
        "date",
        "amount",
        "source",
        "created_at",
        "updated_at",
        "version",
        "deleted_at",
    ],
    primary_key: PrimaryKey {
        name: "pk_habit_entries",
        columns: &["id"],
    },
    owner: Some("user_id"),
    managed: ManagedColumns::ALL,
    defaults: &[
        ColumnDefault {
            column: "amount",
            value: DefaultValue::Integer(0),
        },
        ColumnDefault {
            column: "source",
            value: DefaultValue::Text("local"),
        },
    ],
    unique_keys: &[],
    indexes: &[
        Index {
            name: "uq_habit_entries__user_id_habit_id_date",
            columns: &["user_id", "habit_id", "date"],
            unique: true,
            predicate: Some("deleted_at IS NULL"),
        },
        Index {
            name: "ix_habit_entries__user_id_habit_id_date",
            columns: &["user_id", "habit_id", "date"],
            unique: false,
            predicate: None,
        },
    ],
    foreign_keys: &[ForeignKey {
        name: "fk_habit_entries__user_id_habit_id",
        columns: &["user_id", "habit_id"],
        references: "habits",
        referenced_columns: &["user_id", "id"],
        on_delete: Action::Cascade,
        on_update: Action::NoAction,
    }],
    checks: &[
        Check::on_sqlite("ck_habit_entries__id").of(&["id"]),
        Check::on_sqlite("ck_habit_entries__user_id").of(&["user_id"]),
        Check::on_sqlite("ck_habit_entries__habit_id").of(&["habit_id"]),
        Check::on_both("ck_habit_entries__date").of(&["date"]),
        Check::on_both("ck_habit_entries__created_at").of(&["created_at"]),
        Check::on_both("ck_habit_entries__updated_at").of(&["updated_at"]),
        Check::on_both("ck_habit_entries__version").of(&["version"]),
        Check::on_both("ck_habit_entries__deleted_at").of(&["deleted_at"]),
    ],
    presence: Presence::Both,
    ..Table::BLANK
};

/// The times at which owners are reminded of a habit.
pub const REMINDERS: Table = Table {
    name: "reminders",
    columns: &[
        "id",
        "user_id",
        "habit_id",
        "time_local",
        "days_of_week",
        "timezone",
        "is_enabled",
        "created_at",
        "updated_at",
        "version",
        "deleted_at",
    ],
    primary_key: PrimaryKey {
        name: "pk_reminders",
        columns: &["id"],
    },
    owner: Some("user_id"),
    managed: ManagedColumns::ALL,
    defaults: &[ColumnDefault {
        column: "is_enabled",
        value: DefaultValue::Bool(true),
    }],
    unique_keys: &[],
    indexes: &[Index {
        name: "ix_reminders__user_id_habit_id_is_enabled",
        columns: &["user_id", "habit_id", "is_enabled"],
        unique: false,
        predicate: None,
    }],
    foreign_keys: &[ForeignKey {
        name: "fk_reminders__user_id_habit_id",
        columns: &["user_id", "habit_id"],
        references: "habits",
        referenced_columns: &["user_id", "id"],
        on_delete: Action::Cascade,
        on_update: Action::NoAction,
    }],
    checks: &[
        Check::on_sqlite("ck_reminders__id").of(&["id"]),
        Check::on_sqlite("ck_reminders__user_id").of(&["user_id"]),
        Check::on_sqlite("ck_reminders__habit_id").of(&["habit_id"]),
        Check::on_both("ck_reminders__time_local")
            .of(&["time_local"])
            .holds_natively(
                "length(CAST(time_local AS BLOB)) = 5 \
                 AND (time_local GLOB '[01][0-9]:[0-5][0-9]' OR time_local GLOB '2[0-3]:[0-5][0-9]')",
                "time_local ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'",
            ),
        Check::on_both("ck_reminders__days_of_week").of(&["days_of_week"]).holds("days_of_week BETWEEN 1 AND 127"),
        Check::on_sqlite("ck_reminders__is_enabled").of(&["is_enabled"]),
        Check::on_both("ck_reminders__created_at").of(&["created_at"]),
        Check::on_both("ck_reminders__updated_at").of(&["updated_at"]),
        Check::on_both("ck_reminders__version").of(&["version"]),
        Check::on_both("ck_reminders__deleted_at").of(&["deleted_at"]),
    ],
    presence: Presence::Both,
    ..Table::BLANK
};

/// The devices of owners.
pub const DEVICES: Table = Table {
    name: "devices",
    columns: &[
        "id",
        "user_id",
        "platform",
        "last_sync_at",
        "created_at",
        "updated_at",
        "version",
        "deleted_at",
    ],
    primary_key: PrimaryKey {
        name: "pk_devices",
        columns: &["id"],
    },
    owner: Some("user_id"),
    managed: ManagedColumns::ALL,
    defaults: &[],
    unique_keys: &[],
    indexes: &[Index {
        name: "ix_devices__user_id_platform",
        columns: &["user_id", "platform"],
        unique: false,
        predicate: None,
    }],
    foreign_keys: &[],
    checks: &[
        Check::on_sqlite("ck_devices__id").of(&["id"]),
        Check::on_sqlite("ck_devices__user_id").of(&["user_id"]),
        Check::on_both("ck_devices__platform")
            .of(&["platform"])
            .holds("length(platform) BETWEEN 1 AND 64"),
        Check::on_both("ck_devices__last_sync_at").of(&["last_sync_at"]),
        Check::on_both("ck_devices__created_at").of(&["created_at"]),
        Check::on_both("ck_devices__updated_at").of(&["updated_at"]),
        Check::on_both("ck_devices__version").of(&["version"]),
        Check::on_both("ck_devices__deleted_at").of(&["deleted_at"]),
    ],
    presence: Presence::Both,
    ..Table::BLANK
};

/// Changes that a local database has not yet sent to the remote one.
pub const OUTBOX: Table = Table {
    name: "outbox",
    columns: &[
        "id",
        "table_name",
        "row_id",
        "operation",
        "payload",
        "attempts",
        "created_at",
        "updated_at",
        "version",
    ],
    primary_key: PrimaryKey {
        name: "pk_outbox",
        columns: &["id"],
    },
    owner: None,
    managed: ManagedColumns {
        deleted: None,
        ..ManagedColumns::ALL
    },
    defaults: &[ColumnDefault {
        column: "attempts",
        value: DefaultValue::Integer(0),
    }],
    unique_keys: &[],
    indexes: &[Index {
        name: "ix_outbox__created_at",
        columns: &["created_at"],
        unique: false,
        predicate: None,
    }],
    foreign_keys: &[],
    checks: &[
        Check::on_sqlite("ck_outbox__id").of(&["id"]),
        Check::on_sqlite("ck_outbox__row_id").of(&["row_id"]),
        Check::on_sqlite("ck_outbox__operation")
            .of(&["operation"])
            .holds("operation IN ('insert', 'update', 'delete')"),
        Check::on_sqlite("ck_outbox__attempts").of(&["attempts"]),
        Check::on_sqlite("ck_outbox__created_at").of(&["created_at"]),
        Check::on_sqlite("ck_outbox__updated_at").of(&["updated_at"]),
        Check::on_sqlite("ck_outbox__version").of(&["version"]),
    ],
    presence: Presence::Only {
        engine: Engine::Sqlite,
        reason: "a server is the remote side: it has nothing to send",
    },
    ..Table::BLANK
};

/// The columns of the outbox, which has no record.
const OUTBOX_TYPES: TableTypes = TableTypes {
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
