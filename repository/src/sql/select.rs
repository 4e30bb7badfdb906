//! Statements that read: one row, a page, a count.

use uuid::Uuid;

use super::Spelling;
use super::SqlText;
use super::shape::Statement;
use super::{Shape, Sql, Statements, condition, keyset};
use crate::model::error::Result;
use crate::model::query::{Condition, Nulls, OrderKey, Visibility};
use crate::model::value::Value;

/// `SELECT` of one row by id.
pub(crate) fn select_one<D: Spelling>(
    statements: &Statements,
    scoped: bool,
    visibility: Visibility,
) -> SqlText {
    let shape = Shape::of(Statement::SelectOne)
        .flag(scoped)
        .visibility(visibility);
    statements.text(shape, || {
        let mut sql = select_columns::<D>(statements);
        sql.push(" WHERE ").equals(statements.id());
        write_owner(&mut sql, statements, scoped);
        write_visible(&mut sql, statements, visibility);
        sql.finish()
    })
}

/// `SELECT` of rows by a list of keys, including deleted rows.
pub(crate) fn select_by_keys<D: Spelling>(statements: &Statements, scoped: bool) -> SqlText {
    let shape = Shape::of(Statement::SelectByKeys).flag(scoped);
    statements.text(shape, || {
        let mut sql = select_columns::<D>(statements);
        sql.push(" WHERE ");
        sql.is_row_of(&statements.key(), &statements.key_types());
        write_owner(&mut sql, statements, scoped);
        sql.push(" ORDER BY ").names(statements.key());
        sql.finish()
    })
}

/// `SELECT` of the live rows of a list of keys. Locks them in the order of keys, which prevents deadlocks.
pub(crate) fn select_for_update<D: Spelling>(statements: &Statements, scoped: bool) -> SqlText {
    let shape = Shape::of(Statement::SelectForUpdate).flag(scoped);
    statements.text(shape, || {
        let mut sql = select_columns::<D>(statements);
        sql.push(" WHERE ");
        sql.is_row_of(&statements.key(), &statements.key_types());
        write_owner(&mut sql, statements, scoped);
        write_visible(&mut sql, statements, Visibility::Live);
        sql.push(" ORDER BY ").names(statements.key());
        sql.push(D::LOCK_ROWS);
        sql.finish()
    })
}

/// `SELECT` of the keys of a selection, in their order. Locks the rows.
pub(crate) fn select_keys<D: Spelling>(
    statements: &Statements,
    selection: Selection<'_>,
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    selection.values::<D>(statements, &mut values)?;
    let text = statements.text(selection.shape(Statement::SelectKeys), || {
        let mut sql = Sql::<D>::new("SELECT ");
        write_locked_keys(&mut sql, statements, selection);
        sql.finish()
    });
    Ok((text, values))
}

/// Writes the keys of a selection, locked in their order. The order prevents deadlocks between two such statements.
pub(super) fn write_locked_keys<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    selection: Selection<'_>,
) {
    sql.names(statements.key())
        .push(" FROM ")
        .name(statements.table);
    selection.write(sql, statements);
    sql.push(" ORDER BY ").names(statements.key());
    sql.push(D::LOCK_ROWS);
}

/// Locks the rows of a list of keys in the order of keys, and selects how many there are.
pub(crate) fn lock_by_keys<D: Spelling>(statements: &Statements, scoped: bool) -> SqlText {
    let shape = Shape::of(Statement::LockByKeys).flag(scoped);
    statements.text(shape, || {
        let mut sql = Sql::<D>::new("SELECT count(*) FROM (SELECT ");
        sql.names(statements.key())
            .push(" FROM ")
            .name(statements.table);
        sql.push(" WHERE ");
        sql.is_row_of(&statements.key(), &statements.key_types());
        write_owner(&mut sql, statements, scoped);
        sql.push(" ORDER BY ").names(statements.key());
        sql.push(D::LOCK_ROWS).push(") AS \"locked\"");
        sql.finish()
    })
}

/// `SELECT` of the version and whether the row is deleted, to tell a conflict from a missing row.
pub(crate) fn look_up<D: Spelling>(statements: &Statements, scoped: bool) -> SqlText {
    statements.text(Shape::of(Statement::LookUp).flag(scoped), || {
        let mut sql = Sql::<D>::new("SELECT ");
        match statements.managed.version {
            Some(version) => sql.name(statements.column(version)),
            None => sql.push("CAST(0 AS bigint)"),
        };
        match statements.deleted() {
            Some(deleted) => sql.push(", ").name(deleted).push(" IS NOT NULL"),
            None => sql.push(", 1 = 0"),
        };
        sql.push(" FROM ").name(statements.table);
        sql.push(" WHERE ").equals(statements.id());
        write_owner(&mut sql, statements, scoped);
        sql.finish()
    })
}

/// The rows that a statement selects.
#[derive(Clone, Copy)]
pub(crate) struct Selection<'q> {
    pub(crate) condition: &'q Condition,
    pub(crate) visibility: Visibility,
    pub(crate) owner: Option<Uuid>,
}

