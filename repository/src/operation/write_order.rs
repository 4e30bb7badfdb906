//! The order in which new rows are written: parents first, then by their natural keys.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::value::Value;

/// The rows in the order of the unique keys of their table, and of ids where these agree. A row that refers to
/// another one of them comes after it: they may not fit into one statement.
///
/// Two calls that bring the same keys, each with ids and in an order of its own, then wait for each other at
/// the first key that they share and not in a circle. Keys of which one orders the rows otherwise than another
/// can still meet in a circle, which the server ends with a retryable error.
pub(super) fn sorted<D: Dialect, R: Twin<D>, T>(rows: &[T], record: impl Fn(&T) -> &R) -> Vec<&T> {
    let columns = key_columns::<D, R>();
    let records: Vec<&R> = rows.iter().map(record).collect();
    let depths = depths::<D, R>(&records);
    let mut positions: Vec<Position> = (0..)
        .zip(&records)
        .map(|(index, record)| Position {
            index,
            depth: depths.get(index).copied().unwrap_or(0),
            key: columns.iter().map(|column| record.value(*column)).collect(),
            id: record.id(),
        })
        .collect();
    positions.sort_unstable_by(Position::compare);
    positions
        .into_iter()
        .map(|position| &rows[position.index])
        .collect()
}

/// What the place of a row depends on.
struct Position {
    index: usize,
    depth: usize,
    key: Vec<Value>,
    id: Uuid,
}

impl Position {
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

/// How many of the rows stand above each, one referring to the next by its id; empty where the table does not
/// refer to itself. Rows that refer to each other in a circle come last, and have to fit into one statement.
fn depths<D: Dialect, R: Twin<D>>(records: &[&R]) -> Vec<usize> {
    let parents = parent_columns::<D, R>();
    if parents.is_empty() {
        return Vec::new();
    }
    let ids: HashMap<Uuid, usize> = (0..).zip(records).map(|(at, row)| (row.id(), at)).collect();
    let mut children = vec![Vec::new(); records.len()];
    let mut waits_for = vec![0_usize; records.len()];
    for (child, record) in records.iter().enumerate() {
        for column in &parents {
            if let Value::Uuid(parent) = record.value(*column)
                && let Some(parent) = ids.get(&parent)
                && *parent != child
            {
                children[*parent].push(child);
                waits_for[child] += 1;
            }
        }
    }
    let mut depths = vec![records.len(); records.len()];
    let roots = (0..records.len()).filter(|row| waits_for[*row] == 0);
    let mut ready: VecDeque<(usize, usize)> = roots.map(|row| (row, 0)).collect();
    while let Some((row, depth)) = ready.pop_front() {
        depths[row] = depth;
        for child in &children[row] {
            waits_for[*child] -= 1;
            if waits_for[*child] == 0 {
                ready.push_back((*child, depth + 1));
            }
        }
    }
    depths
}

/// The columns by which a row refers to the id of another one of its table.
fn parent_columns<D: Dialect, R: Twin<D>>() -> Vec<usize> {
    let statements = R::statements();
    let own = R::TABLE.foreign_keys.iter();
    own.filter(|key| key.references == statements.table)
        .filter_map(|key| {
            let pairs = key.referenced_columns.iter().zip(key.columns);
            let (_, column) = pairs
                .into_iter()
                .find(|(referenced, _)| **referenced == statements.id())?;
            statements.columns.iter().position(|name| name == column)
        })
        .collect()
}

/// The columns of the unique keys, without those that hold the id and so order nothing else.
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

/// Any order will do, if it is always the same.
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
