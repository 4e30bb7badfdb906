//! The order in which new rows are written: parents first, then by unique keys.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::value::Value;

/// Sorts the rows by the unique keys of their table, then by id. A row comes after the rows that it references, because
/// they may be in different statements.
///
/// Two calls with the same keys then wait for each other at the first shared key, and do not deadlock. A deadlock is
/// still possible if two unique keys order the rows differently. The server ends it with a retryable error.
pub(super) fn sorted<D: Dialect, R: Twin<D>, T>(rows: &[T], record: impl Fn(&T) -> &R) -> Vec<&T> {
    let columns = key_columns::<D, R>();
    let records: Vec<&R> = rows.iter().map(record).collect();
    let depths = depths::<D, R>(&records);
    let mut keys: Vec<SortKey> = (0..)
        .zip(&records)
        .map(|(index, record)| SortKey {
            index,
            depth: depths.get(index).copied().unwrap_or(0),
            key: columns.iter().map(|column| record.value(*column)).collect(),
            id: record.id(),
        })
        .collect();
    keys.sort_unstable_by(SortKey::compare);
    keys.into_iter().map(|key| &rows[key.index]).collect()
}

/// What the order of a row depends on.
struct SortKey {
    index: usize,
    depth: usize,
    key: Vec<Value>,
    id: Uuid,
}

impl SortKey {
    fn compare(&self, other: &Self) -> Ordering {
        let keys = self.key.iter().zip(&other.key);
        let by_key = keys
            .map(|(one, other)| compare(one, other))
            .find(|order| order.is_ne());
        let by_depth = self.depth.cmp(&other.depth);
        by_depth
            .then(by_key.unwrap_or(Ordering::Equal))
            .then(self.id.cmp(&other.id))
    }
}

/// The depth of each row in the tree of references by id; empty if the table does not reference itself.
///
/// Rows in a circle of references come last. They can only be written by one statement.
fn depths<D: Dialect, R: Twin<D>>(records: &[&R]) -> Vec<usize> {
    let parents = parent_columns::<D, R>();
    if parents.is_empty() {
        return Vec::new();
    }
    let ids: HashMap<Uuid, usize> = (0..).zip(records).map(|(at, row)| (row.id(), at)).collect();
    let mut children = vec![Vec::new(); records.len()];
    let mut parent_counts = vec![0_usize; records.len()];
    for (child, record) in records.iter().enumerate() {
        for column in &parents {
            if let Value::Uuid(parent) = record.value(*column)
                && let Some(parent) = ids.get(&parent)
                && *parent != child
            {
                children[*parent].push(child);
                parent_counts[child] += 1;
            }
        }
    }
    let mut depths = vec![records.len(); records.len()];
    let roots = (0..records.len()).filter(|row| parent_counts[*row] == 0);
    let mut ready: VecDeque<(usize, usize)> = roots.map(|row| (row, 0)).collect();
    while let Some((row, depth)) = ready.pop_front() {
        depths[row] = depth;
        for child in &children[row] {
            parent_counts[*child] -= 1;
            if parent_counts[*child] == 0 {
                ready.push_back((*child, depth + 1));
            }
        }
    }
    depths
}

/// The columns that reference the id of another row of the same table.
fn parent_columns<D: Dialect, R: Twin<D>>() -> Vec<usize> {
    let statements = R::statements();
    let foreign_keys = R::TABLE.foreign_keys.iter();
    foreign_keys
        .filter(|key| key.references == statements.table)
        .filter_map(|key| {
            let pairs = key.referenced_columns.iter().zip(key.columns);
            let (_, column) = pairs
                .into_iter()
                .find(|(referenced, _)| **referenced == statements.id())?;
            statements.columns.iter().position(|name| name == column)
        })
        .collect()
}

/// The columns of the unique keys, without the keys that contain the id.
fn key_columns<D: Dialect, R: Twin<D>>() -> Vec<usize> {
    let statements = R::statements();
    let unique = R::TABLE.unique_keys.iter().map(|key| key.columns);
    let indexes = R::TABLE.indexes.iter().filter(|index| index.unique);
    unique
        .chain(indexes.map(|index| index.columns))
        .filter(|columns| !columns.contains(&statements.id()))
        .flatten()
        .filter_map(|name| statements.columns.iter().position(|column| column == name))
        .collect()
}

/// A total order of the values of one column. Any order is correct if every call uses the same.
fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Uuid(one), Value::Uuid(other)) => one.cmp(other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Int(one), Value::Int(other)) => one.cmp(other),
        (Value::BigInt(one), Value::BigInt(other)) => one.cmp(other),
        (Value::Double(one), Value::Double(other)) => one.total_cmp(other),
        (Value::Timestamp(one), Value::Timestamp(other)) => one.cmp(other),
        (Value::Date(one), Value::Date(other)) => one.cmp(other),
        (Value::Bytes(one), Value::Bytes(other)) => one.cmp(other),
        // The values of one column are of one type, or NULL.
        (one, other) => one.is_null().cmp(&other.is_null()),
    }
}
