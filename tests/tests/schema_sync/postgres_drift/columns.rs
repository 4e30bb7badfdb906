//! Columns.

use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;

use crate::case::{Expected, expect};

pub const CASES: &[(&str, Expected)] = &[
    (
        "ALTER TABLE habits DROP COLUMN color",
        expect(
            "habits.color",
            Column,
            Missing,
            r##"ALTER TABLE habits ADD COLUMN color text COLLATE "C" NOT NULL DEFAULT '#0ea5e9'"##,
        ),
    ),
    (
        "ALTER TABLE habits ADD COLUMN icon text",
        expect(
            "habits.icon",
            Column,
            Extra,
            "ALTER TABLE habits DROP COLUMN icon",
        ),
    ),
    (
        "ALTER TABLE habits RENAME COLUMN cadence TO rhythm",
        expect("habits.cadence", Column, Missing, "ADD COLUMN cadence text"),
    ),
    (
        "ALTER TABLE habit_entries ALTER COLUMN amount TYPE integer",
        expect(
            "habit_entries.amount",
            Column,
            Type,
            "ALTER TABLE habit_entries ALTER COLUMN amount DROP DEFAULT, ALTER COLUMN amount TYPE bigint USING amount::bigint, \
             ALTER COLUMN amount SET DEFAULT 0",
        ),
    ),
    (
        "ALTER TABLE reminders ALTER COLUMN is_enabled DROP DEFAULT, ALTER COLUMN is_enabled TYPE integer USING 1, \
         ALTER COLUMN is_enabled SET DEFAULT 1",
        expect("reminders.is_enabled", Column, Type, "TYPE boolean"),
    ),
    (
        "ALTER TABLE devices ALTER COLUMN created_at TYPE timestamp",
        expect(
            "devices.created_at",
            Column,
            Type,
            "TYPE timestamp with time zone",
        ),
    ),
    (
        "ALTER TABLE devices ALTER COLUMN platform TYPE varchar(64) COLLATE \"C\"",
        expect("devices.platform", Column, Type, "TYPE text COLLATE \"C\""),
    ),
    (
        "ALTER TABLE habits ALTER COLUMN name TYPE text COLLATE \"default\"",
        expect(
            "habits.name",
            Column,
            Collation,
            "ALTER COLUMN name TYPE text COLLATE \"C\"",
        ),
    ),
    (
        "ALTER TABLE habits ALTER COLUMN name TYPE text COLLATE \"und-x-icu\"",
        expect(
            "habits.name",
            Column,
            Collation,
            "ALTER COLUMN name TYPE text COLLATE \"C\"",
        ),
    ),
    (
        "ALTER TABLE reminders ALTER COLUMN timezone DROP NOT NULL",
        expect(
            "reminders.timezone",
            Column,
            Nullability,
            "ALTER COLUMN timezone SET NOT NULL",
        ),
    ),
    (
        "ALTER TABLE devices ALTER COLUMN last_sync_at SET NOT NULL",
        expect(
            "devices.last_sync_at",
            Column,
            Nullability,
            "ALTER COLUMN last_sync_at DROP NOT NULL",
        ),
    ),
    (
        "ALTER TABLE habit_entries ALTER COLUMN source SET DEFAULT 'remote'",
        expect(
            "habit_entries.source",
            Column,
            Default,
            "ALTER COLUMN source SET DEFAULT 'local'",
        ),
    ),
    (
        "ALTER TABLE reminders ALTER COLUMN is_enabled DROP DEFAULT",
        expect(
            "reminders.is_enabled",
            Column,
            Default,
            "ALTER COLUMN is_enabled SET DEFAULT true",
        ),
    ),
    (
        "ALTER TABLE habits ALTER COLUMN version SET DEFAULT 1",
        expect(
            "habits.version",
            Column,
            Default,
            "ALTER COLUMN version DROP DEFAULT",
        ),
    ),
];
