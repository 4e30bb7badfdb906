//! A prepared statement: binds typed values, steps, and decodes rows by position.

use rusqlite::types::{Null, ValueRef};
use rusqlite::{Connection, Statement};
use uuid::Uuid;

use super::types::{FromColumn, TextDate, TextId, TextTime, TextTimeOfDay};
use super::{Sqlite, error};
use crate::driver::rows::Rows;
use crate::model::domain::Table;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::value::{Native, Value, parse};

/// A row of a result, read by position.
pub struct Row<'r>(&'r rusqlite::Row<'r>);

impl Row<'_> {
    /// Reads the value at a position as a field's type.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if the value has another type, or there is no such position.
    pub fn get<T>(&self, index: usize) -> Result<T>
    where
        T: Native<Sqlite>,
        T::Native: FromColumn,
    {
        let value = self.0.get_ref(index).ok();
        let native = value.and_then(<T::Native as FromColumn>::from_column);
        native.and_then(T::from_native).ok_or_else(|| {
            let column = column_name(self.0, index);
            ErrorKind::Decode {
                column: column.unwrap_or("a missing column").to_owned().into(),
            }
            .into()
        })
    }
}

fn column_name<'r>(row: &'r rusqlite::Row<'_>, index: usize) -> Option<&'r str> {
    let statement: &rusqlite::Statement<'_> = row.as_ref();
    statement.column_name(index).ok()
}

/// Why a statement did not end.
#[derive(Debug)]
pub(super) enum Failed {
    /// An error of SQLite.
    Database(rusqlite::Error),
    /// An error of this library.
    Ours(Error),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Failed::Database(error)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Ours(error)
    }
}

/// Converts an error for the caller. `table` is the one that the statement is about.
pub(super) fn explain(failed: Failed, table: Option<&'static Table>) -> Error {
    match failed {
        Failed::Database(error) => error::classify_in_place(&error, table),
        Failed::Ours(error) => error,
    }
}

/// Runs a statement, and decodes its rows. Returns their number.
pub(super) fn fetch(
    statement: &mut Statement<'_>,
    values: &[Value],
    rows: &mut dyn Rows<Sqlite>,
) -> Result<usize, Failed> {
    bind(statement, values)?;
    let mut fetched = statement.raw_query();
    let mut count = 0;
    while let Some(row) = fetched.next()? {
        rows.push(&Row(row))?;
        count += 1;
    }
    Ok(count)
}

/// Runs a statement up to its first row, and decodes it.
pub(super) fn fetch_first(
    statement: &mut Statement<'_>,
    values: &[Value],
    rows: &mut dyn Rows<Sqlite>,
) -> Result<(), Failed> {
    bind(statement, values)?;
    let mut fetched = statement.raw_query();
    if let Some(row) = fetched.next()? {
        rows.push(&Row(row))?;
    }
    Ok(())
}

/// Runs a statement to its end. Its rows are not decoded.
pub(super) fn execute(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), Failed> {
    bind(statement, values)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

/// Runs a statement without parameters that begins or ends a transaction or a savepoint.
pub(super) fn control(connection: &Connection, text: &str) -> Result<(), Failed> {
    execute(&mut *connection.prepare_cached(text)?, &[])
}

/// Binds the values to the parameters, in their order.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), Failed> {
    let mut id_text = Uuid::encode_buffer();
    for (index, value) in values.iter().enumerate() {
        let position = index + 1;
        match value {
            Value::Null(_) => statement.raw_bind_parameter(position, Null),
            Value::Uuid(id) => {
                let text: &str = id.as_hyphenated().encode_lower(&mut id_text);
                statement.raw_bind_parameter(position, text)
            }
            Value::Text(text) => statement.raw_bind_parameter(position, text.as_str()),
            Value::Bool(bool) => statement.raw_bind_parameter(position, bool),
            Value::SmallInt(int) => statement.raw_bind_parameter(position, int),
            Value::Int(int) => statement.raw_bind_parameter(position, int),
            Value::BigInt(int) => statement.raw_bind_parameter(position, int),
            Value::Float(float) => statement.raw_bind_parameter(position, f64::from(*float)),
            Value::Double(float) => statement.raw_bind_parameter(position, float),
            Value::Timestamp(at) => {
                let time = TextTime(*at);
                match time.encoded().as_ref().map(|text| str::from_utf8(text)) {
                    Some(Ok(text)) => statement.raw_bind_parameter(position, text),
                    _ => statement.raw_bind_parameter(position, time.to_string()),
                }
            }
            Value::Date(day) => statement.raw_bind_parameter(position, TextDate(*day).to_string()),
            Value::Time(time) => {
                statement.raw_bind_parameter(position, TextTimeOfDay(*time).to_string())
            }
            Value::Json(document) => statement.raw_bind_parameter(position, document.to_string()),
            Value::Bytes(bytes) => statement.raw_bind_parameter(position, bytes.as_slice()),
            Value::Numeric(number) => statement.raw_bind_parameter(position, number.units()),
            Value::Array(_, values) => statement.raw_bind_parameter(position, json(values)?),
        }?;
    }
    Ok(())
}

