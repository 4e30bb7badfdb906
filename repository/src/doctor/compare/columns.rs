//! Columns: there at all, order, type, collation, nullability, default.

use super::super::code::Code;
use super::super::mend::{Mend, ddl};
use super::super::schema::{Column, Schema, Table};
use super::{Comparison, OnTable, Part, sides};
use crate::engine::Engine;

/// A column that is missing and the only one that is too much, of the same type, are one under another name.
pub(super) fn renamed(all: &mut Comparison, name: &str, wanted: &Table, actual: &mut Schema) {
    let Some(found) = actual.tables.get(name) else {
        return;
    };
    let missing: Vec<&Column> = wanted
        .columns
        .iter()
        .filter(|column| found.column(&column.name).is_none())
        .collect();
    let extra: Vec<&Column> = found
        .columns
        .iter()
        .filter(|column| wanted.column(&column.name).is_none())
        .collect();
    let ([missing], [extra]) = (missing.as_slice(), extra.as_slice()) else {
        return;
    };
    if missing.ty != extra.ty || missing.nullable != extra.nullable {
        return;
    }
    let (from, to) = (extra.name.clone(), missing.name.clone());
    let mend = match &found.source {
        Some(module) => Mend::rust(
            format!("in the Model in {module}, instead of {from}"),
            &missing.field,
        ),
        None => {
            let rename = format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                ddl::name(name),
                ddl::name(&from),
                ddl::name(&to)
            );
            Mend::sql(all.engine, [rename])
        }
    };
    let at = all.at.clone();
    if found.source.is_some() {
        all.at.clone_from(&found.source);
    }
    all.say(
        name,
        (Part::Column, &to),
        Code::ColumnRenamed,
        sides(&to, &from),
        mend,
    );
    all.at = at;
    for (other, table) in &mut actual.tables {
        for key in table
            .foreign_keys
            .iter_mut()
            .filter(|key| key.references == name)
        {
            for column in key
                .referenced_columns
                .iter_mut()
                .filter(|column| **column == from)
            {
                column.clone_from(&to);
            }
        }
        if other == name {
            table.rename_column(&from, &to);
        }
    }
}

pub(super) fn compare(on: &mut OnTable<'_>) {
    let (wanted, found) = (on.wanted, on.found);
    for column in &wanted.columns {
        match found.column(&column.name) {
            // Of a column that nobody describes, only the name is known.
            Some(_) if column.ty.is_empty() => {}
            Some(other) => one(on, column, other),
            None => missing(on, column),
        }
    }
    for column in &found.columns {
        if wanted.column(&column.name).is_none() {
            extra(on, column);
        }
    }
    // In a database a column that was added later comes last, and no statement depends on that.
    if let Some(module) = &found.source {
        let both = |one: &Table, other: &Table| -> Vec<String> {
            let names = one.columns.iter().map(|column| column.name.clone());
            names.filter(|name| other.column(name).is_some()).collect()
        };
        let (order, other) = (both(wanted, found), both(found, wanted));
        if order != other {
            let fields = wanted.columns.iter().map(|column| column.field.as_str());
            let mend = Mend::rust(
                format!("let the fields of the Model in {module} stand in this order"),
                fields.collect::<Vec<_>>().join(" "),
            );
            let sides = sides(order.join(", "), other.join(", "));
            on.say((Part::Table, ""), Code::ColumnOrder, sides, mend);
        }
    }
}

fn missing(on: &mut OnTable<'_>, column: &Column) {
    let table = ddl::name(on.name);
    let mend = match on.module() {
        // Before it has a type, nothing can be written.
        _ if column.ty.is_empty() => Mend::Words(format!(
            "give {} a type first: a field of the record, or of the shape",
            column.name
        )),
        Some(module) => Mend::rust(format!("add to the Model in {module}"), &column.field),
        None => {
            let add = format!("ALTER TABLE {table} ADD COLUMN {}", ddl::column(column));
            let needs_value = !column.nullable && column.default.is_none();
            match on.all.engine {
                Engine::Sqlite if needs_value => on.alter(Vec::new(), |table| {
                    let wanted = on.wanted.columns.iter();
                    let before = wanted.take_while(|other| other.name != column.name);
                    let before: Vec<&str> = before.map(|other| other.name.as_str()).collect();
                    let place = table
                        .columns
                        .iter()
                        .rposition(|c| before.contains(&c.name.as_str()));
                    table
                        .columns
                        .insert(place.map_or(0, |place| place + 1), column.clone());
                }),
                engine => Mend::sql(engine, [add]),
            }
        }
    };
    let wanted = said(on, column);
    on.column(
        &column.name,
        Code::ColumnMissing,
        sides(wanted, "no such column"),
        mend,
    );
}

fn extra(on: &mut OnTable<'_>, column: &Column) {
    let mend = match on.module() {
        Some(module) => Mend::Words(format!(
            "take the field {} out of the Model in {module}, or add it to DOMAIN, the record and the other side",
            column.name
        )),
        None => {
            let (table, name) = (ddl::name(on.name), ddl::name(&column.name));
            Mend::sql(
                on.all.engine,
                [format!("ALTER TABLE {table} DROP COLUMN {name}")],
            )
        }
    };
    let found = match on.is_database() {
        true => ddl::column(column),
        false => column.ty.clone(),
    };
    on.column(
        &column.name,
        Code::ColumnExtra,
        sides("no such column", found),
        mend,
    );
}

