//! Columns whose type changes: SQLite converts their values as Postgres does.

use crate::fingerprint::code::Code;
use crate::fingerprint::ddl::conversion;
use crate::fingerprint::finding::Finding;
use crate::fingerprint::ident;
use crate::fingerprint::schema::Schema;

/// A column of another type, with its types on Postgres: what SQLite stores does not tell all types apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Retyped {
    table: String,
    column: String,
    from: String,
    to: String,
}

impl Retyped {
    /// The columns of another type among the differences.
    pub(super) fn among(found: &[Finding]) -> impl Iterator<Item = Self> {
        let retyped = found.iter().filter(|one| one.code == Code::ColumnType);
        retyped.map(|one| Retyped {
            table: one.table.clone(),
            column: one.name.clone(),
            from: one.found.clone(),
            to: one.wanted.clone(),
        })
    }

    /// The expression of SQLite for the converted values, if there is one.
    pub(super) fn expression(&self) -> Option<String> {
        conversion::expression(&self.as_expression(), &self.from, &self.to)
    }

    /// Whether SQLite stores other values afterwards.
    pub(super) fn changes_values(&self) -> bool {
        let expression = self.expression();
        expression.is_some_and(|expression| expression != self.as_expression())
    }

    /// Whether the statements convert the values.
    pub(super) fn is_done_by(&self, statements: &[String]) -> bool {
        let expression = self.expression().unwrap_or_default();
        statements.iter().any(|sql| sql.contains(&expression))
    }

    /// Whether a copy of what SQLite stores is another value, or none. A text has at most another spelling.
    pub(super) fn is_lost_on_the_way_back(&self) -> bool {
        self.expression().is_none() && self.to != "text"
    }

    fn as_expression(&self) -> String {
        format!("{}.{}", ident::name(&self.table), ident::name(&self.column))
    }

    /// Whether a table of SQLite has the column.
    pub(super) fn is_in(&self, schema: &Schema) -> bool {
        let table = schema.tables.get(&self.table);
        table.is_some_and(|table| table.column(&self.column).is_some())
    }

    /// What to do if there is no such expression.
    pub(super) fn by_hand(&self) -> String {
        let Retyped {
            table,
            column,
            from,
            to,
        } = self;
        format!(
            "{table}.{column}: from {from} to {to}, SQLite and Postgres do not convert the values to the same ones: add a \
             column of the new type, fill it, and drop {column} when nothing reads it"
        )
    }

    /// Lets a rebuild of the table copy the converted values, if they are others.
    pub(super) fn convert(&self, wanted: &mut Schema) {
        let column = wanted.tables.get_mut(&self.table);
        let column = column.and_then(|table| {
            let mut columns = table.columns.iter_mut();
            columns.find(|one| one.name == self.column)
        });
        if let Some(column) = column {
            column.copied = self.expression().filter(|_| self.changes_values());
        }
    }
}