/// An array as JSON. `json_each` returns its elements in the form in which the column stores them.
fn json(values: &[Value]) -> Result<String> {
    Ok(array(values)?.to_string())
}

fn array(values: &[Value]) -> Result<serde_json::Value> {
    use serde_json::Value as Json;
    let values = values.iter().map(|value| -> Result<Json> {
        Ok(match value {
            Value::Null(_) => Json::Null,
            Value::Uuid(id) => Json::String(TextId(*id).to_string()),
            Value::Text(text) => Json::String(text.clone()),
            Value::Bool(bool) => Json::from(i32::from(*bool)),
            Value::SmallInt(int) => Json::from(*int),
            Value::Int(int) => Json::from(*int),
            Value::BigInt(int) => Json::from(*int),
            Value::Timestamp(at) => Json::String(TextTime(*at).to_string()),
            Value::Date(day) => Json::String(TextDate(*day).to_string()),
            Value::Time(time) => Json::String(TextTimeOfDay(*time).to_string()),
            Value::Numeric(number) => Json::from(number.units()),
            // A row of a list.
            Value::Array(_, values) => array(values)?,
            Value::Float(_) | Value::Double(_) | Value::Bytes(_) | Value::Json(_) => {
                return Err(ErrorKind::InvalidQuery {
                    reason: "on SQLite a list cannot contain floats, bytes or JSON".into(),
                }
                .into());
            }
        })
    });
    Ok(Json::Array(values.collect::<Result<_, _>>()?))
}

macro_rules! from_column {
    ($($native:ty: $pattern:pat => $value:expr;)+) => {
        $(impl FromColumn for $native {
            fn from_column(value: ValueRef<'_>) -> Option<Self> {
                match value {
                    $pattern => $value,
                    _ => None,
                }
            }
        })+
    };
}

from_column! {
    bool: ValueRef::Integer(int) => Some(int != 0);
    i16: ValueRef::Integer(int) => int.try_into().ok();
    i32: ValueRef::Integer(int) => int.try_into().ok();
    i64: ValueRef::Integer(int) => Some(int);
    f32: ValueRef::Real(float) => narrow(float);
    f64: ValueRef::Real(float) => Some(float);
    String: ValueRef::Text(text) => str::from_utf8(text).ok().map(str::to_owned);
    Vec<u8>: ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Some(bytes.to_owned());
    TextId: ValueRef::Text(text) => TextId::parse(text);
    TextTime: ValueRef::Text(text) => TextTime::parse(text);
    TextDate: ValueRef::Text(text) => str::from_utf8(text).ok()?.parse().ok();
    serde_json::Value: ValueRef::Text(text) => parse(str::from_utf8(text).ok()?);
    TextTimeOfDay: ValueRef::Text(text) => str::from_utf8(text).ok()?.parse().ok();
}

/// The number with 4 bytes, if it is exactly the same.
fn narrow(float: f64) -> Option<f32> {
    let narrow = float as f32;
    (f64::from(narrow) == float).then_some(narrow)
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::from_column(value).map(Some),
        }
    }
}
