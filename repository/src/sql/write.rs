//! Writing one row, and the rows that a filter selects.

use super::Spelling;
use super::SqlText;
use super::select::{write_owner, write_visible};
use super::shape::Statement;
use super::{Selection, Shape, Sql, Statements};
use crate::model::engine::Engine;
use crate::model::error::Result;
use crate::model::query::Visibility;
use crate::model::value::Value;

/// What a write of one row compares beside the id, in the order of the parameters.
#[derive(Clone, Copy)]
pub(crate) struct Guard {
    pub(crate) scoped: bool,
    pub(crate) version: bool,
    /// Whether it runs in the system's scope.
    pub(crate) system: bool,
}

impl Guard {
    fn shape(self, statement: Statement) -> Shape {
        let shape = Shape::of(statement).flag(self.scoped);
        shape.flag(self.version).flag(self.system)
    }

    fn write<D: Spelling>(self, sql: &mut Sql<D>, statements: &Statements, visibility: Visibility) {
        sql.push(" WHERE ")
            .name(statements.id())
            .push(" = ")
            .parameter();
        write_owner(sql, statements, self.scoped);
        if self.version
            && let Some(version) = statements.managed.version
        {
            let version = statements.column(version);
            sql.push(" AND ").name(version).push(" = ").parameter();
        }
        write_visible(sql, statements, visibility);
        if self.commits_by_itself(D::ENGINE) {
            self.write_alone(sql, statements, visibility);
        }
    }

    /// Whether the statement may be its own transaction, so that it is too late to count what it wrote. On
    /// Postgres an owner's scope has a transaction around each statement, for its role and claims.
    fn commits_by_itself(self, engine: Engine) -> bool {
        match engine {
            Engine::Sqlite => true,
            Engine::Postgres => self.system,
        }
    }

    /// That no other row would be written: of several rows with the id, none is.
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
        let compared = [Some(statements.id()), owner, version];
        let compared: Vec<&str> = compared.into_iter().flatten().collect();
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

/// `UPDATE` of one living row; the parameters are the columns, the time, the id and the guard's.
pub(crate) fn update_one<D: Spelling>(
    statements: &Statements,
    columns: &[usize],
    guard: Guard,
) -> SqlText {
    let shape = guard
        .shape(Statement::UpdateOne)
        .columns(columns.iter().copied());
    statements.text(shape, || {
        let mut sql = update_start::<D>(statements);
        write_columns(&mut sql, statements, columns);
        write_bump(&mut sql, statements, !columns.is_empty());
        guard.write(&mut sql, statements, Visibility::Live);
        write_returning(&mut sql, statements);
        sql.finish()
    })
}

/// Deletes one living row: softly where the table can, in which case the first parameters are the time
/// of deletion and of the update.
pub(crate) fn delete_one<D: Spelling>(statements: &Statements, guard: Guard) -> SqlText {
    statements.text(guard.shape(Statement::DeleteOne), || {
        let mut sql = match statements.deleted() {
            Some(deleted) => {
                let mut sql = update_start::<D>(statements);
                sql.name(deleted).push(" = ").parameter();
                write_bump(&mut sql, statements, true);
                sql
            }
            None => delete_start(statements),
        };
        guard.write(&mut sql, statements, Visibility::Live);
        sql.finish()
    })
}

/// Brings one deleted row back; the first parameter is the time.
pub(crate) fn restore_one<D: Spelling>(
    statements: &Statements,
    deleted: &str,
    guard: Guard,
) -> SqlText {
    statements.text(guard.shape(Statement::RestoreOne), || {
        let mut sql = update_start::<D>(statements);
        sql.name(deleted).push(" = NULL");
        write_bump(&mut sql, statements, true);
        guard.write(&mut sql, statements, Visibility::Deleted);
        write_returning(&mut sql, statements);
        sql.finish()
    })
}

/// Removes rows that were deleted before a time, the oldest first, up to a number of them.
pub(crate) fn purge<D: Spelling>(statements: &Statements, deleted: &str, scoped: bool) -> SqlText {
    statements.text(Shape::of(Statement::Purge).flag(scoped), || {
        let mut sql = delete_start::<D>(statements);
        sql.push(" WHERE ").name(statements.id());
        sql.push(D::IN_SUBQUERY.0).push("SELECT ");
        sql.name(statements.id())
            .push(" FROM ")
            .name(statements.table);
        purged(&mut sql, statements, deleted, scoped);
        sql.push(D::LOCK_FREE_ROWS).push(D::IN_SUBQUERY.1);
        sql.finish()
    })
}

/// Which rows a purge removes; the parameters are the time, the owner and the number.
pub(super) fn purged<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    deleted: &str,
    scoped: bool,
) {
    sql.push(" WHERE ").name(deleted).push(" < ").parameter();
    write_owner(sql, statements, scoped);
    sql.push(" ORDER BY ").name(deleted);
    sql.push(", ").name(statements.id());
    sql.push(" LIMIT ").parameter();
}

