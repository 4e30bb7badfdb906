//! Completes the error of a failed write with what the engine does not report: which foreign key, or which number.
//!
//! When a statement violates a constraint, SQLite undoes that statement and leaves its transaction open. So the library
//! checks each foreign key of the domain in the same transaction. A key that only the live schema has stays unnamed.

use super::Context;
use crate::driver::Dialect;
use crate::driver::Twin;
use crate::model::domain::{Action, Domain, ForeignKey, Table};
use crate::model::error::{Error, ErrorKind};
use crate::model::record::Record;
use crate::model::value::{Type, Value};
use crate::session::Session;
use crate::sql::SqlText;
use crate::sql::{self, Affected, Statements};

/// A foreign key and the table that has it.
type Key = (&'static Table, &'static ForeignKey);

/// Completes the error of a statement that writes whole rows.
pub(super) async fn row_error<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    error: Error,
    rows: &[&R],
) -> Error {
    if !is_unnamed::<D>(&error) {
        return completed::<R>(error, context);
    }
    // The first row that violates a key, and the first such key of that row: the order in which Postgres checks.
    let mut first: Option<(i64, Key)> = None;
    for key in R::TABLE.foreign_keys {
        if let Some(orphan) = first_orphan(session, key, rows).await
            && first.is_none_or(|(earlier, _)| orphan < earlier)
        {
            first = Some((orphan, (R::TABLE, key)));
        }
    }
    named(error, first.map(|(_, key)| key))
}

/// The index of the first row without a parent by this key.
async fn first_orphan<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    key: &'static ForeignKey,
    rows: &[&R],
) -> Option<i64> {
    let statements = R::statements();
    let columns = indexes(statements, key.columns)?;
    let values_at = |row: &R, columns: &[usize]| -> Vec<Value> {
        columns.iter().map(|index| row.value(*index)).collect()
    };
    // A row may refer to another row of the same call.
    let siblings: Vec<Vec<Value>> = match indexes(statements, key.referenced_columns) {
        Some(referenced) if key.references == statements.table => {
            rows.iter().map(|row| values_at(row, &referenced)).collect()
        }
        _ => Vec::new(),
    };
    let numbered: Vec<Vec<Value>> = (0..)
        .map(Value::BigInt)
        .zip(rows)
        .filter_map(|(number, row)| {
            let reference = values_at(row, &columns);
            let is_sibling = siblings.contains(&reference);
            (!is_sibling).then(|| std::iter::once(number).chain(reference).collect())
        })
        .collect();
    let mut types = vec![Type::BigInt];
    types.extend(columns.iter().map(|index| statements.specs[*index].ty));
    for chunk in sql::chunks::<D, _>(&numbered, types.len(), 0) {
        let text = sql::first_orphan::<D>(key, &types, chunk.len());
        let values = D::row_parameters(&types, chunk.to_vec());
        if let Some(orphan) = session.probe(&text, values).await {
            return Some(orphan);
        }
    }
    None
}

/// Completes the error of a statement that changes stored rows; `changes` come from [`key_changes`].
pub(super) async fn change_error<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    error: Error,
    affected: Affected<'_>,
    changes: &[(usize, Value)],
) -> Error {
    if !is_unnamed::<D>(&error) {
        return completed::<R>(error, context);
    }
    let statements = R::statements();
    let changed = |name: &str| {
        let change = changes
            .iter()
            .find(|(column, _)| statements.column(*column) == name);
        change.map(|(_, value)| value)
    };
    for key in R::TABLE.foreign_keys {
        let columns: Vec<Option<&Value>> = key.columns.iter().copied().map(changed).collect();
        let is_changed = columns.iter().any(Option::is_some);
        if !is_changed || columns.iter().flatten().any(|value| value.is_null()) {
            continue;
        }
        let query = sql::changed_orphan::<D>(statements, affected, key, &columns);
        if has_row(session, query).await {
            return named(error, Some((R::TABLE, key)));
        }
    }
    for child in references_to::<D>(context.domain, R::TABLE) {
        let columns: Vec<(&'static str, &Value)> = child
            .1
            .referenced_columns
            .iter()
            .filter_map(|column| Some((*column, changed(column)?)))
            .collect();
        if columns.is_empty() || !restricts(child.1.on_update) {
            continue;
        }
        let query = sql::referring_to_changed::<D>(statements, affected, child, &columns);
        if has_row(session, query).await {
            return named(error, Some(child));
        }
    }
    error
}

/// Completes the error of a statement that deletes stored rows.
pub(super) async fn delete_error<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    error: Error,
    affected: Affected<'_>,
) -> Error {
    if !is_unnamed::<D>(&error) {
        return completed::<R>(error, context);
    }
    let mut chains: Vec<Vec<Key>> = references_to::<D>(context.domain, R::TABLE)
        .map(|key| vec![key])
        .collect();
    // The list grows inside the loop: a row that is deleted with its parent may have children of its own. A chain
    // contains each key once, so the loop ends.
    let mut next = 0;
    while let Some(chain) = chains.get(next).cloned() {
        next += 1;
        let Some(&(child, key)) = chain.last() else {
            continue;
        };
        if restricts(key.on_delete) {
            let query = sql::referring_to_removed::<D>(R::statements(), affected, &chain);
            if has_row(session, query).await {
                return named(error, Some((child, key)));
            }
        } else if key.on_delete == Action::Cascade {
            let longer = references_to::<D>(context.domain, child)
                .filter(|(_, link)| chain.iter().all(|(_, before)| before.name != link.name))
                .map(|link| [&chain[..], &[link]].concat());
            chains.extend(longer);
        }
    }
    error
}

