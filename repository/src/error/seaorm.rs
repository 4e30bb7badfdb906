//! SeaORM's errors as ours, for code that uses SeaORM inside a unit of work or in migrations.

use sea_orm::sqlx;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

use super::{Error, ErrorKind, without_code};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
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

/// For code that has to answer with SeaORM's error; the way back gives the same kind.
impl From<Error> for DbErr {
    fn from(error: Error) -> Self {
        let carried = sqlx::Error::AnyDriverError(Box::new(error));
        DbErr::Exec(RuntimeErr::SqlxError(carried.into()))
    }
}

/// The engine is the one whose driver made the error.
fn classify(error: &sqlx::Error) -> Error {
    if let sqlx::Error::AnyDriverError(carried) = error
        && let Some(ours) = carried.downcast_ref::<Error>()
    {
        return ours.kind().clone().into();
    }
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
