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
        "ALTER TABLE habit_entries SET UNLOGGED; ALTER TABLE reminders SET UNLOGGED; ALTER TABLE habits SET UNLOGGED",
        TableOptions,
        "habits",
    ),
];