impl Selection<'_> {
    /// Writes `WHERE` and its conditions.
    pub(super) fn write<D: Spelling>(&self, sql: &mut Sql<D>, statements: &Statements) {
        sql.push(" WHERE ");
        condition::write(sql, statements, self.condition);
        write_owner(sql, statements, self.owner.is_some());
        write_visible(sql, statements, self.visibility);
    }

    /// Appends the values for the parameters of [`write`](Self::write).
    pub(crate) fn values<D: Spelling>(
        &self,
        statements: &Statements,
        into: &mut Vec<Value>,
    ) -> Result<()> {
        condition::values::<D>(statements, self.condition, into)?;
        into.extend(self.owner.map(Value::Uuid));
        Ok(())
    }

    pub(super) fn shape(&self, statement: Statement) -> Shape {
        Shape::of(statement)
            .flag(self.owner.is_some())
            .visibility(self.visibility)
            .condition(self.condition)
    }
}

/// The result of a `SELECT` over a selection.
pub(crate) enum Output<'q> {
    /// The number of rows.
    Count,
    /// One row if any matches.
    Exists,
    /// Rows in an order, after a position, up to a limit.
    Rows {
        order: &'q [OrderKey],
        position: Option<&'q [Value]>,
        limit: usize,
    },
}

/// `SELECT` over a selection: its text and its values.
pub(crate) fn select<D: Spelling>(
    statements: &Statements,
    selection: Selection<'_>,
    output: Output<'_>,
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    selection.values::<D>(statements, &mut values)?;
    let text = match output {
        Output::Count => statements.text(selection.shape(Statement::Count), || {
            let mut sql = Sql::<D>::new("SELECT count(*) FROM ");
            sql.name(statements.table);
            selection.write(&mut sql, statements);
            sql.finish()
        }),
        // `EXISTS` would double the depth of the condition; see `Spelling::IN_SUBQUERY` of SQLite.
        Output::Exists => statements.text(selection.shape(Statement::Exists), || {
            let mut sql = Sql::<D>::new("SELECT 1 FROM ");
            sql.name(statements.table);
            selection.write(&mut sql, statements);
            sql.push(" LIMIT 1");
            sql.finish()
        }),
        Output::Rows {
            order,
            position,
            limit,
        } => {
            if let Some(position) = position {
                keyset::values(statements, order, position, &mut values);
            }
            let written = is_common(limit).then_some(limit);
            if written.is_none() {
                // At most a page and one more row, so it fits.
                values.push(Value::BigInt(i64::try_from(limit).unwrap_or(i64::MAX)));
            }
            let shape = selection
                .shape(Statement::List)
                .order(order)
                .position(position)
                .number(written.unwrap_or(0));
            statements.text(shape, || {
                let mut sql = select_columns::<D>(statements);
                selection.write(&mut sql, statements);
                if let Some(position) = position {
                    sql.push(" AND ");
                    keyset::write(&mut sql, statements, order, position);
                }
                write_order(&mut sql, statements, order);
                match written {
                    Some(limit) => sql.push(" LIMIT ").push(&limit.to_string()),
                    None => sql.push(" LIMIT ").parameter(),
                };
                sql.finish()
            })
        }
    };
    Ok((text, values))
}

/// Whether the limit of a common page, which has one row more, is part of the text. Postgres then keeps one plan; with
/// a parameter it expects a tenth of the table, and plans each call anew.
fn is_common(limit: usize) -> bool {
    limit <= 101 && limit % 5 == 1
}

fn select_columns<D: Spelling>(statements: &Statements) -> Sql<D> {
    let mut sql = Sql::new("SELECT ");
    sql.names(statements.columns.iter().copied());
    sql.push(" FROM ").name(statements.table);
    sql
}

/// Writes the predicate on the owner, in an owner's scope and on a table with owners.
pub(super) fn write_owner<D: Spelling>(sql: &mut Sql<D>, statements: &Statements, scoped: bool) {
    if scoped && let Some(owner) = statements.owner() {
        sql.push(" AND ").name(owner).push(" = ").parameter();
    }
}

pub(super) fn write_visible<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    visibility: Visibility,
) {
    if let Some((deleted, predicate)) = statements.visible(visibility) {
        sql.push(" AND ").name(deleted).push(predicate);
    }
}

fn write_order<D: Spelling>(sql: &mut Sql<D>, statements: &Statements, order: &[OrderKey]) {
    sql.push(" ORDER BY ");
    sql.separated(", ", order, |sql, key| {
        sql.name(statements.column(key.column));
        if key.descending {
            sql.push(" DESC");
        }
        // On a column without NULLs it is the engine's default: with the other one, the planner could not read the
        // index in order.
        let nulls_first = if statements.specs[key.column].nullable {
            key.nulls == Nulls::First
        } else {
            D::NULLS_FIRST != key.descending
        };
        sql.push(if nulls_first {
            " NULLS FIRST"
        } else {
            " NULLS LAST"
        });
    });
}
