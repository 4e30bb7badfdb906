//! Compares columns: existence, order, type, collation, nullability, default, generation.

use super::{OnTable, Part, TableFix, generated, renames, retype, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::ddl::{dependents, rebuild, rows};
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{Column, Generated, Table};
use crate::fingerprint::statement::{Phase, Statement, Work};
use crate::model::engine::Engine;

pub(crate) fn compare(on: &mut OnTable<'_>) {
    let (wanted, found) = (on.wanted, on.found);
    for column in &wanted.columns {
        match found.column(&column.name) {
            // Only the name is known of a column that no record and no type describes.
            Some(_) if column.ty.is_empty() => {}
            Some(other) => compare_one(on, column, other),
            None => missing(on, column),
        }
    }
    for column in &found.columns {
        if wanted.column(&column.name).is_none() {
            extra(on, column);
        }
    }
    // Only in entities: in a database a later column comes last, and no statement depends on the order.
    if let Some(module) = &found.source {
        let both = |one: &Table, other: &Table| -> Vec<String> {
            let names = one.columns.iter().map(|column| column.name.clone());
            names.filter(|name| other.column(name).is_some()).collect()
        };
        let (order, other) = (both(wanted, found), both(found, wanted));
        if order != other {
            let fields = wanted.columns.iter().map(|column| column.field.as_str());
            let fix = Fix::rust(
                format!("put the fields of the Model in {module} in this order"),
                fields.collect::<Vec<_>>().join(" "),
            );
            let sides = sides(order.join(", "), other.join(", "));
            on.report((Part::Table, ""), Code::ColumnOrder, sides, fix);
        }
    }
}

fn missing(on: &mut OnTable<'_>, column: &Column) {
    let table = ident::name(on.name);
    let others = renames::names_of_a_missing_column(on, column);
    let table_fix: TableFix<'_> = match on.module() {
        // No definition can be written without a type.
        _ if column.ty.is_empty() => Fix::Words(format!(
            "first give {} a type, by a field of the record or in its `TableTypes`",
            column.name
        ))
        .into(),
        Some(module) => {
            let columns = on.wanted.columns.iter();
            let before = columns.take_while(|other| other.name != column.name).last();
            let where_to = match before {
                Some(before) => format!("behind {}", before.name),
                None => "as its first field".to_owned(),
            };
            let what = format!("add to the Model in {module}, {where_to}");
            Fix::rust(what, &column.field).into()
        }
        None if !others.is_empty() => {
            Fix::Words(renames::rename_first(&others, &column.name)).into()
        }
        None if on.is_live() && !can_be_filled(column) => by_hand(on, column).into(),
        None => {
            let all_wanted = on.wanted.columns.iter();
            let before = all_wanted.take_while(|other| other.name != column.name);
            let before: Vec<&str> = before.map(|other| other.name.as_str()).collect();
            let add_it = move |table: &mut Table| {
                let mut columns = table.columns.iter();
                let place = columns.rposition(|c| before.contains(&c.name.as_str()));
                table
                    .columns
                    .insert(place.map_or(0, |place| place + 1), column.clone());
            };
            match on.all.engine {
                Engine::Sqlite if !can_be_added(column) => on.alter([], add_it),
                _ => {
                    let add = format!("ALTER TABLE {table} ADD COLUMN {}", ddl::column(column));
                    let add = Statement::new(Phase::AddColumn, add).doing(adding(column));
                    let add = add.making_column(on.name, &column.name);
                    TableFix::altering(Fix::sql([add]), add_it)
                }
            }
            .failing_on((!can_be_filled(column)).then(|| rows::all(on.name)))
        }
    };
    let wanted = definition(on, column);
    let found = match others.is_empty() {
        true => "no such column".to_owned(),
        false => format!(
            "no such column; it may be {} under another name: if so, rename that one to keep its values",
            renames::either(&others)
        ),
    };
    on.column(
        &column.name,
        Code::ColumnMissing,
        sides(wanted, found),
        table_fix,
    );
}

/// What it does to the rows of a table that a column is added to.
fn adding(column: &Column) -> Work {
    match (&column.generated, &column.default) {
        (Some(Generated::Computed { is_stored, .. }), _) => match is_stored {
            true => Work::AddComputed,
            false => Work::Alter,
        },
        (Some(Generated::Identity { .. }), _) => Work::AddFilled,
        (None, Some(default)) if default.node().is_constant() => Work::Alter,
        (None, Some(_)) => Work::AddFilled,
        (None, None) if column.nullable => Work::Alter,
        (None, None) => Work::AddRequired,
    }
}

