//! Columns: whether they are there, and what they are.

use catamaran::doctor::Code::*;

use super::{
    Change::{Sql, Written},
    Drift, postgres, sqlite,
};

pub(super) const DRIFTS: &[Drift] = &[
    sqlite(
        "column missing",
        Sql("ALTER TABLE habits DROP COLUMN color"),
        ColumnMissing,
        "habits.color",
    ),
    sqlite(
        "column missing, no default",
        Sql("ALTER TABLE habits DROP COLUMN cadence"),
        ColumnMissing,
        "habits.cadence",
    ),
    postgres(
        "column missing",
        "ALTER TABLE habits DROP COLUMN color",
        ColumnMissing,
        "habits.color",
    ),
    postgres(
        "column missing, no default",
        "ALTER TABLE habits DROP COLUMN cadence",
        ColumnMissing,
        "habits.cadence",
    ),
    sqlite(
        "column extra",
        Sql("ALTER TABLE habits ADD COLUMN icon TEXT"),
        ColumnExtra,
        "habits.icon",
    ),
    postgres(
        "column extra",
        "ALTER TABLE habits ADD COLUMN icon text",
        ColumnExtra,
        "habits.icon",
    ),
    sqlite(
        "column renamed",
        Sql("ALTER TABLE devices RENAME COLUMN platform TO system"),
        ColumnRenamed,
        "devices.platform",
    ),
    postgres(
        "column renamed",
        "ALTER TABLE devices RENAME COLUMN platform TO system",
        ColumnRenamed,
        "devices.platform",
    ),
    sqlite(
        "columns renamed, two at once",
        Sql(
            "ALTER TABLE devices RENAME COLUMN platform TO system; ALTER TABLE devices RENAME COLUMN version TO revision",
        ),
        ColumnRenamed,
        "devices.version",
    ),
    postgres(
        "columns renamed, two at once",
        "ALTER TABLE devices RENAME COLUMN platform TO system; ALTER TABLE devices RENAME COLUMN version TO revision",
        ColumnRenamed,
        "devices.version",
    ),
    sqlite(
        "column extra, with a check",
        Written(
            "habits",
            "name TEXT",
            "icon TEXT CHECK (icon <> ''), name TEXT",
        ),
        ColumnExtra,
        "habits.icon",
    ),
    sqlite(
        "column extra, unique",
        Written("habits", "name TEXT", "icon TEXT UNIQUE, name TEXT"),
        ColumnExtra,
        "habits.icon",
    ),
    sqlite(
        "column extra, with an index",
        Sql("ALTER TABLE habits ADD COLUMN icon TEXT; CREATE INDEX ix_icon ON habits (icon)"),
        ColumnExtra,
        "habits.icon",
    ),
    postgres(
        "column extra, with an index",
        "ALTER TABLE habits ADD COLUMN icon text; CREATE INDEX ix_icon ON habits (icon)",
        ColumnExtra,
        "habits.icon",
    ),
    sqlite(
        "type",
        Written(
            "habit_entries",
            "amount INTEGER NOT NULL DEFAULT 0",
            "amount TEXT NOT NULL DEFAULT '0'",
        ),
        ColumnType,
        "habit_entries.amount",
    ),
    postgres(
        "type",
        "ALTER TABLE habit_entries ALTER COLUMN amount TYPE integer",
        ColumnType,
        "habit_entries.amount",
    ),
    postgres(
        "type: boolean as a number",
        "ALTER TABLE reminders ALTER COLUMN is_enabled DROP DEFAULT, ALTER COLUMN is_enabled TYPE integer USING 1, \
         ALTER COLUMN is_enabled SET DEFAULT 1",
        ColumnType,
        "reminders.is_enabled",
    ),
    postgres(
        "type: time without a zone",
        "ALTER TABLE devices ALTER COLUMN created_at TYPE timestamp",
        ColumnType,
        "devices.created_at",
    ),
    postgres(
        "type: text with a length",
        "ALTER TABLE devices ALTER COLUMN platform TYPE varchar(64) COLLATE \"C\"",
        ColumnType,
        "devices.platform",
    ),
    postgres(
        "collation of the same name",
        "CREATE COLLATION public.\"C\" (provider = libc, locale = 'POSIX'); ALTER TABLE habits ALTER name TYPE text COLLATE public.\"C\"",
        ColumnCollation,
        "habits.name",
    ),
    sqlite(
        "collation",
        Written("habits", "name TEXT", "name TEXT COLLATE NOCASE"),
        ColumnCollation,
        "habits.name",
    ),
    postgres(
        "collation",
        "ALTER TABLE habits ALTER COLUMN name TYPE text COLLATE \"default\"",
        ColumnCollation,
        "habits.name",
    ),
    sqlite(
        "nullability",
        Written("reminders", "timezone TEXT NOT NULL", "timezone TEXT"),
        ColumnNullability,
        "reminders.timezone",
    ),
    postgres(
        "nullability",
        "ALTER TABLE reminders ALTER COLUMN timezone DROP NOT NULL",
        ColumnNullability,
        "reminders.timezone",
    ),
    sqlite(
        "nullability, the other way",
        Written(
            "devices",
            "last_sync_at TEXT,",
            "last_sync_at TEXT NOT NULL,",
        ),
        ColumnNullability,
        "devices.last_sync_at",
    ),
    postgres(
        "nullability, the other way",
        "ALTER TABLE devices ALTER COLUMN last_sync_at SET NOT NULL",
        ColumnNullability,
        "devices.last_sync_at",
    ),
    sqlite(
        "default",
        Written("habit_entries", "DEFAULT 'local'", "DEFAULT 'remote'"),
        ColumnDefault,
        "habit_entries.source",
    ),
    postgres(
        "default",
        "ALTER TABLE habit_entries ALTER COLUMN source SET DEFAULT 'remote'",
        ColumnDefault,
        "habit_entries.source",
    ),
    sqlite(
        "default missing",
        Written("reminders", " DEFAULT 1", ""),
        ColumnDefault,
        "reminders.is_enabled",
    ),
    postgres(
        "default missing",
        "ALTER TABLE reminders ALTER COLUMN is_enabled DROP DEFAULT",
        ColumnDefault,
        "reminders.is_enabled",
    ),
    sqlite(
        "default: an expression",
        Written(
            "devices",
            "last_sync_at TEXT,",
            "last_sync_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z')),",
        ),
        ColumnDefault,
        "devices.last_sync_at",
    ),
    sqlite(
        "default extra",
        Written(
            "habits",
            "version INTEGER NOT NULL",
            "version INTEGER NOT NULL DEFAULT 1",
        ),
        ColumnDefault,
        "habits.version",
    ),
    postgres(
        "default extra",
        "ALTER TABLE habits ALTER COLUMN version SET DEFAULT 1",
        ColumnDefault,
        "habits.version",
    ),
    sqlite(
        "generated",
        Written(
            "habits",
            "cadence TEXT NOT NULL",
            "cadence TEXT NOT NULL GENERATED ALWAYS AS ('daily')",
        ),
        ColumnGenerated,
        "habits.cadence",
    ),
    sqlite(
        "generated, and stored",
        Written(
            "habits",
            "cadence TEXT NOT NULL",
            "cadence TEXT NOT NULL GENERATED ALWAYS AS ('daily') STORED",
        ),
        ColumnGenerated,
        "habits.cadence",
    ),
    postgres(
        "generated",
        "ALTER TABLE habits DROP COLUMN cadence; ALTER TABLE habits ADD COLUMN cadence text COLLATE \"C\" NOT NULL \
         GENERATED ALWAYS AS ('daily') STORED",
        ColumnGenerated,
        "habits.cadence",
    ),
    postgres(
        "generated where a default should be",
        "ALTER TABLE habits DROP COLUMN color; ALTER TABLE habits ADD COLUMN color text COLLATE \"C\" GENERATED ALWAYS AS (name) STORED",
        ColumnGenerated,
        "habits.color",
    ),
    postgres(
        "type: whole number as a fraction, under a check",
        "ALTER TABLE habits ALTER COLUMN version TYPE double precision",
        ColumnType,
        "habits.version",
    ),
];
