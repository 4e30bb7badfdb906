//! Drifts of a database: SQL that causes one, and the finding that it must give.

mod access_control;
mod checks;
mod columns;
mod conflicts;
mod foreign_keys;
mod hazards;
mod indexes;
mod keys;
mod others;
mod tables;

use catamaran::Engine;
use catamaran::doctor::Code;

/// A change on one engine.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// Statements that are run by hand or in a migration.
    Sql(&'static str),
    /// Statements that write rows, which only a database that is there has.
    Rows(&'static str),
    /// A statement is removed from a migration: its beginning.
    Lost(&'static str),
    /// A part of a CREATE TABLE is replaced: the table's name, the part, and the replacement.
    Written(&'static str, &'static str, &'static str),
}

/// A drift of a class, where it can be on an engine.
#[derive(Clone, Copy, Debug)]
pub struct Drift {
    /// The class of the drift, as in the table of the docs.
    pub class: &'static str,
    pub engine: Engine,
    pub change: Change,
    pub code: Code,
    /// The subject of the finding.
    pub subject: &'static str,
}

const fn sqlite(class: &'static str, change: Change, code: Code, subject: &'static str) -> Drift {
    Drift {
        class,
        engine: Engine::Sqlite,
        change,
        code,
        subject,
    }
}

const fn postgres(
    class: &'static str,
    sql: &'static str,
    code: Code,
    subject: &'static str,
) -> Drift {
    Drift {
        class,
        engine: Engine::Postgres,
        change: Change::Sql(sql),
        code,
        subject,
    }
}

// What several of them are about.
const UPDATED: &str = "habits: ix_habits__user_id_updated_at";
const PLATFORM: &str = "devices: ix_devices__user_id_platform";
const DAY: &str = "habit_entries: uq_habit_entries__user_id_habit_id_date";
const HABIT: &str = "reminders: fk_reminders__user_id_habit_id";
const OWNER: &str = "devices: owner_devices";

/// Every drift of a database, by what it is about.
pub const DRIFTS: &[&[Drift]] = &[
    tables::DRIFTS,
    columns::DRIFTS,
    keys::DRIFTS,
    conflicts::DRIFTS,
    indexes::DRIFTS,
    foreign_keys::DRIFTS,
    checks::DRIFTS,
    access_control::DRIFTS,
    hazards::DRIFTS,
    others::DRIFTS,
];
