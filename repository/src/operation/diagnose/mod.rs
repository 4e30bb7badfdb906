//! Completes the error of a refused write: the violated constraint is the first in the order of the library's rule.
//!
//! The order of one row is that of Postgres: a version at its end, NOT NULL, the checks by name, the unique keys with the primary key first,
//! the foreign keys. SQLite has another order, and does not name foreign keys. When a statement violates a constraint,
//! SQLite undoes that statement and leaves its transaction open. So the library looks for the first violated constraint
//! of the domain in the same transaction. One that only the live schema has stays as SQLite reports it.

mod foreign_keys;
mod rules;

pub(super) use foreign_keys::{first_orphan, kind_of};
pub(super) use rules::{first_with_same_key, unique_kind};

use foreign_keys::Key;

use super::{Context, values};
use crate::driver::{AnyRecord, Dialect};
use crate::model::error::{Error, ErrorKind, InvalidReason, Result};
use crate::model::value::Value;
use crate::session::Session;
use crate::sql::{self, Affected, SqlText, Statements, Written};

/// Completes the error of a statement that inserts one row. `or_skipped` is whether it skips a row whose id is stored.
pub(super) async fn insert_error<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    error: Error,
    row: &dyn AnyRecord,
    or_skipped: bool,
) -> Error {
    let values = values(statements, row);
    new_error(
        session, context, statements, error, row, &values, or_skipped,
    )
    .await
}

/// As [`insert_error`], for a row whose id at this position the database would have generated.
pub(super) async fn generated_insert_error<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    error: Error,
    row: &dyn AnyRecord,
    id: usize,
) -> Error {
    let mut values = values(statements, row);
    values[id] = Value::Null(statements.specs[id].ty);
    new_error(session, context, statements, error, row, &values, false).await
}

async fn new_error<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    error: Error,
    row: &dyn AnyRecord,
    values: &[Value],
    or_skipped: bool,
) -> Error {
    let written = Written::New { values, or_skipped };
    if is_unnamed::<D>(&error) {
        if or_skipped && rules::is_stored(session, statements, written).await {
            return error;
        }
        let orphan = first_orphan(session, statements, &[row]).await;
        return named(error, orphan.map(|(_, key)| key));
    }
    if is_reordered::<D>(&error)
        && let Some(kind) = rules::first_violation(session, statements, written, error.kind()).await
    {
        return error.with_kind(kind);
    }
    completed(statements, error, context)
}

/// Completes the error of a statement that changes stored rows.
pub(super) async fn change_error<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    error: Error,
    affected: Affected<'_>,
    changes: &[(usize, Value)],
) -> Error {
    if overflows_version(session, statements, &error, affected).await {
        return error.with_kind(version_overflow(statements));
    }
    if is_unnamed::<D>(&error) {
        let key = foreign_keys::violated_by_change(session, context, statements, affected, changes);
        return named(error, key.await);
    }
    if is_reordered::<D>(&error) && matches!(affected, Affected::One { .. }) {
        let written = Written::Changed { affected, changes };
        if let Some(kind) = rules::first_violation(session, statements, written, error.kind()).await
        {
            return error.with_kind(kind);
        }
    }
    completed(statements, error, context)
}

/// Completes the error of a statement that deletes stored rows.
pub(super) async fn delete_error<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    error: Error,
    affected: Affected<'_>,
) -> Error {
    if !is_unnamed::<D>(&error) {
        return completed(statements, error, context);
    }
    let key = foreign_keys::violated_by_delete(session, context, statements, affected).await;
    named(error, key)
}

/// Fails if a row that stays refers to one of several rows that are removed together. Which key the engine would report
/// depends on its plan.
pub(super) async fn check_removal<D: Dialect>(
    session: &mut Session<D>,
    context: &Context,
    statements: &Statements,
    affected: Affected<'_>,
) -> Result<()> {
    match foreign_keys::violated_by_delete(session, context, statements, affected).await {
        Some(key) => Err(foreign_keys::kind_of(key).into()),
        None => Ok(()),
    }
}

