//! SeaORM's errors as ours, for code that uses SeaORM inside a unit of work or in migrations.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use sea_orm::RuntimeErr;
use sea_orm::{ConnAcquireErr, DbErr};

use super::{Error, ErrorKind};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            DbErr::Conn(RuntimeErr::SqlxError(driver)) => {
                unreachable_server(crate::backend::classify(driver))
            }
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            DbErr::Exec(RuntimeErr::SqlxError(driver))
            | DbErr::Query(RuntimeErr::SqlxError(driver)) => crate::backend::classify(driver),
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
            _ => Error::with_cause(ErrorKind::Internal, None, error.to_string()),
        }
    }
}

impl From<Error> for DbErr {
    /// For SeaORM's interfaces: `?` on it gives the error back with its kind.
    fn from(error: Error) -> Self {
        #[cfg(any(feature = "sqlite", feature = "postgres"))]
        return DbErr::Query(RuntimeErr::SqlxError(
            sqlx::Error::AnyDriverError(Box::new(error)).into(),
        ));
        #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
        DbErr::Custom(error.to_string())
    }
}

/// A connection that broke while it was made never was one.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn unreachable_server(error: Error) -> Error {
    match error.kind() {
        ErrorKind::ConnectionLost => error.with_kind(ErrorKind::Unavailable {
            reason: "no server answers".into(),
        }),
        _ => error,
    }
}
