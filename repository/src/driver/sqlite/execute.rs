//! Runs statements on SQLite: binds typed values, and decodes rows by position.

use std::borrow::Cow;
use std::time::Duration;

use deadpool::managed::Object;
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Column, Decode, Row as _, ValueRef as _, query_with};

use super::connect::{Manager, SqlitePool};
use super::{Sqlite, TextDate, TextId, TextTime, error};
use crate::driver::over_sqlx;
use crate::driver::row::{Decodes, HasRow};
use crate::driver::{Access, Begin, Dialect, Extent};
use crate::model::domain::Table;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::scope::Scope;
use crate::model::value::{Native, Value};
use crate::sql::SqlText;

/// A row of a result, read by position.
pub struct Row(SqliteRow);

impl Row {
    /// Reads the value at a position as a field's type.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if the value has another type, or there is no such position.
    pub fn get<T>(&self, index: usize) -> Result<T>
    where
        T: Native<Sqlite>,
        T::Native: for<'r> Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.decoded::<T>(index).ok_or_else(|| {
            let column = self.0.columns().get(index).map(|column| column.name());
            ErrorKind::Decode {
                column: column.unwrap_or("a missing column").to_owned().into(),
            }
            .into()
        })
    }

    fn decoded<T>(&self, index: usize) -> Option<T>
    where
        T: Native<Sqlite>,
        T::Native: for<'r> Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        let value = self.0.try_get_raw(index).ok()?;
        let readable = if value.is_null() {
            // The driver would decode NULL as an empty text, as 0 or as no bytes.
            T::NULLABLE
        } else {
            <T::Native as sqlx::Type<sqlx::Sqlite>>::compatible(&value.type_info())
        };
        if !readable {
            return None;
        }
        T::Native::decode(value).map(T::from_native).ok()
    }
}

fn arguments(values: Vec<Value>) -> Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            Value::Null(_) => arguments.add(Option::<i64>::None),
            Value::Uuid(id) => arguments.add(TextId(id)),
            Value::Text(text) => arguments.add(text),
            Value::Bool(bool) => arguments.add(bool),
            Value::Int(int) => arguments.add(int),
            Value::BigInt(int) => arguments.add(int),
            Value::Double(float) => arguments.add(float),
            Value::Timestamp(at) => arguments.add(TextTime(at)),
            Value::Date(day) => arguments.add(TextDate(day)),
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Array(_, values) => arguments.add(json(values)?),
        };
        added.map_err(|cause| Error::with_cause(ErrorKind::Internal, None, cause.to_string()))?;
    }
    Ok(arguments)
}

/// An array as JSON. `json_each` returns its elements in the form in which the column stores them.
fn json(values: Vec<Value>) -> Result<String> {
    use serde_json::Value as Json;
    let values = values.into_iter().map(|value| {
        Ok(match value {
            Value::Null(_) => Json::Null,
            Value::Uuid(id) => Json::String(TextId(id).to_string()),
            Value::Text(text) => Json::String(text),
            Value::Bool(bool) => Json::from(i32::from(bool)),
            Value::Int(int) => Json::from(int),
            Value::BigInt(int) => Json::from(int),
            Value::Timestamp(at) => Json::String(TextTime(at).to_string()),
            Value::Date(day) => Json::String(TextDate(day).to_string()),
            Value::Double(_) | Value::Bytes(_) | Value::Array(..) => {
                return Err(ErrorKind::InvalidQuery {
                    reason: "on SQLite a list cannot contain floats, bytes or lists".into(),
                });
            }
        })
    });
    Ok(Json::Array(values.collect::<Result<_, _>>()?).to_string())
}

impl HasRow for Sqlite {
    type Row = Row;
}

impl<T> Decodes<T> for Sqlite
where
    T: Native<Sqlite>,
    T::Native: for<'r> Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    fn column(row: &Row, index: usize) -> Result<T> {
        row.get(index)
    }
}

impl Dialect for Sqlite {
    type Connection = Object<Manager>;
    type Pool = SqlitePool;

    // https://sqlite.org/lang_conflict.html, ABORT
    const OUTLIVES_REFUSALS: bool = true;

    async fn acquire(pool: &SqlitePool, access: Access) -> Result<Self::Connection> {
        pool.acquire(access).await
    }

    fn begin_sql(
        pool: &SqlitePool,
        _scope: &Scope,
        access: Access,
        extent: Extent,
    ) -> Result<Option<Begin>> {
        Ok(pool.begin_sql(access, extent))
    }

    over_sqlx::methods!(connection => connection.statement(), keep: true);

    /// The driver's thread resets the statement before it sends the row, so there is one message and no further step.
    async fn fetch_first<T: Send>(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        decode: fn(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let query = query_with(AssertSqlSafe(text.sql.clone()), arguments(values)?);
        let row = query
            .fetch_optional(connection.statement())
            .await
            .map_err(|error| Self::classify(&error, text.table))?;
        row.map(|row| decode(&Row(row))).transpose()
    }

    async fn control(connection: &mut Self::Connection, text: &str) -> Result<()> {
        let statement = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        let result = statement.execute(connection.control()).await;
        match result.map_err(|error| Self::classify(&error, None)) {
            // SQLite may already have rolled back by itself.
            Err(error)
                if text == "ROLLBACK" && matches!(error.kind(), ErrorKind::UnitEnded { .. }) =>
            {
                Ok(())
            }
            result => result.map(|_| ()),
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
        connection.check_file()
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
