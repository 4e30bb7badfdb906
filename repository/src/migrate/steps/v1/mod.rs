//! Version 1 of what the step of a data migration sees. Public as `migrate::data::v1`.

mod error;
mod row;
mod value;

use std::str::FromStr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

pub use self::error::Error;
pub use self::row::Row;
pub use self::value::{Column, Value};
use crate::migrate::faults;
use crate::model::engine::Engine;
use crate::sql::custom::{Part, Pieces};

pub use crate::model::value::Numeric;
pub use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
pub use uuid::Uuid;

/// A JSON document.
// Not a re-export: with its variants in reach, the compiler would write `std::string::String` in every message.
pub type JsonValue = serde_json::Value;

/// The step of a data migration, as a function without a type of its own future.
pub type Step = for<'a, 't> fn(&'a mut Batch<'t>) -> BoxFuture<'a, Result<Next, Error>>;

/// How many parameters a statement of [`Batch::insert`] has at most. SQLite accepts 32,766, and Postgres 65,535.
const MOST_PARAMETERS: usize = 30_000;

/// What comes after a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another batch, which begins after this cursor. It must be another one than that of this batch.
    After(String),
    /// Nothing: the migration is complete.
    Done,
}

impl Next {
    /// Another batch, which begins after this key.
    pub fn after(key: impl ToString) -> Self {
        Next::After(key.to_string())
    }
}

/// One batch of a data migration, in its transaction.
#[derive(Debug)]
pub struct Batch<'t> {
    tx: &'t DatabaseTransaction,
    engine: Engine,
    number: u64,
    cursor: Option<String>,
    written: u64,
    failure: Option<String>,
}

impl<'t> Batch<'t> {
    pub(in crate::migrate) fn new(
        tx: &'t DatabaseTransaction,
        engine: Engine,
        number: u64,
        cursor: Option<String>,
    ) -> Self {
        Batch {
            tx,
            engine,
            number,
            cursor,
            written: 0,
            failure: None,
        }
    }

    /// How many rows were written.
    pub(in crate::migrate) fn written(&self) -> u64 {
        self.written
    }

    /// The error of the first statement that failed, even if the step went on: on Postgres it has ended the transaction.
    pub(in crate::migrate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn failed(&mut self, sql: &str, error: DbErr) -> Error {
        let error = Error::of_statement(sql, error);
        self.failure.get_or_insert_with(|| error.to_string());
        error
    }

    /// The engine, for the rare statement that must be another one.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The number of the batch, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The cursor that the batch before returned with [`Next::After`]; `None` in the first batch.
    ///
    /// # Errors
    /// The one of its type, if it is no text of that type.
    pub fn cursor<T>(&self) -> Result<Option<T>, Error>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        Ok(self.cursor.as_deref().map(str::parse).transpose()?)
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// Those of the database, of a value that cannot be stored, and of a statement that does not only read and write rows.
    pub async fn select(
        &mut self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql, values)?;
        let found = self.tx.query_all_raw(statement).await;
        let found = found.map_err(|error| self.failed(sql, error))?;
        let Some(first) = found.first() else {
            return Ok(Vec::new());
        };
        let names: Arc<[String]> = first.column_names().into();
        let rows = found.into_iter().map(|row| Row::new(row, names.clone()));
        Ok(rows.collect())
    }

    /// Runs a statement, and returns how many rows it inserted, updated or deleted.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub async fn execute(
        &mut self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64, Error> {
        let statement = self.statement(sql, values)?;
        let done = self.tx.execute_raw(statement).await;
        let done = done.map_err(|error| self.failed(sql, error))?;
        self.written += done.rows_affected();
        Ok(done.rows_affected())
    }

    /// Inserts rows with values for these columns, many with one statement, and returns how many.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub async fn insert<const N: usize>(
        &mut self,
        table: &str,
        columns: [&str; N],
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Result<u64, Error> {
        let names = columns.map(quoted).join(", ");
        let into = format!("INSERT INTO {} ({names}) VALUES ", quoted(table));
        let at_once = MOST_PARAMETERS / N.max(1);
        let mut rows = rows.into_iter();
        let mut count = 0;
        loop {
            let values: Vec<Value> = rows.by_ref().take(at_once).flatten().collect();
            if values.is_empty() {
                return Ok(count);
            }
            let lists = (0..values.len() / N).map(|row| {
                let numbers = (1..=N).map(|column| format!("${}", row * N + column));
                format!("({})", numbers.collect::<Vec<_>>().join(", "))
            });
            let sql = format!("{into}{}", lists.collect::<Vec<_>>().join(", "));
            count += self.execute(&sql, values).await?;
        }
    }

    fn statement(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Statement, Error> {
        if let Some(reason) = refused(self.engine, sql) {
            return Err(Error::new(format!("`{}` is {reason}", error::start(sql))));
        }
        let values = values.into_iter().enumerate().map(|(index, value)| {
            let parameter = value.parameter(self.engine);
            parameter.map_err(|reason| Error::new(format!("the value of ${}: {reason}", index + 1)))
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let backend = self.tx.get_database_backend();
        Ok(Statement::from_sql_and_values(backend, sql, values))
    }
}

/// Why a step may not run the text; `None` if it may.
fn refused(engine: Engine, sql: &str) -> Option<String> {
    let parts: Vec<_> = Pieces::of(engine, sql).collect();
    let [Part::Statement(piece)] = parts.as_slice() else {
        return Some("not one statement: run each by itself".to_owned());
    };
    let only_rows = "remove it, as a data migration only reads and writes rows";
    match faults::inside(piece, only_rows) {
        Some(fault) => Some(fault),
        None if piece.is_of_connection() => Some(format!("a setting: {only_rows}")),
        None if piece.changes_schema() => Some(format!("a change of the schema: {only_rows}")),
        None => None,
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Runs a step whose panic is its error.
pub(in crate::migrate) async fn run(step: Step, batch: &mut Batch<'_>) -> Result<Next, Error> {
    use futures_util::FutureExt;
    use std::panic::AssertUnwindSafe;

    // The batch is rolled back after a panic, so nothing half done is seen.
    match AssertUnwindSafe(async { step(batch).await })
        .catch_unwind()
        .await
    {
        Ok(next) => next,
        Err(panic) => Err(Error::of_panic(panic.as_ref())),
    }
}
