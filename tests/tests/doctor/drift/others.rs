//! Other drifts of a database.

use catamaran::doctor::Code::*;

use super::{
    Change::{Lost, Sql},
    Drift, UPDATED, postgres, sqlite,
};

pub(super) const DRIFTS: &[Drift] = &[
    sqlite(
        "migration that lost a statement",
        Lost("CREATE INDEX ix_habits__user_id_updated_at"),
        IndexMissing,
        UPDATED,
    ),
    Drift {
        change: Lost("ALTER TABLE devices FORCE"),
        ..postgres(
            "migration that lost a statement",
            "",
            RowSecurityNotForced,
            "devices",
        )
    },
    Drift {
        change: Lost("GRANT SELECT, INSERT, UPDATE, DELETE ON devices"),
        ..postgres(
            "migration that lost its grant",
            "",
            GrantMissing,
            "devices: SELECT TO catamaran_app",
        )
    },
    postgres(
        "table of the application's role",
        "ALTER TABLE devices OWNER TO catamaran_app",
        RoleOwns,
        "devices",
    ),
    sqlite(
        "trigger",
        Sql("CREATE TRIGGER touch AFTER UPDATE ON habits BEGIN UPDATE habits SET version = 1; END"),
        Trigger,
        "habits: touch",
    ),
    postgres(
        "trigger",
        "CREATE TRIGGER touch BEFORE UPDATE ON habits FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        Trigger,
        "habits: touch",
    ),
    sqlite(
        "view",
        Sql("CREATE VIEW all_habits AS SELECT id FROM habits"),
        Unknown,
        "all_habits: all_habits",
    ),
    postgres(
        "view",
        "CREATE VIEW all_habits AS SELECT id FROM habits",
        Unknown,
        "all_habits: all_habits",
    ),
    postgres(
        "rule",
        "CREATE RULE quiet AS ON DELETE TO devices DO INSTEAD NOTHING",
        Trigger,
        "devices: quiet",
    ),
];
