//! Finds columns that have each other's names: each has the properties of the other.
//!
//! Altering them in place would keep the wrong values under either name, so the fix is an instruction.

use std::collections::BTreeSet;

use super::{Comparison, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{Column, Schema, Table};
use crate::model::engine::Engine;

/// The temporary name of a column during the exchange.
const BETWEEN: &str = "catamaran__exchanged";

/// Reports the columns that look exchanged, and continues as if they had the right names.
pub(crate) fn tables(all: &mut Comparison, required: &Schema, actual: &mut Schema) {
    if !all.place.is_database() {
        return;
    }
    for (name, wanted) in &required.tables {
        let Some(found) = actual.tables.get_mut(name) else {
            continue;
        };
        // A cycle of more than two columns is resolved pair by pair.
        for _ in 0..wanted.columns.len() {
            let Some((one, other)) = exchanged(all.engine, wanted, found) else {
                break;
            };
            report(all, name, (&one, &other));
            exchange(all.engine, found, &one, &other);
        }
    }
}

fn report(all: &mut Comparison, table: &str, (one, other): (&str, &str)) {
    let rename = |from: &str, to: &str| {
        let (table, from, to) = (ident::name(table), ident::name(from), ident::name(to));
        format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}")
    };
    let fix = Fix::Words(format!(
        "{one} and {other} look exchanged. If they are: BEGIN; {}; {}; {}; COMMIT. If not, change each column by hand: \
         the values stay in their columns.",
        rename(one, BETWEEN),
        rename(other, one),
        rename(BETWEEN, other),
    ));
    let sides = sides(one, format!("the properties of {other}"));
    all.report(table, (Part::Column, one), Code::ColumnRenamed, sides, fix);
    all.exchanged.insert(table.to_owned());
}

/// Two columns that differ, and would both be right with each other's names.
fn exchanged(engine: Engine, wanted: &Table, found: &Table) -> Option<(String, String)> {
    let before = differences(wanted, found);
    if before.is_empty() {
        return None;
    }
    for (place, one) in wanted.columns.iter().enumerate() {
        for other in wanted.columns.iter().skip(place + 1) {
            if found.column(&one.name).is_none() || found.column(&other.name).is_none() {
                continue;
            }
            let mut exchanged = found.clone();
            exchange(engine, &mut exchanged, &one.name, &other.name);
            let is_right = |column: &Column| {
                let now = exchanged.column(&column.name);
                now.is_some_and(|now| is_alike(column, now))
            };
            let after = differences(wanted, &exchanged);
            let is_better = after.len() < before.len() && after.is_subset(&before);
            // In a cycle of columns only one is right after each exchange.
            if is_better && (is_right(one) || is_right(other)) {
                return Some((one.name.clone(), other.name.clone()));
            }
        }
    }
    None
}

fn exchange(engine: Engine, table: &mut Table, one: &str, other: &str) {
    table.rename_column(engine, one, BETWEEN);
    table.rename_column(engine, other, one);
    table.rename_column(engine, BETWEEN, other);
}

fn is_alike(one: &Column, other: &Column) -> bool {
    (&one.ty, one.nullable, &one.default, &one.collation)
        == (&other.ty, other.nullable, &other.default, &other.collation)
}

/// The objects of a table that name columns and differ.
fn differences<'a>(wanted: &'a Table, found: &Table) -> BTreeSet<(&'static str, &'a str)> {
    let columns = wanted.columns.iter().filter(|column| {
        let other = found.column(&column.name);
        other.is_some_and(|other| !is_alike(column, other))
    });
    let checks = wanted.checks.iter().filter(|check| {
        let mut others = found.checks.iter();
        let other = others.find(|other| other.name == check.name);
        other.is_some_and(|other| other.condition != check.condition)
    });
    let indexes = wanted.indexes.iter().filter(|(name, index)| {
        let other = found.indexes.get(*name);
        other.is_some_and(|other| other != *index)
    });
    let unique_keys = wanted.unique_keys.iter().filter(|key| {
        let mut others = found.unique_keys.iter();
        let other = others.find(|other| other.name == key.name);
        other.is_some_and(|other| other.columns != key.columns)
    });
    let foreign_keys = wanted.foreign_keys.iter().filter(|key| {
        let mut others = found.foreign_keys.iter();
        let other = others.find(|other| other.name == key.name);
        other.is_some_and(|other| other.columns != key.columns)
    });
    let primary_key = wanted.primary_key.columns != found.primary_key.columns;
    let named = |name: &'a Option<String>| name.as_deref().unwrap_or_default();
    columns
        .map(|column| ("column", column.name.as_str()))
        .chain(checks.map(|check| ("check", named(&check.name))))
        .chain(indexes.map(|(name, _)| ("index", name.as_str())))
        .chain(unique_keys.map(|key| ("unique key", named(&key.name))))
        .chain(foreign_keys.map(|key| ("foreign key", named(&key.name))))
        .chain(primary_key.then_some(("primary key", "")))
        .collect()
}
