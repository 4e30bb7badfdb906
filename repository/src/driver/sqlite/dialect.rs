//! How SQLite spells what the neutral core builds.

use std::sync::Arc;

use crate::model::engine::Engine;
use crate::model::value::{Type, Value};
use crate::sql::Spelling;

/// The SQLite dialect.
#[derive(Clone, Copy, Debug)]
pub struct Sqlite;

/// `SQLITE_MAX_VARIABLE_NUMBER` of SQLite since 3.32.
const MOST_PARAMETERS: usize = 32_766;

/// More rows in a statement gain nothing, and its text has to be parsed.
const MOST_ROWS: usize = 500;

impl Spelling for Sqlite {
    const ENGINE: Engine = Engine::Sqlite;

    // In double quotes, a name that no column has is a text, and no error: https://sqlite.org/quirks.html#dblquote
    const QUOTE: char = '`';

    const POSITION: &'static str = "instr";

    const IN_SUBQUERY: (&'static str, &'static str) = (" IN (", ")");

    // One writer at a time: it holds the whole database.
    const LOCK_ROWS: &'static str = "";
    const LOCK_FREE_ROWS: &'static str = "";

    const NULLS_FIRST: bool = true;

    fn parameter(sql: &mut String, _position: usize) {
        sql.push('?');
    }

    fn is_element(sql: &mut String, column: &str, _position: usize) {
        sql.push_str(column);
        sql.push_str(" IN (SELECT value FROM json_each(?))");
    }

    fn rows(sql: &mut String, types: &[Type], rows: usize, _before: usize) {
        let mut row = "(".to_owned();
        row.push_str(&vec!["?"; types.len()].join(", "));
        row.push(')');
        sql.push_str("VALUES ");
        sql.push_str(&vec![row.as_str(); rows].join(", "));
    }

    fn row_parameters(types: &[Type], rows: Vec<Vec<Value>>) -> Vec<Value> {
        let mut parameters = Vec::with_capacity(types.len() * rows.len());
        parameters.extend(rows.into_iter().flatten());
        parameters
    }

    /// As many as go, and for the last ones powers of two: ten texts serve every number of rows.
    fn next_rows(remaining: usize, columns: usize, before: usize) -> usize {
        let most = ((MOST_PARAMETERS - before) / columns.max(1)).clamp(1, MOST_ROWS);
        match remaining {
            remaining if remaining >= most => most,
            0 => 1,
            remaining => 1 << remaining.ilog2(),
        }
    }

    fn custom_text(sql: &'static str, _values: &[Value]) -> Arc<str> {
        sql.into()
    }

    fn rows_in_text(rows: usize) -> usize {
        rows
    }
}
