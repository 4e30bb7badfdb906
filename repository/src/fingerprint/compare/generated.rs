//! Compares what generates the ids of a table: the counter of SQLite, the sequence of Postgres, and what an entity says.
//!
//! Whether a column of Postgres is an identity column is compared with the columns.

use super::{OnTable, Part, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::requirements;
use crate::fingerprint::statement::{Phase, Statement};

pub(crate) fn compare(on: &mut OnTable<'_>) {
    let wanted = on.wanted;
    let Some(key) = wanted.primary_key.columns.first() else {
        return;
    };
    if wanted.autoincrement && !on.found.autoincrement {
        counter(on, key);
    }
    sequence(on, key);
}

/// The key of an entity, or of a SQLite table, is not generated.
fn counter(on: &mut OnTable<'_>, key: &str) {
    if let Some(module) = on.module() {
        let field = on
            .wanted
            .column(key)
            .map_or("", |column| column.field.as_str());
        let fix = Fix::rust(
            format!("in the Model in {module}, instead of its {key}"),
            field,
        );
        let sides = sides(
            requirements::primary_key(true),
            requirements::primary_key(false),
        );
        on.column(key, Code::KeyNotGenerated, sides, fix);
        return;
    }
    if on.found.primary_key.columns != on.wanted.primary_key.columns {
        // It is generated with the key, which has a finding.
        return;
    }
    let fix = on.alter([], |table| table.autoincrement = true);
    let sides = sides("AUTOINCREMENT", "no AUTOINCREMENT");
    on.column(key, Code::KeyNotGenerated, sides, fix);
}

/// Compares the sequence of Postgres: the application's role may use it, and it is not behind the stored ids.
fn sequence(on: &mut OnTable<'_>, key: &str) {
    let (wanted, found) = (on.wanted, on.found);
    if let (Some(needed), Some(role)) = (&wanted.sequence, &on.required.role) {
        let name = found
            .sequence
            .as_ref()
            .map_or(&needed.name, |found| &found.name);
        if needed.usable && !found.sequence.as_ref().is_some_and(|found| found.usable) {
            let privilege = format!("USAGE ON SEQUENCE {name} TO {}", role.name);
            let sql = ddl::sequence_grant(name, &role.name);
            let fix = Fix::sql([Statement::new(Phase::AccessControl, sql)]);
            let sides = sides(&privilege, "nothing");
            on.report((Part::Named, &privilege), Code::GrantMissing, sides, fix);
        }
    }
    if let (true, Some(found)) = (wanted.sequence.is_some(), &found.sequence)
        && let (Some(next), Some(largest)) = (found.next, found.largest)
        && next <= largest
    {
        let fix = Fix::sql([Statement::new(
            Phase::AlterColumn,
            ddl::set_sequence(on.name, key),
        )]);
        let sides = sides(
            format!("a number above {largest}, the largest id"),
            format!("{next} is the next number"),
        );
        on.column(key, Code::SequenceBehind, sides, fix);
    }
}
