//! Kinds of errors by SQLite's extended result code. The message is read only if the code is too general.

use std::borrow::Cow;

use crate::model::domain::{Table, column_of};
use crate::model::error::{Error, ErrorKind, InvalidReason};

/// Converts an error. The codes: <https://www.sqlite.org/rescode.html>.
pub(super) fn classify(error: &sqlx::Error, table: Option<&'static Table>) -> Error {
    let sqlx::Error::Database(database) = error else {
        return Error::with_cause(
            crate::driver::error::without_code(error),
            None,
            error.to_string(),
        );
    };
    let code = database.code().unwrap_or_default();
    let kind = kind(code.parse().unwrap_or_default(), database.message(), table);
    Error::with_cause(kind, Some(code.into_owned()), database.message().to_owned())
}

/// As [`classify`], for a statement that ran in place.
pub(super) fn classify_in_place(error: &rusqlite::Error, table: Option<&'static Table>) -> Error {
    let (code, message) = match error {
        rusqlite::Error::SqliteFailure(error, message) => (error.extended_code, message.clone()),
        rusqlite::Error::SqlInputError { error, msg, .. } => {
            (error.extended_code, Some(msg.clone()))
        }
        other => {
            return Error::with_cause(ErrorKind::Internal, None, other.to_string());
        }
    };
    let message = message.unwrap_or_default();
    let kind = kind(code.try_into().unwrap_or_default(), &message, table);
    Error::with_cause(kind, Some(code.to_string()), message)
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
        275 => check(detail(message), table),
        // SQLITE_CONSTRAINT_FOREIGNKEY
        787 => UNNAMED_FOREIGN_KEY,
        // SQLITE_CONSTRAINT_TRIGGER, also returned by ON DELETE RESTRICT
        1811 if message.contains("FOREIGN KEY constraint failed") => UNNAMED_FOREIGN_KEY,
        // Otherwise RAISE() in a trigger. Its message is the application's, and may quote the row.
        1811 => raised(table),
        // SQLITE_CONSTRAINT_DATATYPE of STRICT tables
        3091 => refused(datatype_column(message)),
        // SQLITE_BUSY_SNAPSHOT
        517 => ErrorKind::Serialization,
        // SQLITE_READONLY_DBMOVED: the file was moved or removed under the connection
        1032 => unavailable("the database file was moved"),
        // SQLITE_READONLY_DIRECTORY
        1544 => unavailable("SQLite cannot create a journal in the database's directory"),
        // SQLITE_IOERR_NOMEM
        3082 => OUT_OF_MEMORY,
        // SQLITE_IOERR_SHMSIZE: no space to enlarge the shared memory of the write-ahead log
        4874 => ErrorKind::StorageFull,
        // SQLITE_IOERR_DATA, SQLITE_IOERR_CORRUPTFS: a checksum, the file system
        8202 | 8458 => ErrorKind::Corrupt,
        _ => primary(code & 0xff, message),
    }
}

/// The kind by the primary result code, the low byte.
fn primary(code: u32, message: &str) -> ErrorKind {
    match code {
        // SQLITE_ERROR
        1 => generic(message),
        // SQLITE_PERM, SQLITE_CANTOPEN
        3 | 14 => unavailable("the database file cannot be opened"),
        // SQLITE_ABORT: a rollback ended the statement
        4 => ErrorKind::UnitEnded {
            reason: "it was rolled back while a statement ran",
        },
        // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL
        5 | 6 | 15 => ErrorKind::LockTimeout,
        // SQLITE_NOMEM
        7 => OUT_OF_MEMORY,
        // SQLITE_READONLY
        8 => ErrorKind::ReadOnly {
            reason: "the database or the connection is read only".into(),
        },
        // SQLITE_INTERRUPT
        9 => ErrorKind::StatementTimeout,
        // SQLITE_IOERR
        10 => ErrorKind::ConnectionLost,
        // SQLITE_CORRUPT, SQLITE_NOTADB
        11 | 26 => ErrorKind::Corrupt,
        // SQLITE_FULL
        13 => ErrorKind::StorageFull,
        // SQLITE_SCHEMA: the schema changed again each time that the statement was prepared again
        17 => ErrorKind::SchemaChanged,
        // SQLITE_TOOBIG, SQLITE_MISMATCH
        18 | 20 => refused(None),
        // SQLITE_AUTH
        23 => ErrorKind::Permission {
            reason: "the database refused the statement".into(),
        },
        // SQLITE_MISUSE and others: a bug in this library.
        _ => ErrorKind::Internal,
    }
}

