//! SQLite's extended result codes as kinds. The message is read only where the code says too little.

use std::borrow::Cow;

use crate::domain::Table;
use crate::error::{Error, ErrorKind, InvalidReason};

/// The class of an error; see <https://www.sqlite.org/rescode.html> for the codes.
pub(super) fn classify(error: &sqlx::Error, table: Option<&'static Table>) -> Error {
    let sqlx::Error::Database(database) = error else {
        return Error::with_cause(crate::error::without_code(error), None, error.to_string());
    };
    let code = database.code().unwrap_or_default();
    let kind = kind(code.parse().unwrap_or_default(), database.message(), table);
    Error::with_cause(kind, Some(code.into_owned()), database.message().to_owned())
}

fn kind(code: u32, message: &str, table: Option<&'static Table>) -> ErrorKind {
    match code {
        // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID
        1555 | 2067 | 2579 => unique(message, table),
        // SQLITE_CONSTRAINT_NOTNULL
        1299 => {
            let (table, column) = detail(message).rsplit_once('.').unwrap_or_default();
            ErrorKind::NotNull {
                table: table.to_owned().into(),
                column: column.to_owned().into(),
            }
        }
        // SQLITE_CONSTRAINT_CHECK
        275 => ErrorKind::Check {
            constraint: detail(message).to_owned().into(),
        },
        // SQLITE_CONSTRAINT_FOREIGNKEY
        787 => foreign_key(table),
        // SQLITE_CONSTRAINT_TRIGGER, which is also what ON DELETE RESTRICT gives
        1811 if message.contains("FOREIGN KEY constraint failed") => foreign_key(table),
        1811 => ErrorKind::Check {
            constraint: message.to_owned().into(),
        },
        // SQLITE_CONSTRAINT_DATATYPE of STRICT tables, SQLITE_TOOBIG, SQLITE_MISMATCH
        3091 | 18 | 20 => ErrorKind::InvalidValue {
            field: "a column".into(),
            reason: InvalidReason::Refused,
        },
        // SQLITE_BUSY_SNAPSHOT
        517 => ErrorKind::Serialization,
        // SQLITE_READONLY_DBMOVED: the file was moved or removed under the connection
        1032 => unavailable("the database file was moved"),
        // SQLITE_AUTH
        23 => ErrorKind::Permission {
            reason: "the database refused the statement".into(),
        },
        _ => primary(code & 0xff, message),
    }
}

/// The kind by the primary result code, the low byte.
fn primary(code: u32, message: &str) -> ErrorKind {
    match code {
        1 => generic(message),
        5 | 6 => ErrorKind::LockTimeout,
        8 => ErrorKind::ReadOnly {
            reason: "the database or the connection is read only".into(),
        },
        9 => ErrorKind::StatementTimeout,
        10 => ErrorKind::ConnectionLost,
        11 => ErrorKind::Corrupt,
        13 => ErrorKind::StorageFull,
        14 => unavailable("the database file cannot be opened"),
        17 => ErrorKind::SchemaMismatch {
            reason: message.to_owned(),
        },
        26 => ErrorKind::NotADatabase {
            path: "the file".to_owned(),
        },
        _ => ErrorKind::Internal,
    }
}

/// `SQLITE_ERROR` has no finer code: the message tells.
fn generic(message: &str) -> ErrorKind {
    let has = |part: &str| message.contains(part);
    if has("no transaction is active") {
        ErrorKind::UnitEnded {
            reason: "the database had rolled it back",
        }
    } else if has("too many SQL variables")
        || has("Expression tree is too large")
        || has("too many terms")
        || has("at most 64 tables")
    {
        ErrorKind::StatementTooLarge
    } else if has("integer overflow") {
        ErrorKind::InvalidValue {
            field: "a column".into(),
            reason: InvalidReason::Refused,
        }
    } else if has("no such")
        || has("has no column named")
        || has("syntax error")
        || has("ON CONFLICT clause does not match")
        || has("already exists")
    {
        ErrorKind::SchemaMismatch {
            reason: message.to_owned(),
        }
    } else {
        ErrorKind::Internal
    }
}

/// What follows `constraint failed: ` in a message.
fn detail(message: &str) -> &str {
    message
        .split_once("constraint failed: ")
        .map_or(message, |(_, detail)| detail)
}

/// The message has `table.column, table.column`, or `index 'name'` for an index over an expression.
fn unique(message: &str, known: Option<&'static Table>) -> ErrorKind {
    let detail = detail(message);
    if let Some(index) = detail.strip_prefix("index '") {
        let name = index.trim_end_matches('\'').to_owned();
        return ErrorKind::Unique {
            table: known.map_or(Cow::from("a"), |table| table.name.into()),
            columns: Vec::new(),
            constraint: Some(name.into()),
        };
    }
    let parts: Vec<(&str, &str)> = detail
        .split(", ")
        .filter_map(|part| part.split_once('.'))
        .collect();
    let columns: Vec<&str> = parts.iter().map(|(_, column)| *column).collect();
    let table = parts.first().map_or("a", |(table, _)| *table);
    let known = known.filter(|known| known.name == table);
    let columns = known.map_or(&*columns, |known| known.broken_key(&columns));
    let constraint = known.and_then(|known| known.unique_name(columns));
    ErrorKind::Unique {
        table: table.to_owned().into(),
        columns: columns
            .iter()
            .map(|column| (*column).to_owned().into())
            .collect(),
        constraint: constraint.map(Cow::from),
    }
}

fn foreign_key(table: Option<&'static Table>) -> ErrorKind {
    ErrorKind::ForeignKey {
        table: table.map(|table| table.name.into()),
        constraint: None,
    }
}

fn unavailable(reason: &'static str) -> ErrorKind {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
}
