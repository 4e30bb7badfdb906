//! Checks.

use catamaran::doctor::Code::*;

use super::{Change::Written, Drift, postgres, sqlite};

pub(super) const DRIFTS: &[Drift] = &[
    sqlite(
        "check missing",
        Written(
            "devices",
            "CONSTRAINT ck_devices__platform CHECK (length(platform) BETWEEN 1 AND 64),",
            "",
        ),
        CheckMissing,
        "devices: ck_devices__platform",
    ),
    postgres(
        "check missing",
        "ALTER TABLE devices DROP CONSTRAINT ck_devices__platform",
        CheckMissing,
        "devices: ck_devices__platform",
    ),
    sqlite(
        "check extra",
        Written(
            "habits",
            "CONSTRAINT pk_habits",
            "CONSTRAINT ck_name CHECK (name <> ''), CONSTRAINT pk_habits",
        ),
        CheckExtra,
        "habits: ck_name",
    ),
    postgres(
        "check extra",
        "ALTER TABLE habits ADD CONSTRAINT ck_name CHECK (name <> '')",
        CheckExtra,
        "habits: ck_name",
    ),
    sqlite(
        "check weaker",
        Written(
            "devices",
            "length(platform) BETWEEN 1 AND 64",
            "length(platform) BETWEEN 0 AND 64",
        ),
        CheckWeaker,
        "devices: ck_devices__platform",
    ),
    postgres(
        "check weaker",
        "ALTER TABLE devices DROP CONSTRAINT ck_devices__platform, \
         ADD CONSTRAINT ck_devices__platform CHECK (char_length(platform) BETWEEN 0 AND 64)",
        CheckWeaker,
        "devices: ck_devices__platform",
    ),
    postgres(
        "check of no inheriting table",
        "ALTER TABLE devices DROP CONSTRAINT ck_devices__platform, \
         ADD CONSTRAINT ck_devices__platform CHECK (char_length(platform) BETWEEN 1 AND 64) NO INHERIT",
        CheckWeaker,
        "devices: ck_devices__platform",
    ),
    sqlite(
        "check in words of SQLite's own",
        Written(
            "devices",
            "length(platform) BETWEEN 1 AND 64",
            "platform NOT GLOB '*x*' AND platform IS NOT user_id",
        ),
        CheckWeaker,
        "devices: ck_devices__platform",
    ),
    sqlite(
        "check weaker: OR",
        Written(
            "habits",
            "CHECK (is_archived IN (0, 1))",
            "CHECK (is_archived IN (0, 1) OR sort_order = 5)",
        ),
        CheckWeaker,
        "habits: ck_habits__is_archived",
    ),
    sqlite(
        "check weaker: canonical form of a uuid",
        Written(
            "habits",
            "ck_habits__id CHECK (length(CAST(id AS BLOB)) = 36 AND",
            "ck_habits__id CHECK (length(id) >= 36 AND",
        ),
        CheckWeaker,
        "habits: ck_habits__id",
    ),
    postgres(
        "check weaker: range of a time",
        "ALTER TABLE habits DROP CONSTRAINT ck_habits__created_at, \
         ADD CONSTRAINT ck_habits__created_at CHECK (created_at >= '0001-01-01 00:00:00+00')",
        CheckWeaker,
        "habits: ck_habits__created_at",
    ),
    sqlite(
        "check stronger",
        Written(
            "reminders",
            "days_of_week BETWEEN 1 AND 127",
            "days_of_week BETWEEN 1 AND 63",
        ),
        CheckStronger,
        "reminders: ck_reminders__days_of_week",
    ),
    postgres(
        "check stronger",
        "ALTER TABLE reminders DROP CONSTRAINT ck_reminders__days_of_week, \
         ADD CONSTRAINT ck_reminders__days_of_week CHECK (days_of_week BETWEEN 1 AND 63)",
        CheckStronger,
        "reminders: ck_reminders__days_of_week",
    ),
    postgres(
        "check never checked",
        "ALTER TABLE devices DROP CONSTRAINT ck_devices__platform, \
         ADD CONSTRAINT ck_devices__platform CHECK (char_length(platform) BETWEEN 1 AND 64) NOT VALID",
        NotValid,
        "devices: ck_devices__platform",
    ),
];
