//! Runs statements on SQLite.

use std::time::Duration;

use deadpool::managed::Object;
use sqlx::{AssertSqlSafe, query_with};

use super::connect::{Manager, SqlitePool};
use super::statement::{self, Failed, Row};
use super::types::FromColumn;
use super::{Sqlite, error};
use super::{group, place};
use crate::driver::over_sqlx;
use crate::driver::row::{Decodes, HasRow};
use crate::driver::rows::Rows;
use crate::driver::{Access, Begin, Dialect, EndError, Extent};
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

/// Runs a statement that fills the rows, and takes them if it succeeds. If not, it may run again.
fn fill<T>(
    rows: &mut Option<Box<dyn Rows<Sqlite>>>,
    run: impl FnOnce(&mut dyn Rows<Sqlite>) -> Result<T, Failed>,
) -> Result<Box<dyn Rows<Sqlite>>, Failed> {
    // A statement does not run again after a success.
    let mut filled = rows.take().ok_or(Error::from(ErrorKind::Internal))?;
    match run(&mut *filled) {
        Ok(_) => Ok(filled),
        Err(failed) => {
            *rows = Some(filled.emptied());
            Err(failed)
        }
    }
}

impl Dialect for Sqlite {
    type Connection = Object<Manager>;
    type Pool = SqlitePool;

    const IN_PROCESS: bool = true;
    // https://sqlite.org/lang_conflict.html, ABORT
    const OUTLIVES_REFUSALS: bool = true;

    async fn acquire(
        pool: &SqlitePool,
        access: Access,
        _extent: Extent,
    ) -> Result<Self::Connection> {
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

    async fn fetch_together(
        pool: &SqlitePool,
        text: &SqlText,
        values: &[Value],
        rows: Box<dyn Rows<Self>>,
    ) -> Result<Option<Box<dyn Rows<Self>>>> {
        let Some(group) = pool.group() else {
            return Ok(None);
        };
        let values = values.to_owned();
        group::write(pool, group, text, move |_, prepared| {
            let mut rows = rows.emptied();
            let count = statement::fetch(prepared, &values, &mut *rows)?;
            Ok((count == 1).then_some(rows))
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

    async fn fetch(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        rows: Box<dyn Rows<Self>>,
    ) -> Result<Box<dyn Rows<Self>>> {
        let mut rows = Some(rows);
        connection
            .run(text, move |_, prepared| {
                fill(&mut rows, |rows| statement::fetch(prepared, &values, rows))
            })
            .await
    }

    async fn fetch_first(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        rows: Box<dyn Rows<Self>>,
    ) -> Result<Box<dyn Rows<Self>>> {
        let mut rows = Some(rows);
        connection
            .run(text, move |_, prepared| {
                fill(&mut rows, |rows| {
                    statement::fetch_first(prepared, &values, rows)
                })
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
    async fn end(
        connection: &mut Self::Connection,
        statement: Option<&'static str>,
        _guard_query: &str,
    ) -> Result<(), EndError> {
        let text = statement.unwrap_or("ROLLBACK");
        Ok(Self::control(connection, text).await?)
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
