//! The order in which the rows of a bulk call are written.

use std::cmp::Ordering;
use std::collections::HashMap;

use uuid::Uuid;

use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::value::Value;

/// Returns the rows of a call as indexes, in the order that its outcome is that of: the order given, but a row comes
/// after the rows of the call that it references. Rows in a circle of references are one part, which is written whole.
pub(super) fn parts<D: Dialect, R: Twin<D>>(records: &[&R]) -> Vec<Vec<usize>> {
    let columns = parent_columns::<D, R>();
    if columns.is_empty() {
        return (0..records.len()).map(|row| vec![row]).collect();
    }
    let mut ids: HashMap<Uuid, usize> = HashMap::with_capacity(records.len());
    for (at, row) in records.iter().enumerate() {
        // A row that repeats an id is a later call for the same row.
        ids.entry(row.id()).or_insert(at);
    }
    let parents: Vec<Vec<usize>> = records
        .iter()
        .map(|record| {
            let references = columns
                .iter()
                .filter_map(|column| uuid(record.value(*column)));
            references.filter_map(|id| ids.get(&id).copied()).collect()
        })
        .collect();
    Walk::new(&parents).components()
}

/// Tarjan's algorithm, <https://doi.org/10.1137/0201010>, without recursion: a chain of references may be as long as
/// the call.
struct Walk<'p> {
    parents: &'p [Vec<usize>],
    /// When each row was reached, counted from 1.
    reached: Vec<usize>,
    /// The earliest row that each row can reach and that is in no component yet.
    lowest: Vec<usize>,
    /// The rows that are in no component yet.
    open: Vec<usize>,
    is_open: Vec<bool>,
    /// The components, each after those that it references.
    found: Vec<Vec<usize>>,
}

impl<'p> Walk<'p> {
    fn new(parents: &'p [Vec<usize>]) -> Self {
        Walk {
            parents,
            reached: vec![0; parents.len()],
            lowest: vec![0; parents.len()],
            open: Vec::new(),
            is_open: vec![false; parents.len()],
            found: Vec::new(),
        }
    }

    fn components(mut self) -> Vec<Vec<usize>> {
        let mut count = 0;
        for start in 0..self.parents.len() {
            // The path from `start`, with the number of the parent to visit next.
            let mut path = vec![(start, 0)];
            while let Some((row, next)) = path.pop() {
                if next == 0 {
                    if self.reached[row] > 0 {
                        continue;
                    }
                    count += 1;
                    self.reached[row] = count;
                    self.lowest[row] = count;
                    self.open.push(row);
                    self.is_open[row] = true;
                }
                if let Some(&parent) = self.parents[row].get(next) {
                    path.push((row, next + 1));
                    path.push((parent, 0));
                } else {
                    self.leave(row);
                }
            }
        }
        self.found
    }

    /// Every row that `row` references was visited.
    fn leave(&mut self, row: usize) {
        for &parent in &self.parents[row] {
            if self.is_open[parent] {
                self.lowest[row] = self.lowest[row].min(self.lowest[parent]);
            }
        }
        if self.lowest[row] < self.reached[row] {
            return;
        }
        let start = self.open.iter().rposition(|open| *open == row);
        let mut component = self.open.split_off(start.unwrap_or(0));
        for member in &component {
            self.is_open[*member] = false;
        }
        component.sort_unstable();
        self.found.push(component);
    }
}

/// Sorts the rows of one statement after another: parents first, then by the unique keys of the table, then by id.
///
/// Two calls with the same keys then wait for each other at the first shared key, and do not deadlock. A deadlock is
/// still possible if two unique keys order the rows differently. The server ends it with a retryable error.
pub(super) fn sorted<D: Dialect, R: Twin<D>, T>(rows: &[T], record: impl Fn(&T) -> &R) -> Vec<&T> {
    let records: Vec<&R> = rows.iter().map(record).collect();
    let depths = depths::<D, R>(&records);
    let mut keys: Vec<(usize, KeyValues, Uuid, usize)> = (0..)
        .zip(&records)
        .map(|(index, record)| {
            let depth = depths.get(index).copied().unwrap_or(0);
            (depth, KeyValues::of::<D, R>(record), record.id(), index)
        })
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(.., index)| &rows[index]).collect()
}

