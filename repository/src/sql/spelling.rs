//! How each engine spells SQL.

use std::sync::Arc;

use crate::model::domain::Table;
use crate::model::engine::Engine;
use crate::model::value::{Type, Value};

/// The text of a statement and the table that its errors speak of.
#[derive(Clone, Debug)]
pub struct SqlText {
    pub(crate) sql: Arc<str>,
    pub(crate) table: Option<&'static Table>,
}

/// How SQL is spelled. Each function appends to the text of a statement.
pub trait Spelling: 'static {
    /// Which engine.
    const ENGINE: Engine;

    /// What stands before and after an identifier.
    const QUOTE: char;

    /// The parameter at that place, counted from 1.
    fn parameter(sql: &mut String, position: usize);

    /// A parameter that holds an array: `column` is one of its elements.
    fn is_element(sql: &mut String, column: &str, position: usize);

    /// A source of rows whose columns are called `column1`, `column2` and so on; its parameters come after
    /// `before` others.
    fn rows(sql: &mut String, types: &[Type], rows: usize, before: usize);

    /// The rows as parameters of that source.
    fn row_parameters(types: &[Type], rows: Vec<Vec<Value>>) -> Vec<Value>;

    /// How many of the rows that remain the next statement takes: at least one, with that many parameters
    /// a row and `before` others, and out of few different numbers where the text depends on it.
    fn next_rows(remaining: usize, columns: usize, before: usize) -> usize;

    /// The number of rows as far as the text depends on it.
    fn rows_in_text(rows: usize) -> usize;

    /// An application's own text, so that one text always has parameters of the same types.
    fn custom_text(sql: &'static str, values: &[Value]) -> Arc<str>;

    /// The function that finds a text in another: 1-based position, 0 if it is not there.
    const POSITION: &'static str;

    /// What stands around a subquery of ids that is evaluated once: after the column, and at the end.
    const IN_SUBQUERY: (&'static str, &'static str);

    /// The clause that locks the rows of a subquery for the update around it.
    const LOCK_ROWS: &'static str;

    /// As [`LOCK_ROWS`](Self::LOCK_ROWS), passing over the rows that someone else has locked.
    const LOCK_FREE_ROWS: &'static str;

    /// Whether NULL stands first in ascending order when nothing is said.
    const NULLS_FIRST: bool;
}
