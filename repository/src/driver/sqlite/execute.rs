//! Runs statements on SQLite.

use std::borrow::Cow;
use std::time::Duration;

use deadpool::managed::Object;
use sqlx::{AssertSqlSafe, query_with};

use super::connect::{Manager, SqlitePool};
use super::statement::{self, Row};
use super::types::FromColumn;
use super::{Sqlite, error};
use super::{group, place};
use crate::driver::over_sqlx;
use crate::driver::row::{Decodes, HasRow};
use crate::driver::{Access, Begin, Dialect, Extent};
use crate::model::domain::Table;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::scope::Scope;
use crate::model::value::{Native, Value};
use crate::sql::SqlText;

impl HasRow for Sqlite {
    type Row<'r> = Row<'r>;
}

impl<T> Decodes<T> for Sqlite
where
    T: Native<Sqlite>,
    T::Native: FromColumn,
{
    fn column(row: &Row<'_>, index: usize) -> Result<T> {
        row.get(index)
    }
}

impl Dialect for Sqlite {
    type Connection = Object<Manager>;
    type Pool = SqlitePool;

    const IN_PROCESS: bool = true;
    // https://sqlite.org/lang_conflict.html, ABORT
    const OUTLIVES_REFUSALS: bool = true;

    async fn acquire(pool: &SqlitePool, access: Access) -> Result<Self::Connection> {
        place::let_others_run(place::BETWEEN_CALLS).await;
        pool.acquire(access).await
    }

    async fn acquire_for_one(pool: &SqlitePool) -> Result<Option<Self::Connection>> {
        place::let_others_run(place::BETWEEN_CALLS).await;
        match pool.group() {
            Some(_) => pool.acquire_free_writer().await,
            None => pool.acquire(Access::Write).await.map(Some),
        }
    }

    async fn fetch_together<T: Send + 'static>(
        pool: &SqlitePool,
        text: &SqlText,
        values: &[Value],
        decode: fn(&Row<'_>) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let Some(group) = pool.group() else {
            return Ok(None);
        };
        let values = values.to_owned();
        group::write(pool, group, text, move |_, prepared| {
            let rows = statement::fetch(prepared, &values, decode)?;
            Ok(Some(rows).filter(|rows| rows.len() == 1))
        })
        .await
    }

    async fn execute_together(
        pool: &SqlitePool,
        text: &SqlText,
        values: &[Value],
    ) -> Result<Option<u64>> {
        let Some(group) = pool.group() else {
            return Ok(None);
        };
        let values = values.to_owned();
        group::write(pool, group, text, move |connection, prepared| {
            statement::execute(prepared, &values)?;
            Ok(Some(connection.changes()).filter(|changed| *changed == 1))
        })
        .await
    }

    fn begin_sql(
        pool: &SqlitePool,
        _scope: &Scope,
        access: Access,
        extent: Extent,
    ) -> Result<Option<Begin>> {
        Ok(pool.begin_sql(access, extent))
    }

    over_sqlx::seaorm_methods!(connection => connection.lend().await.driver());

    async fn fetch<T: Send + 'static>(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        connection
            .run(text, move |_, prepared| {
                statement::fetch(prepared, &values, decode)
            })
            .await
    }

    async fn fetch_first<T: Send + 'static>(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        connection
            .run(text, move |_, prepared| {
                statement::fetch_first(prepared, &values, decode)
            })
            .await
    }

    async fn execute(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
    ) -> Result<u64> {
        connection
            .run(text, move |connection, prepared| {
                statement::execute(prepared, &values)?;
                // After a statement that only reads, SQLite would return the number of the last one that wrote.
                Ok(match prepared.readonly() {
                    true => 0,
                    false => connection.changes(),
                })
            })
            .await
    }

    /// One prepared statement, on one thread.
    async fn execute_each(
        connection: &mut Self::Connection,
        text: &SqlText,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        connection
            .run(text, move |connection, prepared| {
                let mut changed = 0;
                for values in &rows {
                    statement::execute(prepared, values)?;
                    changed += connection.changes();
                }
                Ok(changed)
            })
            .await
    }

    async fn control(connection: &mut Self::Connection, text: &str) -> Result<()> {
        match connection.control(text).await {
            // SQLite may already have rolled back by itself.
            Err(error)
                if text == "ROLLBACK" && matches!(error.kind(), ErrorKind::UnitEnded { .. }) =>
            {
                Ok(())
            }
            result => result,
        }
    }

    fn release(mut connection: Self::Connection) {
        connection.release();
    }

    /// Without a transaction, a `ROLLBACK` is a second line of defence. A connection on which custom SQL may have left
    /// other state is discarded.
    fn end_sql(
        _connection: &Self::Connection,
        statement: Option<&'static str>,
        _guard_query: &str,
    ) -> Cow<'static, str> {
        statement.unwrap_or("ROLLBACK").into()
    }

    fn verify(connection: &Self::Connection) -> Result<()> {
        connection.guarded().check_file()
    }

    fn discard(connection: Self::Connection) {
        drop(Object::take(connection));
    }

    fn interrupt(connection: &mut Self::Connection) {
        connection.interrupt();
    }

    fn response_deadline(pool: &SqlitePool) -> Duration {
        pool.response_deadline()
    }

    const COLUMNS: &'static str = "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_xinfo(t.name) AS c \
         WHERE t.type = 'table' ORDER BY t.name, c.cid";

    fn classify(error: &sqlx::Error, table: Option<&'static Table>) -> Error {
        error::classify(error, table)
    }
}
