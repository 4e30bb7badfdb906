//! Finds renamed tables and columns: a missing and an extra one that match only each other.

use super::{Comparison, OnTable, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl::dependents;
use crate::fingerprint::expression::names;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{Column, Schema, Table};
use crate::fingerprint::statement::{Phase, Statement};

/// Pairs missing tables with extra ones that have the same columns.
pub(crate) fn tables(all: &mut Comparison, required: &Schema, actual: &mut Schema) {
    type Named<'a> = (&'a str, &'a Table);
    let have_one_key = |one: Named<'_>, other: Named<'_>| {
        let (one, other) = (&one.1.primary_key.name, &other.1.primary_key.name);
        one.is_some() && one == other
    };
    let have_the_same_types = |one: Named<'_>, other: Named<'_>| {
        let mut columns = one.1.columns.iter();
        columns.all(|column| {
            let other = other.1.column(&column.name);
            other.is_some_and(|other| other.ty == column.ty)
        })
    };
    let have_the_same_columns = |one: Named<'_>, other: Named<'_>| has_its_columns(one.1, other.1);
    let pairs = pairs(
        missing_tables(all, required, actual),
        extra_tables(all, required, actual),
        &[
            &|one, other| all.decisions.renames_table(other.0, one.0),
            &|one, other| have_the_same_columns(one, other) && have_one_key(one, other),
            &|one, other| have_the_same_columns(one, other) && have_the_same_types(one, other),
            &have_the_same_columns,
            // Columns may be renamed as well.
            &|one, other| could_be(one.1, other.1) && have_one_key(one, other),
        ],
    );
    let pairs: Vec<(String, String)> = pairs
        .into_iter()
        .map(|((to, _), (from, _))| (from.to_owned(), to.to_owned()))
        .collect();
    for (from, to) in pairs {
        table(all, actual, &from, &to);
    }
}

type Tables<'a> = Vec<(&'a str, &'a Table)>;

/// The missing tables, without those that are suppressed, or dropped by decision.
fn missing_tables<'a>(all: &Comparison, required: &'a Schema, actual: &Schema) -> Tables<'a> {
    only_in(all, Code::TableMissing, required, actual)
}

/// The extra tables, without those that are suppressed, or dropped by decision.
fn extra_tables<'a>(all: &Comparison, required: &Schema, actual: &'a Schema) -> Tables<'a> {
    only_in(all, Code::TableExtra, actual, required)
}

fn only_in<'a>(all: &Comparison, code: Code, one: &'a Schema, other: &Schema) -> Tables<'a> {
    let tables = one
        .tables
        .iter()
        .map(|(name, table)| (name.as_str(), table));
    let missing = tables.filter(|(name, _)| {
        !other.tables.contains_key(*name)
            && !all.is_suppressed(code, name)
            && !all.decisions.drops_table(name)
    });
    missing.collect()
}

/// Whether more than half of the columns of both tables have the same names and types.
fn could_be(one: &Table, other: &Table) -> bool {
    let shared = one.columns.iter().filter(|column| {
        let other = other.column(&column.name);
        other.is_some_and(|other| other.ty == column.ty)
    });
    let most = one.columns.len().max(other.columns.len());
    shared.count() * 2 > most || has_its_columns(one, other)
}

/// Whether they have columns of the same names.
fn has_its_columns(one: &Table, other: &Table) -> bool {
    let names = |table: &Table| {
        let mut names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        names.sort();
        names
    };
    names(one) == names(other)
}

/// The extra tables that a missing one could be.
pub(crate) fn names_of_a_missing_table(
    all: &Comparison,
    table: &Table,
    required: &Schema,
    actual: &Schema,
) -> Vec<String> {
    candidates(table, extra_tables(all, required, actual))
}

/// The wanted tables that an extra one could be.
pub(crate) fn names_of_an_extra_table(
    all: &Comparison,
    table: &Table,
    required: &Schema,
    actual: &Schema,
) -> Vec<String> {
    let mut others = missing_tables(all, required, actual);
    // Another table may have its name.
    let are_not_it = required.tables.iter().filter(|(name, wanted)| {
        let found = actual.tables.get(*name);
        found.is_some_and(|found| !could_be(found, wanted))
    });
    others.extend(are_not_it.map(|(name, wanted)| (name.as_str(), wanted)));
    candidates(table, others)
}

fn candidates(table: &Table, others: Tables<'_>) -> Vec<String> {
    let others = others.into_iter();
    let alike = others.filter(|(_, other)| could_be(table, other));
    alike.map(|(name, _)| name.to_owned()).collect()
}

/// The instruction for a missing object that may exist under another name.
pub(crate) fn rename_first(others: &[String], name: &str) -> String {
    format!(
        "if {0} is {name} under another name, rename it, which keeps its contents; otherwise drop it; then check again",
        either(others)
    )
}

/// A list for a message: `a or b`.
pub(crate) fn either(names: &[String]) -> String {
    names.join(" or ")
}

fn table(all: &mut Comparison, actual: &mut Schema, from: &str, to: &str) {
    let Some(mut table) = actual.tables.remove(from) else {
        return;
    };
    let fix = match &table.source {
        Some(module) => Fix::rust(format!("set table_name in {module} to"), format!("{to:?}")),
        None => {
            let rename = format!(
                "ALTER TABLE {} RENAME TO {}",
                ident::name(from),
                ident::name(to)
            );
            let rename = Statement::new(Phase::Rename, rename);
            Fix::sql([rename.dropping(from).making(to)])
        }
    };
    all.report(
        to,
        (Part::Table, ""),
        Code::TableRenamed,
        sides(to, from),
        fix,
    );
    for sql in table.index_sql.values_mut() {
        *sql = names::with_table_renamed(sql, to);
    }
    actual.tables.insert(to.to_owned(), table);
    let tables = actual.tables.values_mut();
    for key in tables.flat_map(|table| &mut table.foreign_keys) {
        if key.references == from {
            to.clone_into(&mut key.references);
        }
    }
    dependents::renamed(&mut actual.others, from, from, to);
    for thing in &mut actual.others {
        if thing.table == from {
            to.clone_into(&mut thing.table);
        }
    }
}

