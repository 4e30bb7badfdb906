//! Tables that are not those of DOMAIN.

use catamaran::doctor::Code::*;

use super::{
    Change::{Sql, Written},
    Drift, postgres, sqlite,
};

pub(super) const DRIFTS: &[Drift] = &[
    sqlite(
        "table missing",
        Sql("DROP TABLE devices"),
        TableMissing,
        "devices",
    ),
    postgres(
        "table missing",
        "DROP TABLE devices",
        TableMissing,
        "devices",
    ),
    sqlite(
        "table extra",
        Sql("CREATE TABLE drafts (id TEXT)"),
        TableExtra,
        "drafts",
    ),
    postgres(
        "table extra",
        "CREATE TABLE drafts (id uuid)",
        TableExtra,
        "drafts",
    ),
    postgres(
        "table of the other engine alone",
        "CREATE TABLE outbox (id uuid)",
        TableExtra,
        "outbox",
    ),
    sqlite(
        "table renamed",
        Sql("ALTER TABLE devices RENAME TO gadgets"),
        TableRenamed,
        "devices",
    ),
    postgres(
        "table renamed",
        "ALTER TABLE devices RENAME TO gadgets",
        TableRenamed,
        "devices",
    ),
    sqlite(
        "tables renamed, two at once",
        Sql("ALTER TABLE devices RENAME TO gadgets; ALTER TABLE reminders RENAME TO alarms"),
        TableRenamed,
        "reminders",
    ),
    postgres(
        "tables renamed, two at once",
        "ALTER TABLE devices RENAME TO gadgets; ALTER TABLE reminders RENAME TO alarms",
        TableRenamed,
        "reminders",
    ),
    sqlite(
        "table with other options, with a view over views, and triggers",
        Written(
            "outbox",
            "STRICT",
            "; CREATE VIEW letters AS SELECT * FROM outbox; CREATE VIEW letter_ids AS SELECT id FROM letters; \
             CREATE TRIGGER sending INSTEAD OF DELETE ON letter_ids BEGIN DELETE FROM outbox WHERE id = OLD.id; END; \
             CREATE TRIGGER posting AFTER INSERT ON devices BEGIN DELETE FROM outbox; END",
        ),
        TableOptions,
        "outbox",
    ),
    sqlite(
        "table not STRICT",
        Written("outbox", "STRICT", ""),
        TableOptions,
        "outbox",
    ),
    postgres(
        "table that is not logged",
        "ALTER TABLE devices SET UNLOGGED",
        TableOptions,
        "devices",
    ),
    postgres(
        "table that is not logged, with those that refer to it",
        "DO $$ DECLARE child regclass; BEGIN \
            FOR child IN SELECT conrelid FROM pg_constraint WHERE contype = 'f' AND confrelid = 'habits'::regclass \
            LOOP EXECUTE format('ALTER TABLE %s SET UNLOGGED', child); END LOOP; \
            ALTER TABLE habits SET UNLOGGED; END $$",
        TableOptions,
        "habits",
    ),
];
