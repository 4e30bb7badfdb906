//! Statements that write many rows.

use super::Spelling;
use super::SqlText;
use super::insert_one;
use super::shape::Statement;
use super::spelling::MAX_PARAMETERS;
use super::{Shape, Sql, Statements, quoted};
use crate::model::engine::Engine;
use crate::model::error::{ErrorKind, Result};
use crate::model::value::Type;

/// What a bulk insert does if a key exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bulk {
    /// Fails, and inserts no row.
    Refuse,
    /// Skips the row. The statement returns the keys of the inserted rows.
    Skip,
}

/// Splits rows into chunks of one statement each, with `columns` parameters per row and `before` others.
pub(crate) fn chunks<D: Spelling, T>(
    mut rows: &[T],
    columns: usize,
    before: usize,
) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let next = D::next_rows(rows.len(), columns, before).min(rows.len());
        let (chunk, rest) = rows.split_at(next);
        rows = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Splits new rows into the chunks of [`bulk_insert`]. A `whole` circle of references is one chunk.
///
/// # Errors
/// [`StatementTooLarge`](ErrorKind::StatementTooLarge) for a circle, at the same number of rows on both engines.
pub(crate) fn insert_chunks<'r, D: Spelling, T>(
    statements: &Statements,
    rows: &'r [T],
    whole: bool,
) -> Result<Vec<&'r [T]>> {
    let columns = statements.specs.len();
    match (whole, rows.len().saturating_mul(columns)) {
        (false, _) => Ok(chunks::<D, _>(rows, columns, 0).collect()),
        (true, 0) => Ok(Vec::new()),
        (true, 1..=MAX_PARAMETERS) => Ok(vec![rows]),
        (true, _) => Err(ErrorKind::StatementTooLarge.into()),
    }
}

/// The types of the parameters of one row of [`bulk_insert`]: every column in order.
pub(crate) fn insert_types(statements: &Statements) -> Vec<Type> {
    statements.specs.iter().map(|spec| spec.ty).collect()
}

/// `INSERT` of many rows.
pub(crate) fn bulk_insert<D: Spelling>(
    statements: &Statements,
    bulk: Bulk,
    rows: usize,
) -> SqlText {
    let shape = Shape::of_rows(Statement::BulkInsert, rows)
        .flag(bulk == Bulk::Skip)
        .number(D::rows_in_text(rows));
    statements.text(shape, || {
        let mut sql = Sql::<D>::new("INSERT INTO ");
        sql.name(statements.table).push(" (");
        sql.names(statements.columns.iter().copied()).push(") ");
        sql.rows(&insert_types(statements), rows);
        if bulk == Bulk::Skip {
            sql.push(" ON CONFLICT (")
                .names(statements.key())
                .push(") DO NOTHING RETURNING ");
            sql.names(statements.key());
        }
        sql.finish()
    })
}

/// Inserts any number of rows, each with every column in order: on SQLite by a statement for each row, and on Postgres
/// by `COPY`, which it refuses under row level security.
pub(crate) fn insert_each<D: Spelling>(statements: &Statements) -> SqlText {
    if D::ENGINE == Engine::Sqlite {
        return insert_one::<D>(statements).with_long_effort();
    }
    statements.text(Shape::of(Statement::Copy), || {
        let mut sql = Sql::<D>::new("COPY ");
        sql.name(statements.table).push(" (");
        sql.names(statements.columns.iter().copied());
        sql.push(") FROM STDIN (FORMAT binary)");
        sql.finish()
    })
}

/// The types of the parameters of one row of [`bulk_update`]: the id, the owner and the expected version, if the record
/// has them, and the columns that are not managed.
pub(crate) fn update_types(statements: &Statements) -> Vec<Type> {
    let managed = statements.managed;
    let mut types = statements.types(managed.id);
    types.extend(managed.owner.map(|_| Type::Uuid));
    types.extend(managed.version.map(|_| Type::BigInt));
    types.extend(
        statements
            .user_columns()
            .map(|index| statements.specs[index].ty),
    );
    types
}

/// What a bulk update does with a row whose natural key changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyChange {
    Write,
    /// Skips the row: whether its new key is free may depend on which row is written first.
    Skip,
}

/// `UPDATE` of many live rows, each with its own values. It skips a row with another owner or version than expected,
/// and one whose contents are the same. The first parameter is the time, if the record has an update time.
pub(crate) fn bulk_update<D: Spelling>(
    statements: &Statements,
    rows: usize,
    key_change: KeyChange,
) -> SqlText {
    let shape = Shape::of_rows(Statement::BulkUpdate, rows)
        .flag(key_change == KeyChange::Skip)
        .number(D::rows_in_text(rows));
    statements.text(shape, || {
        let managed = statements.managed;
        let current = |index: usize| {
            let (table, column) = (statements.table, statements.column(index));
            format!("{}.{}", quoted::<D>(table), quoted::<D>(column))
        };
        let new = |position: usize| format!("\"new\".\"column{position}\"");
        // Each compared or written column, with its position in the rows.
        let others = [managed.owner, managed.version].into_iter().flatten();
        let compared = managed.id.iter().copied().chain(others);
        let compared: Vec<(usize, usize)> = compared.zip(1..).collect();
        let written: Vec<(usize, usize)> = statements
            .user_columns()
            .zip(compared.len() + 1..)
            .collect();

        let mut sql = Sql::<D>::new("UPDATE ");
        sql.name(statements.table).push(" SET ");
        // The time's parameter comes before those of the rows.
        if let Some(updated) = managed.updated {
            sql.name(statements.column(updated)).push(" = ");
            sql.parameter().push(", ");
        }
        if let Some(version) = managed.version {
            sql.name(statements.column(version)).push(" = ");
            sql.push(&current(version)).push(" + 1, ");
        }
        sql.separated(", ", &written, |sql, (index, position)| {
            sql.name(statements.column(*index)).push(" = ");
            sql.push(&new(*position));
        });
        sql.push(" FROM (").rows(&update_types(statements), rows);
        sql.push(") AS \"new\" WHERE ");
        // Only the key is written as an equality that the planner may join by. For an owner or a version it would expect
        // few rows, and scan all rows of the owner for each new row.
        sql.separated(" AND ", &compared, |sql, (index, position)| {
            let is_key = managed.key.contains(index);
            let equals = if is_key {
                " = "
            } else {
                " IS NOT DISTINCT FROM "
            };
            sql.push(&current(*index))
                .push(equals)
                .push(&new(*position));
        });
        if let Some(deleted) = managed.deleted {
            sql.push(" AND ").push(&current(deleted)).push(" IS NULL");
        }
        if key_change == KeyChange::Skip {
            let key_columns = statements.key_columns();
            for (index, position) in written
                .iter()
                .filter(|(index, _)| key_columns.contains(index))
            {
                sql.push(" AND ").push(&current(*index));
                sql.push(" IS NOT DISTINCT FROM ").push(&new(*position));
            }
        }
        sql.push(" AND (");
        sql.separated(" OR ", &written, |sql, (index, position)| {
            sql.push(&current(*index)).push(" IS DISTINCT FROM ");
            sql.push(&new(*position));
        });
        sql.push(") RETURNING ");
        sql.separated(", ", 0..statements.columns.len(), |sql, index| {
            sql.push(&current(index));
        });
        sql.finish()
    })
}
