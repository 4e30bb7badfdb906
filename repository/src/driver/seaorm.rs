//! Conversions between SeaORM's errors and ours, for SeaORM code in units of work and migrations.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use sea_orm::RuntimeErr;
use sea_orm::{ConnAcquireErr, DbErr};

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use super::Dialect;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use super::error::without_code;
#[cfg(feature = "postgres")]
use super::postgres::Postgres;
#[cfg(feature = "sqlite")]
use super::sqlite::Sqlite;
use crate::model::error::{Error, ErrorKind};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            DbErr::Conn(RuntimeErr::SqlxError(driver)) => unreachable_server(classify(driver)),
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            DbErr::Exec(RuntimeErr::SqlxError(driver))
            | DbErr::Query(RuntimeErr::SqlxError(driver)) => classify(driver),
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => ErrorKind::PoolTimeout.into(),
            DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => ErrorKind::Unavailable {
                reason: "the connection is closed".into(),
            }
            .into(),
            DbErr::RecordNotFound(_) | DbErr::RecordNotInserted | DbErr::RecordNotUpdated => {
                Error::with_cause(ErrorKind::NoRow, None, error.to_string())
            }
            DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => ErrorKind::Decode {
                column: "a column".into(),
            }
            .into(),
            DbErr::Migration(reason) => ErrorKind::Migration {
                reason: reason.clone(),
            }
            .into(),
            _ => Error::with_cause(ErrorKind::Internal, None, error.to_string()),
        }
    }
}

impl From<Error> for DbErr {
    /// Wraps the error for an interface of SeaORM. Converting it back restores the kind.
    fn from(error: Error) -> Self {
        #[cfg(any(feature = "sqlite", feature = "postgres"))]
        return DbErr::Query(RuntimeErr::SqlxError(
            sqlx::Error::AnyDriverError(Box::new(error)).into(),
        ));
        #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
        DbErr::Custom(error.to_string())
    }
}

/// A failure while connecting is [`Unavailable`](ErrorKind::Unavailable).
#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn unreachable_server(error: Error) -> Error {
    match error.kind() {
        ErrorKind::ConnectionLost => error.with_kind(ErrorKind::Unavailable {
            reason: "no server responds".into(),
        }),
        _ => error,
    }
}

/// Converts a driver's error by the rules of the driver's engine.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn classify(error: &sqlx::Error) -> Error {
    let sqlx::Error::Database(database) = error else {
        return Error::with_cause(without_code(error), None, error.to_string());
    };
    #[cfg(feature = "postgres")]
    if database
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
    {
        return Postgres::classify(error, None);
    }
    #[cfg(feature = "sqlite")]
    if database
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
    {
        return Sqlite::classify(error, None);
    }
    let code = database.code().map(std::borrow::Cow::into_owned);
    Error::with_cause(ErrorKind::Internal, code, database.message().to_owned())
}