/// The whole column, as its place would write it.
fn said(on: &OnTable<'_>, column: &Column) -> String {
    match on.is_database() {
        true => ddl::column(column),
        false => column.field.clone(),
    }
}

/// How to make a column what it should be in one respect; `actions` are what Postgres does to it.
fn mended(
    on: &mut OnTable<'_>,
    wanted: &Column,
    actions: &[String],
    edit: fn(&Column, &mut Column),
) -> Mend {
    if let Some(module) = on.module() {
        return Mend::rust(
            format!("in the Model in {module}, instead of its {}", wanted.name),
            &wanted.field,
        );
    }
    let (table, name) = (ddl::name(on.name), ddl::name(&wanted.name));
    let alter = |action: &String| format!("ALTER TABLE {table} ALTER COLUMN {name} {action}");
    on.alter(actions.iter().map(alter).collect(), |table| {
        for column in table
            .columns
            .iter_mut()
            .filter(|column| column.name == wanted.name)
        {
            edit(wanted, column);
        }
    })
}

fn one(on: &mut OnTable<'_>, wanted: &Column, found: &Column) {
    let (name, ty) = (wanted.name.as_str(), wanted.ty.as_str());
    let collate = wanted.collation.as_ref();
    let collate = collate.map_or(String::new(), |collation| {
        format!(" COLLATE \"{collation}\"")
    });
    if wanted.ty != found.ty {
        // A time without a zone is read in the session's unless it is told which one it was written in.
        let zone = match (found.ty.as_str(), ty) {
            ("timestamp without time zone", "timestamp with time zone") => " AT TIME ZONE 'UTC'",
            _ => "",
        };
        let retype = match zone {
            "" => format!("TYPE {ty}{collate} USING {}::{ty}", ddl::name(name)),
            zone => format!("TYPE {ty} USING {}{zone}", ddl::name(name)),
        };
        // A default has a type too, and is in the way of another one.
        let mut actions = Vec::new();
        if found.default.is_some() {
            actions.push("DROP DEFAULT".to_owned());
        }
        actions.push(retype);
        if let Some(default) = &wanted.default {
            actions.push(format!("SET DEFAULT {default}"));
        }
        let mend = mended(on, wanted, &actions, |wanted, column| {
            column.ty.clone_from(&wanted.ty);
            column.collation.clone_from(&wanted.collation);
            column.default.clone_from(&wanted.default);
        });
        on.column(name, Code::ColumnType, sides(ty, &found.ty), mend);
    } else if on.is_database() && !same_collation(on.all.engine, wanted, found) {
        let say = |column: &Column| {
            column
                .collation
                .clone()
                .unwrap_or("the default one".to_owned())
        };
        let actions = [format!("TYPE {ty}{collate}")];
        let mend = mended(on, wanted, &actions, |wanted, column| {
            column.collation.clone_from(&wanted.collation);
        });
        on.column(
            name,
            Code::ColumnCollation,
            sides(say(wanted), say(found)),
            mend,
        );
    }
    if wanted.nullable != found.nullable {
        let say = |column: &Column| {
            if column.nullable {
                "NULL is allowed"
            } else {
                "NOT NULL"
            }
        };
        let action = if wanted.nullable {
            "DROP NOT NULL"
        } else {
            "SET NOT NULL"
        };
        let mend = mended(on, wanted, &[action.to_owned()], |wanted, column| {
            column.nullable = wanted.nullable;
        });
        on.column(
            name,
            Code::ColumnNullability,
            sides(say(wanted), say(found)),
            mend,
        );
    }
    // A default of another type is told, and mended, with the type.
    if wanted.ty == found.ty && wanted.default != found.default {
        let say = |column: &Column| match &column.default {
            Some(default) => default.to_string(),
            None => "no default".to_owned(),
        };
        let action = match &wanted.default {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".to_owned(),
        };
        let mend = mended(on, wanted, &[action], |wanted, column| {
            column.default.clone_from(&wanted.default);
        });
        on.column(
            name,
            Code::ColumnDefault,
            sides(say(wanted), say(found)),
            mend,
        );
    }
    if let Some(expression) = &found.generated {
        let action = match expression.as_str() {
            "IDENTITY" => "DROP IDENTITY",
            _ => "DROP EXPRESSION",
        };
        let mend = mended(on, wanted, &[action.to_owned()], |_, column| {
            column.generated = None
        });
        let sides = sides(
            "a column that is written",
            format!("computed: {expression}"),
        );
        on.column(name, Code::ColumnGenerated, sides, mend);
    }
}

/// SQLite compares bytes unless told otherwise.
fn same_collation(engine: Engine, wanted: &Column, found: &Column) -> bool {
    let plain = |collation: &Option<String>| match (engine, collation.as_deref()) {
        (Engine::Sqlite, Some(name)) if name.eq_ignore_ascii_case("binary") => None,
        (_, name) => name.map(str::to_owned),
    };
    plain(&wanted.collation) == plain(&found.collation)
}
