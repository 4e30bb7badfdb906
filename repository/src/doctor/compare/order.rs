//! The order in which differences can be fixed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::code::Code;
use super::super::expression::Node;
use super::super::finding::Finding;
use super::super::schema::{Schema, Table};
use crate::engine::Engine;

/// Puts them in an order in which they can be fixed; those of one turn stay as they are.
pub(super) fn in_turn(found: &mut [Finding], actual: &Schema) {
    let references = References::that_stay(found, actual);
    found.sort_by_cached_key(|finding| turn(actual, &references, finding));
}

/// When a fix has its turn: names come first, since the others use them; what reads a table goes before it changes,
/// on SQLite before the names, which a view that cannot be read is in the way of. What is too much goes next, since it
/// may have the name of what is missing, or be in the way of another type; but what a foreign key needs stays until that
/// refers to something else. A foreign key comes after the table and the key that it refers to, and a policy after the
/// tables that it reads.
fn turn(actual: &Schema, references: &References, finding: &Finding) -> u8 {
    let is_needed = || references.need(actual, finding);
    match (finding.code, actual.engine) {
        (code, Engine::Sqlite) if code.is_of_others() => 0,
        (Code::TableRenamed | Code::ColumnRenamed, _) => 1,
        (code, Engine::Postgres) if code.is_of_others() => 2,
        (Code::ForeignKeyExtra | Code::CheckExtra | Code::PolicyExtra, _) => 3,
        (Code::TableExtra, _) if !is_needed() => 4,
        (Code::UniqueKeyExtra | Code::IndexExtra | Code::UniqueIndexExtra, _) if !is_needed() => 5,
        (Code::TableMissing, _) => 7,
        (Code::ForeignKeyMissing | Code::ForeignKeyTarget, _) => 8,
        (Code::PolicyMissing | Code::PolicyCondition, _) => 9,
        (
            Code::TableExtra | Code::UniqueKeyExtra | Code::IndexExtra | Code::UniqueIndexExtra,
            _,
        ) => 9,
        (Code::ColumnExtra, _) => 10,
        _ => 6,
    }
}

/// What foreign keys refer to that are not too much themselves: columns, by table.
struct References(BTreeMap<String, Vec<BTreeSet<String>>>);

impl References {
    fn that_stay(found: &[Finding], actual: &Schema) -> Self {
        let goes = |table: &str, key: &str| {
            let mut here = found.iter().filter(|finding| finding.table == table);
            here.any(|finding| match finding.code {
                Code::TableExtra => true,
                Code::ForeignKeyExtra => finding.name == key,
                _ => false,
            })
        };
        let mut references: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, table) in &actual.tables {
            for key in &table.foreign_keys {
                if !goes(name, &key.called()) {
                    let columns = key.referenced_columns.iter().cloned().collect();
                    let to = references.entry(key.references.clone()).or_default();
                    to.push(columns);
                }
            }
        }
        References(references)
    }

    /// Whether they need the table, or the key or index, that is too much.
    fn need(&self, actual: &Schema, finding: &Finding) -> bool {
        let (Some(columns), Some(table)) = (
            self.0.get(&finding.table),
            actual.tables.get(&finding.table),
        ) else {
            return false;
        };
        match finding.code {
            Code::TableExtra => true,
            _ => columns.contains(&columns_of(table, &finding.name)),
        }
    }
}

/// The columns of a unique key or an index.
fn columns_of(table: &Table, name: &str) -> BTreeSet<String> {
    let mut keys = table.unique_keys.iter();
    if let Some(key) = keys.find(|key| key.called() == name) {
        return key.columns.iter().cloned().collect();
    }
    let keys = table.indexes.get(name).into_iter();
    let keys = keys.flat_map(|index| &index.keys);
    let columns = keys.filter_map(|key| match key.expression.node() {
        Node::Column(column) => Some(column.clone()),
        _ => None,
    });
    columns.collect()
}

/// Those of the tables, each after the ones of them that it refers to.
pub(super) fn parents_first(
    tables: &BTreeMap<String, Table>,
    is_one: impl Fn(&str) -> bool,
) -> Vec<&str> {
    let mut ordered = Vec::new();
    let mut met = BTreeSet::new();
    for name in tables.keys().filter(|name| is_one(name)) {
        visit(tables, &is_one, name, &mut met, &mut ordered);
    }
    ordered
}

fn visit<'a>(
    tables: &'a BTreeMap<String, Table>,
    is_one: &dyn Fn(&str) -> bool,
    name: &'a str,
    met: &mut BTreeSet<&'a str>,
    ordered: &mut Vec<&'a str>,
) {
    if !met.insert(name) {
        return;
    }
    let parents = tables.get(name).into_iter();
    let parents = parents.flat_map(|table| &table.foreign_keys);
    for parent in parents.map(|key| key.references.as_str()) {
        if tables.contains_key(parent) && is_one(parent) {
            visit(tables, is_one, parent, met, ordered);
        }
    }
    ordered.push(name);
}
