//! SQLSTATEs as kinds. The server's detail, which quotes rows, is never read.

use std::borrow::Cow;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::domain::Table;
use crate::error::{Error, ErrorKind, InvalidReason};

/// The class of an error; see appendix A of the PostgreSQL manual for the codes.
pub(super) fn classify(error: &sqlx::Error, table: Option<&'static Table>) -> Error {
    let database = match error {
        sqlx::Error::Database(database) => database.try_downcast_ref::<PgDatabaseError>(),
        _ => None,
    };
    let Some(database) = database else {
        return Error::with_cause(crate::error::without_code(error), None, error.to_string());
    };
    Error::with_cause(
        kind(database, table),
        Some(database.code().to_owned()),
        database.message().to_owned(),
    )
}

fn kind(error: &PgDatabaseError, known: Option<&'static Table>) -> ErrorKind {
    match error.code() {
        // unique_violation
        "23505" => unique(error, known),
        // foreign_key_violation, restrict_violation
        "23503" | "23001" => ErrorKind::ForeignKey {
            table: known
                .map(|table| Cow::from(table.name))
                .or_else(|| named(error.table())),
            constraint: named(error.constraint()),
        },
        // not_null_violation
        "23502" => ErrorKind::NotNull {
            table: named(error.table()).unwrap_or_default(),
            column: named(error.column()).unwrap_or_default(),
        },
        // check_violation, raise_exception
        "23514" | "P0001" => ErrorKind::Check {
            constraint: named(error.constraint()).unwrap_or_default(),
        },
        // What a value's type, range or encoding forbids.
        "22001" | "22003" | "22007" | "22008" | "22012" | "22021" | "22025" | "22P02" | "22P03"
        | "22P05" | "2201W" | "2201X" | "22011" | "42804" | "54000" | "21000" => {
            ErrorKind::InvalidValue {
                field: named(error.column()).unwrap_or("a column".into()),
                reason: InvalidReason::Refused,
            }
        }
        // insufficient_privilege, which row level security gives as well
        "42501" => ErrorKind::Permission {
            reason: "the role or a policy forbids it".into(),
        },
        // read_only_sql_transaction
        "25006" => ErrorKind::ReadOnly {
            reason: "the transaction is read only".into(),
        },
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => ErrorKind::Serialization,
        // lock_not_available
        "55P03" => ErrorKind::LockTimeout,
        // query_canceled
        "57014" => ErrorKind::StatementTimeout,
        // in_failed_sql_transaction, invalid_savepoint_specification
        "25P02" | "3B001" => ErrorKind::UnitEnded {
            reason: "a call in it failed, so it can only be rolled back",
        },
        // admin_shutdown, crash_shutdown, connection_does_not_exist, connection_failure,
        // database_dropped, idle_session_timeout, idle_in_transaction_session_timeout,
        // transaction_timeout
        "57P01" | "57P02" | "57P04" | "57P05" | "08003" | "08006" | "25P03" | "25P04" => {
            ErrorKind::ConnectionLost
        }
        // protocol_violation, under which pgbouncer says whatever it has to say, and then hangs up.
        "08P01" if error.severity() == PgSeverity::Fatal => match error.message() {
            "query_wait_timeout" => ErrorKind::PoolTimeout,
            _ => ErrorKind::ConnectionLost,
        },
        // cannot_connect_now
        "57P03" => unavailable("the server is starting up or shutting down"),
        // too_many_connections
        "53300" => unavailable("the server has no connection left"),
        // invalid_catalog_name
        "3D000" => unavailable("the database does not exist"),
        // invalid_authorization_specification, invalid_password
        "28000" | "28P01" => unavailable("the server refused the login"),
        // disk_full
        "53100" => ErrorKind::StorageFull,
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => ErrorKind::Corrupt,
        // statement_too_complex, too_many_columns, too_many_arguments
        "54001" | "54011" | "54023" => ErrorKind::StatementTooLarge,
        // A plan or a statement that the driver kept and the server no longer has.
        "0A000" | "26000" => ErrorKind::SchemaMismatch {
            reason: error.message().to_owned(),
        },
        code if code.starts_with("42") => ErrorKind::SchemaMismatch {
            reason: error.message().to_owned(),
        },
        _ => ErrorKind::Internal,
    }
}

fn named(name: Option<&str>) -> Option<Cow<'static, str>> {
    name.map(|name| name.to_owned().into())
}

fn unique(error: &PgDatabaseError, known: Option<&'static Table>) -> ErrorKind {
    let constraint = error.constraint().unwrap_or_default();
    let known = known.filter(|known| Some(known.name) == error.table());
    let columns = known
        .and_then(|known| Some(known.broken_key(known.unique_columns(constraint)?)))
        .unwrap_or_default();
    let constraint = known.and_then(|known| known.unique_name(columns));
    ErrorKind::Unique {
        table: named(error.table()).unwrap_or_default(),
        columns: columns.iter().map(|column| Cow::from(*column)).collect(),
        constraint: constraint.map(Cow::from).or(named(error.constraint())),
    }
}

fn unavailable(reason: &'static str) -> ErrorKind {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
}
