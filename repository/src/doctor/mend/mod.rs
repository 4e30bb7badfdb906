//! How to mend a difference: the statements of a migration, or what to write in the code.

pub(super) mod ddl;
pub(super) mod dependents;
pub(super) mod loss;
pub(super) mod rebuild;

use std::fmt;

use crate::engine::Engine;

/// How to mend a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
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

impl Mend {
    pub(super) fn sql(engine: Engine, statements: impl IntoIterator<Item = String>) -> Self {
        Mend::Sql {
            engine,
            statements: statements.into_iter().collect(),
            loses: None,
        }
    }

    /// The same, knowing what it loses.
    #[must_use]
    pub(super) fn losing(mut self, what: Option<String>) -> Self {
        if let Mend::Sql { loses, .. } = &mut self {
            *loses = what;
        }
        self
    }

    /// What it takes away that people have written.
    pub fn loses(&self) -> Option<&str> {
        match self {
            Mend::Sql { loses, .. } => loses.as_deref(),
            Mend::Rust { .. } | Mend::Words(_) => None,
        }
    }

    pub(super) fn rust(what: impl Into<String>, line: impl Into<String>) -> Self {
        Mend::Rust {
            what: what.into(),
            line: line.into(),
        }
    }
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mend::Sql {
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
            Mend::Rust { what, line } => write!(f, "{what}: {line}"),
            Mend::Words(words) => f.write_str(words),
        }
    }
}
