//! The SQL syntax of SQLite.

use std::sync::Arc;

use crate::model::engine::Engine;
use crate::model::value::{Type, Value};
use crate::sql::{MAX_PARAMETERS, Spelling, quoted};

/// The SQLite dialect.
#[derive(Clone, Copy, Debug)]
pub struct Sqlite;

/// More rows per statement are no faster, and its text must be parsed.
const MAX_ROWS: usize = 500;

impl Spelling for Sqlite {
    const ENGINE: Engine = Engine::Sqlite;

    // A name in double quotes that matches no column is a text, not an error: https://sqlite.org/quirks.html#dblquote
    const QUOTE: char = '`';

    const POSITION: &'static str = "instr";

    // SQLite counts the depth of a subquery in an expression twice: as a part of the expression, and by itself. A
    // subquery in FROM is not a part: https://sqlite.org/src/file?name=src/expr.c (`heightOfSelect`).
    const IN_SUBQUERY: (&'static str, &'static str) = (" IN (SELECT * FROM (", "))");

    const ROW_IN_SUBQUERY: (&'static str, &'static str) = Self::IN_SUBQUERY;

    // The only writer has the whole database locked.
    const LOCK_ROWS: &'static str = "";
    const LOCK_FREE_ROWS: &'static str = "";

    const NULLS_FIRST: bool = true;

    const RESERVES_EACH: bool = false;

    /// The larger of the last id in `sqlite_sequence` and the largest stored one, as SQLite computes the next
    /// (<https://sqlite.org/autoinc.html>). SQLite compares the names of tables without case.
    fn reserve_ids(sql: &mut String, table: &str, column: &str) {
        let text = format!("'{}'", table.replace('\'', "''"));
        let (table, column) = (quoted::<Self>(table), quoted::<Self>(column));
        sql.push_str(&format!(
            "SELECT max(coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = {text} COLLATE NOCASE), 0), \
             coalesce((SELECT max({column}) FROM {table}), 0))"
        ));
    }

    fn parameter(sql: &mut String, _position: usize) {
        sql.push('?');
    }

    fn is_element(sql: &mut String, column: &str, _position: usize) {
        sql.push_str(column);
        sql.push_str(" IN (SELECT value FROM json_each(?))");
    }

    /// One list of rows as JSON.
    fn list(sql: &mut String, types: &[Type], _before: usize) -> usize {
        sql.push_str("SELECT ");
        for index in 0..types.len() {
            sql.push_str(if index == 0 { "" } else { ", " });
            sql.push_str(&format!("json_extract(value, '$[{index}]')"));
        }
        sql.push_str(" FROM json_each(?)");
        1
    }

    fn list_parameters(types: &[Type], rows: Vec<Vec<Value>>) -> Vec<Value> {
        let ty = types.first().copied().unwrap_or(Type::Text);
        let rows = rows.into_iter().map(|row| Value::Array(ty, row));
        vec![Value::Array(ty, rows.collect())]
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

    /// The maximum, then powers of two for the rest. Ten texts serve every number of rows.
    fn next_rows(remaining: usize, columns: usize, before: usize) -> usize {
        let max_rows = ((MAX_PARAMETERS - before) / columns.max(1)).clamp(1, MAX_ROWS);
        match remaining {
            remaining if remaining >= max_rows => max_rows,
            0 => 1,
            remaining => 1 << remaining.ilog2(),
        }
    }

    fn custom_text(sql: &'static str, _values: &[Value]) -> Arc<str> {
        sql.into()
    }

    fn type_name(ty: Type) -> &'static str {
        match ty {
            Type::Uuid | Type::Text | Type::Timestamp | Type::Date | Type::Time | Type::Json => {
                "TEXT"
            }
            Type::Bool | Type::SmallInt | Type::Int | Type::BigInt | Type::Numeric { .. } => {
                "INTEGER"
            }
            Type::Float | Type::Double => "REAL",
            Type::Bytes => "BLOB",
        }
    }

    fn rows_in_text(rows: usize) -> usize {
        rows
    }
}
