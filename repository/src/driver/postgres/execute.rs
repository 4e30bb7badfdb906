//! Runs statements on Postgres: binds typed values, and decodes rows by position.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use deadpool::managed::Object;
use futures_util::StreamExt;
use rust_decimal::Decimal;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::types::Json;
use sqlx::{Arguments, AssertSqlSafe, Column, Executor as _, Row as _, query_with};
use uuid::Uuid;

use super::connect::{Manager, PostgresPool};
use super::message::Message;
use super::types::FromColumn;
use super::{Postgres, answers, copy, error, rls};
use crate::driver::over_sqlx;
use crate::driver::row::{Decodes, HasRow};
use crate::driver::rows::Rows;
use crate::driver::{Access, Begin, Dialect, EndError, Extent};
use crate::model::domain::Table;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::scope::Scope;
use crate::model::value::{Field, Native, Type, Value};
use crate::sql::SqlText;

/// A row of a result, read by position.
pub struct Row<'r>(&'r PgRow);

impl<'r> Row<'r> {
    /// A row that SeaORM has fetched.
    #[cfg(feature = "migrate")]
    pub(super) fn of(row: &'r PgRow) -> Self {
        Row(row)
    }
}

impl Row<'_> {
    /// Reads the value at a position as a field's type.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if the value has another type, or there is no such position.
    pub fn get<T>(&self, index: usize) -> Result<T>
    where
        T: Native<Postgres>,
        T::Native: FromColumn,
    {
        let value = self.0.try_get_raw(index).ok();
        let native = value.and_then(<T::Native as FromColumn>::from_column);
        native.and_then(T::from_native).ok_or_else(|| {
            let column = self.0.columns().get(index).map(|column| column.name());
            ErrorKind::Decode {
                column: column.unwrap_or("a missing column").to_owned().into(),
            }
            .into()
        })
    }
}

fn arguments(values: Vec<Value>) -> Result<PgArguments> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), values.len() * 16);
    for value in values {
        let added = match value {
            Value::Null(ty) => add_null(&mut arguments, ty),
            Value::Uuid(id) => arguments.add(id),
            Value::Text(text) => arguments.add(text),
            Value::Bool(bool) => arguments.add(bool),
            Value::SmallInt(int) => arguments.add(int),
            Value::Int(int) => arguments.add(int),
            Value::BigInt(int) => arguments.add(int),
            Value::Float(float) => arguments.add(float),
            Value::Double(float) => arguments.add(float),
            Value::Timestamp(at) => arguments.add(at),
            Value::Date(day) => arguments.add(day),
            Value::Time(time) => arguments.add(time),
            Value::Json(document) => arguments.add(Json(document)),
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Numeric(number) => arguments.add(Decimal::from(number)),
            Value::Array(ty, values) => add_array(&mut arguments, ty, values),
        };
        added.map_err(|cause| match cause.downcast::<ErrorKind>() {
            Ok(kind) => Error::from(*kind),
            Err(cause) => Error::with_cause(ErrorKind::Internal, None, cause.to_string()),
        })?;
    }
    Ok(arguments)
}

type Added = Result<(), sqlx::error::BoxDynError>;

/// Adds a NULL of the column's type. The server plans a statement by the types of its parameters, and the driver caches
/// the plan by the text alone.
fn add_null(arguments: &mut PgArguments, ty: Type) -> Added {
    match ty {
        Type::Uuid => arguments.add(None::<Uuid>),
        Type::Text => arguments.add(None::<String>),
        Type::Bool => arguments.add(None::<bool>),
        Type::SmallInt => arguments.add(None::<i16>),
        Type::Int => arguments.add(None::<i32>),
        Type::BigInt => arguments.add(None::<i64>),
        Type::Float => arguments.add(None::<f32>),
        Type::Double => arguments.add(None::<f64>),
        Type::Timestamp => arguments.add(None::<DateTime<Utc>>),
        Type::Date => arguments.add(None::<NaiveDate>),
        Type::Time => arguments.add(None::<NaiveTime>),
        Type::Bytes => arguments.add(None::<Vec<u8>>),
        Type::Json => arguments.add(None::<Json<serde_json::Value>>),
        Type::Numeric { .. } => arguments.add(None::<Decimal>),
    }
}

