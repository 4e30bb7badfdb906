//! Keys, indexes and checks.

use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;

use crate::case::{Expected, expect};

pub const CASES: &[(&str, Expected)] = &[
    (
        "ALTER TABLE devices DROP CONSTRAINT pk_devices",
        expect(
            "devices: pk_devices",
            PrimaryKey,
            Columns,
            "ADD CONSTRAINT pk_devices PRIMARY KEY (id)",
        ),
    ),
    (
        "ALTER TABLE devices RENAME CONSTRAINT pk_devices TO devices_pkey",
        expect(
            "devices: pk_devices",
            PrimaryKey,
            Name,
            "RENAME CONSTRAINT devices_pkey TO pk_devices",
        ),
    ),
    (
        "ALTER TABLE devices ADD CONSTRAINT uq_platform UNIQUE (platform)",
        expect(
            "devices: uq_platform",
            UniqueKey,
            Extra,
            "DROP CONSTRAINT uq_platform",
        ),
    ),
    (
        "ALTER TABLE habits DROP CONSTRAINT uq_habits__user_id_id CASCADE",
        expect(
            "habits: uq_habits__user_id_id",
            UniqueKey,
            Missing,
            "ADD CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id)",
        ),
    ),
    (
        "DROP INDEX ix_habits__user_id_updated_at",
        expect(
            "habits: ix_habits__user_id_updated_at",
            Index,
            Missing,
            "CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at)",
        ),
    ),
    (
        "CREATE INDEX ix_habits__name ON habits (name)",
        expect(
            "habits: ix_habits__name",
            Index,
            Extra,
            "DROP INDEX ix_habits__name",
        ),
    ),
    (
        "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, created_at)",
        expect(
            "habits: ix_habits__user_id_updated_at",
            Index,
            Columns,
            "ON habits (user_id, updated_at)",
        ),
    ),
    (
        "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at DESC)",
        expect(
            "habits: ix_habits__user_id_updated_at",
            Index,
            Columns,
            "ON habits (user_id, updated_at)",
        ),
    ),
    (
        "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices USING btree (user_id, platform text_pattern_ops)",
        expect(
            "devices: ix_devices__user_id_platform",
            Index,
            Columns,
            "DROP INDEX ix_devices__user_id_platform",
        ),
    ),
    (
        "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform) INCLUDE (last_sync_at)",
        expect(
            "devices: ix_devices__user_id_platform",
            Index,
            Unusual,
            "DROP INDEX ix_devices__user_id_platform",
        ),
    ),
    // The founding example: with NULLs distinct, every living row differs from every other.
    (
        "DROP INDEX uq_habit_entries__user_id_habit_id_date; \
         CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date, deleted_at)",
        expect(
            "habit_entries: uq_habit_entries__user_id_habit_id_date",
            Index,
            Predicate,
            "CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NULL",
        ),
    ),
    (
        "DROP INDEX uq_habit_entries__user_id_habit_id_date; \
         CREATE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NULL",
        expect(
            "habit_entries: uq_habit_entries__user_id_habit_id_date",
            Index,
            Unique,
            "CREATE UNIQUE INDEX",
        ),
    ),
    (
        "DROP INDEX uq_habit_entries__user_id_habit_id_date; \
         CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NOT NULL",
        expect(
            "habit_entries: uq_habit_entries__user_id_habit_id_date",
            Index,
            Predicate,
            "WHERE deleted_at IS NULL",
        ),
    ),
    (
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id",
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            Missing,
            "FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE",
        ),
    ),
    (
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT",
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            OnDelete,
            "ON DELETE CASCADE",
        ),
    ),
    (
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE",
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            OnUpdate,
            "ON UPDATE NO ACTION",
        ),
    ),
    (
        "ALTER TABLE reminders ALTER CONSTRAINT fk_reminders__user_id_habit_id DEFERRABLE",
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            Deferrable,
            "DROP CONSTRAINT fk_reminders",
        ),
    ),
    (
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id, ADD CONSTRAINT fk_reminders__user_id_habit_id \
         FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE NOT VALID",
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            NotValid,
            "VALIDATE CONSTRAINT",
        ),
    ),
    (
        "ALTER TABLE habits DROP CONSTRAINT ck_habits__created_at",
        expect(
            "habits: ck_habits__created_at",
            Check,
            Missing,
            "ADD CONSTRAINT ck_habits__created_at CHECK (created_at >= '0001-01-01 00:00:00+00' AND",
        ),
    ),
    (
        "ALTER TABLE habits DROP CONSTRAINT ck_habits__version, ADD CONSTRAINT ck_habits__version CHECK (version >= 0)",
        expect(
            "habits: ck_habits__version",
            Check,
            Weaker,
            "CHECK (version >= 1)",
        ),
    ),
    (
        "ALTER TABLE habits DROP CONSTRAINT ck_habits__version, ADD CONSTRAINT ck_habits__version CHECK (version >= 1 OR is_archived)",
        expect(
            "habits: ck_habits__version",
            Check,
            Weaker,
            "CHECK (version >= 1)",
        ),
    ),
    (
        "ALTER TABLE habits ADD CONSTRAINT ck_habits__name CHECK (name <> '')",
        expect(
            "habits: ck_habits__name",
            Check,
            Extra,
            "DROP CONSTRAINT ck_habits__name",
        ),
    ),
];
