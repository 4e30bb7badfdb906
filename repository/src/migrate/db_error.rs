//! What an error of the database says.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr};

#[cfg(feature = "postgres")]
use crate::driver::{classify, postgres::of_shared_statements};
#[cfg(feature = "postgres")]
use crate::model::error::ErrorKind;

/// The message of the database, without the words that SeaORM and the driver put around it; of another error, all of it.
///
/// The driver appends a line number of the server's own source code, which reads as one of the migration's.
pub(crate) fn message(error: &DbErr) -> String {
    #[cfg(feature = "postgres")]
    if let Some(reason) = of_pooler(error) {
        return reason;
    }
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    if let Some(error) = database_error(error) {
        return error.message().to_owned();
    }
    match error {
        DbErr::Conn(RuntimeErr::Internal(message))
        | DbErr::Exec(RuntimeErr::Internal(message))
        | DbErr::Query(RuntimeErr::Internal(message)) => message.clone(),
        other => other.to_string(),
    }
}

/// What an error says that only happens behind a pooler.
#[cfg(feature = "postgres")]
fn of_pooler(error: &DbErr) -> Option<String> {
    let code = code(error).unwrap_or_default();
    let message = database_error(error).map_or("", |error| error.message());
    if let Some(kind) = of_shared_statements(&code, message) {
        return Some(kind.to_string());
    }
    let kind = classify(sqlx_error(error)?).kind().clone();
    match kind {
        ErrorKind::Pooler { .. } | ErrorKind::PoolTimeout | ErrorKind::Unavailable { .. } => {
            Some(kind.to_string())
        }
        _ => None,
    }
}

/// What to do about a statement that failed in a transaction, by SQLSTATE. `option`: that of `pg_dump` which leaves it
/// out.
pub(super) fn remedy(error: &DbErr, option: Option<&str>) -> Option<Cow<'static, str>> {
    let or_left_out = |remedy: &str| {
        option.map(|option| {
            format!("{remedy}, or leave the statement out of the dump with pg_dump {option}").into()
        })
    };
    match code(error).as_deref() {
        // active_sql_transaction, invalid_transaction_termination
        Some("25001" | "2D000") => Some(
            "a statement that a transaction cannot contain belongs to a migration of its own, whose script ends with \
             .outside_transaction()"
                .into(),
        ),
        // unsafe_new_value_usage
        Some("55P04") => Some(
            "move the ALTER TYPE .. ADD VALUE to an earlier migration of its own, whose script ends with \
             .outside_transaction()"
                .into(),
        ),
        // insufficient_privilege
        Some("42501") => or_left_out("migrate with a role that has the privilege"),
        _ if lacks_role(error) => or_left_out("create the role"),
        _ => None,
    }
}

/// Without an engine there is no error of one.
#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
pub(super) const fn code(_: &DbErr) -> Option<String> {
    None
}

/// The SQLSTATE of Postgres, or the result code of SQLite.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) fn code(error: &DbErr) -> Option<String> {
    let code = database_error(error)?.code()?;
    Some(code.into_owned())
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn database_error(error: &DbErr) -> Option<&dyn sea_orm::sqlx::error::DatabaseError> {
    sqlx_error(error)?.as_database_error()
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn sqlx_error(error: &DbErr) -> Option<&sea_orm::sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Without Postgres there are no roles.
#[cfg(not(feature = "postgres"))]
const fn lacks_role(_: &DbErr) -> bool {
    false
}

/// Whether the statement names a role that does not exist.
///
/// The same SQLSTATE (undefined_object) stands for a missing type, and the message is in the language of the server. So
/// the function of the server is read that has looked the role up.
#[cfg(feature = "postgres")]
fn lacks_role(error: &DbErr) -> bool {
    use sea_orm::sqlx::postgres::PgDatabaseError;
    let error = database_error(error).and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| match (error.code(), error.routine()) {
        ("42704", Some(routine)) => routine.starts_with("get_role"),
        // invalid_parameter_value: SET SESSION AUTHORIZATION
        ("22023", Some(routine)) => routine == "call_string_check_hook",
        _ => false,
    })
}

/// Whether the error is `SQLITE_BUSY` or one of its extended codes.
#[cfg(feature = "sqlite")]
pub(super) fn is_locked(error: &DbErr) -> bool {
    let Some(code) = code(error) else {
        return false;
    };
    // SQLITE_BUSY is 5. An extended code has it in its low byte (https://sqlite.org/rescode.html).
    code.parse::<u32>().is_ok_and(|code| code & 0xff == 5)
}
