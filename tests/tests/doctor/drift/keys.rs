//! Primary and unique keys, and the names of constraints.

use catamaran::doctor::Code::*;

use super::{Change::Written, Drift, HABIT, postgres, sqlite};

pub(super) const DRIFTS: &[Drift] = &[
    sqlite(
        "primary key",
        Written("devices", "PRIMARY KEY (id)", "PRIMARY KEY (user_id, id)"),
        PrimaryKey,
        "devices: pk_devices",
    ),
    postgres(
        "primary key",
        "ALTER TABLE devices DROP CONSTRAINT pk_devices",
        PrimaryKey,
        "devices: pk_devices",
    ),
    sqlite(
        "unique key missing",
        Written(
            "habits",
            "CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id),",
            "",
        ),
        UniqueKeyMissing,
        "habits: uq_habits__user_id_id",
    ),
    postgres(
        "unique key missing",
        "ALTER TABLE habits DROP CONSTRAINT uq_habits__user_id_id CASCADE",
        UniqueKeyMissing,
        "habits: uq_habits__user_id_id",
    ),
    // As in many templates: NULLs are distinct, so that two living rows of one day are accepted.
    sqlite(
        "unique key extra",
        Written(
            "habit_entries",
            "CONSTRAINT pk_habit_entries",
            "UNIQUE (habit_id, date, deleted_at), CONSTRAINT pk_habit_entries",
        ),
        UniqueKeyExtra,
        "habit_entries: (habit_id, date, deleted_at)",
    ),
    postgres(
        "unique key extra",
        "ALTER TABLE devices ADD CONSTRAINT uq_platform UNIQUE (platform)",
        UniqueKeyExtra,
        "devices: uq_platform",
    ),
    postgres(
        "unique key with other options",
        "ALTER TABLE habits DROP CONSTRAINT uq_habits__user_id_id CASCADE; \
         ALTER TABLE habits ADD CONSTRAINT uq_habits__user_id_id UNIQUE NULLS NOT DISTINCT (user_id, id)",
        UniqueKeyOptions,
        "habits: uq_habits__user_id_id",
    ),
    postgres(
        "unique key with other options",
        "ALTER TABLE habits DROP CONSTRAINT uq_habits__user_id_id CASCADE; \
         ALTER TABLE habits ADD CONSTRAINT uq_habits__user_id_id UNIQUE (user_id, id) DEFERRABLE",
        UniqueKeyOptions,
        "habits: uq_habits__user_id_id",
    ),
    sqlite(
        "unique key with other options",
        Written(
            "habits",
            "UNIQUE (user_id, id)",
            "UNIQUE (user_id, id COLLATE NOCASE)",
        ),
        UniqueKeyOptions,
        "habits: uq_habits__user_id_id",
    ),
    sqlite(
        "unique key twice, of two kinds",
        Written(
            "habits",
            "UNIQUE (user_id, id)",
            "UNIQUE (user_id, id), CONSTRAINT uq_again UNIQUE (user_id, id COLLATE NOCASE)",
        ),
        UniqueKeyExtra,
        "habits: uq_again",
    ),
    postgres(
        "unique key twice, of two kinds",
        "ALTER TABLE habits ADD CONSTRAINT a_again UNIQUE NULLS NOT DISTINCT (user_id, id)",
        UniqueKeyExtra,
        "habits: a_again",
    ),
    sqlite(
        "primary key with other options",
        Written(
            "devices",
            "PRIMARY KEY (id)",
            "PRIMARY KEY (id COLLATE NOCASE)",
        ),
        UniqueKeyOptions,
        "devices: pk_devices",
    ),
    sqlite(
        "primary key in another order",
        Written("devices", "PRIMARY KEY (id)", "PRIMARY KEY (id DESC)"),
        UniqueKeyOptions,
        "devices: pk_devices",
    ),
    postgres(
        "primary key with other options",
        "ALTER TABLE devices DROP CONSTRAINT pk_devices; \
         ALTER TABLE devices ADD CONSTRAINT pk_devices PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED",
        UniqueKeyOptions,
        "devices: pk_devices",
    ),
    postgres(
        "primary key that holds more",
        "ALTER TABLE devices DROP CONSTRAINT pk_devices, ADD CONSTRAINT pk_devices PRIMARY KEY (id) INCLUDE (platform)",
        UniqueKeyOptions,
        "devices: pk_devices",
    ),
    sqlite(
        "constraint renamed",
        Written(
            "devices",
            "CONSTRAINT pk_devices",
            "CONSTRAINT devices_pkey",
        ),
        ConstraintName,
        "devices: pk_devices",
    ),
    postgres(
        "constraint renamed",
        "ALTER TABLE devices RENAME CONSTRAINT pk_devices TO devices_pkey",
        ConstraintName,
        "devices: pk_devices",
    ),
    postgres(
        "check renamed",
        "ALTER TABLE devices RENAME CONSTRAINT ck_devices__platform TO devices_check",
        ConstraintName,
        "devices: ck_devices__platform",
    ),
    sqlite(
        "check renamed",
        Written("devices", "CONSTRAINT ck_devices__platform", ""),
        ConstraintName,
        "devices: ck_devices__platform",
    ),
    postgres(
        "foreign key renamed",
        "ALTER TABLE reminders RENAME CONSTRAINT fk_reminders__user_id_habit_id TO reminders_fkey",
        ConstraintName,
        HABIT,
    ),
    sqlite(
        "foreign key renamed",
        Written("reminders", "CONSTRAINT fk_reminders__user_id_habit_id", ""),
        ConstraintName,
        HABIT,
    ),
];