/// Whether existing rows can get a value.
pub(crate) fn can_be_filled(column: &Column) -> bool {
    column.nullable || column.default.is_some() || column.generated.is_some()
}

/// The instruction for a column whose values have to be set by hand.
fn by_hand(on: &OnTable<'_>, column: &Column) -> Fix {
    let nullable = Column {
        nullable: true,
        ..column.clone()
    };
    let (table, name) = (ident::name(on.name), ident::name(&column.name));
    Fix::Words(format!(
        "every row of {table} needs a value in {name}, which is NOT NULL without a default (SELECT count(*) FROM \
         {table} counts them): ALTER TABLE {table} ADD COLUMN {}, set the values by UPDATE, then check again",
        ddl::column(&nullable)
    ))
}

/// Whether SQLite can add the column to a table with rows: its default is NULL or a literal.
fn can_be_added(column: &Column) -> bool {
    let is_literal =
        |sql: &str| !sql.starts_with('(') && !sql.to_lowercase().starts_with("current_");
    match (&column.generated, &column.default) {
        (Some(Generated::Computed { is_stored, .. }), _) => !is_stored,
        (_, Some(default)) => is_literal(default.sql()),
        (_, None) => column.nullable,
    }
}

/// The fix that drops a column of a database.
fn dropped<'t>(on: &OnTable<'t>, column: &'t Column) -> TableFix<'t> {
    let (engine, name) = (on.all.engine, column.name.as_str());
    let without = move |table: &mut Table| table.drop_column(engine, name);
    let table_fix = match engine {
        Engine::Sqlite if on.found.uses_column(engine, name) => on.alter([], without),
        _ => {
            let (table, column) = (ident::name(on.name), ident::name(name));
            let drop = format!("ALTER TABLE {table} DROP COLUMN {column}");
            let dependents = dependents::of(on.name, &on.actual.others);
            let fix = match rebuild::can_be_made_again(on.name, &dependents, [name]) {
                Ok(()) => {
                    let drop = Statement::new(Phase::DropColumn, drop);
                    Fix::sql([drop.dropping_column(on.name, name)])
                }
                Err(first) => Fix::Words(first),
            };
            TableFix::altering(fix, without)
        }
    };
    let is_computed = matches!(column.generated, Some(Generated::Computed { .. }));
    table_fix.losing((!is_computed).then(|| format!("the values of {}.{name}", on.name)))
}

fn extra(on: &mut OnTable<'_>, column: &Column) {
    let table_fix = match on.module() {
        Some(module) => Fix::Words(format!(
            "remove the field {} from the Model in {module}, or add it to DOMAIN, the record and the other entity",
            column.name
        ))
        .into(),
        None => {
            let others = renames::names_of_an_extra_column(on, column);
            let is_computed = matches!(column.generated, Some(Generated::Computed { .. }));
            match is_computed || others.is_empty() {
                true => dropped(on, column),
                false => Fix::Words(format!(
                    "it may be {0} under another name: if so, rename it to {0}, otherwise drop it",
                    renames::either(&others)
                ))
                .into(),
            }
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
        table_fix,
    );
}

/// The definition of a column in the place's language.
fn definition(on: &OnTable<'_>, column: &Column) -> String {
    match on.is_database() {
        true => ddl::column(column),
        false => column.field.clone(),
    }
}

/// The fix for one property of a column; `action` is the action of ALTER COLUMN on Postgres.
fn property_fix<'t>(
    on: &OnTable<'_>,
    wanted: &'t Column,
    (action, work): (&str, Work),
    edit: fn(&Column, &mut Column),
) -> TableFix<'t> {
    let alter = altering(on, &wanted.name, action, work);
    altered(on, wanted, vec![alter], edit)
}

pub(crate) fn altering(on: &OnTable<'_>, column: &str, action: &str, work: Work) -> Statement {
    let (table, column) = (ident::name(on.name), ident::name(column));
    let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} {action}");
    Statement::new(Phase::AlterColumn, sql).doing(work)
}

/// As [`property_fix`], with any statements on Postgres.
pub(crate) fn altered<'t>(
    on: &OnTable<'_>,
    wanted: &'t Column,
    postgres: Vec<Statement>,
    edit: fn(&Column, &mut Column),
) -> TableFix<'t> {
    if let Some(module) = on.module() {
        let instead = format!("in the Model in {module}, instead of its {}", wanted.name);
        return Fix::rust(instead, &wanted.field).into();
    }
    on.alter(postgres, move |table| {
        for column in table
            .columns
            .iter_mut()
            .filter(|column| column.name == wanted.name)
        {
            edit(wanted, column);
        }
    })
}

