//! Keys, indexes, foreign keys and checks.

use catamaran::domain::{
    Action, Check as DomainCheck, ForeignKey as DomainForeignKey, Index as DomainIndex,
    Table as DomainTable, UniqueKey as DomainUniqueKey,
};
use entity::domain::{DEVICES, HABIT_ENTRIES, OUTBOX, REMINDERS};
use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;
use suite::schema_sync::Place::{
    self, PostgresDatabase, PostgresEntities, SqliteDatabase, SqliteEntities,
};

use super::Case;
use crate::case::expect;

const ENTRY_KEY: DomainForeignKey = DomainForeignKey {
    on_delete: Action::Restrict,
    ..HABIT_ENTRIES.foreign_keys[0]
};
const ENTRY_UNIQUE: DomainIndex = HABIT_ENTRIES.indexes[0];
const ENTRY_INDEX: DomainIndex = HABIT_ENTRIES.indexes[1];
const DEVICE_INDEX: DomainIndex = DEVICES.indexes[0];
const DEVICE_CHECKS: [DomainCheck; 7] = {
    let c = DEVICES.checks;
    [c[1], c[2], c[3], c[4], c[5], c[6], c[7]]
};

pub const CASES: &[Case] = &[
    (
        "a unique key more",
        DomainTable {
            unique_keys: &[DomainUniqueKey {
                name: "uq_devices__platform",
                columns: &["platform"],
            }],
            ..DEVICES
        },
        &[
            (
                SqliteDatabase,
                expect(
                    "devices: uq_devices__platform",
                    UniqueKey,
                    Missing,
                    "UNIQUE (platform)",
                ),
            ),
            (
                PostgresDatabase,
                expect(
                    "devices: uq_devices__platform",
                    UniqueKey,
                    Missing,
                    "ADD CONSTRAINT uq_devices__platform",
                ),
            ),
        ],
    ),
    (
        "the founding example, in DOMAIN",
        DomainTable {
            indexes: &[
                DomainIndex {
                    columns: &["user_id", "habit_id", "date", "deleted_at"],
                    predicate: None,
                    ..ENTRY_UNIQUE
                },
                ENTRY_INDEX,
            ],
            ..HABIT_ENTRIES
        },
        &[
            (
                SqliteDatabase,
                expect(
                    "habit_entries: uq_habit_entries__user_id_habit_id_date",
                    Index,
                    Columns,
                    "(user_id, habit_id, date, deleted_at)",
                ),
            ),
            (
                SqliteDatabase,
                expect(
                    "habit_entries: uq_habit_entries__user_id_habit_id_date",
                    Index,
                    Predicate,
                    "DROP INDEX",
                ),
            ),
            (
                PostgresDatabase,
                expect(
                    "habit_entries: uq_habit_entries__user_id_habit_id_date",
                    Index,
                    Predicate,
                    "DROP INDEX",
                ),
            ),
        ],
    ),
    (
        "an index is unique",
        DomainTable {
            indexes: &[DomainIndex {
                unique: true,
                ..DEVICE_INDEX
            }],
            ..DEVICES
        },
        &[
            (
                SqliteDatabase,
                expect(
                    "devices: ix_devices__user_id_platform",
                    Index,
                    Unique,
                    "CREATE UNIQUE INDEX",
                ),
            ),
            (
                PostgresDatabase,
                expect(
                    "devices: ix_devices__user_id_platform",
                    Index,
                    Unique,
                    "CREATE UNIQUE INDEX",
                ),
            ),
        ],
    ),
    (
        "an index is renamed",
        DomainTable {
            indexes: &[DomainIndex {
                name: "ix_devices",
                ..DEVICE_INDEX
            }],
            ..DEVICES
        },
        &[
            (
                SqliteDatabase,
                expect(
                    "devices: ix_devices",
                    Index,
                    Missing,
                    "CREATE INDEX ix_devices ON devices",
                ),
            ),
            (
                PostgresDatabase,
                expect(
                    "devices: ix_devices__user_id_platform",
                    Index,
                    Extra,
                    "DROP INDEX",
                ),
            ),
        ],
    ),
    (
        "another action of a foreign key",
        DomainTable {
            foreign_keys: &[ENTRY_KEY],
            ..HABIT_ENTRIES
        },
        &[
            (
                SqliteEntities,
                expect(
                    "habit_entries: user_id, habit_id",
                    ForeignKey,
                    OnDelete,
                    "on_delete = \"Restrict\"",
                ),
            ),
            (
                PostgresEntities,
                expect(
                    "habit_entries: user_id, habit_id",
                    ForeignKey,
                    OnDelete,
                    "entity::postgres::entry",
                ),
            ),
            (
                SqliteDatabase,
                expect(
                    "habit_entries: fk_habit_entries__user_id_habit_id",
                    ForeignKey,
                    OnDelete,
                    "ON DELETE RESTRICT",
                ),
            ),
            (
                PostgresDatabase,
                expect(
                    "habit_entries: fk_habit_entries__user_id_habit_id",
                    ForeignKey,
                    OnDelete,
                    "ON DELETE RESTRICT",
                ),
            ),
        ],
    ),
    (
        "a foreign key to what is not unique",
        DomainTable {
            foreign_keys: &[DomainForeignKey {
                referenced_columns: &["user_id", "name"],
                ..HABIT_ENTRIES.foreign_keys[0]
            }],
            ..HABIT_ENTRIES
        },
        &[
            (
                Place::Domain,
                expect(
                    "habit_entries: fk_habit_entries__user_id_habit_id",
                    ForeignKey,
                    References,
                    "a unique key over (user_id, name)",
                ),
            ),
            (
                SqliteEntities,
                expect(
                    "habit_entries: user_id, habit_id",
                    ForeignKey,
                    References,
                    "to (user_id, name)",
                ),
            ),
        ],
    ),
    (
        "a foreign key less",
        DomainTable {
            foreign_keys: &[],
            ..REMINDERS
        },
        &[
            (
                PostgresEntities,
                expect(
                    "reminders: user_id, habit_id",
                    ForeignKey,
                    Extra,
                    "out of entity::postgres::reminder",
                ),
            ),
            (
                SqliteDatabase,
                expect(
                    "reminders: fk_reminders__user_id_habit_id",
                    ForeignKey,
                    Extra,
                    "without fk_reminders__user_id_habit_id",
                ),
            ),
            (
                PostgresDatabase,
                expect(
                    "reminders: fk_reminders__user_id_habit_id",
                    ForeignKey,
                    Extra,
                    "DROP CONSTRAINT",
                ),
            ),
        ],
    ),
    (
        "a check less, which a type needs",
        DomainTable {
            checks: &DEVICE_CHECKS,
            ..DEVICES
        },
        &[(
            Place::Domain,
            expect(
                "devices: ck_devices__id",
                Check,
                Missing,
                "add Check::on_sqlite(\"ck_devices__id\")",
            ),
        )],
    ),
    (
        "a check more",
        DomainTable {
            checks: &[DomainCheck::on_both("ck_outbox__payload")],
            ..OUTBOX
        },
        &[(
            SqliteDatabase,
            expect(
                "outbox: ck_outbox__payload",
                Check,
                Missing,
                "CONSTRAINT ck_outbox__payload CHECK",
            ),
        )],
    ),
];
