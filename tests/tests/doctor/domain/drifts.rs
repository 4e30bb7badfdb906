//! Changes of DOMAIN, and the findings that they must give.

use catamaran::Engine;
use catamaran::doctor::Code::{self, *};
use catamaran::domain::{
    Action, ColumnDefault, DefaultValue, ForeignKey, Index, ManagedColumns, Presence,
    PrimaryKey as Key, Privilege, Table, UniqueKey,
};
use entity::domain::{DEVICES, HABIT_ENTRIES, HABITS, OUTBOX, REMINDERS};

use super::changed::*;

/// A change of a table in DOMAIN, and the findings of DOMAIN and of the databases.
pub(super) struct Drift {
    pub(super) class: &'static str,
    pub(super) table: Table,
    /// The finding of DOMAIN itself, if there is one, with a part of the fix.
    pub(super) own: Option<(Code, &'static str, &'static str)>,
    /// The finding of both databases, or of the engine that it is about.
    pub(super) databases: Option<(&'static [Engine], Code, &'static str)>,
}

pub(super) const BOTH: &[Engine] = &Engine::ALL;
const SQLITE: &[Engine] = &[Engine::Sqlite];
const POSTGRES: &[Engine] = &[Engine::Postgres];

pub(super) const PLATFORM: &str = "devices: ix_devices__user_id_platform";
const HABIT: &str = "reminders: fk_reminders__user_id_habit_id";