/// The depth of each row in the tree of references by id; empty if the table does not reference itself.
fn depths<D: Dialect, R: Twin<D>>(records: &[&R]) -> Vec<usize> {
    let columns = parent_columns::<D, R>();
    if columns.is_empty() {
        return Vec::new();
    }
    let mut depths = vec![0; records.len()];
    let mut by_id: HashMap<Uuid, usize> = HashMap::new();
    for part in parts::<D, R>(records) {
        let parents = part.iter().flat_map(|row| {
            let references = columns.iter().map(|column| records[*row].value(*column));
            references.filter_map(|value| by_id.get(&uuid(value)?).copied())
        });
        let depth = parents.max().map_or(0, |parent| parent + 1);
        for row in part {
            depths[row] = depth;
            by_id.insert(records[row].id(), depth);
        }
    }
    depths
}

fn uuid(value: Value) -> Option<Uuid> {
    match value {
        Value::Uuid(id) => Some(id),
        _ => None,
    }
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

/// The values of a row in the columns of its unique keys, without the keys that contain the id. In any total order
/// that is the same for every call.
#[derive(Clone, Debug)]
pub(super) struct KeyValues(Vec<Value>);

impl KeyValues {
    pub(super) fn of<D: Dialect, R: Twin<D>>(record: &R) -> Self {
        let columns = R::statements().natural_keys().flatten();
        KeyValues(columns.map(|column| record.value(column)).collect())
    }

    /// The values in each key, with the key's number.
    pub(super) fn each<D: Dialect, R: Twin<D>>(record: &R) -> impl Iterator<Item = (usize, Self)> {
        let keys = R::statements().natural_keys().enumerate();
        keys.map(|(number, columns)| {
            let values = columns.into_iter().map(|column| record.value(column));
            (number, KeyValues(values.collect()))
        })
    }
}

impl Ord for KeyValues {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        let mut differences = pairs.map(|(one, other)| compare(one, other));
        differences
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for KeyValues {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for KeyValues {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for KeyValues {}

/// A total order of the values of one column.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn components(parents: &[&[usize]]) -> Vec<Vec<usize>> {
        let parents: Vec<Vec<usize>> = parents.iter().map(|parents| parents.to_vec()).collect();
        Walk::new(&parents).components()
    }

    #[test]
    fn rows_stay_in_their_order_and_parents_come_before_the_first_row_that_references_them() {
        assert_eq!(components(&[&[], &[], &[]]), [[0], [1], [2]]);
        assert_eq!(components(&[&[2], &[], &[]]), [[2], [0], [1]]);
        assert_eq!(components(&[&[1], &[2], &[]]), [[2], [1], [0]]);
        assert_eq!(components(&[&[0], &[0]]), [[0], [1]]);
    }

    #[test]
    fn rows_in_a_circle_are_one_part() {
        assert_eq!(
            components(&[&[], &[3], &[1], &[2], &[2]]),
            [vec![0], vec![1, 2, 3], vec![4]]
        );
        assert_eq!(
            components(&[&[1, 2], &[0], &[3], &[2]]),
            [vec![2, 3], vec![0, 1]]
        );
    }

    #[test]
    fn a_chain_as_long_as_a_large_call_does_not_overflow_the_stack() {
        let length = 200_000;
        let parents: Vec<Vec<usize>> = (1..=length)
            .map(|next| if next < length { vec![next] } else { vec![] })
            .collect();
        let parts = Walk::new(&parents).components();
        let order: Vec<usize> = parts.into_iter().flatten().collect();
        assert!(order.into_iter().eq((0..length).rev()));
    }
}
