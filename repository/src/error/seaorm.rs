//! SeaORM's errors as ours, for code that uses SeaORM inside a unit of work or in migrations.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use sea_orm::RuntimeErr;
use sea_orm::{ConnAcquireErr, DbErr};

use super::{Error, ErrorKind, without_code};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            DbErr::Conn(RuntimeErr::SqlxError(driver))
            | DbErr::Exec(RuntimeErr::SqlxError(driver))
            | DbErr::Query(RuntimeErr::SqlxError(driver)) => classify(driver),
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => ErrorKind::PoolTimeout.into(),
            DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => ErrorKind::Decode {
                column: "a column".into(),
            }
            .into(),
            _ => Error::with_cause(ErrorKind::Internal, None, error.to_string()),
        }
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl From<Error> for DbErr {
    /// For SeaORM's interfaces: `?` on it gives the error back with its kind.
    fn from(error: Error) -> Self {
        DbErr::Query(RuntimeErr::SqlxError(
            sqlx::Error::AnyDriverError(Box::new(error)).into(),
        ))
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
/// The engine is the one whose driver made the error.
fn classify(error: &sqlx::Error) -> Error {
    let sqlx::Error::Database(database) = error else {
        return Error::with_cause(without_code(error), None, error.to_string());
    };
    #[cfg(feature = "postgres")]
    if database
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
    {
        return <crate::postgres::Postgres as crate::dialect::Execute>::classify(error, None);
    }
    #[cfg(feature = "sqlite")]
    if database
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
    {
        return <crate::sqlite::Sqlite as crate::dialect::Execute>::classify(error, None);
    }
    let code = database.code().map(std::borrow::Cow::into_owned);
    Error::with_cause(ErrorKind::Internal, code, database.message().to_owned())
}
