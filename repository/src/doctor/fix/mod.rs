//! How to fix a difference: the statements of a migration, or what to write in the code.

pub(super) mod ddl;
pub(super) mod dependents;
pub(super) mod loss;
pub(super) mod rebuild;

use std::fmt;

use crate::engine::Engine;

/// How to fix a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Statements for a new migration, in order. On SQLite they run with foreign keys off, as a migration does.
    Sql {
        /// On which engine.
        engine: Engine,
        /// The statements.
        statements: Vec<String>,
        /// What they take away that people have written, if they do: "the values of habits.icon". A statement that
        /// fails on a row that it cannot keep loses nothing.
        loses: Option<String>,
    },
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

impl Fix {
    pub(super) fn sql(engine: Engine, statements: impl IntoIterator<Item = String>) -> Self {
        Fix::Sql {
            engine,
            statements: statements.into_iter().collect(),
            loses: None,
        }
    }

    /// The same, knowing what it loses.
    #[must_use]
    pub(super) fn losing(mut self, what: Option<String>) -> Self {
        if let Fix::Sql { loses, .. } = &mut self {
            *loses = what;
        }
        self
    }

    /// What it takes away that people have written.
    pub fn loses(&self) -> Option<&str> {
        match self {
            Fix::Sql { loses, .. } => loses.as_deref(),
            Fix::Rust { .. } | Fix::Words(_) => None,
        }
    }

    pub(super) fn rust(what: impl Into<String>, line: impl Into<String>) -> Self {
        Fix::Rust {
            what: what.into(),
            line: line.into(),
        }
    }
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fix::Sql {
                statements, loses, ..
            } => {
                if let Some(loses) = loses {
                    write!(f, "loses {loses}: ")?;
                }
                write!(
                    f,
                    "in a new migration: {};",
                    statements.join(";\n          ")
                )
            }
            Fix::Rust { what, line } => write!(f, "{what}: {line}"),
            Fix::Words(words) => f.write_str(words),
        }
    }
}
