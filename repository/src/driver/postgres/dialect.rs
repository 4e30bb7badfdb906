//! The SQL syntax of Postgres.

use std::fmt::Write;
use std::sync::Arc;

use crate::model::engine::Engine;
use crate::model::value::{Type, Value};
use crate::sql::{Spelling, quoted};

/// The Postgres dialect.
#[derive(Clone, Copy, Debug)]
pub struct Postgres;

/// Limits the message of one statement to a few megabytes.
const MAX_ROWS: usize = 5_000;

/// Appends to a `String`, which cannot fail.
fn push(sql: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _infallible = sql.write_fmt(arguments);
}

impl Spelling for Postgres {
    const ENGINE: Engine = Engine::Postgres;

    const QUOTE: char = '"';

    const POSITION: &'static str = "strpos";

    // The array is evaluated once. A plain subquery may become part of a join and be evaluated again.
    const IN_SUBQUERY: (&'static str, &'static str) = (" = ANY (ARRAY(", "))");

    const ROW_IN_SUBQUERY: (&'static str, &'static str) = (
        " IN (WITH \"selected\" AS MATERIALIZED (",
        ") SELECT * FROM \"selected\")",
    );

    // The lock of an update that changes no key. Rows that reference the locked ones can still be inserted.
    const LOCK_ROWS: &'static str = " FOR NO KEY UPDATE";
    const LOCK_FREE_ROWS: &'static str = " FOR UPDATE SKIP LOCKED";

    const NULLS_FIRST: bool = false;

    const RESERVES_EACH: bool = true;

    /// The name of the sequence is looked up once, and not for each id.
    fn reserve_ids(sql: &mut String, table: &str, column: &str) {
        let text = |name: &str| format!("'{}'", name.replace('\'', "''"));
        let (table, column) = (text(&quoted::<Self>(table)), text(column));
        push(
            sql,
            format_args!(
                "WITH \"sequence\" AS MATERIALIZED \
                 (SELECT pg_get_serial_sequence({table}, {column})::regclass AS \"id\") \
                 SELECT nextval(\"id\") FROM \"sequence\", generate_series(1, $1)"
            ),
        );
    }

    fn parameter(sql: &mut String, position: usize) {
        push(sql, format_args!("${position}"));
    }

    /// As a subquery, whose value the planner does not use. Otherwise each page is planned anew: the planner estimates
    /// fewer rows for a value that it knows than for one that it does not, and so never keeps a plan.
    fn cursor_parameter(sql: &mut String, position: usize) {
        push(sql, format_args!("(SELECT ${position})"));
    }

    fn is_element(sql: &mut String, column: &str, position: usize) {
        push(sql, format_args!("{column} = ANY (${position})"));
    }

    fn list(sql: &mut String, types: &[Type], before: usize) -> usize {
        Self::rows(sql, types, 0, before);
        types.len()
    }

    fn list_parameters(types: &[Type], rows: Vec<Vec<Value>>) -> Vec<Value> {
        Self::row_parameters(types, rows)
    }

    /// Passes one array for each column, so that the text and the number of parameters do not depend on the number of
    /// rows.
    fn rows(sql: &mut String, types: &[Type], _rows: usize, before: usize) {
        sql.push_str("SELECT * FROM UNNEST(");
        for (index, ty) in types.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let position = before + index + 1;
            let name = Self::type_name(*ty);
            push(sql, format_args!("{separator}${position}::{name}[]"));
        }
        sql.push_str(") AS \"source\" (");
        for index in 1..=types.len() {
            let separator = if index == 1 { "" } else { ", " };
            push(sql, format_args!("{separator}\"column{index}\""));
        }
        sql.push(')');
    }

    fn row_parameters(types: &[Type], rows: Vec<Vec<Value>>) -> Vec<Value> {
        let mut columns: Vec<Vec<Value>> = types
            .iter()
            .map(|_| Vec::with_capacity(rows.len()))
            .collect();
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
        types
            .iter()
            .zip(columns)
            .map(|(ty, values)| Value::Array(*ty, values))
            .collect()
    }

    fn next_rows(remaining: usize, _columns: usize, _before: usize) -> usize {
        remaining.clamp(1, MAX_ROWS)
    }

    /// The driver caches a plan by its text alone, and the server reads the bytes of a parameter as the type of the
    /// plan. So the types are appended to the text.
    fn custom_text(sql: &'static str, values: &[Value]) -> Arc<str> {
        let mut text = sql.to_owned();
        text.push_str(" /*");
        for value in values {
            let array = if matches!(value, Value::Array(..)) {
                "[]"
            } else {
                ""
            };
            push(
                &mut text,
                format_args!(" {}{array}", Self::type_name(value.ty())),
            );
        }
        text.push_str(" */");
        text.into()
    }

    fn type_name(ty: Type) -> &'static str {
        match ty {
            Type::Uuid => "uuid",
            Type::Text => "text",
            Type::Bool => "bool",
            Type::SmallInt => "int2",
            Type::Int => "int4",
            Type::BigInt => "int8",
            Type::Float => "float4",
            Type::Double => "float8",
            Type::Timestamp => "timestamptz",
            Type::Date => "date",
            Type::Time => "time",
            Type::Bytes => "bytea",
            Type::Json => "jsonb",
            Type::Numeric { .. } => "numeric",
        }
    }

    fn rows_in_text(_rows: usize) -> usize {
        0
    }
}
