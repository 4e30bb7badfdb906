//! Foreign keys, checks, and what is there besides.

use suite::schema_sync::Aspect::*;
use suite::schema_sync::Part::*;

use super::Drift::{self, Rebuilt, Sql};
use crate::case::{Expected, expect};

pub const CASES: &[(Drift, Expected)] = &[
    (
        Rebuilt("reminders", "ON DELETE CASCADE", "ON DELETE RESTRICT"),
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            OnDelete,
            "rebuild reminders in a new migration (create, copy, drop, rename), with `CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE CASCADE",
        ),
    ),
    (
        Rebuilt("reminders", "ON UPDATE NO ACTION", "ON UPDATE CASCADE"),
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            OnUpdate,
            "ON UPDATE NO ACTION",
        ),
    ),
    (
        Rebuilt(
            "reminders",
            "ON UPDATE NO ACTION",
            "DEFERRABLE INITIALLY DEFERRED",
        ),
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            Deferrable,
            "ON UPDATE NO ACTION",
        ),
    ),
    (
        Rebuilt(
            "reminders",
            "REFERENCES habits (user_id, id)",
            "REFERENCES habits (id, user_id)",
        ),
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            References,
            "REFERENCES habits (user_id, id)",
        ),
    ),
    (
        Rebuilt(
            "reminders",
            "CONSTRAINT fk_reminders__user_id_habit_id FOREIGN",
            "FOREIGN",
        ),
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            Name,
            "with `CONSTRAINT fk_reminders__user_id_habit_id",
        ),
    ),
    (
        Rebuilt(
            "reminders",
            "CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id)\n        \
             REFERENCES habits (user_id, id) ON DELETE CASCADE ON UPDATE NO ACTION,",
            "",
        ),
        expect(
            "reminders: fk_reminders__user_id_habit_id",
            ForeignKey,
            Missing,
            "with `CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY",
        ),
    ),
    (
        Rebuilt(
            "reminders",
            "CONSTRAINT ck_reminders__is_enabled CHECK (is_enabled IN (0, 1)),",
            "",
        ),
        expect(
            "reminders: ck_reminders__is_enabled",
            Check,
            Missing,
            "with `CONSTRAINT ck_reminders__is_enabled CHECK (is_enabled IN (0, 1))`",
        ),
    ),
    (
        Rebuilt(
            "reminders",
            "is_enabled IN (0, 1)",
            "is_enabled IN (0, 1, 2)",
        ),
        expect(
            "reminders: ck_reminders__is_enabled",
            Check,
            Weaker,
            "CHECK (is_enabled IN (0, 1))",
        ),
    ),
    (
        Rebuilt(
            "habits",
            "sort_order BETWEEN -2147483648",
            "sort_order BETWEEN -9147483648",
        ),
        expect(
            "habits: ck_habits__sort_order",
            Check,
            Weaker,
            "CHECK (sort_order BETWEEN -2147483648 AND 2147483647)",
        ),
    ),
    (
        Rebuilt("devices", "length(CAST(id AS BLOB)) = 36 AND ", ""),
        expect(
            "devices: ck_devices__id",
            Check,
            Weaker,
            "CHECK (length(CAST(id AS BLOB)) = 36 AND id GLOB",
        ),
    ),
    (
        Rebuilt(
            "devices",
            "AND deleted_at >= '0001')",
            "OR deleted_at >= '0001')",
        ),
        expect(
            "devices: ck_devices__deleted_at",
            Check,
            Weaker,
            "AND deleted_at >= '0001')",
        ),
    ),
    (
        Rebuilt(
            "devices",
            "CONSTRAINT ck_devices__platform",
            "CONSTRAINT ck_platform",
        ),
        expect(
            "devices: ck_devices__platform",
            Check,
            Missing,
            "CONSTRAINT ck_devices__platform CHECK",
        ),
    ),
    (
        Rebuilt(
            "devices",
            "platform TEXT NOT NULL",
            "platform TEXT NOT NULL CHECK (platform <> '')",
        ),
        expect("devices: check 1", Check, Extra, "rebuild devices"),
    ),
    (
        Sql("CREATE TABLE drafts (id TEXT) STRICT"),
        expect("drafts", Table, Extra, "DROP TABLE drafts"),
    ),
    (
        Sql("DROP TABLE outbox"),
        expect(
            "outbox",
            Table,
            Missing,
            "add a migration whose sqlite branch creates the table outbox",
        ),
    ),
    (
        Sql("CREATE TRIGGER touch AFTER UPDATE ON habits BEGIN SELECT 1; END"),
        expect("habits: TRIGGER touch", Other, Extra, "DROP TRIGGER touch"),
    ),
    (
        Sql("CREATE VIEW all_habits AS SELECT id FROM habits"),
        expect(
            "all_habits: VIEW all_habits",
            Other,
            Extra,
            "DROP VIEW all_habits",
        ),
    ),
];
