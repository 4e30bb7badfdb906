//! Statements that write one row, or the rows of a filter.

use super::Spelling;
use super::SqlText;
use super::select::{write_locked_keys, write_owner, write_visible};
use super::shape::Statement;
use super::{Selection, Shape, Sql, Statements};
use crate::model::error::Result;
use crate::model::query::Visibility;
use crate::model::value::Value;

/// What a write of one row compares besides the id, in the order of the parameters.
#[derive(Clone, Copy)]
pub(crate) struct Guard {
    pub(crate) scoped: bool,
    pub(crate) version: bool,
    /// Whether the statement commits itself, so that the number of written rows is known too late.
    pub(crate) commits: bool,
}

impl Guard {
    fn shape(self, statement: Statement) -> Shape {
        let shape = Shape::of(statement).flag(self.scoped);
        shape.flag(self.version).flag(self.commits)
    }

    fn write<D: Spelling>(self, sql: &mut Sql<D>, statements: &Statements, visibility: Visibility) {
        sql.push(" WHERE ").equals(statements.id());
        write_owner(sql, statements, self.scoped);
        if self.version
            && let Some(version) = statements.managed.version
        {
            let version = statements.column(version);
            sql.push(" AND ").name(version).push(" = ").parameter();
        }
        write_visible(sql, statements, visibility);
        if self.commits {
            self.write_alone(sql, statements, visibility);
        }
    }

    /// Writes the condition that only one row matches. If several rows have the id, none is written.
    fn write_alone<D: Spelling>(
        self,
        sql: &mut Sql<D>,
        statements: &Statements,
        visibility: Visibility,
    ) {
        const SAME: &str = "\"same\".";
        let owner = statements.owner().filter(|_| self.scoped);
        let version = statements.managed.version.filter(|_| self.version);
        let version = version.map(|index| statements.column(index));
        let compared = statements.id().chain(owner).chain(version);
        sql.push(" AND (SELECT count(*) FROM ")
            .name(statements.table);
        sql.push(" AS \"same\" WHERE ");
        sql.separated(" AND ", compared, |sql, column| {
            sql.push(SAME).name(column).push(" = ");
            sql.name(statements.table).push(".").name(column);
        });
        if let Some((deleted, predicate)) = statements.visible(visibility) {
            sql.push(" AND ").push(SAME).name(deleted).push(predicate);
        }
        sql.push(") = 1");
    }
}

/// `INSERT` of one row, every column in order.
pub(crate) fn insert_one<D: Spelling>(statements: &Statements) -> SqlText {
    statements.text(Shape::of(Statement::InsertOne), || {
        let mut sql = Sql::<D>::new("INSERT INTO ");
        sql.name(statements.table).push(" (");
        sql.names(statements.columns.iter().copied())
            .push(") VALUES (");
        sql.separated(", ", &statements.columns, |sql, _| {
            sql.parameter();
        });
        sql.push(")");
        sql.finish()
    })
}

/// `UPDATE` of one live row. The parameters are the columns, the time, the id and those of the guard.
pub(crate) fn update_one<D: Spelling>(
    statements: &Statements,
    columns: &[usize],
    guard: Guard,
) -> SqlText {
    let shape = guard
        .shape(Statement::UpdateOne)
        .columns(columns.iter().copied());
    statements.text(shape, || {
        let mut sql = update_live::<D>(statements, columns, guard);
        write_returning(&mut sql, statements);
        sql.finish()
    })
}

/// As [`update_one`], without returning the row: for one of which every value is known afterwards. If the record has a
/// time of creation, it is compared with a last parameter, since an update does not write it.
pub(crate) fn update_known<D: Spelling>(
    statements: &Statements,
    columns: &[usize],
    guard: Guard,
) -> SqlText {
    let shape = guard
        .shape(Statement::UpdateKnown)
        .columns(columns.iter().copied());
    statements.text(shape, || {
        let mut sql = update_live::<D>(statements, columns, guard);
        if let Some(created) = statements.managed.created {
            let created = statements.column(created);
            sql.push(" AND ").name(created).push(" = ").parameter();
        }
        sql.finish()
    })
}

/// Deletes one live row, softly if the table has soft delete. Then the first parameters are the times of the deletion
/// and of the update.
pub(crate) fn delete_one<D: Spelling>(statements: &Statements, guard: Guard) -> SqlText {
    statements.text(guard.shape(Statement::DeleteOne), || {
        let mut sql = match statements.deleted() {
            Some(deleted) => {
                let mut sql = update_start::<D>(statements);
                sql.name(deleted).push(" = ").parameter();
                write_stamp(&mut sql, statements, true);
                sql
            }
            None => delete_start(statements),
        };
        guard.write(&mut sql, statements, Visibility::Live);
        sql.finish()
    })
}

/// Restores one deleted row. The first parameter is the time.
pub(crate) fn restore_one<D: Spelling>(
    statements: &Statements,
    deleted: &str,
    guard: Guard,
) -> SqlText {
    statements.text(guard.shape(Statement::RestoreOne), || {
        let mut sql = update_start::<D>(statements);
        sql.name(deleted).push(" = NULL");
        write_stamp(&mut sql, statements, true);
        guard.write(&mut sql, statements, Visibility::Deleted);
        write_returning(&mut sql, statements);
        sql.finish()
    })
}

/// Removes rows that were deleted before a time, the oldest first, up to a limit.
pub(crate) fn purge<D: Spelling>(statements: &Statements, deleted: &str, scoped: bool) -> SqlText {
    statements.text(Shape::of(Statement::Purge).flag(scoped), || {
        let mut sql = delete_start::<D>(statements);
        sql.push(" WHERE ");
        sql.in_subquery(&statements.key(), |sql| {
            write_purged_keys(sql, statements, deleted, scoped);
        });
        sql.finish()
    })
}

