//! The SQL syntax that differs between the engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::domain::Table;
use crate::model::engine::Engine;
use crate::model::value::{Type, Value};

/// The text of a statement, the table for its errors, and whether it may run for long.
#[derive(Clone, Debug)]
pub struct SqlText {
    pub(crate) sql: Arc<str>,
    pub(crate) table: Option<&'static Table>,
    pub(crate) effort: Arc<Effort>,
}

impl SqlText {
    /// A text of unknown effort.
    pub(crate) fn new(sql: impl Into<Arc<str>>, table: Option<&'static Table>) -> Self {
        SqlText {
            sql: sql.into(),
            table,
            effort: Arc::new(Effort::Long),
        }
    }

    /// The same text for a statement that reads many rows, or runs for many.
    pub(crate) fn with_long_effort(self) -> Self {
        SqlText::new(self.sql, self.table)
    }
}

/// Whether a statement may run for long. One that does not is run in place, on an engine that runs in this process.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "sqlite"),
    allow(dead_code, reason = "only SQLite runs in this process")
)]
pub(crate) enum Effort {
    /// It may read or write any number of rows.
    Long,
    /// It reads or writes one row or a page. `long` says whether it took long the last time.
    Measured { long: AtomicBool },
}

#[cfg_attr(
    not(feature = "sqlite"),
    allow(dead_code, reason = "only SQLite runs in this process")
)]
impl Effort {
    pub(crate) fn measured_from(long: bool) -> Self {
        Effort::Measured {
            long: AtomicBool::new(long),
        }
    }

    /// Whether the statement reads or writes one row or a page.
    pub(crate) fn is_bounded(&self) -> bool {
        matches!(self, Effort::Measured { .. })
    }

    /// Whether the statement should not run in place.
    pub(crate) fn is_long(&self) -> bool {
        match self {
            Effort::Long => true,
            Effort::Measured { long } => long.load(Ordering::Relaxed),
        }
    }

    /// Records whether the statement took long.
    pub(crate) fn measure(&self, took_long: bool) {
        if let Effort::Measured { long } = self
            && long.load(Ordering::Relaxed) != took_long
        {
            long.store(took_long, Ordering::Relaxed);
        }
    }
}

/// The maximum number of parameters of a statement that is the same on both engines: `SQLITE_MAX_VARIABLE_NUMBER` since
/// SQLite 3.32, <https://sqlite.org/limits.html#max_variable_number>.
pub(crate) const MAX_PARAMETERS: usize = 32_766;

/// The SQL syntax of an engine. The functions with a `sql` argument append to it.
pub trait Spelling: 'static {
    /// The engine.
    const ENGINE: Engine;

    /// The quote of an identifier.
    const QUOTE: char;

    /// Writes the parameter at a position, counted from 1.
    fn parameter(sql: &mut String, position: usize);

    /// Writes the parameter at a position, for a value of a cursor.
    fn cursor_parameter(sql: &mut String, position: usize) {
        Self::parameter(sql, position);
    }

    /// Writes the condition that `column` equals an element of an array parameter.
    fn is_element(sql: &mut String, column: &str, position: usize);

    /// Writes a query of rows whose parameters follow `before` others, and returns how many parameters it has. The text
    /// does not depend on the number of rows.
    fn list(sql: &mut String, types: &[Type], before: usize) -> usize;

    /// The parameters of the query that [`list`](Self::list) writes.
    fn list_parameters(types: &[Type], rows: Vec<Vec<Value>>) -> Vec<Value>;

    /// Writes a source of rows with the columns `column1`, `column2` and so on. Its parameters follow `before` others.
    fn rows(sql: &mut String, types: &[Type], rows: usize, before: usize);

    /// The parameters of the source that [`rows`](Self::rows) writes.
    fn row_parameters(types: &[Type], rows: Vec<Vec<Value>>) -> Vec<Value>;

    /// The number of rows of the next statement, out of `remaining` ones: at least one. Each row has `columns`
    /// parameters, and `before` others precede them. If the text depends on the number, only a few numbers are used.
    fn next_rows(remaining: usize, columns: usize, before: usize) -> usize;

    /// The number of rows for the shape: 0 if the text does not depend on it.
    fn rows_in_text(rows: usize) -> usize;

    /// The name of a type in a `CAST`. The result compares as a column of the type does.
    fn type_name(ty: Type) -> &'static str;

    /// The text of custom SQL, changed so that one text always has parameters of the same types.
    fn custom_text(sql: &'static str, values: &[Value]) -> Arc<str>;

    /// The function that returns the 1-based position of a text in another, or 0.
    const POSITION: &'static str;

    /// The SQL before and after a subquery of ids, which is evaluated once.
    const IN_SUBQUERY: (&'static str, &'static str);

    /// As [`IN_SUBQUERY`](Self::IN_SUBQUERY), for ids of several columns.
    const ROW_IN_SUBQUERY: (&'static str, &'static str);

    /// Writes a query that reserves generated ids of a column, and returns the last one before them in each row, or each
    /// of them; see [`RESERVES_EACH`](Self::RESERVES_EACH).
    fn reserve_ids(sql: &mut String, table: &str, column: &str);

    /// Whether the query of [`reserve_ids`](Self::reserve_ids) returns each id, and its one parameter is how many. Otherwise
    /// it returns the last id that was used: the ids after it are free as long as the transaction lasts.
    const RESERVES_EACH: bool;

    /// The clause that locks the rows of a subquery for the update around it.
    const LOCK_ROWS: &'static str;

    /// As [`LOCK_ROWS`](Self::LOCK_ROWS), but skips locked rows.
    const LOCK_FREE_ROWS: &'static str;

    /// Whether NULLs come first in ascending order by default.
    const NULLS_FIRST: bool;
}
