//! Statements that write many rows.

use std::collections::VecDeque;

use super::Spelling;
use super::SqlText;
use super::insert_one;
use super::shape::Statement;
use super::spelling::MAX_PARAMETERS;
use super::{Shape, Sql, Statements, quoted};
use crate::model::engine::Engine;
use crate::model::error::{ErrorKind, Result};
use crate::model::value::{MAX_ROW_BYTES, Type, Value};

/// What a bulk insert does if a key exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bulk {
    /// Fails, and inserts no row.
    Refuse,
    /// Skips the row. The statement returns the keys of the inserted rows.
    Skip,
}

/// The bytes of the values from which the next row goes into another statement. A statement is in memory several times,
/// and Postgres accepts none of more than 1 GiB.
const MAX_STATEMENT_BYTES: usize = 16 * 1024 * 1024;

/// The parameters of rows, in chunks of one statement each.
pub(crate) type Chunks<'r> = Box<dyn Iterator<Item = Vec<Vec<Value>>> + Send + 'r>;

/// Splits rows into chunks of one statement each. `next_rows` returns the number of rows of the next one, out of those that
/// remain; it has fewer if their values are long. `parameters` are those of a row, and are made chunk by chunk.
pub(crate) fn chunks<'r, T: Sync>(
    rows: &'r [T],
    next_rows: impl Fn(usize) -> usize + Send + 'r,
    parameters: impl Fn(&T) -> Vec<Value> + Send + 'r,
) -> Chunks<'r> {
    let mut rows = rows.iter();
    let mut ready: VecDeque<Vec<Value>> = VecDeque::new();
    Box::new(std::iter::from_fn(move || {
        let most = next_rows(ready.len() + rows.len());
        let mut bytes: usize = ready.iter().map(|row| bytes_of(row)).sum();
        while ready.len() < most && bytes <= MAX_STATEMENT_BYTES {
            let Some(row) = rows.next() else {
                break;
            };
            let row = parameters(row);
            bytes += bytes_of(&row);
            ready.push_back(row);
        }
        // Only the last one may be too much.
        let fits = ready.len() - usize::from(bytes > MAX_STATEMENT_BYTES && ready.len() > 1);
        let chunk: Vec<_> = ready.drain(..next_rows(fits).min(fits)).collect();
        (!chunk.is_empty()).then_some(chunk)
    }))
}

/// As [`chunks`], for statements with `columns` parameters per row and `before` others.
pub(crate) fn chunks_of_columns<'r, D: Spelling, T: Sync>(
    rows: &'r [T],
    columns: usize,
    before: usize,
    parameters: impl Fn(&T) -> Vec<Value> + Send + 'r,
) -> Chunks<'r> {
    let next_rows = move |remaining| D::next_rows(remaining, columns, before);
    chunks(rows, next_rows, parameters)
}

fn bytes_of(row: &[Value]) -> usize {
    row.iter().map(Value::bytes).sum()
}

/// Splits new rows into the chunks of [`bulk_insert`]. A `whole` circle of references is one chunk.
///
/// # Errors
/// [`StatementTooLarge`](ErrorKind::StatementTooLarge) for a circle, at the same number of rows and bytes on both engines.
pub(crate) fn insert_chunks<'r, D: Spelling, T: Sync>(
    statements: &Statements,
    rows: &'r [T],
    whole: bool,
    parameters: impl Fn(&T) -> Vec<Value> + Send + 'r,
) -> Result<Chunks<'r>> {
    let columns = statements.specs.len();
    if !whole {
        return Ok(chunks_of_columns::<D, _>(rows, columns, 0, parameters));
    }
    let is_too_large = || Err(ErrorKind::StatementTooLarge.into());
    if rows.len().saturating_mul(columns) > MAX_PARAMETERS {
        return is_too_large();
    }
    let (mut circle, mut bytes) = (Vec::with_capacity(rows.len()), 0);
    for row in rows {
        let row = parameters(row);
        bytes += bytes_of(&row);
        if bytes > MAX_ROW_BYTES {
            return is_too_large();
        }
        circle.push(row);
    }
    let circle = (!circle.is_empty()).then_some(circle);
    Ok(Box::new(circle.into_iter()))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of rows of the chunks of rows with texts of these lengths in MiB.
    fn sizes(mebibytes: &[usize], next_rows: impl Fn(usize) -> usize + Send) -> Vec<usize> {
        let row = |length: &usize| vec![Value::Text("x".repeat(length * 1024 * 1024))];
        let chunks: Vec<_> = chunks(mebibytes, next_rows, row).collect();
        let lengths = chunks
            .iter()
            .flatten()
            .map(|row| bytes_of(row) / 1024 / 1024);
        assert_eq!(
            lengths.collect::<Vec<_>>(),
            mebibytes,
            "each row once, in order"
        );
        chunks.iter().map(Vec::len).collect()
    }

    #[test]
    fn rows_are_split_by_their_number_and_by_their_bytes() {
        let most_of_three = |remaining: usize| remaining.min(3);
        assert_eq!(sizes(&[], most_of_three), [0_usize; 0]);
        assert_eq!(sizes(&[0; 7], most_of_three), [3, 3, 1]);
        assert_eq!(sizes(&[16, 16, 1, 15], most_of_three), [1, 1, 2]);
        assert_eq!(sizes(&[17, 1, 40, 1, 1], most_of_three), [1, 1, 1, 2]);
        // As on SQLite, whose texts have few numbers of rows.
        let power = |remaining: usize| match remaining {
            0 => 1,
            remaining => 1 << remaining.ilog2(),
        };
        assert_eq!(sizes(&[0; 7], power), [4, 2, 1]);
        assert_eq!(sizes(&[4; 9], power), [4, 4, 1]);
        assert_eq!(sizes(&[5; 7], power), [2, 2, 2, 1]);
    }
}
