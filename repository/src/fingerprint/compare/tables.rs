//! Compares tables: existence, name, options; and other objects, which DOMAIN cannot describe.

use super::{
    Comparison, OnTable, access_control, columns, constraints, exchanges, foreign_keys, generated,
    indexes, renames, sides,
};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::ddl::dependents;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{ForeignKey, OtherObject, Schema, Table, UNLOGGED};
use crate::fingerprint::statement::{Phase, Statement};
use crate::model::engine::Engine;

pub(crate) fn compare(all: &mut Comparison, required: &Schema, actual: &mut Schema) {
    access_control::role(all, required, actual);
    others(all, required, actual);
    // The others are dropped before anything else changes.
    actual.others.retain(|other| all.is_intended(other));
    renames::tables(all, required, actual);
    exchanges::tables(all, required, actual);
    for (name, wanted) in &required.tables {
        if !actual.tables.contains_key(name) {
            missing(all, name, wanted, required, actual);
        }
    }
    for name in required.tables.keys() {
        renames::columns(all, name, &required.tables[name], actual);
    }
    let on_each = |all: &mut Comparison, compare: fn(&mut OnTable<'_>)| {
        for (name, wanted) in &required.tables {
            if let Some(found) = actual.tables.get(name) {
                compare(&mut OnTable {
                    all,
                    name,
                    wanted,
                    found,
                    required,
                    actual,
                });
            }
        }
    };
    on_each(all, |on| {
        options(on);
        conflicts(on);
        columns::compare(on);
        generated::compare(on);
        constraints::primary_key(on);
        foreign_keys::compare(on);
        if on.is_database() {
            constraints::unique_keys(on);
            indexes::compare(on);
            constraints::checks(on);
            access_control::compare(on);
        }
    });
    let are_extra = actual.tables.iter();
    let mut are_extra: Vec<_> = are_extra
        .filter(|(name, _)| !required.tables.contains_key(*name))
        .collect();
    // A child table is dropped before its parent.
    are_extra
        .sort_by_key(|(_, table)| !table.options.iter().any(|one| one.starts_with("INHERITS")));
    for (name, found) in are_extra {
        extra(all, name, found, required, actual);
    }
}

/// Compares triggers and views: those that foreign keys need, and those that DOMAIN cannot describe.
fn others(all: &mut Comparison, required: &Schema, actual: &Schema) {
    // The catalog lists them in the order in which they can be dropped.
    let lost = required.others.iter().rev().filter_map(|wanted| {
        let mut others = actual.others.iter();
        let found = others.find(|found| found.is_same_object(wanted));
        let is_as_wanted = found.is_some_and(|found| found.is_as_wanted(all.engine, wanted));
        (!is_as_wanted).then_some((wanted, found))
    });
    let mut lost: Vec<(&OtherObject, Option<&OtherObject>)> = lost.collect();
    lost.sort_by_key(|(wanted, _)| wanted.kind == "TRIGGER");
    for (wanted, found) in lost {
        let drop = found.map(|found| {
            let sql = format!("DROP {} {}", found.kind, ident::name(&found.name));
            Statement::new(Phase::DropReader, sql).dropping(&found.name)
        });
        let again = wanted.sql.iter();
        let again = again.map(|sql| Statement::new(Phase::CreateReader, sql).making(&wanted.name));
        let fix = Fix::sql(drop.into_iter().chain(again));
        let found = found.and_then(|found| found.sql.as_deref());
        let found = found.unwrap_or("no such object");
        let (code, text) = match (&wanted.needed_by, &wanted.sql) {
            (Some(_), Some(sql)) => (Code::SetNullTrigger, sql.clone()),
            _ => (Code::Unknown, format!("{} {}", wanted.kind, wanted.name)),
        };
        let what = (Part::Named, wanted.name.as_str());
        all.report(&wanted.table, what, code, sides(text, found), fix);
    }
    let is_intended = |other: &&OtherObject| {
        !required
            .others
            .iter()
            .any(|meant| meant.is_same_object(other))
    };
    for other in actual.others.iter().filter(is_intended) {
        let what = format!("{} {}", other.kind, other.name);
        let of = match (other.kind.as_str(), all.engine) {
            ("TRIGGER" | "RULE", Engine::Postgres) => format!(" ON {}", ident::name(&other.table)),
            _ => String::new(),
        };
        let kind = match other.kind.as_str() {
            "VIRTUAL TABLE" => "TABLE",
            kind => kind,
        };
        let drop = format!("DROP {kind} {}{of}", ident::name(&other.name));
        let has_rows = other.kind == "VIRTUAL TABLE";
        let loses = has_rows.then(|| format!("the rows of {}", other.name));
        let out = other.extension.as_ref().map(|extension| {
            let (extension, other) = (ident::name(extension), ident::name(&other.name));
            let sql = format!("ALTER EXTENSION {extension} DROP {kind} {other}");
            Statement::new(Phase::DropReader, sql)
        });
        let drop = Statement::new(Phase::DropReader, drop).dropping(&other.name);
        let fix = Fix::sql(out.into_iter().chain([drop])).losing(loses);
        let sides = sides("no such object", &what);
        let is_ours = required.tables.contains_key(&other.table);
        let code = match other.kind.as_str() {
            "TRIGGER" | "RULE" if is_ours => Code::Trigger,
            "TRIGGER" if is_history(&other.table, actual) => Code::HistoryWritable,
            _ => Code::Unknown,
        };
        let what = (Part::Named, other.name.as_str());
        all.report(&other.table, what, code, sides, fix);
    }
}