pub(super) const DRIFTS: &[Drift] = &[
    Drift {
        class: "table renamed",
        table: Table {
            name: "gadgets",
            ..DEVICES
        },
        own: Some((DomainTable, "devices", "devices to DOMAIN")),
        databases: Some((BOTH, TableRenamed, "gadgets")),
    },
    Drift {
        class: "column renamed",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "system",
                "last_sync_at",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
            ],
            ..DEVICES
        },
        own: Some((ColumnRenamed, "devices.system", "platform")),
        databases: None,
    },
    Drift {
        class: "column missing",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "platform",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
            ],
            ..DEVICES
        },
        own: Some((ColumnExtra, "devices.last_sync_at", "\"last_sync_at\",")),
        databases: None,
    },
    Drift {
        class: "column extra",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "platform",
                "last_sync_at",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
                "model",
            ],
            ..DEVICES
        },
        own: Some((ColumnMissing, "devices.model", "model")),
        databases: None,
    },
    Drift {
        class: "order of fields",
        table: Table {
            columns: &[
                "id",
                "user_id",
                "last_sync_at",
                "platform",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
            ],
            ..DEVICES
        },
        own: Some((ColumnOrder, "devices", "\"platform\", \"last_sync_at\"")),
        databases: None,
    },
    Drift {
        class: "default",
        table: Table {
            defaults: &[
                HABIT_ENTRIES.defaults[0],
                ColumnDefault {
                    column: "source",
                    value: DefaultValue::Text("remote"),
                },
            ],
            ..HABIT_ENTRIES
        },
        own: Some((
            Code::ColumnDefault,
            "habit_entries.source",
            "#[record(default = \"remote\")]",
        )),
        databases: Some((BOTH, Code::ColumnDefault, "habit_entries.source")),
    },
    Drift {
        class: "default missing",
        table: Table {
            defaults: &[HABIT_ENTRIES.defaults[0]],
            ..HABIT_ENTRIES
        },
        own: Some((
            Code::ColumnDefault,
            "habit_entries.source",
            "record(default",
        )),
        databases: Some((BOTH, Code::ColumnDefault, "habit_entries.source")),
    },
    Drift {
        class: "primary key",
        table: Table {
            primary_key: Key {
                name: "pk_devices",
                columns: &["user_id", "id"],
            },
            ..DEVICES
        },
        own: Some((PrimaryKey, "devices: pk_devices", "&[\"id\"]")),
        databases: Some((BOTH, PrimaryKey, "devices: pk_devices")),
    },
    Drift {
        class: "unique key missing",
        table: Table {
            unique_keys: &[UniqueKey {
                name: "uq_devices__platform",
                columns: &["platform"],
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, UniqueKeyMissing, "devices: uq_devices__platform")),
    },
    Drift {
        class: "unique key extra",
        table: Table {
            unique_keys: &[],
            ..HABITS
        },
        own: Some((DomainReference, HABIT, "unique key over (user_id, id)")),
        databases: None,
    },
    Drift {
        class: "constraint renamed",
        table: Table {
            primary_key: Key {
                name: "devices_pkey",
                ..DEVICES.primary_key
            },
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, ConstraintName, "devices: devices_pkey")),
    },
    Drift {
        class: "index missing",
        table: Table {
            indexes: &[
                INDEX,
                Index {
                    name: "ix_more",
                    columns: &["created_at DESC"],
                    ..INDEX
                },
            ],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexMissing, "devices: ix_more")),
    },
    Drift {
        class: "index extra",
        table: Table {
            indexes: &[],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexExtra, PLATFORM)),
    },
    Drift {
        class: "index: other columns",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "created_at"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexColumns, PLATFORM)),
    },
    Drift {
        class: "index: a column that is none",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "system"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: Some((DomainColumn, PLATFORM, "instead of system")),
        databases: None,
    },
    Drift {
        class: "index: an expression",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "lower(platform)"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexColumns, PLATFORM)),
    },
    Drift {
        class: "index: order",
        table: Table {
            indexes: &[Index {
                columns: &["user_id", "platform DESC"],
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexOrder, PLATFORM)),
    },
    Drift {
        class: "index: uniqueness",
        table: Table {
            indexes: &[Index {
                unique: true,
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexUnique, PLATFORM)),
    },
    Drift {
        class: "index: predicate",
        table: Table {
            indexes: &[Index {
                predicate: Some("deleted_at IS NULL"),
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexPredicate, PLATFORM)),
    },
    Drift {
        class: "index renamed",
        table: Table {
            indexes: &[Index {
                name: "ix_devices",
                ..INDEX
            }],
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, IndexRenamed, "devices: ix_devices")),
    },
    Drift {
        class: "foreign key extra",
        table: Table {
            foreign_keys: &[],
            ..REMINDERS
        },
        own: None,
        databases: Some((BOTH, ForeignKeyExtra, HABIT)),
    },
    Drift {
        class: "foreign key: other target",
        table: Table {
            foreign_keys: &[ForeignKey {
                references: "habit_entries",
                referenced_columns: &["user_id", "id"],
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: Some((DomainReference, HABIT, "unique key")),
        databases: None,
    },
    Drift {
        class: "foreign key: to its own table, with RESTRICT",
        table: Table {
            foreign_keys: &[ForeignKey {
                columns: &["habit_id"],
                references: "reminders",
                referenced_columns: &["id"],
                on_delete: Action::Restrict,
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: Some((DomainRestrict, HABIT, "NO ACTION")),
        databases: None,
    },
    Drift {
        class: "foreign key: SET NULL over the owner",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_delete: Action::SetNull,
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: Some((DomainSetNull, HABIT, "NO ACTION or CASCADE")),
        databases: Some((BOTH, ForeignKeyDelete, HABIT)),
    },
    Drift {
        class: "foreign key: SET NULL of a column that is not in it",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_delete: Action::SetNullOf(&["label"]),
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: Some((DomainSetNull, HABIT, "NO ACTION or CASCADE")),
        databases: None,
    },
    Drift {
        class: "foreign key: SET NULL of some columns on update",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_update: Action::SetNullOf(&["habit_id"]),
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: Some((DomainSetNull, HABIT, "NO ACTION or CASCADE")),
        databases: None,
    },
    Drift {
        class: "foreign key: SET NULL of some columns",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_delete: Action::SetNullOf(&["habit_id"]),
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: Some((DomainSetNull, HABIT, "NO ACTION or CASCADE")),
        databases: Some((BOTH, ForeignKeyDelete, HABIT)),
    },
    Drift {
        class: "trigger of a foreign key missing",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_delete: Action::SetNullOf(&["habit_id"]),
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: None,
        databases: Some((
            SQLITE,
            SetNullTrigger,
            "habits: fk_reminders__user_id_habit_id__set_null",
        )),
    },
    Drift {
        class: "foreign key: on delete",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_delete: Action::Restrict,
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: None,
        databases: Some((BOTH, ForeignKeyDelete, HABIT)),
    },
    Drift {
        class: "foreign key: on update",
        table: Table {
            foreign_keys: &[ForeignKey {
                on_update: Action::Cascade,
                ..FOREIGN_KEY
            }],
            ..REMINDERS
        },
        own: None,
        databases: Some((BOTH, ForeignKeyUpdate, HABIT)),
    },
    Drift {
        class: "check missing",
        table: Table {
            checks: DEVICES_AND_MORE,
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, CheckMissing, "devices: ck_devices__more")),
    },
    Drift {
        class: "check extra",
        table: Table {
            checks: &[],
            ..OUTBOX
        },
        own: None,
        databases: Some((SQLITE, CheckExtra, "outbox: ck_outbox__operation")),
    },
    Drift {
        class: "check of a type, for one engine alone",
        table: Table {
            checks: OF_ONE_ENGINE,
            ..DEVICES
        },
        own: Some((
            DomainCheck,
            "devices: ck_devices__last_sync_at",
            "Check::on_both(\"ck_devices__last_sync_at\"),",
        )),
        databases: None,
    },
    Drift {
        class: "check without its condition",
        table: Table {
            checks: UNSAID,
            ..OUTBOX
        },
        own: Some((DomainCheck, "outbox: ck_outbox__operation", "holds")),
        databases: None,
    },
    Drift {
        class: "check weaker",
        table: Table {
            checks: STRICTER,
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, CheckWeaker, "devices: ck_devices__platform")),
    },
    Drift {
        class: "check stronger",
        table: Table {
            checks: LAXER,
            ..DEVICES
        },
        own: None,
        databases: Some((BOTH, CheckStronger, "devices: ck_devices__platform")),
    },
    Drift {
        class: "owner not known",
        table: Table {
            owner: None,
            ..DEVICES
        },
        own: Some((
            DomainManaged,
            "devices.user_id",
            "owner: Some(\"user_id\"),",
        )),
        databases: Some((POSTGRES, RowSecurityOn, "devices")),
    },
    Drift {
        class: "soft delete not known",
        table: Table {
            managed: ManagedColumns {
                deleted: None,
                ..ManagedColumns::ALL
            },
            ..DEVICES
        },
        own: Some((
            DomainManaged,
            "devices.deleted_at",
            "deleted: Some(\"deleted_at\"),",
        )),
        databases: None,
    },
    Drift {
        class: "version not known",
        table: Table {
            managed: ManagedColumns {
                version: None,
                ..ManagedColumns::ALL
            },
            ..DEVICES
        },
        own: Some((
            DomainManaged,
            "devices.version",
            "version: Some(\"version\"),",
        )),
        databases: None,
    },
    Drift {
        class: "grant too much",
        table: Table {
            privileges: &[Privilege::Select],
            ..DEVICES
        },
        own: None,
        databases: Some((POSTGRES, GrantExtra, "devices: DELETE TO catamaran_app")),
    },
    Drift {
        class: "table of the other engine alone",
        table: Table {
            presence: Presence::Only {
                engine: Engine::Sqlite,
                reason: "the test says so",
            },
            ..DEVICES
        },
        own: None,
        databases: Some((POSTGRES, TableExtra, "devices")),
    },
];
