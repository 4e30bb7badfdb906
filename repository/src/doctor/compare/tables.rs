//! Tables: there at all, under their name, of their kind; and whatever DOMAIN has no word for.

use super::super::code::Code;
use super::super::finding::Part;
use super::super::mend::{Mend, ddl};
use super::super::schema::{Schema, Table, UNLOGGED};
use super::{Comparison, OnTable, columns, constraints, guard, indexes, sides};
use crate::engine::Engine;

pub(super) fn compare(all: &mut Comparison, expected: &Schema, actual: &mut Schema) {
    guard::role(all, expected, actual);
    renamed(all, expected, actual);
    for (name, wanted) in &expected.tables {
        if !actual.tables.contains_key(name) {
            missing(all, name, wanted);
        }
    }
    for name in expected.tables.keys() {
        columns::renamed(all, name, &expected.tables[name], actual);
    }
    let on_each = |all: &mut Comparison, compare: fn(&mut OnTable<'_>)| {
        for (name, wanted) in &expected.tables {
            if let Some(found) = actual.tables.get(name) {
                compare(&mut OnTable {
                    all,
                    name,
                    wanted,
                    found,
                    actual,
                });
            }
        }
    };
    on_each(all, |on| {
        options(on);
        conflicts(on);
        columns::compare(on);
        constraints::primary_key(on);
        constraints::foreign_keys(on);
        if on.is_database() {
            constraints::unique_keys(on);
            indexes::compare(on);
            constraints::checks(on);
            guard::compare(on);
        }
    });
    for name in actual.tables.keys() {
        if !expected.tables.contains_key(name) {
            extra(all, name, &actual.tables[name]);
        }
    }
    for other in &actual.others {
        let what = format!("{} {}", other.kind, other.name);
        let of = match (other.kind.as_str(), all.engine) {
            ("TRIGGER" | "RULE", Engine::Postgres) => format!(" ON {}", ddl::name(&other.table)),
            _ => String::new(),
        };
        let kind = match other.kind.as_str() {
            "VIRTUAL TABLE" => "TABLE",
            kind => kind,
        };
        let drop = format!("DROP {kind} {}{of}", ddl::name(&other.name));
        let mend = Mend::sql(all.engine, [drop]);
        let sides = sides("nothing of the kind", &what);
        all.say(
            &other.table,
            (Part::Named, &other.name),
            Code::Unknown,
            sides,
            mend,
        );
    }
}

/// A table that is missing and one that is too much, with the same columns, are one under another name.
fn renamed(all: &mut Comparison, expected: &Schema, actual: &mut Schema) {
    let columns = |table: &Table| {
        let mut names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        names.sort();
        names
    };
    for (name, wanted) in &expected.tables {
        if actual.tables.contains_key(name) {
            continue;
        }
        let same = |other: &&String| {
            !expected.tables.contains_key(*other)
                && columns(&actual.tables[*other]) == columns(wanted)
        };
        let Some(other) = actual.tables.keys().find(same).cloned() else {
            continue;
        };
        let Some(table) = actual.tables.remove(&other) else {
            continue;
        };
        let mend = match &table.source {
            Some(module) => Mend::rust(
                format!("let table_name in {module} return"),
                format!("{name:?}"),
            ),
            None => {
                let (from, to) = (ddl::name(&other), ddl::name(name));
                Mend::sql(all.engine, [format!("ALTER TABLE {from} RENAME TO {to}")])
            }
        };
        all.say(
            name,
            (Part::Table, ""),
            Code::TableRenamed,
            sides(name, &other),
            mend,
        );
        let foreign_keys = actual
            .tables
            .values_mut()
            .flat_map(|table| &mut table.foreign_keys);
        for key in foreign_keys.filter(|key| key.references == other) {
            key.references.clone_from(name);
        }
        for thing in actual
            .others
            .iter_mut()
            .filter(|thing| thing.table == other)
        {
            thing.table.clone_from(name);
        }
        actual.tables.insert(name.clone(), table);
    }
}

fn missing(all: &mut Comparison, name: &str, wanted: &Table) {
    let mend = match all.place.is_database() {
        true => Mend::sql(all.engine, ddl::whole_table(all.engine, name, wanted)),
        false => {
            let fields: Vec<&str> = wanted.columns.iter().map(|c| c.field.as_str()).collect();
            Mend::rust(
                format!("write the {} entity of {name}, with the Model", all.engine),
                fields.join(" "),
            )
        }
    };
    let sides = sides("the table", "no such table");
    all.say(name, (Part::Table, ""), Code::TableMissing, sides, mend);
}

fn extra(all: &mut Comparison, name: &str, found: &Table) {
    let mend = match &found.source {
        Some(module) => Mend::Words(format!(
            "take {module} away, or add {name} to DOMAIN for {}",
            all.engine
        )),
        None => Mend::sql(all.engine, [format!("DROP TABLE {}", ddl::name(name))]),
    };
    let sides = sides("no such table", "the table");
    all.say(name, (Part::Table, ""), Code::TableExtra, sides, mend);
}

/// `STRICT`, `UNLOGGED` and the like.
fn options(on: &mut OnTable<'_>) {
    if !on.is_database() || on.wanted.options == on.found.options {
        return;
    }
    let say = |table: &Table| match table.options.is_empty() {
        true => "an ordinary table".to_owned(),
        false => table.options.join(", "),
    };
    let sql = match is_unlogged(on.wanted) {
        true => vec![format!("ALTER TABLE {} SET UNLOGGED", ddl::name(on.name))],
        false => logged(on.name, on.actual, &mut Vec::new()),
    };
    let mend = on.alter(sql, |table| table.options.clone_from(&on.wanted.options));
    let sides = sides(say(on.wanted), say(on.found));
    on.say((Part::Table, ""), Code::TableOptions, sides, mend);
}

fn is_unlogged(table: &Table) -> bool {
    table.options.iter().any(|option| option == UNLOGGED)
}

/// A table that is logged cannot refer to one that is not: those that it refers to come first.
fn logged(name: &str, schema: &Schema, met: &mut Vec<String>) -> Vec<String> {
    let Some(table) = schema.tables.get(name).filter(|table| is_unlogged(table)) else {
        return Vec::new();
    };
    if met.iter().any(|other| other == name) {
        return Vec::new();
    }
    met.push(name.to_owned());
    let parents = table.foreign_keys.iter().map(|key| &key.references);
    let mut sql: Vec<String> = parents
        .flat_map(|parent| logged(parent, schema, met))
        .collect();
    sql.push(format!("ALTER TABLE {} SET LOGGED", ddl::name(name)));
    sql
}

/// Constraints that SQLite resolves by itself. DOMAIN has no word for that, and so no table that is made anew.
fn conflicts(on: &mut OnTable<'_>) {
    let (wanted, found) = (&on.wanted.conflicts, &on.found.conflicts);
    for conflict in found.iter().filter(|one| !wanted.contains(one)) {
        let mend = on.alter(Vec::new(), |table| table.conflicts.clear());
        let sides = sides("an error", &conflict.clause);
        let what = (conflict.part, conflict.name.as_str());
        on.say(what, Code::ConflictClause, sides, mend);
    }
}
