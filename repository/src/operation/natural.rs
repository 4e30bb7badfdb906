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
pub(super) fn sorted<'r, D: Dialect, R: Twin<D>, T>(
    rows: &'r [T],
    record: impl Fn(&T) -> &R,
) -> Vec<&'r T> {
    let columns = key_columns::<D, R>();
    let mut sorted: Vec<&T> = rows.iter().collect();
    sorted.sort_by(|one, other| {
        let (one, other) = (record(one), record(other));
        let by_keys = columns
            .iter()
            .map(|column| compare(&one.value(*column), &other.value(*column)))
            .find(|order| order.is_ne());
        by_keys.unwrap_or_else(|| one.id().cmp(&other.id()))
    });
    sorted
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
