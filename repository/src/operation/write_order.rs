//! The order in which the rows of one statement are written.

use std::cmp::Ordering;

use super::references::References;
use crate::driver::AnyRecord;
use crate::model::key::Key;
use crate::model::value::Value;
use crate::sql::Statements;

/// Sorts the rows of a statement: parents first, then by the unique keys of the table, then by primary key.
///
/// Two calls with the same keys then wait for each other at the first shared key, and do not deadlock. A deadlock is
/// still possible if two unique keys order the rows differently. The server ends it with a retryable error.
pub(super) fn sorted<'r>(
    statements: &Statements,
    records: &[&'r dyn AnyRecord],
) -> Vec<&'r dyn AnyRecord> {
    let depths = References::between(statements, records).depths();
    let mut keys: Vec<(usize, KeyValues, Key, usize)> = (0..)
        .zip(records)
        .zip(depths)
        .map(|((index, record), depth)| {
            (
                depth,
                KeyValues::of(statements, *record),
                record.key(),
                index,
            )
        })
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(.., index)| records[index]).collect()
}

/// The values of a row in some columns, with a total order that is the same for every call.
#[derive(Clone, Debug)]
pub(super) struct KeyValues(Vec<Value>);

impl KeyValues {
    /// The values in these columns. `None` if one is NULL, which equals nothing.
    pub(super) fn at(record: &dyn AnyRecord, columns: &[usize]) -> Option<Self> {
        let values: Vec<Value> = columns.iter().map(|column| record.value(*column)).collect();
        let has_null = values.iter().any(Value::is_null);
        (!has_null).then_some(KeyValues(values))
    }

    /// The values in all unique keys, without the keys that contain the id.
    fn of(statements: &Statements, record: &dyn AnyRecord) -> Self {
        let columns = statements.natural_keys().flatten();
        KeyValues(columns.map(|column| record.value(column)).collect())
    }

    /// The values in each unique key without a NULL, with the key's number.
    pub(super) fn each(statements: &Statements, record: &dyn AnyRecord) -> Vec<(usize, Self)> {
        let keys = statements.natural_keys().enumerate();
        keys.filter_map(|(number, columns)| Some((number, KeyValues::at(record, &columns)?)))
            .collect()
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
        (Value::SmallInt(one), Value::SmallInt(other)) => one.cmp(other),
        (Value::Int(one), Value::Int(other)) => one.cmp(other),
        (Value::BigInt(one), Value::BigInt(other)) => one.cmp(other),
        (Value::Float(one), Value::Float(other)) => one.total_cmp(other),
        (Value::Double(one), Value::Double(other)) => one.total_cmp(other),
        (Value::Timestamp(one), Value::Timestamp(other)) => one.cmp(other),
        (Value::Date(one), Value::Date(other)) => one.cmp(other),
        (Value::Time(one), Value::Time(other)) => one.cmp(other),
        (Value::Json(one), Value::Json(other)) => one.to_string().cmp(&other.to_string()),
        (Value::Bytes(one), Value::Bytes(other)) => one.cmp(other),
        (Value::Numeric(one), Value::Numeric(other)) => one.units().cmp(&other.units()),
        // The values of one column are of one type, or NULL.
        (one, other) => one.is_null().cmp(&other.is_null()),
    }
}