fn compare_one(on: &mut OnTable<'_>, wanted: &Column, found: &Column) {
    let (name, ty) = (wanted.name.as_str(), wanted.ty.as_str());
    let collate = wanted.collation.as_ref();
    let collate = collate.map_or(String::new(), |collation| {
        format!(" COLLATE {}", ident::collation(collation))
    });
    if wanted.ty != found.ty {
        retype::compare(on, wanted, found, &collate);
    } else if wanted.copied.is_some() {
        let fix = property_fix(on, wanted, ("", Work::Retype), |wanted, column| {
            column.copied.clone_from(&wanted.copied);
        });
        on.column(
            name,
            Code::ColumnType,
            sides(ty, "values of another type"),
            fix,
        );
    } else if on.is_database() && !same_collation(on.all.engine, wanted, found) {
        let text = |column: &Column| {
            column
                .collation
                .clone()
                .unwrap_or("the default collation".to_owned())
        };
        let action = format!("TYPE {ty}{collate}");
        let alter = altering(on, name, &action, Work::Retype);
        let sql = retype::without_readers(on, name, [alter]);
        let fix = altered(on, wanted, sql, |wanted, column| {
            column.collation.clone_from(&wanted.collation);
        });
        on.column(
            name,
            Code::ColumnCollation,
            sides(text(wanted), text(found)),
            fix,
        );
    }
    if wanted.ty == found.ty
        && let (Some(one), Some(other)) = (&wanted.value_type, &found.value_type)
        && one != other
    {
        let sides = sides(&wanted.field, format!("a field that holds {other}"));
        let fix = property_fix(on, wanted, ("", Work::Alter), |wanted, column| {
            column.value_type.clone_from(&wanted.value_type);
        });
        on.column(name, Code::ColumnType, sides, fix);
    }
    if wanted.nullable != found.nullable {
        let text = |column: &Column| {
            if column.nullable {
                "NULL is allowed"
            } else {
                "NOT NULL"
            }
        };
        let action = if wanted.nullable {
            ("DROP NOT NULL", Work::Alter)
        } else {
            ("SET NOT NULL", Work::SetNotNull)
        };
        let find_rows = (!wanted.nullable).then(|| rows::without(on.name, name));
        let fix = property_fix(on, wanted, action, |wanted, column| {
            column.nullable = wanted.nullable;
        });
        let fix = fix.failing_on(find_rows);
        on.column(
            name,
            Code::ColumnNullability,
            sides(text(wanted), text(found)),
            fix,
        );
    }
    // A default of another type is reported and fixed with the type.
    if wanted.ty == found.ty && wanted.default != found.default {
        let text = |column: &Column| match &column.default {
            Some(default) => default.to_string(),
            None => "no default".to_owned(),
        };
        let action = match &wanted.default {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".to_owned(),
        };
        let fix = property_fix(on, wanted, (&action, Work::Alter), |wanted, column| {
            column.default.clone_from(&wanted.default);
        });
        on.column(
            name,
            Code::ColumnDefault,
            sides(text(wanted), text(found)),
            fix,
        );
    }
    if wanted.generated != found.generated {
        // An identity column BY DEFAULT keeps written values.
        let by_default = Some(Generated::Identity { is_always: false });
        let code = match (&wanted.generated, &found.generated) {
            (None, found) if *found == by_default => Code::IdentityByDefault,
            (Some(Generated::Identity { .. }), None) => Code::KeyNotGenerated,
            _ => Code::ColumnGenerated,
        };
        let text = |column: &Column| match &column.generated {
            Some(Generated::Identity { is_always: false }) => {
                "GENERATED BY DEFAULT AS IDENTITY".to_owned()
            }
            Some(Generated::Identity { is_always: true }) => {
                "GENERATED ALWAYS AS IDENTITY".to_owned()
            }
            Some(generated) => format!("computed: {}", ddl::generated(generated)),
            None => "an ordinary column".to_owned(),
        };
        let table_fix = generated::generation_fix(on, wanted, found);
        let sides = sides(text(wanted), text(found));
        on.column(name, code, sides, table_fix);
    }
}

/// Whether the collations are equal. Default on SQLite: `BINARY`.
fn same_collation(engine: Engine, wanted: &Column, found: &Column) -> bool {
    let plain = |collation: &Option<String>| match (engine, collation.as_deref()) {
        (Engine::Sqlite, Some(name)) if name.eq_ignore_ascii_case("binary") => None,
        (_, name) => name.map(str::to_owned),
    };
    plain(&wanted.collation) == plain(&found.collation)
}
