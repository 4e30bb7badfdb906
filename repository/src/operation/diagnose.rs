//! What a refused statement broke, where the engine does not say: which foreign key, or which number.
//!
//! SQLite undoes the one statement that breaks a constraint and leaves its transaction as it was, so the
//! library asks for each key of the domain, in the same transaction, which one the rows do not meet. What it
//! does not find, because the live schema has keys that the domain lacks, stays unnamed.

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

/// The error of a statement that writes whole rows.
pub(super) async fn of_rows<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    context: &Context,
    error: Error,
    rows: &[&R],
) -> Error {
    if !is_unnamed::<D>(&error) {
        return completed::<R>(error, context);
    }
    // The first row that breaks a key, and of its keys the first: as Postgres checks them.
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

/// The number of the first row that has no parent by that key.
async fn first_orphan<D: Dialect, R: Twin<D>>(
    session: &mut Session<D>,
    key: &'static ForeignKey,
    rows: &[&R],
) -> Option<i64> {
    let statements = R::statements();
    let columns = places(statements, key.columns)?;
    let values_at = |row: &R, columns: &[usize]| -> Vec<Value> {
        columns.iter().map(|index| row.value(*index)).collect()
    };
    // A row may refer to one that came in with it.
    let siblings: Vec<Vec<Value>> = match places(statements, key.referenced_columns) {
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
            let inside = siblings.contains(&reference);
            (!inside).then(|| std::iter::once(number).chain(reference).collect())
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

/// The error of a statement that changes stored rows; `changes` are those of [`key_changes`].
pub(super) async fn of_changes<D: Dialect, R: Twin<D>>(
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
        let refers_anew = columns.iter().any(Option::is_some);
        if !refers_anew || columns.iter().flatten().any(|value| value.is_null()) {
            continue;
        }
        let look = sql::changed_orphan::<D>(statements, affected, key, &columns);
        if found(session, look).await {
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
        if columns.is_empty() || !refuses(child.1.on_update) {
            continue;
        }
        let look = sql::referring_to_changed::<D>(statements, affected, child, &columns);
        if found(session, look).await {
            return named(error, Some(child));
        }
    }
    error
}

/// The error of a statement that removes stored rows.
pub(super) async fn of_removal<D: Dialect, R: Twin<D>>(
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
    // Grows while it is walked: a row that goes with its parent may be held by a row of its own. A chain has
    // each key once, so it ends.
    let mut next = 0;
    while let Some(chain) = chains.get(next).cloned() {
        next += 1;
        let Some(&(child, key)) = chain.last() else {
            continue;
        };
        if refuses(key.on_delete) {
            let look = sql::referring_to_removed::<D>(R::statements(), affected, &chain);
            if found(session, look).await {
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

/// The changes that a foreign key may be broken by. Only an engine that does not name keys asks for them.
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

/// The keys by which rows of any table refer to rows of that table.
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

fn refuses(action: Action) -> bool {
    matches!(action, Action::NoAction | Action::Restrict)
}

/// Where the columns stand in the record.
fn places(statements: &Statements, columns: &[&str]) -> Option<Vec<usize>> {
    let place = |name: &&str| statements.columns.iter().position(|column| column == name);
    columns.iter().map(place).collect()
}

async fn found<D: Dialect>(
    session: &mut Session<D>,
    look: crate::model::error::Result<(SqlText, Vec<Value>)>,
) -> bool {
    match look {
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

/// The error of any other refused write, with what the library knows and the engine does not say.
pub(super) fn completed<R: Record>(error: Error, context: &Context) -> Error {
    let key = match error.kind() {
        // The one number that a statement computes: what is bound has the width of its column.
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
        // A key of another table than the statement's: its columns are in the domain.
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
