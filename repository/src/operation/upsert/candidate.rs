//! How a row of an upsert compares with the stored one.

use super::super::NewRow;
use super::super::write::conflict;
use crate::driver::AnyRecord;
use crate::model::error::{ConflictReason, ErrorKind, Result};
use crate::model::value::{Type, Value};
use crate::sql::Statements;

/// The parameters of one row of the bulk update.
pub(super) fn update_values(statements: &Statements, row: NewRow<'_>) -> Vec<Value> {
    let id = statements.managed.id.iter();
    let mut values: Vec<Value> = id.map(|index| row.record.value(*index)).collect();
    values.extend(row.record.owner().map(Value::Uuid));
    if statements.managed.version.is_some() {
        values.push(
            row.expected
                .map_or(Value::Null(Type::BigInt), Value::BigInt),
        );
    }
    values.extend(
        statements
            .user_columns()
            .map(|index| row.record.value(index)),
    );
    values
}

/// The id is stored, but not visible to the caller.
pub(super) fn id_is_taken(statements: &Statements) -> ErrorKind {
    match statements.managed.owner {
        Some(_) if !statements.is_owner_in_key() => ErrorKind::Permission {
            reason: format!(
                "a {} row with this id belongs to another owner",
                statements.domain.name
            )
            .into(),
        },
        // The row was deleted after the insert had met it.
        _ => ErrorKind::Serialization,
    }
}

/// Whether a stored row that the update skipped has the contents of the row of the call.
///
/// # Errors
/// The conflict, unless the row may be updated.
pub(super) fn is_same(
    statements: &Statements,
    row: NewRow<'_>,
    found: &dyn AnyRecord,
) -> Result<bool> {
    let (id, _) = &statements.id_and_owner(&found.key());
    if statements
        .managed
        .deleted
        .is_some_and(|deleted| !found.value(deleted).is_null())
    {
        return Err(conflict(statements, id, ConflictReason::Deleted));
    }
    if found.owner() != row.record.owner() {
        return Err(id_is_taken(statements).into());
    }
    if statements
        .user_columns()
        .all(|index| row.record.value(index) == found.value(index))
    {
        return Ok(true);
    }
    let reason = match (row.expected, found.version()) {
        (None, Some(_)) => ConflictReason::Exists,
        (Some(expected), Some(actual)) if expected != actual => {
            ConflictReason::Version { expected, actual }
        }
        _ => return Ok(false),
    };
    Err(conflict(statements, id, reason))
}