/// Whether changes can violate several constraints, so that the error depends on the row.
pub(super) fn may_violate_several<D: Dialect>(
    context: &Context,
    statements: &Statements,
    changes: &[(usize, Value)],
) -> bool {
    let changed: Vec<&str> = changes
        .iter()
        .map(|(index, _)| statements.column(*index))
        .collect();
    // A version may be at its end, and the database may be stricter than the record about NULL.
    let versions = usize::from(statements.managed.version.is_some());
    let nulls = changes.iter().filter(|(_, value)| value.is_null()).count();
    let keys = foreign_keys::touched::<D>(context, statements, &changed);
    versions + nulls + rules::touched::<D>(statements, &changed) + keys > 1
}

/// Whether the removal of a row can violate several foreign keys, so that the error depends on the row.
pub(super) fn may_restrict_several<D: Dialect>(context: &Context, statements: &Statements) -> bool {
    foreign_keys::restricting::<D>(context, statements) > 1
}

/// Whether the query has a row. A query that fails counts as none.
async fn has_row<D: Dialect>(
    session: &mut Session<D>,
    query: Result<(SqlText, Vec<Value>)>,
) -> bool {
    match query {
        Ok((text, values)) => session.probe(&text, values).await.is_some(),
        Err(_) => false,
    }
}

/// Whether the statement would also have incremented the version of the row beyond its end, which Postgres finds first.
async fn overflows_version<D: Dialect>(
    session: &mut Session<D>,
    statements: &Statements,
    error: &Error,
    affected: Affected<'_>,
) -> bool {
    let is_violation = matches!(
        error.kind(),
        ErrorKind::NotNull { .. }
            | ErrorKind::Check { .. }
            | ErrorKind::Unique { .. }
            | ErrorKind::ForeignKey { .. }
    );
    let (Some(version), true) = (
        statements.managed.version,
        D::OUTLIVES_REFUSALS && is_violation,
    ) else {
        return false;
    };
    matches!(affected, Affected::One { .. })
        && has_row(
            session,
            sql::at_last_version::<D>(statements, affected, version),
        )
        .await
}

fn version_overflow(statements: &Statements) -> ErrorKind {
    let version = statements
        .managed
        .version
        .map(|index| statements.specs[index].field);
    ErrorKind::InvalidValue {
        field: version.map(Into::into),
        reason: InvalidReason::Refused,
    }
}

/// Whether the engine undoes a refused statement alone, and does not name its foreign key.
fn is_unnamed<D: Dialect>(error: &Error) -> bool {
    let kind = error.kind();
    D::OUTLIVES_REFUSALS
        && matches!(kind, ErrorKind::ForeignKey { constraint, .. } if constraint.is_none())
}

/// Whether the engine reports a check or a unique key, which need not be the first.
fn is_reordered<D: Dialect>(error: &Error) -> bool {
    let is_check =
        matches!(error.kind(), ErrorKind::Check { constraint, .. } if constraint.is_some());
    D::OUTLIVES_REFUSALS && (is_check || matches!(error.kind(), ErrorKind::Unique { .. }))
}

fn named(error: Error, key: Option<Key>) -> Error {
    match key {
        Some(key) => error.with_kind(foreign_keys::kind_of(key)),
        None => error,
    }
}

/// Completes the error of any other failed write with what the library knows and the engine does not report.
pub(super) fn completed(statements: &Statements, error: Error, context: &Context) -> Error {
    let key = match error.kind() {
        // SQLSTATE 22003, out of range. Only the version is computed by a statement; bound values fit their columns.
        ErrorKind::InvalidValue { field: None, .. } if error.code() == Some("22003") => {
            return error.with_kind(version_overflow(statements));
        }
        // A key of another table than the statement's. The domain has its columns.
        ErrorKind::ForeignKey {
            table: Some(table),
            columns,
            constraint: Some(constraint),
        } if columns.is_empty() => context
            .domain
            .and_then(|domain| domain.table(table))
            .and_then(|table| Some((table, table.foreign_key(constraint)?))),
        _ => None,
    };
    named(error, key)
}
