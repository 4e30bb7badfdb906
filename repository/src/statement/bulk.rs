//! Writing many rows of a call in few statements.

use super::shape::Statement;
use super::{Shape, Sql, Statements};
use crate::dialect::{Dialect, Text};
use crate::value::Type;

/// What a bulk insert does with an id that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bulk {
    /// Fails as a whole.
    Refuse,
    /// Passes over the row, and returns the ids of those that went in.
    Skip,
}

/// The rows in the portions that one statement takes, with that many parameters a row and `before` others.
pub(crate) fn chunks<D: Dialect, T>(
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
pub(crate) fn bulk_insert<D: Dialect>(statements: &Statements, bulk: Bulk, rows: usize) -> Text {
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

/// The types of the parameters of one row of [`bulk_update`]: the id, the columns of the caller, and the
/// version that is expected, where the record has one.
pub(crate) fn update_types(statements: &Statements) -> Vec<Type> {
    let mut types = vec![Type::Uuid];
    types.extend(
        statements
            .user_columns()
            .map(|index| statements.specs[index].ty),
    );
    if statements.managed.version.is_some() {
        types.push(Type::BigInt);
    }
    types
}

/// `UPDATE` of many living rows, each to values of its own, where its version is the expected one and
/// its contents differ. The first parameters are the time, where the record has one, and the owner, in
/// an owner's scope.
pub(crate) fn bulk_update<D: Dialect>(statements: &Statements, scoped: bool, rows: usize) -> Text {
    let shape = Shape::of(Statement::BulkUpdate)
        .flag(scoped)
        .number(D::rows_in_text(rows));
    statements.text(shape, || {
        let users: Vec<usize> = statements.user_columns().collect();
        let new = |position: usize| format!("\"new\".\"c{position}\"");
        let current = |index: usize| {
            format!(
                "{}.{}",
                super::quoted::<D>(statements.table),
                super::quoted::<D>(statements.column(index))
            )
        };
        // The rows are written last, so that the parameters before them are few and known.
        let mut sql = Sql::<D>::new("UPDATE ");
        sql.name(statements.table).push(" SET ");
        let mut follows = false;
        if let Some(updated) = statements.managed.updated {
            sql.name(statements.column(updated)).push(" = ").parameter();
            follows = true;
        }
        for (position, index) in users.iter().enumerate() {
            sql.push(if follows { ", " } else { "" });
            sql.name(statements.column(*index))
                .push(" = ")
                .push(&new(position + 1));
            follows = true;
        }
        if let Some(version) = statements.managed.version {
            sql.push(", ").name(statements.column(version)).push(" = ");
            sql.push(&current(version)).push(" + 1");
        }
        sql.push(" FROM (SELECT ");
        let count = update_types(statements).len();
        sql.separated(", ", 0..count, |sql, position| {
            sql.push(&format!("\"column{}\" AS \"c{position}\"", position + 1));
        });
        // The owner's parameter comes before the rows', so its predicate stands here, as a constant of
        // the source that is compared below.
        let owner = statements.managed.owner.filter(|_| scoped);
        if owner.is_some() {
            sql.push(", ").parameter().push(" AS \"owner\"");
        }
        sql.push(" FROM (")
            .rows(&update_types(statements), rows)
            .push(") ");
        sql.push("AS \"source\") AS \"new\" WHERE ");
        sql.push(&current(statements.managed.id))
            .push(" = ")
            .push(&new(0));
        if let Some(owner) = owner {
            sql.push(" AND ")
                .push(&current(owner))
                .push(" = \"new\".\"owner\"");
        }
        if let Some(deleted) = statements.managed.deleted {
            sql.push(" AND ").push(&current(deleted)).push(" IS NULL");
        }
        if let Some(version) = statements.managed.version {
            sql.push(" AND ")
                .push(&current(version))
                .push(" = ")
                .push(&new(count - 1));
        }
        sql.push(" AND (");
        if users.is_empty() {
            sql.push("1 = 0");
        }
        sql.separated(
            " OR ",
            users.iter().enumerate(),
            |sql, (position, index)| {
                sql.push(&current(*index))
                    .push(" IS DISTINCT FROM ")
                    .push(&new(position + 1));
            },
        );
        sql.push(") RETURNING ");
        sql.separated(", ", 0..statements.columns.len(), |sql, index| {
            sql.push(&current(index));
        });
        sql.finish()
    })
}
