//! How to fix a difference: statements, or what to write in the code.

use std::fmt;

use super::statement::Statement;

/// How to fix a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Statements: the report's steps have them, in an order in which they run.
    Sql(Change),
    /// A line of Rust.
    Rust {
        /// What to do with it: "add to the Model in entity::sqlite::habit".
        what: String,
        /// The line.
        line: String,
    },
    /// What somebody has to decide.
    Words(String),
}

/// What a fix does to a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// None where a table of SQLite is made anew for it.
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

    /// The same, knowing what it loses.
    #[must_use]
    pub(crate) fn losing(mut self, what: Option<String>) -> Self {
        if let Fix::Sql(change) = &mut self {
            change.loses = what;
        }
        self
    }

    /// The same, with the query that finds the rows by which it fails.
    #[must_use]
    pub(crate) fn failing_on(mut self, query: Option<String>) -> Self {
        if let Fix::Sql(change) = &mut self {
            change.find_rows = query;
        }
        self
    }

    /// What it takes away that people have written, if it does: "the values of habits.icon". A statement that fails on
    /// a row that it cannot keep loses nothing.
    pub fn loses(&self) -> Option<&str> {
        match self {
            Fix::Sql(change) => change.loses.as_deref(),
            Fix::Rust { .. } | Fix::Words(_) => None,
        }
    }

    /// The query that finds the rows by which it fails, where rows can be in its way.
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