/// Parts of the messages of `SQLITE_ERROR` for statements that are too large.
const TOO_LARGE: &[&str] = &[
    "too many SQL variables",
    "too many terms",
    "too many columns",
    "too many levels of trigger recursion",
    "Expression tree is too large",
    "parser stack overflow",
    "at most 64 tables",
];

/// Parts of the messages for invalid SQL, which quote it.
const INVALID_SQL: &[&str] = &["syntax error", "incomplete input", "unrecognized token"];

/// Parts of the messages for statements that do not fit the schema. The messages name schema objects only.
const SCHEMA_MISMATCHES: &[&str] = &[
    "no such",
    "has no column named",
    "ambiguous column name",
    "already exists",
    "duplicate column name",
    "wrong number of arguments",
    "ON CONFLICT clause does not match",
    "foreign key mismatch",
];

/// The kind of `SQLITE_ERROR` by its message, since it has no extended codes.
fn generic(message: &str) -> ErrorKind {
    let has = |part: &str| message.contains(part);
    if has("no transaction is active") || has("no such savepoint") {
        ErrorKind::UnitEnded {
            reason: "the database had rolled it back",
        }
    } else if TOO_LARGE.iter().copied().any(has) {
        ErrorKind::StatementTooLarge
    } else if has("integer overflow") || has("malformed JSON") {
        refused(None)
    } else if INVALID_SQL.iter().copied().any(has) {
        ErrorKind::SchemaMismatch {
            reason: "the statement is not valid SQL".to_owned(),
        }
    } else if is_schema_mismatch(message) {
        ErrorKind::SchemaMismatch {
            reason: message.to_owned(),
        }
    } else {
        ErrorKind::Internal
    }
}

/// Whether the statement does not fit the schema. The message about a wrong number of values has numbers in between:
/// "table t has 2 columns but 3 values were supplied".
fn is_schema_mismatch(message: &str) -> bool {
    let counts = message.contains("columns but") && message.ends_with("values were supplied");
    counts || SCHEMA_MISMATCHES.iter().any(|part| message.contains(part))
}

/// The text after `constraint failed: ` in a message.
fn detail(message: &str) -> &str {
    message
        .split_once("constraint failed: ")
        .map_or(message, |(_, detail)| detail)
}

