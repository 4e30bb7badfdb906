//! References between the rows of a call, in a table that refers to itself.

use std::collections::BTreeMap;

use super::write_order::KeyValues;
use crate::driver::AnyRecord;
use crate::model::domain::{Action, ForeignKey};
use crate::sql::Statements;

/// The columns of a foreign key of the table to itself, and those that it references.
struct SelfKey {
    columns: Vec<usize>,
    referenced: Vec<usize>,
}

fn self_keys(statements: &Statements) -> impl Iterator<Item = SelfKey> {
    let keys = statements.domain.foreign_keys.iter();
    keys.filter(|key| key.references == statements.table)
        .filter_map(|key| {
            Some(SelfKey {
                columns: statements.indexes(key.columns)?,
                referenced: statements.indexes(key.referenced_columns)?,
            })
        })
}

/// Whether the table refers to itself.
pub(super) fn are_possible(statements: &Statements) -> bool {
    self_keys(statements).next().is_some()
}

/// Whether rows of the table are removed with rows that they refer to.
pub(super) fn cascade(statements: &Statements) -> bool {
    let table = statements.domain;
    let mut keys = table.foreign_keys.iter();
    keys.any(|key| key.references == table.name && key.on_delete == Action::Cascade)
}

/// Whether rows of the table refer to each other by columns that an update may change.
pub(super) fn are_by_natural_key(statements: &Statements) -> bool {
    let users = |column: &usize| !statements.managed.contains(*column);
    self_keys(statements).any(|key| key.referenced.iter().any(users))
}

/// Whether the row references one of the others by the key.
pub(super) fn is_to_one_of(
    statements: &Statements,
    key: &ForeignKey,
    row: &dyn AnyRecord,
    others: &[&dyn AnyRecord],
) -> bool {
    let columns = statements.indexes(key.columns);
    let referenced = statements.indexes(key.referenced_columns);
    let (true, Some(columns), Some(referenced)) =
        (key.references == statements.table, columns, referenced)
    else {
        return false;
    };
    KeyValues::at(row, &columns).is_some_and(|values| {
        let mut others = others.iter();
        others.any(|other| KeyValues::at(*other, &referenced).as_ref() == Some(&values))
    })
}

/// For each row, the rows of the call that it references, as indexes.
pub(super) struct References(Vec<Vec<usize>>);

impl References {
    pub(super) fn between(statements: &Statements, records: &[&dyn AnyRecord]) -> Self {
        let mut parents = vec![Vec::new(); records.len()];
        for key in self_keys(statements) {
            let mut referenced = BTreeMap::new();
            for (row, record) in records.iter().enumerate() {
                if let Some(values) = KeyValues::at(*record, &key.referenced) {
                    // A row that repeats an id is a later call for the same row.
                    referenced.entry(values).or_insert(row);
                }
            }
            for (row, record) in records.iter().enumerate() {
                let values = KeyValues::at(*record, &key.columns);
                parents[row].extend(values.and_then(|values| referenced.get(&values).copied()));
            }
        }
        References(parents)
    }

    /// The rows in their order, but each after those that it references. Rows in a circle of references are one part.
    pub(super) fn parents_first(&self) -> Vec<Vec<usize>> {
        Walk::new(&self.0).components()
    }

    /// The rows in their order, but each after those that reference it. Rows in a circle of references are one part.
    pub(super) fn children_first(&self) -> Vec<Vec<usize>> {
        let mut children = vec![Vec::new(); self.0.len()];
        for (row, parents) in self.0.iter().enumerate() {
            for parent in parents {
                children[*parent].push(row);
            }
        }
        Walk::new(&children).components()
    }

    /// How many references lead from each row to one without any. Rows in a circle have the same depth.
    pub(super) fn depths(&self) -> Vec<usize> {
        let mut depths = vec![0; self.0.len()];
        for part in self.parents_first() {
            let parents = part.iter().flat_map(|row| &self.0[*row]);
            let outside = parents.filter(|parent| part.binary_search(parent).is_err());
            let depth = outside.map(|parent| depths[*parent] + 1).max().unwrap_or(0);
            for row in part {
                depths[row] = depth;
            }
        }
        depths
    }
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
    /// The components, each after those that it reaches.
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
