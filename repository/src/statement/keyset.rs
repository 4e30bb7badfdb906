//! The predicate "after this position in this order", or "at or after" it.

use super::{Sql, Statements};
use crate::dialect::Dialect;
use crate::query::{Nulls, OrderKey, Position};
use crate::value::Value;

/// Whether the order is one that a row value comparison expresses: one direction, no NULLs. Only that
/// form is an index condition on Postgres.
fn is_row_value(statements: &Statements, order: &[OrderKey]) -> bool {
    let descending = order.first().is_some_and(|key| key.descending);
    order
        .iter()
        .all(|key| key.descending == descending && !statements.specs[key.column].nullable)
}

/// The values of the position, in the order in which [`write`] writes their parameters.
pub(super) fn values(
    statements: &Statements,
    order: &[OrderKey],
    position: &[Value],
    into: &mut Vec<Value>,
) {
    if is_row_value(statements, order) {
        into.extend(position.iter().cloned());
        return;
    }
    if let [first, ..] = position
        && bounds_first(order, first)
    {
        into.push(first.clone());
    }
    for (depth, key) in order.iter().enumerate() {
        if !has_rows_after(*key, &position[depth]) {
            continue;
        }
        for value in &position[..=depth] {
            if !value.is_null() {
                into.push(value.clone());
            }
        }
    }
}

pub(super) fn write<D: Dialect>(
    sql: &mut Sql<D>,
    statements: &Statements,
    order: &[OrderKey],
    position: &Position,
) {
    let inclusive = position.inclusive;
    let position = &*position.values;
    if is_row_value(statements, order) {
        sql.push("(");
        sql.names(order.iter().map(|key| statements.column(key.column)));
        sql.push(")")
            .push(comparison(order[0], inclusive))
            .push("(");
        sql.separated(", ", order, |sql, _| {
            sql.parameter();
        });
        sql.push(")");
        return;
    }
    // For the index: no row before the first key's value can match.
    if let ([key, ..], [first, ..]) = (order, position)
        && bounds_first(order, first)
    {
        let column = statements.column(key.column);
        sql.name(column);
        sql.push(if key.descending { " <= " } else { " >= " });
        sql.parameter().push(" AND ");
    }
    sql.push("(");
    let mut any = false;
    for (depth, key) in order.iter().enumerate() {
        if !has_rows_after(*key, &position[depth]) {
            continue;
        }
        if any {
            sql.push(" OR ");
        }
        any = true;
        sql.push("(");
        for (earlier, value) in order[..depth].iter().zip(position) {
            sql.name(statements.column(earlier.column));
            if value.is_null() {
                sql.push(" IS NULL");
            } else {
                sql.push(" = ").parameter();
            }
            sql.push(" AND ");
        }
        // The last key is the id: equal there is the row itself.
        let inclusive = inclusive && depth + 1 == order.len();
        write_after(sql, statements, *key, &position[depth], inclusive);
        sql.push(")");
    }
    if !any {
        sql.push("1 = 0");
    }
    sql.push(")");
}

fn comparison(key: OrderKey, inclusive: bool) -> &'static str {
    match (key.descending, inclusive) {
        (true, false) => " < ",
        (false, false) => " > ",
        (true, true) => " <= ",
        (false, true) => " >= ",
    }
}

/// Whether the first key alone rules rows out: its value is one, and NULLs do not stand after it.
fn bounds_first(order: &[OrderKey], first: &Value) -> bool {
    order
        .first()
        .is_some_and(|key| !first.is_null() && key.nulls == Nulls::First)
}

/// Whether any value of the column stands after this one.
fn has_rows_after(key: OrderKey, value: &Value) -> bool {
    !value.is_null() || key.nulls == Nulls::First
}

fn write_after<D: Dialect>(
    sql: &mut Sql<D>,
    statements: &Statements,
    key: OrderKey,
    value: &Value,
    inclusive: bool,
) {
    let column = statements.column(key.column);
    if value.is_null() {
        // NULLs stand first, so every value is after them.
        sql.name(column).push(" IS NOT NULL");
        return;
    }
    let nulls_follow = statements.specs[key.column].nullable && key.nulls == Nulls::Last;
    if nulls_follow {
        sql.push("(");
    }
    sql.name(column);
    sql.push(comparison(key, inclusive)).parameter();
    if nulls_follow {
        sql.push(" OR ").name(column).push(" IS NULL)");
    }
}
