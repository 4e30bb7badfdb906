//! What DOMAIN states once for both engines.

use super::OnTable;
use crate::fingerprint::code::Code;
use crate::fingerprint::expression::read_in_two_ways;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::model::domain::description::TableDescription;
use crate::model::domain::{Check, Presence, Table};
use crate::model::engine::Engine;

pub(super) fn check(on: &mut OnTable<'_>, table: &Table, description: Option<&TableDescription>) {
    conditions(on, table);
    generated_key(on, table, description);
}

/// Checks that both engines can generate the key. For a record the compiler does.
fn generated_key(on: &mut OnTable<'_>, table: &Table, description: Option<&TableDescription>) {
    if !table.generated_key {
        return;
    }
    let found = match table.primary_key.columns {
        [key] => {
            let ty = description
                .and_then(|of| of.column(key))
                .map(|column| column.ty);
            match ty {
                None | Some("int4" | "bigint") => return,
                Some(ty) => format!("one of {ty}"),
            }
        }
        several => format!("one of {} columns", several.len()),
    };
    let words =
        "take generated_key out of DOMAIN, or make the primary key one column of int4 or bigint";
    let sides = ("a key of one column, of int4 or bigint", found.as_str());
    let (name, fix) = (table.primary_key.name, Fix::Words(words.to_owned()));
    on.say(Part::Named, name, Code::KeyNotGenerated, sides, fix);
}

/// Checks that a condition stated once for both engines means the same on both.
fn conditions(on: &mut OnTable<'_>, table: &Table) {
    if table.presence != Presence::Both {
        return;
    }
    let is_shared = |check: &&Check| {
        check.sqlite == check.postgres && Engine::ALL.iter().all(|one| check.engines.contains(one))
    };
    for check in table.checks.iter().filter(is_shared) {
        let line = format!(
            "Check::..({:?}).holds_natively(\"..\", \"..\"),",
            check.name
        );
        let fix = Fix::rust("say in DOMAIN what each engine has", line);
        condition(on, check.name, check.sqlite, fix);
    }
    for index in table.indexes {
        for sql in index.columns.iter().copied().chain(index.predicate) {
            let words = "rewrite it so that both engines read it the same way";
            let sql = sql.strip_suffix(" DESC").unwrap_or(sql);
            if table.columns.contains(&sql) {
                continue;
            }
            condition(on, index.name, Some(sql), Fix::Words(words.to_owned()));
        }
    }
}

fn condition(on: &mut OnTable<'_>, name: &str, sql: Option<&str>, fix: Fix) {
    if let Some(found) = sql.and_then(read_in_two_ways) {
        let sides = ("the same on both engines", found.as_str());
        on.say(Part::Named, name, Code::DomainCondition, sides, fix);
    }
}