/// The changes that can violate a foreign key. Empty on an engine that names the violated key itself.
pub(super) fn key_changes<D: Dialect, R: Twin<D>>(
    context: &Context,
    changes: &[(usize, Value)],
) -> Vec<(usize, Value)> {
    if !D::OUTLIVES_REFUSALS {
        return Vec::new();
    }
    let statements = R::statements();
    let is_key = |column: &str| {
        let refers = R::TABLE
            .foreign_keys
            .iter()
            .any(|key| key.columns.contains(&column));
        refers
            || references_to::<D>(context.domain, R::TABLE)
                .any(|(_, key)| key.referenced_columns.contains(&column))
    };
    changes
        .iter()
        .filter(|(index, _)| is_key(statements.column(*index)))
        .cloned()
        .collect()
}

/// The foreign keys of any table that reference this table.
fn references_to<D: Dialect>(
    domain: Option<&'static Domain>,
    table: &'static Table,
) -> impl Iterator<Item = Key> {
    let tables = domain
        .into_iter()
        .flat_map(|domain| domain.tables_on(D::ENGINE));
    tables
        .flat_map(|child| child.foreign_keys.iter().map(move |key| (child, key)))
        .filter(|(_, key)| key.references == table.name)
}

fn restricts(action: Action) -> bool {
    matches!(action, Action::NoAction | Action::Restrict)
}

/// The indexes of the columns in the record.
fn indexes(statements: &Statements, columns: &[&str]) -> Option<Vec<usize>> {
    let index = |name: &&str| statements.columns.iter().position(|column| column == name);
    columns.iter().map(index).collect()
}

/// Whether the query has a row. A query that fails counts as none.
async fn has_row<D: Dialect>(
    session: &mut Session<D>,
    query: crate::model::error::Result<(SqlText, Vec<Value>)>,
) -> bool {
    match query {
        Ok((text, values)) => session.probe(&text, values).await.is_some(),
        Err(_) => false,
    }
}

fn is_unnamed<D: Dialect>(error: &Error) -> bool {
    let kind = error.kind();
    D::OUTLIVES_REFUSALS
        && matches!(kind, ErrorKind::ForeignKey { constraint, .. } if constraint.is_none())
}

fn named(error: Error, key: Option<Key>) -> Error {
    let Some((table, key)) = key else {
        return error;
    };
    error.with_kind(ErrorKind::ForeignKey {
        table: Some(table.name.into()),
        columns: key.columns.iter().map(|column| (*column).into()).collect(),
        constraint: Some(key.name.into()),
    })
}

/// Completes the error of any other failed write with what the library knows and the engine does not report.
pub(super) fn completed<R: Record>(error: Error, context: &Context) -> Error {
    let key = match error.kind() {
        // SQLSTATE 22003, out of range. Only the version is computed by a statement; bound values fit their columns.
        ErrorKind::InvalidValue {
            field: None,
            reason,
        } if error.code() == Some("22003") => {
            let version = R::MANAGED.version.map(|index| R::COLUMNS[index].field);
            let kind = ErrorKind::InvalidValue {
                field: version.map(Into::into),
                reason: reason.clone(),
            };
            return error.with_kind(kind);
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