fn add_array(arguments: &mut PgArguments, ty: Type, values: Vec<Value>) -> Added {
    match ty {
        Type::Uuid => arguments.add(elements::<Uuid>(values)?),
        Type::Text => arguments.add(elements::<String>(values)?),
        Type::Bool => arguments.add(elements::<bool>(values)?),
        Type::SmallInt => arguments.add(elements::<i16>(values)?),
        Type::Int => arguments.add(elements::<i32>(values)?),
        Type::BigInt => arguments.add(elements::<i64>(values)?),
        Type::Float => arguments.add(elements::<f32>(values)?),
        Type::Double => arguments.add(elements::<f64>(values)?),
        Type::Timestamp => arguments.add(elements::<DateTime<Utc>>(values)?),
        Type::Date => arguments.add(elements::<NaiveDate>(values)?),
        Type::Time => arguments.add(elements::<NaiveTime>(values)?),
        Type::Bytes => arguments.add(elements::<Vec<u8>>(values)?),
        Type::Json => {
            let documents = elements::<serde_json::Value>(values)?.into_iter();
            let documents: Vec<_> = documents.map(|document| document.map(Json)).collect();
            arguments.add(documents)
        }
        Type::Numeric { .. } => arguments.add(numbers(ty, values)?),
    }
}

/// The elements of an array. Each has the type of the array, or is NULL.
fn elements<T: Field>(values: Vec<Value>) -> Result<Vec<Option<T>>, ErrorKind> {
    let elements = values.into_iter().map(<Option<T>>::from_value);
    elements.collect::<Result<_, _>>().map_err(|_| other_type())
}

/// As [`elements`], for decimal numbers of one type.
fn numbers(ty: Type, values: Vec<Value>) -> Result<Vec<Option<Decimal>>, ErrorKind> {
    let elements = values.into_iter().map(|value| match value {
        Value::Null(of) if of == ty => Ok(None),
        Value::Numeric(number) if number.ty() == ty => Ok(Some(number.into())),
        _ => Err(other_type()),
    });
    elements.collect()
}

fn other_type() -> ErrorKind {
    ErrorKind::InvalidQuery {
        reason: "the elements of an array must have the same type".into(),
    }
}

/// Runs a statement, and returns how many rows it changed or returned.
async fn run(
    connection: &mut Object<Manager>,
    text: &SqlText,
    values: Vec<Value>,
    on_row: impl FnMut(PgRow) -> Result<()> + Send,
) -> Result<u64> {
    let keep = connection.keeps_statements();
    let query = query_with(AssertSqlSafe(text.sql.clone()), arguments(values)?).persistent(keep);
    let classify = |error: sqlx::Error| Postgres::classify(&error, text.table);
    answers::read(connection.live().fetch_many(query), on_row, classify).await
}

/// Sends a [`Message`]. `None` if the statement has none.
async fn send(
    connection: &mut Object<Manager>,
    begin: &Begin,
    text: &SqlText,
    values: &[Value],
    on_row: impl FnMut(PgRow) -> Result<()> + Send,
) -> Result<Option<u64>> {
    let (connection, prepared) = connection.with_prepared();
    let Some(message) = Message::new(begin, &text.sql, values) else {
        return Ok(None);
    };
    let classify = |error: sqlx::Error| Postgres::classify(&error, text.table);
    message
        .send(connection, prepared, on_row, classify)
        .await
        .map(Some)
}

impl HasRow for Postgres {
    type Row<'r> = Row<'r>;
}

impl<T> Decodes<T> for Postgres
where
    T: Native<Postgres>,
    T::Native: FromColumn,
{
    fn column(row: &Row<'_>, index: usize) -> Result<T> {
        row.get(index)
    }
}

impl Dialect for Postgres {
    type Connection = Object<Manager>;
    type Pool = PostgresPool;

    const IN_PROCESS: bool = false;
    const OUTLIVES_REFUSALS: bool = false;

    async fn acquire(
        pool: &PostgresPool,
        access: Access,
        extent: Extent,
    ) -> Result<Self::Connection> {
        pool.acquire(access, extent).await
    }

    async fn acquire_for_one(pool: &PostgresPool) -> Result<Option<Self::Connection>> {
        let acquired = pool.acquire(Access::Write, Extent::Statement).await;
        acquired.map(Some)
    }

    /// Each statement runs alone: the server commits those of several connections together.
    async fn fetch_together(
        _pool: &PostgresPool,
        _text: &SqlText,
        _values: &[Value],
        _rows: Box<dyn Rows<Self>>,
    ) -> Result<Option<Box<dyn Rows<Self>>>> {
        Ok(None)
    }

    async fn execute_together(
        _pool: &PostgresPool,
        _text: &SqlText,
        _values: &[Value],
    ) -> Result<Option<u64>> {
        Ok(None)
    }

    fn begin_sql(
        pool: &PostgresPool,
        scope: &Scope,
        access: Access,
        extent: Extent,
    ) -> Result<Option<Begin>> {
        rls::begin(
            pool.role(),
            pool.path(),
            pool.settings().as_deref(),
            scope,
            access,
            extent,
        )
    }

