//! The condition of keyset pages: rows after a position in an order.

use super::Spelling;
use super::{Sql, Statements};
use crate::model::query::{Nulls, OrderKey};
use crate::model::value::Value;

/// Whether a comparison of row values expresses the order: it has one direction and no NULLs. On Postgres only this
/// form is an index condition.
fn is_row_value(statements: &Statements, order: &[OrderKey]) -> bool {
    let descending = order.first().is_some_and(|key| key.descending);
    order
        .iter()
        .all(|key| key.descending == descending && !statements.specs[key.column].nullable)
}

/// Appends the values of the position, in the order in which [`write`] writes their parameters.
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
        && bounds_first(statements, order, first)
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

pub(super) fn write<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    order: &[OrderKey],
    position: &[Value],
) {
    if is_row_value(statements, order) {
        sql.push("(");
        sql.names(order.iter().map(|key| statements.column(key.column)));
        sql.push(if order[0].descending {
            ") < ("
        } else {
            ") > ("
        });
        sql.separated(", ", order, |sql, _| {
            sql.cursor_parameter();
        });
        sql.push(")");
        return;
    }
    // Redundant, but an index can use it: no row before the value of the first key matches.
    if let ([key, ..], [first, ..]) = (order, position)
        && bounds_first(statements, order, first)
    {
        let column = statements.column(key.column);
        sql.name(column);
        sql.push(if key.descending { " <= " } else { " >= " });
        sql.cursor_parameter().push(" AND ");
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
                sql.push(" = ").cursor_parameter();
            }
            sql.push(" AND ");
        }
        write_after(sql, statements, *key, &position[depth]);
        sql.push(")");
    }
    if !any {
        sql.push("1 = 0");
    }
    sql.push(")");
}

/// Whether the first key alone excludes rows: its value is not NULL, and NULLs do not come after it.
fn bounds_first(statements: &Statements, order: &[OrderKey], first: &Value) -> bool {
    order.first().is_some_and(|key| {
        let nulls_follow = statements.specs[key.column].nullable && key.nulls == Nulls::Last;
        !first.is_null() && !nulls_follow
    })
}

/// Whether a value of the column can come after this one.
fn has_rows_after(key: OrderKey, value: &Value) -> bool {
    !value.is_null() || key.nulls == Nulls::First
}

fn write_after<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    key: OrderKey,
    value: &Value,
) {
    let column = statements.column(key.column);
    if value.is_null() {
        // NULLs come first, so every value is after them.
        sql.name(column).push(" IS NOT NULL");
        return;
    }
    let nulls_follow = statements.specs[key.column].nullable && key.nulls == Nulls::Last;
    if nulls_follow {
        sql.push("(");
    }
    sql.name(column);
    sql.push(if key.descending { " < " } else { " > " });
    sql.cursor_parameter();
    if nulls_follow {
        sql.push(" OR ").name(column).push(" IS NULL)");
    }
}
