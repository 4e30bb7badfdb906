//! Running SeaORM's statements over sqlx, as both engines do it.

use sea_orm::{DbErr, RuntimeErr};
use sea_query_sqlx::SqlxValues;

/// The methods of [`Dialect`](super::Dialect) for SeaORM's statements.
///
/// `$handle` is the driver's connection in `$connection`. The module that calls the macro has the driver's functions
/// under the names used here.
macro_rules! seaorm_methods {
    ($connection:ident => $handle:expr) => {
        // SeaORM's prepared statements are not kept. The driver would give the columns of a `SELECT *` as they were
        // when it first prepared it (SQLite), and would use it again for parameters of other types (Postgres).
        async fn seaorm_fetch(
            $connection: &mut Self::Connection,
            statement: sea_orm::Statement,
        ) -> Result<Vec<sea_orm::QueryResult>, sea_orm::DbErr> {
            let values = over_sqlx::values(statement.values);
            let query = query_with(AssertSqlSafe(statement.sql), values).persistent(false);
            let rows = query.fetch_all($handle).await;
            let rows = rows.map_err(over_sqlx::query_error)?;
            Ok(rows.into_iter().map(Into::into).collect())
        }

        async fn seaorm_execute(
            $connection: &mut Self::Connection,
            statement: sea_orm::Statement,
        ) -> Result<sea_orm::ExecResult, sea_orm::DbErr> {
            let values = over_sqlx::values(statement.values);
            let query = query_with(AssertSqlSafe(statement.sql), values).persistent(false);
            let done = query.execute($handle).await;
            done.map(Into::into).map_err(over_sqlx::query_error)
        }

        async fn seaorm_unprepared(
            $connection: &mut Self::Connection,
            sql: &str,
        ) -> Result<sea_orm::ExecResult, sea_orm::DbErr> {
            let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
            let done = query.execute($handle).await;
            done.map(Into::into).map_err(over_sqlx::query_error)
        }
    };
}

pub(crate) use seaorm_methods;

pub(crate) fn values(values: Option<sea_orm::Values>) -> SqlxValues {
    SqlxValues(values.unwrap_or(sea_orm::Values(Vec::new())))
}

pub(crate) fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
