//! The order of rows and the truth of filters, as both engines must compute them.

use std::cmp::Ordering;

use super::super::operation::{Asked, Filter, Key, Row};
use crate::model::error::InvalidReason;
use crate::model::query::{Comparison, Nulls, TextMatch};
use crate::model::value::Value;

/// Compares two values of one type that are not NULL.
fn compare_values(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Uuid(left), Value::Uuid(right)) => left.cmp(right),
        // By code point, which is the order of the bytes.
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::SmallInt(left), Value::SmallInt(right)) => left.cmp(right),
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::BigInt(left), Value::BigInt(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => left.total_cmp(right),
        (Value::Double(left), Value::Double(right)) => left.total_cmp(right),
        (Value::Timestamp(left), Value::Timestamp(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Time(left), Value::Time(right)) => left.cmp(right),
        (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
        (Value::Numeric(left), Value::Numeric(right)) => left.units().cmp(&right.units()),
        _ => Ordering::Equal,
    }
}

/// The keys of a query's order, made total by the columns of the primary key.
fn total(order: &[Key], primary_key: &[usize]) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    let has = |keys: &[Key], column: usize| keys.iter().any(|earlier| earlier.column == column);
    for key in order {
        if !has(&keys, key.column) {
            keys.push(*key);
        }
    }
    let descending = keys.last().is_some_and(|key| key.descending);
    for column in primary_key {
        if !has(&keys, *column) {
            keys.push(Key {
                column: *column,
                descending,
                nulls: None,
            });
        }
    }
    keys
}

/// Sorts rows as the query asks.
pub(super) fn sort(rows: &mut [&Row], asked: &Asked, primary_key: &[usize]) {
    let keys = total(&asked.order, primary_key);
    rows.sort_by(|left, right| {
        let by = |key: &Key| {
            let (left, right) = (&left[key.column], &right[key.column]);
            let nulls_first = key.nulls() == Nulls::First;
            match (left.is_null(), right.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) if nulls_first => Ordering::Less,
                (false, true) if !nulls_first => Ordering::Less,
                (true, false) | (false, true) => Ordering::Greater,
                (false, false) if key.descending => compare_values(right, left),
                (false, false) => compare_values(left, right),
            }
        };
        keys.iter().map(by).fold(Ordering::Equal, Ordering::then)
    });
}

/// Converts a value to the canonical form of a column.
pub(super) type Canonical<'c> = &'c dyn Fn(usize, Value) -> Result<Value, InvalidReason>;

/// Whether a row matches. `None` is SQL's unknown.
pub(super) fn holds(filter: &Filter, row: &Row, canonical: Canonical<'_>) -> Option<bool> {
    match filter {
        Filter::All => Some(true),
        Filter::None => Some(false),
        Filter::Compare(column, how, value) => {
            let found = present(&row[*column])?;
            let value = canonical(*column, value.clone()).ok()?;
            let ordering = compare_values(found, &value);
            Some(match how {
                Comparison::Equal => ordering.is_eq(),
                Comparison::NotEqual => ordering.is_ne(),
                Comparison::Less => ordering.is_lt(),
                Comparison::LessOrEqual => ordering.is_le(),
                Comparison::Greater => ordering.is_gt(),
                Comparison::GreaterOrEqual => ordering.is_ge(),
            })
        }
        Filter::IsIn(_, values) if values.is_empty() => Some(false),
        Filter::IsIn(column, values) => {
            let found = present(&row[*column])?;
            Some(values.iter().any(|value| {
                let value = canonical(*column, value.clone());
                value.is_ok_and(|value| value == *found)
            }))
        }
        Filter::Ids(columns, ids) => Some(ids.iter().any(|id| {
            let mut parts = columns.iter().zip(id);
            parts.all(|(column, value)| {
                let value = canonical(*column, value.clone());
                value.is_ok_and(|value| value == row[*column])
            })
        })),
        Filter::IsNull(column) => Some(row[*column].is_null()),
        Filter::Text(column, how, needle) => match present(&row[*column])? {
            Value::Text(text) => Some(match how {
                TextMatch::Contains => text.contains(needle.as_str()),
                TextMatch::StartsWith => text.starts_with(needle.as_str()),
                TextMatch::EndsWith => text.ends_with(needle.as_str()),
                TextMatch::ContainsFolded => text
                    .to_ascii_lowercase()
                    .contains(&needle.to_ascii_lowercase()),
            }),
            _ => None,
        },
        Filter::Not(inner) => holds(inner, row, canonical).map(|truth| !truth),
        Filter::And(left, right) => {
            match (holds(left, row, canonical), holds(right, row, canonical)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }
        }
        Filter::Or(left, right) => {
            match (holds(left, row, canonical), holds(right, row, canonical)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }
        }
        Filter::Chain { link, .. } => holds(link, row, canonical),
    }
}

/// The value, unless it is NULL.
fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::query::Visibility;
    use crate::model::value::Type;

    fn rows() -> Vec<Row> {
        let row = |id: i64, text: Option<&str>| {
            let text = text.map_or(Value::Null(Type::Text), |text| Value::Text(text.to_owned()));
            vec![Value::BigInt(id), text]
        };
        vec![
            row(1, Some("b")),
            row(2, None),
            row(3, Some("a")),
            row(4, Some("b")),
        ]
    }

    fn unchanged(_column: usize, value: Value) -> Result<Value, InvalidReason> {
        Ok(value)
    }

    fn sorted(order: Vec<Key>) -> Vec<Value> {
        let (rows, asked) = (
            rows(),
            Asked {
                filter: Filter::All,
                order,
                visibility: Visibility::All,
            },
        );
        let mut sorted: Vec<&Row> = rows.iter().collect();
        sort(&mut sorted, &asked, &[0]);
        sorted.iter().map(|row| row[0].clone()).collect()
    }

    #[test]
    fn the_id_has_the_direction_of_the_last_key_and_nulls_are_where_the_key_says() {
        let key = |descending, nulls| Key {
            column: 1,
            descending,
            nulls,
        };
        let ids = |ids: [i64; 4]| ids.map(Value::BigInt).to_vec();
        assert_eq!(sorted(vec![]), ids([1, 2, 3, 4]));
        assert_eq!(sorted(vec![key(false, None)]), ids([3, 1, 4, 2]));
        assert_eq!(sorted(vec![key(true, None)]), ids([2, 4, 1, 3]));
        assert_eq!(
            sorted(vec![key(true, Some(Nulls::Last))]),
            ids([4, 1, 3, 2])
        );
    }

    #[test]
    fn a_comparison_with_null_is_unknown_and_so_is_its_negation() {
        let is_b = Filter::Compare(1, Comparison::Equal, Value::Text("b".to_owned()));
        let negated = Filter::Not(Box::new(is_b.clone()));
        let truths: Vec<_> = rows()
            .iter()
            .map(|row| holds(&negated, row, &unchanged))
            .collect();
        assert_eq!(truths, [Some(false), None, Some(true), Some(false)]);
        let either = Filter::Or(Box::new(is_b), Box::new(Filter::IsNull(1)));
        assert_eq!(holds(&either, &rows()[1], &unchanged), Some(true));
    }
}
