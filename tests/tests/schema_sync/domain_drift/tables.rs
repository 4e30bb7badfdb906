//! Tables, columns, owners and defaults.

use catamaran::Engine;
use catamaran::domain::{
    ColumnDefault, DefaultValue, Presence, PrimaryKey as DomainPrimaryKey, Table as DomainTable,
};
use entity::domain::{DEVICES, HABIT_ENTRIES, OUTBOX, REMINDERS};
use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;
use suite::schema_sync::Place::{
    self, PostgresDatabase, PostgresEntities, SqliteDatabase, SqliteEntities,
};

use super::Case;
use crate::case::expect;

pub const CASES: &[Case] = &[
    (
        "a table is renamed",
        DomainTable {
            name: "gadgets",
            ..DEVICES
        },
        &[
            (
                Place::Domain,
                expect("devices", Table, Missing, "add the table devices to DOMAIN"),
            ),
            (
                SqliteEntities,
                expect("devices", Table, Extra, "add devices to DOMAIN"),
            ),
            (
                SqliteDatabase,
                expect(
                    "gadgets",
                    Table,
                    Missing,
                    "sqlite branch creates the table gadgets",
                ),
            ),
            (
                PostgresDatabase,
                expect("devices", Table, Extra, "DROP TABLE devices"),
            ),
        ],
    ),
    (
        "a column is renamed",
        DomainTable {
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
        &[
            (
                Place::Domain,
                expect(
                    "devices.system",
                    Column,
                    Missing,
                    "add the field system to Device",
                ),
            ),
            (
                Place::Domain,
                expect(
                    "devices.platform",
                    Column,
                    Extra,
                    "add \"platform\" to the columns of devices",
                ),
            ),
            (
                Place::Domain,
                expect(
                    "devices: ix_devices__user_id_platform",
                    Index,
                    Columns,
                    "instead of platform",
                ),
            ),
            (
                SqliteEntities,
                expect("devices.platform", Column, Extra, "entity::sqlite::device"),
            ),
            (
                PostgresEntities,
                expect(
                    "devices.system",
                    Column,
                    Missing,
                    "entity::postgres::device",
                ),
            ),
            (
                SqliteDatabase,
                expect("devices.system", Column, Missing, "system"),
            ),
            (
                PostgresDatabase,
                expect("devices.platform", Column, Extra, "DROP COLUMN platform"),
            ),
        ],
    ),
    (
        "columns change places",
        DomainTable {
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
        &[
            (
                Place::Domain,
                expect(
                    "devices",
                    Table,
                    Order,
                    "bring the fields of Device into the order",
                ),
            ),
            (
                SqliteEntities,
                expect("devices", Table, Order, "Model in entity::sqlite::device"),
            ),
            (
                PostgresEntities,
                expect("devices", Table, Order, "Model in entity::postgres::device"),
            ),
        ],
    ),
    (
        "another primary key",
        DomainTable {
            primary_key: DomainPrimaryKey {
                name: "pk_devices",
                columns: &["user_id", "id"],
            },
            ..DEVICES
        },
        &[
            (
                Place::Domain,
                expect(
                    "devices: pk_devices",
                    PrimaryKey,
                    Columns,
                    "write &[\"id\"]",
                ),
            ),
            (
                SqliteEntities,
                expect("devices", PrimaryKey, Columns, "entity::sqlite::device"),
            ),
            (
                SqliteDatabase,
                expect(
                    "devices: pk_devices",
                    PrimaryKey,
                    Columns,
                    "PRIMARY KEY (user_id, id)",
                ),
            ),
            (
                PostgresDatabase,
                expect(
                    "devices: pk_devices",
                    PrimaryKey,
                    Columns,
                    "PRIMARY KEY (user_id, id)",
                ),
            ),
        ],
    ),
    (
        "nobody owns a row",
        DomainTable {
            owner: None,
            ..DEVICES
        },
        &[
            (
                Place::Domain,
                expect("devices.user_id", Column, Name, "owner: Some(\"user_id\")"),
            ),
            (
                PostgresDatabase,
                expect("devices", RowSecurity, Extra, "DISABLE ROW LEVEL SECURITY"),
            ),
            (
                PostgresDatabase,
                expect(
                    "devices: owner_devices",
                    Policy,
                    Extra,
                    "DROP POLICY owner_devices",
                ),
            ),
        ],
    ),
    (
        "a default is gone",
        DomainTable {
            defaults: &[HABIT_ENTRIES.defaults[0]],
            ..HABIT_ENTRIES
        },
        &[
            (
                Place::Domain,
                expect(
                    "habit_entries.source",
                    Column,
                    Default,
                    "#[record(default = ..)] of Entry::source",
                ),
            ),
            (
                SqliteDatabase,
                expect(
                    "habit_entries.source",
                    Column,
                    Default,
                    "with `source TEXT NOT NULL`",
                ),
            ),
            (
                PostgresDatabase,
                expect(
                    "habit_entries.source",
                    Column,
                    Default,
                    "ALTER COLUMN source DROP DEFAULT",
                ),
            ),
        ],
    ),
    (
        "another default",
        DomainTable {
            defaults: &[ColumnDefault {
                column: "is_enabled",
                value: DefaultValue::Bool(false),
            }],
            ..REMINDERS
        },
        &[
            (
                Place::Domain,
                expect(
                    "reminders.is_enabled",
                    Column,
                    Default,
                    "Reminder::is_enabled",
                ),
            ),
            (
                SqliteDatabase,
                expect("reminders.is_enabled", Column, Default, "DEFAULT 0"),
            ),
            (
                PostgresDatabase,
                expect("reminders.is_enabled", Column, Default, "SET DEFAULT false"),
            ),
        ],
    ),
    (
        "the outbox is on both engines",
        DomainTable {
            presence: Presence::Both,
            ..OUTBOX
        },
        &[
            (
                PostgresEntities,
                expect("outbox", Table, Missing, "entity/src/postgres/"),
            ),
            (
                PostgresDatabase,
                expect(
                    "outbox",
                    Table,
                    Missing,
                    "postgres branch creates the table outbox",
                ),
            ),
        ],
    ),
    (
        "a table is on one engine",
        DomainTable {
            presence: Presence::Only {
                engine: Engine::Postgres,
                reason: "a test",
            },
            ..DEVICES
        },
        &[
            (
                SqliteEntities,
                expect("devices", Table, Extra, "take the entity away"),
            ),
            (
                SqliteDatabase,
                expect("devices", Table, Extra, "DROP TABLE devices"),
            ),
        ],
    ),
];
