//! The names of a table's parts.

use super::OnTable;
use crate::fingerprint::code::Code;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::requirements::{Requirements, check_name};
use crate::model::domain::Table;
use crate::model::domain::description::TableDescription;
use crate::model::engine::Engine;

pub(super) fn check(
    on: &mut OnTable<'_>,
    requirements: &Requirements<'_>,
    table: &Table,
    description: Option<&TableDescription>,
) {
    missing(on, table);
    if table.lives_on(Engine::Postgres) {
        too_long(on, table);
        too_long_by_convention(on, requirements, table, description);
    }
}

/// A part of a table: what it is, its name and its columns.
type Named = (&'static str, &'static str, &'static [&'static str]);

fn parts(table: &Table) -> impl Iterator<Item = Named> {
    let key = table.primary_key;
    let unique_keys = table.unique_keys.iter();
    let indexes = table.indexes.iter();
    let foreign_keys = table.foreign_keys.iter();
    let checks = table.checks.iter();
    std::iter::once(("the primary key", key.name, key.columns))
        .chain(unique_keys.map(|one| ("the unique key", one.name, one.columns)))
        .chain(indexes.map(|one| ("the index", one.name, one.columns)))
        .chain(foreign_keys.map(|one| ("the foreign key", one.name, one.columns)))
        .chain(checks.map(|one| ("the check", one.name, one.columns)))
}

/// Reports what was made with `over` and did not pass `table!`, which names it.
fn missing(on: &mut OnTable<'_>, table: &Table) {
    let unnamed = parts(table).filter(|(_, name, columns)| name.is_empty() && !columns.is_empty());
    for (what, _, columns) in unnamed {
        let part = format!("{what} over ({})", columns.join(", "));
        let words = "write the table as table!(..) or give it a name";
        let fix = Fix::Words(words.to_owned());
        on.say(
            Part::Named,
            &part,
            Code::DomainUnnamed,
            ("a name", "none"),
            fix,
        );
    }
}

/// The longest name in bytes: Postgres truncates at `NAMEDATALEN` - 1.
const LONGEST_NAME: usize = 63;

fn too_long(on: &mut OnTable<'_>, table: &Table) {
    let names = std::iter::once(table.name)
        .chain(table.columns.iter().copied())
        .chain(parts(table).map(|(_, name, _)| name))
        .chain(table.policies.iter().map(|policy| policy.name));
    for name in names.filter(|name| name.len() > LONGEST_NAME) {
        let words = format!("give it a name of {LONGEST_NAME} bytes at most");
        say_too_long(on, name, Fix::Words(words));
    }
}

/// Reports the check of a type that has no line in DOMAIN and too long a name by convention.
fn too_long_by_convention(
    on: &mut OnTable<'_>,
    requirements: &Requirements<'_>,
    table: &Table,
    description: Option<&TableDescription>,
) {
    for needed in requirements.needed(table, description, Engine::Postgres) {
        let name = check_name(table.name, &needed.column);
        let is_named = table.checks.iter().any(|check| needed.is(table, check));
        if name.len() > LONGEST_NAME && !is_named {
            let fix = Fix::rust(
                format!(
                    "add to the checks of {} in DOMAIN, with a shorter name",
                    table.name
                ),
                format!("Check::on_both(\"..\").of(&[{:?}]),", needed.column),
            );
            say_too_long(on, &name, fix);
        }
    }
}

fn say_too_long(on: &mut OnTable<'_>, name: &str, fix: Fix) {
    let bytes = format!("{} bytes", name.len());
    let sides = ("63 bytes at most", bytes.as_str());
    on.say(Part::Named, name, Code::DomainName, sides, fix);
}
