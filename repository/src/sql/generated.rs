//! Statements about ids that the database generates.

use super::shape::Statement;
use super::{Shape, Spelling, Sql, SqlText, Statements};

/// `INSERT` of one row, every column in order but the id, which it returns.
pub(crate) fn insert_generated<D: Spelling>(statements: &Statements, id: usize) -> SqlText {
    statements.text(Shape::of(Statement::InsertGenerated), || {
        let columns = (0..statements.columns.len()).filter(|index| *index != id);
        let columns: Vec<&str> = columns.map(|index| statements.column(index)).collect();
        let mut sql = Sql::<D>::new("INSERT INTO ");
        sql.name(statements.table);
        if columns.is_empty() {
            sql.push(" DEFAULT VALUES");
        } else {
            sql.push(" (").names(columns.iter().copied());
            sql.push(") VALUES (");
            sql.separated(", ", &columns, |sql, _| {
                sql.parameter();
            });
            sql.push(")");
        }
        sql.push(" RETURNING ").name(statements.column(id));
        sql.finish()
    })
}

/// Reserves generated ids; see [`Spelling::reserve_ids`].
pub(crate) fn reserve<D: Spelling>(statements: &Statements, id: usize) -> SqlText {
    statements.text(Shape::of(Statement::ReserveIds), || {
        let mut sql = String::new();
        D::reserve_ids(&mut sql, statements.table, statements.column(id));
        sql
    })
}
