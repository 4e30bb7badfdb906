//! Writing many rows of a call in few statements.

use super::Spelling;
use super::SqlText;
use super::shape::Statement;
use super::{Shape, Sql, Statements, quoted};
use crate::model::value::Type;

/// What a bulk insert does with an id that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bulk {
    /// Fails as a whole.
    Refuse,
    /// Passes over the row, and returns the ids of those that went in.
    Skip,
}

/// The rows in the portions that one statement takes, with that many parameters a row and `before` others.
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
    let shape = Shape::of(Statement::BulkInsert)
        .flag(bulk == Bulk::Skip)
        .number(D::rows_in_text(rows));
    statements.text(shape, || {
        let mut sql = Sql::<D>::new("INSERT INTO ");
        sql.name(statements.table).push(" (");
        sql.names(statements.columns.iter().copied()).push(") ");
        sql.rows(&insert_types(statements), rows);
        if bulk == Bulk::Skip {
            sql.push(" ON CONFLICT (")
                .name(statements.id())
                .push(") DO NOTHING RETURNING ");
            sql.name(statements.id());
        }
        sql.finish()
    })
}

/// The types of the parameters of one row of [`bulk_update`]: the id, the owner and the expected version,
/// where the record has them, and the columns of the caller.
pub(crate) fn update_types(statements: &Statements) -> Vec<Type> {
    let managed = statements.managed;
    let mut types = vec![Type::Uuid];
    types.extend(managed.owner.map(|_| Type::Uuid));
    types.extend(managed.version.map(|_| Type::BigInt));
    types.extend(
        statements
            .user_columns()
            .map(|index| statements.specs[index].ty),
    );
    types
}

/// `UPDATE` of many living rows, each to values of its own, where its owner and its version are the
/// expected ones and its contents differ. The first parameter is the time, where the record has one.
pub(crate) fn bulk_update<D: Spelling>(statements: &Statements, rows: usize) -> SqlText {
    let shape = Shape::of(Statement::BulkUpdate).number(D::rows_in_text(rows));
    statements.text(shape, || {
        let managed = statements.managed;
        let current = |index: usize| {
            let (table, column) = (statements.table, statements.column(index));
            format!("{}.{}", quoted::<D>(table), quoted::<D>(column))
        };
        let new = |position: usize| format!("\"new\".\"column{position}\"");
        // Each compared or written column, with its place in the rows.
        let compared = [Some(managed.id), managed.owner, managed.version];
        let compared: Vec<(usize, usize)> = compared.into_iter().flatten().zip(1..).collect();
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
        // The id alone is a key to join by: of an owner or a version the planner expects few rows, and would
        // look through an owner's whole table for each new row.
        sql.separated(" AND ", &compared, |sql, (index, position)| {
            let is_key = *index == managed.id;
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
