//! The hash that binds a cursor to its query.
//!
//! It has the names and types of columns. Their positions change when a column is added, and a cursor would then be
//! accepted for the order of another column.

use chrono::{Datelike, Timelike};
use sha2::{Digest, Sha256};

use super::{Selection, Statements, condition};
use crate::model::error::Result;
use crate::model::query::{Condition, Nulls, OrderKey, QueryHash, TextMatch};
use crate::model::value::Value;

/// Hashes a query without its page: table, scope, filter with its values, visibility and order.
///
/// # Errors
/// [`InvalidQuery`](crate::ErrorKind::InvalidQuery) and [`InvalidValue`](crate::ErrorKind::InvalidValue) for a filter
/// that cannot be sent.
pub(crate) fn query_hash(
    statements: &Statements,
    selection: Selection<'_>,
    order: &[OrderKey],
) -> Result<QueryHash> {
    let mut values = Vec::new();
    // The same on both engines.
    condition::collect(
        statements,
        selection.condition,
        &mut values,
        &|types, keys| {
            let keys = keys.iter().zip(types.iter().cycle());
            let rows = keys.map(|(key, ty)| Value::Array(*ty, key.to_values().collect()));
            rows.collect()
        },
    )?;
    let mut hasher = Hasher {
        statements,
        digest: Sha256::new(),
    };
    hasher.text(statements.table);
    hasher.flag(selection.owner.is_some());
    hasher.digest.update(selection.owner.unwrap_or_default());
    hasher.digest.update([selection.visibility as u8]);
    hasher.condition(selection.condition);
    hasher.length(order.len());
    for key in order {
        hasher.column(key.column);
        hasher.flag(key.descending);
        hasher.flag(key.nulls == Nulls::First);
    }
    hasher.values(&values);
    let mut hash = QueryHash::default();
    for (byte, digested) in hash.iter_mut().zip(hasher.digest.finalize()) {
        *byte = digested;
    }
    Ok(hash)
}

/// Feeds a digest. What has no fixed length is preceded by its length, so that two queries never feed the same bytes.
struct Hasher<'s> {
    statements: &'s Statements,
    digest: Sha256,
}

impl Hasher<'_> {
    fn flag(&mut self, flag: bool) {
        self.digest.update([u8::from(flag)]);
    }

    fn length(&mut self, length: usize) {
        // No address space has more than 2^64 elements.
        self.digest.update((length as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.digest.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn column(&mut self, index: usize) {
        let spec = &self.statements.specs[index];
        self.text(self.statements.column(index));
        self.text(spec.ty.name());
        self.flag(spec.nullable);
    }

    /// The condition without its values.
    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(parts) => self.parts("and", parts),
            Condition::Or(parts) => self.parts("or", parts),
            Condition::Not(inner) => {
                self.text("not");
                self.condition(inner);
            }
            Condition::Compare {
                column, comparison, ..
            } => {
                self.text(comparison.as_sql());
                self.column(*column);
            }
            Condition::IsNull { column } => {
                self.text("is null");
                self.column(*column);
            }
            Condition::IsIn { column, .. } => {
                self.text("is in");
                self.column(*column);
            }
            Condition::IsRowOf { columns, keys } => {
                self.text("is row of");
                self.length(columns.len());
                for column in *columns {
                    self.column(*column);
                }
                self.length(keys.as_ref().map_or(0, Vec::len));
            }
            Condition::Text { column, kind, .. } => {
                self.text(match kind {
                    TextMatch::Contains => "contains",
                    TextMatch::ContainsFolded => "contains folded",
                    TextMatch::StartsWith => "starts with",
                    TextMatch::EndsWith => "ends with",
                });
                self.column(*column);
            }
            Condition::TooLarge => self.text("too large"),
        }
    }

    fn parts(&mut self, join: &str, parts: &[Condition]) {
        self.text(join);
        self.length(parts.len());
        for part in parts {
            self.condition(part);
        }
    }

    fn values(&mut self, values: &[Value]) {
        self.length(values.len());
        for value in values {
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        self.flag(value.is_null());
        match value {
            Value::Null(_) => {}
            Value::Uuid(id) => self.digest.update(id),
            Value::Text(text) => self.text(text),
            Value::Bool(bool) => self.flag(*bool),
            Value::SmallInt(int) => self.digest.update(int.to_le_bytes()),
            Value::Int(int) => self.digest.update(int.to_le_bytes()),
            Value::BigInt(int) => self.digest.update(int.to_le_bytes()),
            Value::Float(float) => self.digest.update(float.to_bits().to_le_bytes()),
            Value::Double(float) => self.digest.update(float.to_bits().to_le_bytes()),
            Value::Timestamp(at) => self.digest.update(at.timestamp_micros().to_le_bytes()),
            Value::Date(day) => self.digest.update(day.num_days_from_ce().to_le_bytes()),
            Value::Time(time) => {
                self.digest
                    .update(time.num_seconds_from_midnight().to_le_bytes());
                self.digest.update(time.nanosecond().to_le_bytes());
            }
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::Json(document) => self.text(&document.to_string()),
            Value::Numeric(number) => self.digest.update(number.units().to_le_bytes()),
            Value::Array(_, values) => self.values(values),
        }
    }
}
