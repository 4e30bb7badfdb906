//! The order in which new rows are written.

use std::cmp::Ordering;

use crate::dialect::Dialect;
use crate::record::Twin;
use crate::value::Value;

/// The rows in the order of the unique keys of their table, and of ids where these agree.
///
/// Two calls that bring the same keys, each with ids and in an order of its own, then wait for each other at
/// the first key that they share and not in a circle. Keys of which one orders the rows otherwise than another
/// can still meet in a circle, which the server ends with a retryable error.
pub(super) fn sorted<D: Dialect, R: Twin<D>, T>(rows: &[T], record: impl Fn(&T) -> &R) -> Vec<&T> {
    let columns = key_columns::<D, R>();
    let mut keyed: Vec<(Vec<Value>, &T)> = rows
        .iter()
        .map(|row| {
            let record = record(row);
            let key = columns.iter().map(|column| record.value(*column));
            (key.collect(), row)
        })
        .collect();
    keyed.sort_unstable_by(|(one_key, one), (other_key, other)| {
        let mut by_keys = one_key.iter().zip(other_key);
        let order =
            by_keys.find_map(|(one, other)| Some(compare(one, other)).filter(|o| o.is_ne()));
        order.unwrap_or_else(|| record(one).id().cmp(&record(other).id()))
    });
    keyed.into_iter().map(|(_, row)| row).collect()
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