/// Pairs missing columns with extra ones of the same type.
pub(crate) fn columns(all: &mut Comparison, name: &str, wanted: &Table, actual: &mut Schema) {
    let Some(found) = actual.tables.get(name) else {
        return;
    };
    let pairs = pairs(
        missing_columns(all, name, wanted, found),
        extra_columns(all, name, wanted, found),
        &[
            &|one, other| all.decisions.renames_column(name, &other.name, &one.name),
            &|one, other| {
                is_alike(one, other) && one.default.is_some() && one.default == other.default
            },
            &|one, other| is_alike(one, other),
        ],
    );
    let pairs: Vec<(String, String, String)> = pairs
        .into_iter()
        .map(|(to, from)| (from.name.clone(), to.name.clone(), to.field.clone()))
        .collect();
    for (from, to, field) in pairs {
        column(all, actual, name, (&from, &to), &field);
    }
}

/// The missing columns, without those that are suppressed, or dropped by decision.
fn missing_columns<'a>(
    all: &Comparison,
    table: &str,
    wanted: &'a Table,
    found: &Table,
) -> Vec<&'a Column> {
    only_of(all, Code::ColumnMissing, table, wanted, found)
}

/// The extra columns, without those that are suppressed, or dropped by decision.
fn extra_columns<'a>(
    all: &Comparison,
    table: &str,
    wanted: &Table,
    found: &'a Table,
) -> Vec<&'a Column> {
    only_of(all, Code::ColumnExtra, table, found, wanted)
}

fn only_of<'a>(
    all: &Comparison,
    code: Code,
    table: &str,
    one: &'a Table,
    other: &Table,
) -> Vec<&'a Column> {
    let columns = one.columns.iter().filter(|column| {
        let subject = format!("{table}.{}", column.name);
        other.column(&column.name).is_none()
            && !all.is_suppressed(code, &subject)
            && !all.decisions.drops_column(table, &column.name)
    });
    columns.collect()
}

/// Whether the columns differ in nothing but their names and defaults.
fn is_alike(one: &Column, other: &Column) -> bool {
    !one.ty.is_empty()
        && one.ty == other.ty
        && one.nullable == other.nullable
        && other.generated == one.generated
}

/// The extra columns that a missing one could be.
pub(crate) fn names_of_a_missing_column(on: &OnTable<'_>, column: &Column) -> Vec<String> {
    let extra = extra_columns(on.all, on.name, on.wanted, on.found).into_iter();
    let alike = extra.filter(|other| is_alike(column, other));
    alike.map(|other| other.name.clone()).collect()
}

/// The missing columns that an extra one could be.
pub(crate) fn names_of_an_extra_column(on: &OnTable<'_>, column: &Column) -> Vec<String> {
    let missing = missing_columns(on.all, on.name, on.wanted, on.found).into_iter();
    let alike = missing.filter(|other| is_alike(other, column));
    alike.map(|other| other.name.clone()).collect()
}

fn column(
    all: &mut Comparison,
    actual: &mut Schema,
    name: &str,
    (from, to): (&str, &str),
    field: &str,
) {
    let module = actual
        .tables
        .get(name)
        .and_then(|table| table.source.clone());
    let fix = match &module {
        Some(module) => Fix::rust(
            format!("in the Model in {module}, instead of {from}"),
            field,
        ),
        None => {
            let rename = format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                ident::name(name),
                ident::name(from),
                ident::name(to)
            );
            let rename = Statement::new(Phase::Rename, rename);
            Fix::sql([rename.dropping_column(name, from).making_column(name, to)])
        }
    };
    let at = all.at.clone();
    if module.is_some() {
        all.at.clone_from(&module);
    }
    all.report(
        name,
        (Part::Column, to),
        Code::ColumnRenamed,
        sides(to, from),
        fix,
    );
    all.at = at;
    dependents::renamed(&mut actual.others, name, from, to);
    for (other, table) in &mut actual.tables {
        for key in table
            .foreign_keys
            .iter_mut()
            .filter(|key| key.references == name)
        {
            for column in key
                .referenced_columns
                .iter_mut()
                .filter(|column| *column == from)
            {
                to.clone_into(column);
            }
        }
        if other == name {
            table.rename_column(all.engine, from, to);
        }
    }
}

/// Pairs missing with extra objects that match only each other. Rules are applied from strict to lax; a paired object
/// is not considered again.
fn pairs<T: Copy>(
    mut missing: Vec<T>,
    mut extra: Vec<T>,
    rules: &[&dyn Fn(T, T) -> bool],
) -> Vec<(T, T)> {
    let mut pairs = Vec::new();
    for could_be in rules {
        let only = |one: T, others: &[T], is_it: &dyn Fn(T, T) -> bool| {
            let mut candidates = (0..others.len()).filter(|place| is_it(one, others[*place]));
            let first = candidates.next();
            first.filter(|_| candidates.next().is_none())
        };
        let mut place = 0;
        while place < missing.len() {
            let wanted = missing[place];
            let found = only(wanted, &extra, could_be);
            let met = found.filter(|found| {
                let back = only(extra[*found], &missing, &|one, other| could_be(other, one));
                back == Some(place)
            });
            match met {
                Some(found) => pairs.push((missing.remove(place), extra.remove(found))),
                None => place += 1,
            }
        }
    }
    pairs
}
