//! What a write leaves in a row.

use chrono::{DateTime, Utc};

use super::super::operation::Row;
use super::super::shape::Shape;
use super::{Broken, require};
use crate::model::record::FIRST_VERSION;
use crate::model::value::Value;

/// What a write did to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    Wrote,
    Deleted,
    Restored,
}

/// Sets the version and the time of a row that was written again.
pub(super) fn touch(shape: &Shape, row: &mut Row, now: DateTime<Utc>, did: Did) {
    if let Some(column) = shape.managed.version
        && let Value::BigInt(version) = &mut row[column]
    {
        *version = version.wrapping_add(1);
    }
    if let Some(column) = shape.managed.updated {
        row[column] = Value::Timestamp(now);
    }
    if let Some(column) = shape.managed.deleted {
        match did {
            Did::Wrote => {}
            Did::Deleted => row[column] = Value::Timestamp(now),
            Did::Restored => row[column] = Value::Null(shape.specs[column].ty),
        }
    }
}

/// Sets columns to the form in which they are stored.
pub(super) fn set(shape: &Shape, row: &mut Row, changes: &[(usize, Value)]) {
    for (column, value) in changes {
        if let Ok(value) = (shape.specs[*column].canonical)(value.clone()) {
            row[*column] = value;
        }
    }
}

/// Checks a new row against the draft, its owner and the time.
pub(super) fn check_new(
    shape: &Shape,
    values: &[(usize, Value)],
    owner: Option<uuid::Uuid>,
    now: DateTime<Utc>,
    row: &Row,
) -> Result<(), Broken> {
    let mut expected = row.clone();
    for column in shape.user_columns() {
        let spec = &shape.specs[column];
        let default = spec.default.map(|default| default());
        expected[column] = default.unwrap_or(Value::Null(spec.ty));
    }
    set(shape, &mut expected, values);
    let managed = shape.managed;
    if let (Some(column), Some(owner)) = (managed.owner, owner) {
        expected[column] = Value::Uuid(owner);
    }
    if let Some(column) = managed.version {
        expected[column] = Value::BigInt(FIRST_VERSION);
    }
    for column in [managed.created, managed.updated].into_iter().flatten() {
        expected[column] = Value::Timestamp(now);
    }
    if let Some(column) = managed.deleted {
        expected[column] = Value::Null(shape.specs[column].ty);
    }
    same(
        &expected,
        row,
        "a new row has the values of its draft, the owner of its scope, the first version and the time",
    )
}

pub(super) fn same(expected: &Row, found: &Row, rule: &'static str) -> Result<(), Broken> {
    require(expected == found, rule, || {
        let differs = expected
            .iter()
            .zip(found)
            .position(|(left, right)| left != right);
        let column = differs.unwrap_or_default();
        format!(
            "column {column}: expected {:?}, found {:?}",
            expected.get(column),
            found.get(column)
        )
    })
}
