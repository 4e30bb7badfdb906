//! The error of a step.

use std::any::Any;
use std::fmt;

use sea_orm::DbErr;

use crate::migrate::db_error;

/// Why a step failed. Its batch is rolled back.
///
/// Every error of Rust converts to it with `?`.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug)]
enum Kind {
    Database { sql: String, source: DbErr },
    Panic(String),
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An error with these words, such as those of a row that the step cannot convert.
    pub fn new(reason: impl Into<String>) -> Self {
        Error(Kind::Other(reason.into().into()))
    }

    pub(super) fn of_statement(sql: &str, source: DbErr) -> Self {
        Error(Kind::Database {
            sql: start(sql),
            source,
        })
    }

    pub(super) fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let words = panic
            .downcast_ref::<&str>()
            .map(|words| (*words).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
        Error(Kind::Panic(words.unwrap_or_default()))
    }

    /// The error of the database, if it is one.
    pub(in crate::migrate) fn into_database_error(self) -> Option<DbErr> {
        match self.0 {
            Kind::Database { source, .. } => Some(source),
            Kind::Panic(_) | Kind::Other(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Database { sql, source } => {
                write!(f, "`{sql}`: {}", db_error::message(source))
            }
            Kind::Panic(words) => write!(f, "the step panicked: {words}"),
            Kind::Other(error) => error.fmt(f),
        }
    }
}

/// `Error` is not one of `std`, so that this does not overlap with the conversion of a type to itself.
impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Error(Kind::Other(Box::new(error)))
    }
}

/// The start of a statement, on one line.
pub(super) fn start(sql: &str) -> String {
    const MOST: usize = 80;
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} ..", &line[..end]),
        None => line,
    }
}