    over_sqlx::seaorm_methods!(connection => connection.live());

    async fn fetch(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        mut rows: Box<dyn Rows<Self>>,
    ) -> Result<Box<dyn Rows<Self>>> {
        run(connection, text, values, |row| rows.push(&Row(&row))).await?;
        Ok(rows)
    }

    async fn execute(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
    ) -> Result<u64> {
        run(connection, text, values, |_| Ok(())).await
    }

    /// Reads the whole result. Otherwise the driver would read the rest before the next statement.
    async fn fetch_first(
        connection: &mut Self::Connection,
        text: &SqlText,
        values: Vec<Value>,
        rows: Box<dyn Rows<Self>>,
    ) -> Result<Box<dyn Rows<Self>>> {
        Self::fetch(connection, text, values, rows).await
    }

    async fn fetch_in_message(
        connection: &mut Self::Connection,
        begin: &Begin,
        text: &SqlText,
        values: &[Value],
        rows: &mut dyn Rows<Self>,
    ) -> Result<Option<()>> {
        let on_row = |row| rows.push(&Row(&row));
        let sent = send(connection, begin, text, values, on_row).await?;
        Ok(sent.map(|_| ()))
    }

    async fn execute_in_message(
        connection: &mut Self::Connection,
        begin: &Begin,
        text: &SqlText,
        values: &[Value],
    ) -> Result<Option<u64>> {
        send(connection, begin, text, values, |_| Ok(())).await
    }

    /// The text is a `COPY`.
    async fn execute_each(
        connection: &mut Self::Connection,
        text: &SqlText,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let classify = |error: sqlx::Error| Self::classify(&error, text.table);
        copy::rows(connection.live(), &text.sql, &rows, classify).await
    }

    async fn control(connection: &mut Self::Connection, text: &str) -> Result<()> {
        // One simple query, so one round trip. Only `rls` builds texts with variable parts.
        let statement = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        let result = statement.execute(connection.live()).await;
        result
            .map(|_| ())
            .map_err(|error| rls::explain_guard(Self::classify(&error, None)))
    }

    async fn end(
        connection: &mut Self::Connection,
        statement: Option<&'static str>,
        guard_query: &str,
    ) -> Result<(), EndError> {
        let guard_query = match statement {
            Some("COMMIT") => guard_query,
            _ => "",
        };
        let ending = [guard_query, statement.unwrap_or_default()];
        let ending = ending.into_iter().filter(|part| !part.is_empty());
        let mut missing = ending.clone().count();
        // One message: behind a pooler, a second one may reach another server.
        let parts = ending.chain([connection.cleaning()]);
        let text = parts.collect::<Vec<_>>().join("; ");
        let mut results = sqlx::raw_sql(AssertSqlSafe(text)).execute_many(connection.live());
        while let Some(result) = results.next().await {
            match result {
                Ok(_) => missing = missing.saturating_sub(1),
                Err(_) if missing == 0 => return Err(EndError::Cleaning),
                Err(error) => {
                    let error = rls::explain_guard(Self::classify(&error, None));
                    return Err(EndError::Statement(error));
                }
            }
        }
        Ok(())
    }

    async fn forget_statements(connection: &mut Self::Connection) -> Result<()> {
        let forgotten = connection.forget_statements().await;
        forgotten.map_err(|error| Self::classify(&error, None))
    }

    fn release(mut connection: Self::Connection) {
        connection.release();
    }

    /// A connection cannot be moved to another database, so there is nothing to check.
    fn verify(_connection: &Self::Connection) -> Result<()> {
        Ok(())
    }

    fn failed(connection: &Self::Connection, access: Access, error: &Error) {
        connection.failed(access, error);
    }

    fn is_new(connection: &Self::Connection) -> bool {
        connection.is_new()
    }

    async fn renew(connection: &mut Self::Connection) -> Result<()> {
        PostgresPool::renew(connection).await
    }

    fn discard(connection: Self::Connection) {
        connection.lose();
        drop(Object::take(connection));
    }

    /// Does nothing: the server ends the statement after its timeout, and the driver cannot cancel it.
    fn interrupt(_connection: &mut Self::Connection) {}

    fn response_deadline(pool: &PostgresPool) -> Duration {
        pool.response_deadline()
    }

    const COLUMNS: &'static str = "SELECT t.relname::text, c.attname::text FROM pg_class AS t \
         JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped \
         WHERE t.relkind IN ('r', 'p') AND pg_table_is_visible(t.oid) \
         AND t.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = ANY (current_schemas(false))) \
         ORDER BY t.relname, c.attnum";

    fn classify(error: &sqlx::Error, table: Option<&'static Table>) -> Error {
        error::classify(error, table)
    }
}