/// The table of the recorded migrations; SQLite ignores the case.
fn is_history(table: &str, of: &Schema) -> bool {
    table.eq_ignore_ascii_case(of.history.name())
}

fn missing(all: &mut Comparison, name: &str, wanted: &Table, required: &Schema, actual: &Schema) {
    let others = renames::names_of_a_missing_table(all, wanted, required, actual);
    let fix = match all.place.is_database() {
        true if others.is_empty() => {
            let is_ready = |key: &ForeignKey| is_ready(key, wanted, actual);
            let role = required.role.as_ref().map(|role| role.name.as_str());
            Fix::sql(ddl::whole_table(all.engine, name, wanted, role, is_ready))
        }
        true => Fix::Words(renames::rename_first(&others, name)),
        false => {
            let fields: Vec<&str> = wanted.columns.iter().map(|c| c.field.as_str()).collect();
            Fix::rust(
                format!("write the {} entity of {name}, with the Model", all.engine),
                fields.join(" "),
            )
        }
    };
    let found = match others.is_empty() {
        true => "no such table".to_owned(),
        false => format!(
            "no such table; it may be {} under another name: if so, rename that one to keep its rows",
            renames::either(&others)
        ),
    };
    let sides = sides("the table", found);
    all.report(name, (Part::Table, ""), Code::TableMissing, sides, fix);
}

/// Whether the parent of a key has what the key refers to, before anything is fixed.
fn is_ready(key: &ForeignKey, child: &Table, actual: &Schema) -> bool {
    let Some(parent) = actual.tables.get(&key.references) else {
        return false;
    };
    let unique = parent.unique_keys.iter().map(|unique| &unique.columns);
    let mut keys = unique.chain([&parent.primary_key.columns]);
    let mut pairs = key.columns.iter().zip(&key.referenced_columns);
    // CREATE TABLE makes a key valid even if it says NOT VALID.
    key.valid
        && keys.any(|columns| *columns == key.referenced_columns)
        && pairs.all(|(own, referenced)| {
            let types = (child.column(own), parent.column(referenced));
            matches!(types, (Some(own), Some(referenced)) if own.ty == referenced.ty)
        })
}

fn extra(all: &mut Comparison, name: &str, found: &Table, required: &Schema, actual: &Schema) {
    let fix = match &found.source {
        Some(module) => Fix::Words(format!(
            "remove {module}, or add {name} to DOMAIN for {}",
            all.engine
        )),
        None if is_another_history(found) => Fix::Words(format!(
            "keep it: another program records its migrations in it. To leave it out, suppress {} of {name} in DOMAIN",
            Code::TableExtra.id()
        )),
        None => {
            let others = renames::names_of_an_extra_table(all, found, required, actual);
            match others.is_empty() {
                true => {
                    let rows = format!("the rows of {name}");
                    dropped(all, name, found, actual).losing(Some(rows))
                }
                false => Fix::Words(format!(
                    "it may be {0} under another name: if so, rename it to {0}, otherwise drop it",
                    renames::either(&others)
                )),
            }
        }
    };
    let what = match is_another_history(found) {
        true => "the migration history of another program",
        false => "the table",
    };
    let sides = sides("no such table", what);
    all.report(name, (Part::Table, ""), Code::TableExtra, sides, fix);
}

/// Whether it has the columns and the key of a history of migrations, or of one of the tables beside it.
fn is_another_history(found: &Table) -> bool {
    let mut columns: Vec<&str> = found.columns.iter().map(|one| one.name.as_str()).collect();
    columns.sort_unstable();
    let key: Vec<&str> = found
        .primary_key
        .columns
        .iter()
        .map(String::as_str)
        .collect();
    matches!(
        (key.as_slice(), columns.as_slice()),
        (
            ["version"],
            ["applied_at", "version"] | ["applied_at", "checksum", "version"]
        ) | (
            ["migration"],
            [
                "digest",
                "direction",
                "finished",
                "has_begun_next",
                "migration"
            ]
        )
    )
}

