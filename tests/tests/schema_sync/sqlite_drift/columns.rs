//! Columns, STRICT and keys.

use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;

use super::Drift::{self, Rebuilt, Sql};
use crate::case::{Expected, expect};

pub const CASES: &[(Drift, Expected)] = &[
    (
        Sql("ALTER TABLE reminders DROP COLUMN timezone"),
        expect(
            "reminders.timezone",
            Column,
            Missing,
            "rebuild reminders in a new migration (create, copy, drop, rename), with `timezone TEXT NOT NULL`",
        ),
    ),
    (
        Sql("ALTER TABLE habits DROP COLUMN color"),
        expect(
            "habits.color",
            Column,
            Missing,
            "ALTER TABLE habits ADD COLUMN color TEXT NOT NULL DEFAULT '#0ea5e9'",
        ),
    ),
    (
        Sql("ALTER TABLE habits ADD COLUMN icon TEXT"),
        expect(
            "habits.icon",
            Column,
            Extra,
            "ALTER TABLE habits DROP COLUMN icon",
        ),
    ),
    (
        Sql("ALTER TABLE habits ADD COLUMN shout TEXT AS (upper(name))"),
        expect(
            "habits.shout",
            Column,
            Extra,
            "ALTER TABLE habits DROP COLUMN shout",
        ),
    ),
    (
        Sql("ALTER TABLE habits RENAME COLUMN cadence TO rhythm"),
        expect(
            "habits.cadence",
            Column,
            Missing,
            "with `cadence TEXT NOT NULL`",
        ),
    ),
    (
        Rebuilt("habits", "sort_order INTEGER", "sort_order TEXT"),
        expect(
            "habits.sort_order",
            Column,
            Type,
            "rebuild habits in a new migration (create, copy, drop, rename), with `sort_order INTEGER NOT NULL DEFAULT 0`",
        ),
    ),
    (
        Rebuilt("habit_entries", "id TEXT NOT NULL", "id BLOB NOT NULL"),
        expect("habit_entries.id", Column, Type, "with `id TEXT NOT NULL`"),
    ),
    (
        Rebuilt(
            "habits",
            "name TEXT NOT NULL",
            "name TEXT COLLATE NOCASE NOT NULL",
        ),
        expect(
            "habits.name",
            Column,
            Collation,
            "with `name TEXT NOT NULL`",
        ),
    ),
    (
        Rebuilt("reminders", "timezone TEXT NOT NULL", "timezone TEXT"),
        expect(
            "reminders.timezone",
            Column,
            Nullability,
            "with `timezone TEXT NOT NULL`",
        ),
    ),
    (
        Rebuilt("devices", "last_sync_at TEXT", "last_sync_at TEXT NOT NULL"),
        expect(
            "devices.last_sync_at",
            Column,
            Nullability,
            "with `last_sync_at TEXT`",
        ),
    ),
    (
        Rebuilt("habit_entries", "DEFAULT 'local'", "DEFAULT 'remote'"),
        expect(
            "habit_entries.source",
            Column,
            Default,
            "with `source TEXT NOT NULL DEFAULT 'local'`",
        ),
    ),
    (
        Rebuilt("reminders", " DEFAULT 1", ""),
        expect(
            "reminders.is_enabled",
            Column,
            Default,
            "with `is_enabled INTEGER NOT NULL DEFAULT 1`",
        ),
    ),
    (
        Rebuilt(
            "outbox",
            "attempts INTEGER NOT NULL DEFAULT 0",
            "attempts INTEGER NOT NULL DEFAULT 1",
        ),
        expect(
            "outbox.attempts",
            Column,
            Default,
            "with `attempts INTEGER NOT NULL DEFAULT 0`",
        ),
    ),
    (
        Rebuilt("devices", ") STRICT", ")"),
        expect(
            "devices",
            Table,
            Type,
            "ending its CREATE TABLE with `STRICT`",
        ),
    ),
    (
        Rebuilt("devices", "PRIMARY KEY (id)", "PRIMARY KEY (user_id, id)"),
        expect(
            "devices: pk_devices",
            PrimaryKey,
            Columns,
            "with `CONSTRAINT pk_devices PRIMARY KEY (id)`",
        ),
    ),
    (
        Rebuilt("devices", "CONSTRAINT pk_devices PRIMARY", "PRIMARY"),
        expect(
            "devices: pk_devices",
            PrimaryKey,
            Name,
            "with `CONSTRAINT pk_devices",
        ),
    ),
    (
        Rebuilt(
            "habits",
            "CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id),",
            "",
        ),
        expect(
            "habits: uq_habits__user_id_id",
            UniqueKey,
            Missing,
            "with `CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id)`",
        ),
    ),
    (
        Rebuilt("habits", "UNIQUE (user_id, id)", "UNIQUE (id, user_id)"),
        expect(
            "habits: uq_habits__user_id_id",
            UniqueKey,
            Columns,
            "UNIQUE (user_id, id)",
        ),
    ),
    (
        Rebuilt(
            "devices",
            "platform TEXT NOT NULL",
            "platform TEXT NOT NULL UNIQUE",
        ),
        expect(
            "devices: (no name) sqlite_autoindex_devices_1",
            UniqueKey,
            Extra,
            "without (no name)",
        ),
    ),
];
