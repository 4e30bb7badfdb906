//! SeaORM's errors as ours, for code that uses SeaORM inside a unit of work or in migrations.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use sea_orm::RuntimeErr;
use sea_orm::{ConnAcquireErr, DbErr};

use super::{Error, ErrorKind};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            DbErr::Conn(RuntimeErr::SqlxError(driver))
            | DbErr::Exec(RuntimeErr::SqlxError(driver))
            | DbErr::Query(RuntimeErr::SqlxError(driver)) => crate::backend::classify(driver),
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => ErrorKind::PoolTimeout.into(),
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
