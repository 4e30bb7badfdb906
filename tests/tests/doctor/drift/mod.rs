//! Drifts of a database: SQL that causes one, and the finding that it must give.

mod checks;
mod columns;
mod conflicts;
mod foreign_keys;
mod guard;
mod hazards;
mod indexes;
mod keys;
mod others;
mod tables;

use catamaran::Engine;
use catamaran::doctor::Code;

/// What is done, on one engine.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// Statements that somebody runs, by hand or in a migration.
    Sql(&'static str),
    /// A statement is lost from a migration: how it begins.
    Lost(&'static str),
    /// A table's CREATE TABLE is written otherwise: its name, a part of it, and what stands there instead.
    Written(&'static str, &'static str, &'static str),
}

/// A drift of a class, where it can be on an engine.
#[derive(Clone, Copy, Debug)]
pub struct Drift {
    /// What kind of drift, in the words of the proof's table.
    pub class: &'static str,
    pub engine: Engine,
    pub change: Change,
    pub code: Code,
    /// What the finding is about.
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
    guard::DRIFTS,
    hazards::DRIFTS,
    others::DRIFTS,
];