/// `SELECT` of the keys of the rows that [`purge`] removes, in its order.
pub(crate) fn purged_keys<D: Spelling>(
    statements: &Statements,
    deleted: &str,
    scoped: bool,
) -> SqlText {
    statements.text(Shape::of(Statement::PurgedKeys).flag(scoped), || {
        let mut sql = Sql::<D>::new("");
        write_purged_keys(&mut sql, statements, deleted, scoped);
        sql.finish()
    })
}

fn write_purged_keys<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    deleted: &str,
    scoped: bool,
) {
    sql.push("SELECT ").names(statements.key());
    sql.push(" FROM ").name(statements.table);
    purged(sql, statements, deleted, scoped);
    sql.push(D::LOCK_FREE_ROWS);
}

/// Writes the selection of a purge. The parameters are the time, the owner and the limit.
pub(super) fn purged<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    deleted: &str,
    scoped: bool,
) {
    sql.push(" WHERE ").name(deleted).push(" < ").parameter();
    write_owner(sql, statements, scoped);
    sql.push(" ORDER BY ").name(deleted);
    sql.push(", ").names(statements.key());
    sql.push(" LIMIT ").parameter();
}

/// `UPDATE` of the live rows of a selection. The parameters are the columns, `stamps` and those of the selection.
pub(crate) fn update_where<D: Spelling>(
    statements: &Statements,
    changes: Vec<(usize, Value)>,
    stamps: Vec<Value>,
    selection: Selection<'_>,
) -> Result<(SqlText, Vec<Value>)> {
    let columns: Vec<usize> = changes.iter().map(|(column, _)| *column).collect();
    let mut values: Vec<Value> = changes.into_iter().map(|(_, value)| value).collect();
    values.extend(stamps);
    selection.values::<D>(statements, &mut values)?;
    let shape = selection
        .shape(Statement::UpdateWhere)
        .columns(columns.iter().copied());
    let text = statements.text(shape, || {
        let mut sql = update_start::<D>(statements);
        write_columns(&mut sql, statements, &columns);
        write_stamp(&mut sql, statements, !columns.is_empty());
        write_selected(&mut sql, statements, selection);
        sql.finish()
    });
    Ok((text, values))
}

/// Deletes the rows of a selection softly. The first parameters are `stamps`: the times of the deletion and of the
/// update.
pub(crate) fn delete_where<D: Spelling>(
    statements: &Statements,
    deleted: &str,
    stamps: Vec<Value>,
    selection: Selection<'_>,
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = stamps;
    selection.values::<D>(statements, &mut values)?;
    let text = statements.text(selection.shape(Statement::DeleteWhere), || {
        let mut sql = update_start::<D>(statements);
        sql.name(deleted).push(" = ").parameter();
        write_stamp(&mut sql, statements, true);
        write_selected(&mut sql, statements, selection);
        sql.finish()
    });
    Ok((text, values))
}

/// Removes the rows of a selection.
pub(crate) fn remove_where<D: Spelling>(
    statements: &Statements,
    selection: Selection<'_>,
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    selection.values::<D>(statements, &mut values)?;
    let text = statements.text(selection.shape(Statement::RemoveWhere), || {
        let mut sql = delete_start::<D>(statements);
        write_selected(&mut sql, statements, selection);
        sql.finish()
    });
    Ok((text, values))
}

/// Writes `WHERE key IN (the keys of the selection)`.
fn write_selected<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    selection: Selection<'_>,
) {
    sql.push(" WHERE ");
    sql.in_subquery(&statements.key(), |sql| {
        sql.push("SELECT ");
        write_locked_keys(sql, statements, selection);
    });
}

fn update_start<D: Spelling>(statements: &Statements) -> Sql<D> {
    let mut sql = Sql::new("UPDATE ");
    sql.name(statements.table).push(" SET ");
    sql
}

/// The `UPDATE` of one live row.
fn update_live<D: Spelling>(statements: &Statements, columns: &[usize], guard: Guard) -> Sql<D> {
    let mut sql = update_start(statements);
    write_columns(&mut sql, statements, columns);
    write_stamp(&mut sql, statements, !columns.is_empty());
    let managed = statements.managed;
    if columns.is_empty() && managed.updated.is_none() && managed.version.is_none() {
        // A record of nothing but its key. SQL requires a column.
        sql.separated(", ", statements.id(), |sql, column| {
            sql.name(column).push(" = ").name(column);
        });
    }
    guard.write(&mut sql, statements, Visibility::Live);
    sql
}

fn delete_start<D: Spelling>(statements: &Statements) -> Sql<D> {
    let mut sql = Sql::new("DELETE FROM ");
    sql.name(statements.table);
    sql
}

fn write_columns<D: Spelling>(sql: &mut Sql<D>, statements: &Statements, columns: &[usize]) {
    sql.separated(", ", columns, |sql, column| {
        sql.name(statements.column(*column)).push(" = ").parameter();
    });
}

/// Writes the update time and the next version, if the record has them.
fn write_stamp<D: Spelling>(sql: &mut Sql<D>, statements: &Statements, mut follows: bool) {
    if let Some(updated) = statements.managed.updated {
        sql.push(if follows { ", " } else { "" });
        sql.name(statements.column(updated)).push(" = ").parameter();
        follows = true;
    }
    if let Some(version) = statements.managed.version {
        let version = statements.column(version);
        sql.push(if follows { ", " } else { "" });
        sql.name(version).push(" = ").name(version).push(" + 1");
    }
}

fn write_returning<D: Spelling>(sql: &mut Sql<D>, statements: &Statements) {
    sql.push(" RETURNING ");
    sql.names(statements.columns.iter().copied());
}
