//! Indexes.

use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;

use super::Drift::{self, Rebuilt, Sql};
use crate::case::{Expected, expect};

pub const CASES: &[(Drift, Expected)] = &[
    (
        Sql("DROP INDEX ix_habits__user_id_updated_at"),
        expect(
            "habits: ix_habits__user_id_updated_at",
            Index,
            Missing,
            "CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at)",
        ),
    ),
    (
        Sql("CREATE INDEX ix_habits__name ON habits (name)"),
        expect(
            "habits: ix_habits__name",
            Index,
            Extra,
            "DROP INDEX ix_habits__name",
        ),
    ),
    (
        Sql(
            "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, created_at)",
        ),
        expect(
            "habits: ix_habits__user_id_updated_at",
            Index,
            Columns,
            "ON habits (user_id, updated_at)",
        ),
    ),
    (
        Sql(
            "DROP INDEX ix_habits__user_id_updated_at; CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at DESC)",
        ),
        expect(
            "habits: ix_habits__user_id_updated_at",
            Index,
            Columns,
            "ON habits (user_id, updated_at)",
        ),
    ),
    (
        Sql(
            "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, platform COLLATE NOCASE)",
        ),
        expect(
            "devices: ix_devices__user_id_platform",
            Index,
            Columns,
            "DROP INDEX ix_devices__user_id_platform",
        ),
    ),
    (
        Sql(
            "DROP INDEX ix_devices__user_id_platform; CREATE INDEX ix_devices__user_id_platform ON devices (user_id, lower(platform))",
        ),
        expect(
            "devices: ix_devices__user_id_platform",
            Index,
            Columns,
            "DROP INDEX ix_devices__user_id_platform",
        ),
    ),
    // The founding example: NULLs are distinct, so that two living rows of one day are taken.
    (
        Sql("DROP INDEX uq_habit_entries__user_id_habit_id_date; \
             CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date, deleted_at)"),
        expect(
            "habit_entries: uq_habit_entries__user_id_habit_id_date",
            Index,
            Predicate,
            "DROP INDEX uq_habit_entries__user_id_habit_id_date; \
             CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NULL",
        ),
    ),
    // The same as the template writes it: a constraint of the table.
    (
        Rebuilt(
            "habit_entries",
            "CONSTRAINT pk_habit_entries",
            "UNIQUE (user_id, habit_id, date, deleted_at), CONSTRAINT pk_habit_entries",
        ),
        expect(
            "habit_entries: (no name)",
            UniqueKey,
            Extra,
            "rebuild habit_entries",
        ),
    ),
    (
        Sql("DROP INDEX uq_habit_entries__user_id_habit_id_date; \
             CREATE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NULL"),
        expect(
            "habit_entries: uq_habit_entries__user_id_habit_id_date",
            Index,
            Unique,
            "CREATE UNIQUE INDEX",
        ),
    ),
    (
        Sql("DROP INDEX uq_habit_entries__user_id_habit_id_date; \
             CREATE UNIQUE INDEX uq_habit_entries__user_id_habit_id_date ON habit_entries (user_id, habit_id, date) WHERE deleted_at IS NOT NULL"),
        expect(
            "habit_entries: uq_habit_entries__user_id_habit_id_date",
            Index,
            Predicate,
            "WHERE deleted_at IS NULL",
        ),
    ),
];
