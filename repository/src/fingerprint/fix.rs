//! Fixes: SQL statements, lines of Rust, or instructions.

use std::fmt;

use super::statement::Statement;

/// How to fix a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// SQL statements. The report's steps list them in an order in which they run.
    Sql(Change),
    /// A line of Rust.
    Rust {
        /// What to do with the line: "add to the Model in entity::sqlite::habit".
        what: String,
        /// The line.
        line: String,
    },
    /// An instruction, for a fix that needs a decision.
    Words(String),
}

/// The effect of a fix on a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Empty if another finding of the same table carries the statements that rebuild it, on SQLite.
    pub(crate) statements: Vec<Statement>,
    pub(crate) loses: Option<String>,
    pub(crate) find_rows: Option<String>,
}

impl Fix {
    pub(crate) fn sql(statements: impl IntoIterator<Item = Statement>) -> Self {
        Fix::Sql(Change {
            statements: statements.into_iter().collect(),
            ..Change::default()
        })
    }

    /// Sets the table of the statements that name none.
    #[must_use]
    pub(crate) fn on(mut self, table: &str) -> Self {
        if let Fix::Sql(change) = &mut self {
            let statements = change.statements.iter_mut();
            for one in statements.filter(|one| one.tables.is_empty()) {
                one.tables.push(table.to_owned());
            }
        }
        self
    }

    /// Sets which data the fix loses.
    #[must_use]
    pub(crate) fn losing(mut self, what: Option<String>) -> Self {
        if let Fix::Sql(change) = &mut self {
            change.loses = what;
        }
        self
    }

    /// Sets the query that finds the rows on which the fix fails.
    #[must_use]
    pub(crate) fn failing_on(mut self, query: Option<String>) -> Self {
        if let Fix::Sql(change) = &mut self {
            change.find_rows = query;
        }
        self
    }

    /// The data that the fix deletes, if any: "the values of habits.icon".
    ///
    /// A statement that fails on a row that it cannot keep loses nothing.
    pub fn loses(&self) -> Option<&str> {
        match self {
            Fix::Sql(change) => change.loses.as_deref(),
            Fix::Rust { .. } | Fix::Words(_) => None,
        }
    }

    /// The query that finds the rows on which the fix fails, if rows can make it fail.
    pub fn find_rows(&self) -> Option<&str> {
        match self {
            Fix::Sql(change) => change.find_rows.as_deref(),
            Fix::Rust { .. } | Fix::Words(_) => None,
        }
    }

    pub(crate) fn rust(what: impl Into<String>, line: impl Into<String>) -> Self {
        Fix::Rust {
            what: what.into(),
            line: line.into(),
        }
    }
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fix::Sql(change) => match &change.loses {
                Some(loses) => write!(f, "statements that lose {loses}"),
                None => f.write_str("statements"),
            },
            Fix::Rust { what, line } => write!(f, "{what}: {line}"),
            Fix::Words(words) => f.write_str(words),
        }
    }
}