/// `UPDATE` of the living rows of a selection; the parameters are the columns, the time and the
/// selection's.
pub(crate) fn update_where<D: Spelling>(
    statements: &Statements,
    changes: Vec<(usize, Value)>,
    now: Value,
    selection: Selection<'_>,
) -> Result<(SqlText, Vec<Value>)> {
    let columns: Vec<usize> = changes.iter().map(|(column, _)| *column).collect();
    let mut values: Vec<Value> = changes.into_iter().map(|(_, value)| value).collect();
    if statements.managed.updated.is_some() {
        values.push(now);
    }
    selection.values(statements, &mut values)?;
    let shape = selection
        .shape(Statement::UpdateWhere)
        .columns(columns.iter().copied());
    let text = statements.text(shape, || {
        let mut sql = update_start::<D>(statements);
        write_columns(&mut sql, statements, &columns);
        write_bump(&mut sql, statements, !columns.is_empty());
        write_selected(&mut sql, statements, selection);
        sql.finish()
    });
    Ok((text, values))
}

/// Deletes the living rows of a selection, softly where the table can.
pub(crate) fn delete_where<D: Spelling>(
    statements: &Statements,
    now: Value,
    selection: Selection<'_>,
) -> Result<(SqlText, Vec<Value>)> {
    let mut values = Vec::new();
    if statements.deleted().is_some() {
        values.push(now.clone());
        if statements.managed.updated.is_some() {
            values.push(now);
        }
    }
    selection.values(statements, &mut values)?;
    let text = statements.text(selection.shape(Statement::DeleteWhere), || {
        let mut sql = match statements.deleted() {
            Some(deleted) => {
                let mut sql = update_start::<D>(statements);
                sql.name(deleted).push(" = ").parameter();
                write_bump(&mut sql, statements, true);
                sql
            }
            None => delete_start(statements),
        };
        write_selected(&mut sql, statements, selection);
        sql.finish()
    });
    Ok((text, values))
}

/// `WHERE id IN (the selection, locked in the order of ids)`: two such statements never wait for each
/// other in a circle.
fn write_selected<D: Spelling>(
    sql: &mut Sql<D>,
    statements: &Statements,
    selection: Selection<'_>,
) {
    sql.push(" WHERE ").name(statements.id());
    sql.push(D::IN_SUBQUERY.0).push("SELECT ");
    sql.name(statements.id())
        .push(" FROM ")
        .name(statements.table);
    selection.write(sql, statements);
    sql.push(" ORDER BY ").name(statements.id());
    sql.push(D::LOCK_ROWS).push(D::IN_SUBQUERY.1);
}

fn update_start<D: Spelling>(statements: &Statements) -> Sql<D> {
    let mut sql = Sql::new("UPDATE ");
    sql.name(statements.table).push(" SET ");
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

/// The time of the update and the next version, where the record has them.
fn write_bump<D: Spelling>(sql: &mut Sql<D>, statements: &Statements, mut follows: bool) {
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