/// The fix that drops a table, on SQLite with its triggers. It is an instruction if a suppressed view or trigger reads
/// it.
fn dropped(all: &Comparison, name: &str, found: &Table, actual: &Schema) -> Fix {
    let dependents = dependents::of(name, &actual.others);
    let is_own = |other: &&OtherObject| other.kind == "TRIGGER" && other.table == name;
    let (own, kept): (Vec<&OtherObject>, Vec<&OtherObject>) =
        dependents.into_iter().partition(is_own);
    if !kept.is_empty() {
        return Fix::Words(format!(
            "drop it once these suppressed objects no longer read it: {}",
            dependents::listed(&kept)
        ));
    }
    let mut sql = dependents::dropped(Phase::DropReader, &own);
    if all.engine == Engine::Postgres {
        // Dropped tables may reference each other.
        let keys = found.foreign_keys.iter();
        let own = keys.filter(|key| key.references != name);
        sql.extend(own.filter_map(|key| foreign_keys::dropped(name, key)));
    }
    let drop = format!("DROP TABLE {}", ident::name(name));
    sql.push(Statement::new(Phase::DropTable, drop).dropping(name));
    Fix::sql(sql)
}

/// Compares table options such as `STRICT` and `UNLOGGED`.
fn options(on: &mut OnTable<'_>) {
    // A counter that is missing has a finding of its own.
    let keeps = on.wanted.autoincrement;
    let kinds = |table: &Table| {
        let counts = (table.autoincrement || keeps).then(|| "AUTOINCREMENT".to_owned());
        let options = table.options.iter().cloned();
        options.chain(counts).collect::<Vec<_>>().join(", ")
    };
    if !on.is_database() || kinds(on.wanted) == kinds(on.found) {
        return;
    }
    let text = |table: &Table| match kinds(table) {
        kinds if kinds.is_empty() => "an ordinary table".to_owned(),
        kinds => kinds,
    };
    let by_hand = |option: &String| option == "PARTITIONED" || option.starts_with("INHERIT");
    let fix = if on.found.options.iter().any(by_hand) {
        let words = "make it an ordinary table: move the rows to one without partitions, or ALTER TABLE .. NO INHERIT";
        Fix::Words(words.to_owned()).into()
    } else {
        let sql = match is_unlogged(on.wanted) {
            true => vec![set_logged(on.name, "UNLOGGED")],
            false => logged(on.name, on.actual, &mut Vec::new()),
        };
        on.alter(sql, |table| {
            table.options.clone_from(&on.wanted.options);
            table.autoincrement &= on.wanted.autoincrement;
        })
    };
    let sides = sides(text(on.wanted), text(on.found));
    on.report((Part::Table, ""), Code::TableOptions, sides, fix);
}

fn is_unlogged(table: &Table) -> bool {
    table.options.iter().any(|option| option == UNLOGGED)
}

/// A logged table cannot reference an unlogged one, so the referenced tables come first.
fn logged(name: &str, schema: &Schema, met: &mut Vec<String>) -> Vec<Statement> {
    let Some(table) = schema.tables.get(name).filter(|table| is_unlogged(table)) else {
        return Vec::new();
    };
    if met.iter().any(|other| other == name) {
        return Vec::new();
    }
    met.push(name.to_owned());
    let parents = table.foreign_keys.iter().map(|key| &key.references);
    let mut sql: Vec<Statement> = parents
        .flat_map(|parent| logged(parent, schema, met))
        .collect();
    sql.push(set_logged(name, "LOGGED"));
    sql
}

fn set_logged(table: &str, how: &str) -> Statement {
    let sql = format!("ALTER TABLE {} SET {how}", ident::name(table));
    Statement::new(Phase::AlterColumn, sql).on(table)
}

/// Reports `ON CONFLICT` clauses of SQLite. A rebuilt table has none of them.
fn conflicts(on: &mut OnTable<'_>) {
    let (wanted, found) = (&on.wanted.conflicts, &on.found.conflicts);
    for conflict in found.iter().filter(|one| !wanted.contains(one)) {
        let fix = on.alter([], |_| {});
        let sides = sides("an error", &conflict.clause);
        let what = (conflict.part, conflict.name.as_str());
        on.report(what, Code::ConflictClause, sides, fix);
    }
}