/// A violated unique key. The message has `table.column, table.column`, or `index 'name'` for an index over an
/// expression.
fn unique(message: &str, known: Option<&'static Table>) -> ErrorKind {
    let detail = detail(message);
    if let Some(index) = detail.strip_prefix("index '") {
        let name = index.trim_end_matches('\'').to_owned();
        let columns = known.and_then(|known| known.unique_columns(&name));
        return ErrorKind::Unique {
            table: known.map_or(Cow::from("a"), |table| table.name.into()),
            columns: owned(columns.unwrap_or_default()),
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
    let columns = known.map_or(&*columns, |known| known.violated_key(&columns));
    let constraint = known.and_then(|known| known.unique_name(columns));
    ErrorKind::Unique {
        table: table.to_owned().into(),
        columns: owned(columns),
        constraint: constraint.map(Cow::from),
    }
}

fn owned(names: &[&str]) -> Vec<Cow<'static, str>> {
    names
        .iter()
        .map(|name| column_of(name).to_owned().into())
        .collect()
}

/// A violated check. The message has the constraint's name, or its expression if it has no name.
fn check(detail: &str, table: Option<&'static Table>) -> ErrorKind {
    let is_name = detail
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let named = is_name.then(|| detail.to_owned().into());
    ErrorKind::Check {
        table: table.map(|table| table.name.into()),
        columns: table.map_or_else(Vec::new, |table| table.checked_columns(detail)),
        constraint: named,
    }
}

fn raised(table: Option<&'static Table>) -> ErrorKind {
    ErrorKind::Check {
        table: table.map(|table| table.name.into()),
        columns: Vec::new(),
        constraint: None,
    }
}

/// SQLite does not name the foreign key. `operation::diagnose` looks it up.
const UNNAMED_FOREIGN_KEY: ErrorKind = ErrorKind::ForeignKey {
    table: None,
    columns: Vec::new(),
    constraint: None,
};

const OUT_OF_MEMORY: ErrorKind = ErrorKind::Exhausted { resource: "memory" };

/// The column in "cannot store TEXT value in INTEGER column table.column".
fn datatype_column(message: &str) -> Option<&str> {
    let (_, path) = message.rsplit_once(" column ")?;
    path.rsplit_once('.').map(|(_, column)| column)
}

fn refused(column: Option<&str>) -> ErrorKind {
    ErrorKind::InvalidValue {
        field: column.map(|column| column.to_owned().into()),
        reason: InvalidReason::Refused,
    }
}

fn unavailable(reason: &'static str) -> ErrorKind {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(code: u32, message: &str) -> &'static str {
        kind(code, message, None).name()
    }

    #[test]
    fn each_extended_result_code_has_its_kind() {
        let rows: &[(&str, &[u32])] = &[
            ("Unique", &[1555, 2067, 2579]),
            ("NotNull", &[1299]),
            ("Check", &[275, 1811]),
            ("ForeignKey", &[787]),
            ("InvalidValue", &[18, 20, 3091]),
            ("Serialization", &[517]),
            ("LockTimeout", &[5, 261, 773, 6, 262, 518, 15]),
            ("StatementTimeout", &[9]),
            ("UnitEnded", &[4, 516]),
            ("ReadOnly", &[8, 264, 520, 776, 1288]),
            ("Permission", &[23]),
            ("Unavailable", &[14, 270, 526, 782, 1038, 1032, 1544, 3]),
            // SQLITE_IOERR, _READ, _SHORT_READ, _WRITE, _FSYNC, _TRUNCATE, _LOCK, _SHMMAP, _COMMIT_ATOMIC
            (
                "ConnectionLost",
                &[10, 266, 522, 778, 1034, 1546, 3850, 5386, 7690],
            ),
            ("Exhausted", &[7, 3082]),
            ("StorageFull", &[13, 4874]),
            ("Corrupt", &[11, 267, 523, 779, 26, 8202, 8458]),
            ("SchemaChanged", &[17]),
            ("Internal", &[21, 25, 2, 19, 1, 0]),
        ];
        for (expected, codes) in rows {
            for code in *codes {
                assert_eq!(class(*code, ""), *expected, "{code}");
            }
        }
    }

    #[test]
    fn the_general_code_sqlite_error_is_classified_by_its_message() {
        let rows: &[(&str, &[&str])] = &[
            (
                "UnitEnded",
                &[
                    "cannot commit - no transaction is active",
                    "cannot rollback - no transaction is active",
                    "no such savepoint: s",
                ],
            ),
            (
                "StatementTooLarge",
                &[
                    "too many SQL variables",
                    "Expression tree is too large (maximum depth 1000)",
                    "too many terms in compound SELECT",
                    "at most 64 tables in a join",
                    "too many levels of trigger recursion",
                ],
            ),
            ("InvalidValue", &["integer overflow", "malformed JSON"]),
            (
                "SchemaMismatch",
                &[
                    "no such table: habits",
                    "no such column: color",
                    "table habits has no column named color",
                    "table t has 2 columns but 3 values were supplied",
                    "near \"SELEC\": syntax error",
                    "unrecognized token: \"'x\"",
                    "ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint",
                ],
            ),
            ("Internal", &["anything else"]),
        ];
        for (expected, messages) in rows {
            for message in *messages {
                assert_eq!(class(1, message), *expected, "{message}");
            }
        }
        assert_eq!(class(1811, "FOREIGN KEY constraint failed"), "ForeignKey");
    }

    #[test]
    fn a_value_of_the_wrong_type_on_sqlite_names_its_column() {
        let message = "cannot store TEXT value in INTEGER column habits.sort_order";
        let ErrorKind::InvalidValue { field, .. } = kind(3091, message, None) else {
            panic!("another class");
        };
        assert_eq!(field.as_deref(), Some("sort_order"));
    }

    #[test]
    fn messages_of_triggers_and_unnamed_checks_on_sqlite_are_in_no_kind() {
        for (code, message) in [
            (1811, "row secret is refused"),
            (275, "CHECK constraint failed: name <> 'secret'"),
        ] {
            let kind = kind(code, message, None);
            assert!(!format!("{kind} {kind:?}").contains("secret"), "{kind:?}");
        }
    }
}
