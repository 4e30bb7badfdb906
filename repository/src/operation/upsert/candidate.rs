//! A row of an upsert, and how it compares with the stored one.

use super::super::write::conflict;
use super::super::{Context, normalise};
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::error::{ConflictReason, ErrorKind, Result};
use crate::model::record::Record;
use crate::model::repository::Upsert;
use crate::model::value::{Type, Value};

/// A row to be upserted: the record to insert if it is missing, and the version to update if it is stored.
pub(super) struct Candidate<R> {
    pub(super) record: R,
    pub(super) expected: Option<i64>,
}

pub(super) fn candidates<D: Dialect, R: Twin<D>>(
    context: &Context,
    rows: Vec<Upsert<R>>,
) -> Result<Vec<Candidate<R>>> {
    let now = context.now();
    rows.into_iter()
        .map(|row| {
            context.check_owner(row.owner)?;
            let stamp = context.stamp::<R>(&row.draft, row.owner, now)?;
            let mut record = R::from_draft(row.draft, stamp);
            normalise::<D, R>(&mut record)?;
            Ok(Candidate {
                record,
                expected: row.expected,
            })
        })
        .collect()
}

/// The parameters of one row of the bulk update.
pub(super) fn update_values<R: Record>(row: &Candidate<R>) -> Vec<Value> {
    let mut values = vec![Value::Uuid(row.record.id())];
    values.extend(row.record.owner().map(Value::Uuid));
    if R::MANAGED.version.is_some() {
        values.push(
            row.expected
                .map_or(Value::Null(Type::BigInt), Value::BigInt),
        );
    }
    values.extend(user_columns::<R>().map(|index| row.record.value(index)));
    values
}

/// The columns that a caller writes.
pub(super) fn user_columns<R: Record>() -> impl Iterator<Item = usize> {
    R::MANAGED.user_columns(R::COLUMNS.len())
}

/// The id is stored, but not visible to the caller.
pub(super) fn id_is_taken<R: Record>() -> ErrorKind {
    match R::MANAGED.owner {
        Some(_) => ErrorKind::Permission {
            reason: format!(
                "a {} row with this id belongs to another owner",
                R::TABLE.name
            )
            .into(),
        },
        // The row was deleted after the insert had met it.
        None => ErrorKind::Serialization,
    }
}

/// Whether a stored row that the update skipped has the contents of the row of the call.
///
/// # Errors
/// The conflict, unless the row may be updated.
pub(super) fn is_same<R: Record>(row: &Candidate<R>, found: &R) -> Result<bool> {
    let id = found.id();
    if R::MANAGED
        .deleted
        .is_some_and(|deleted| !found.value(deleted).is_null())
    {
        return Err(conflict::<R>(id, ConflictReason::Deleted));
    }
    if found.owner() != row.record.owner() {
        return Err(id_is_taken::<R>().into());
    }
    if user_columns::<R>().all(|index| row.record.value(index) == found.value(index)) {
        return Ok(true);
    }
    let reason = match (row.expected, found.version()) {
        (None, Some(_)) => ConflictReason::Exists,
        (Some(expected), Some(actual)) if expected != actual => {
            ConflictReason::Version { expected, actual }
        }
        _ => return Ok(false),
    };
    Err(conflict::<R>(id, reason))
}
