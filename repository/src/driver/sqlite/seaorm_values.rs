//! The values of columns in SeaORM's statements and rows.

use rusqlite::types::ValueRef;
use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{Decode, Row as _, TypeInfo as _, ValueRef as _};

use super::Sqlite;
use super::types::{FromColumn, TextDate, TextId, TextTime, TextTimeOfDay};
use crate::model::value::{Native, Value};

/// The value at a position of a row. `None` if the stored value is not of that type.
pub(crate) fn column<T>(row: &SqliteRow, index: usize) -> Option<T>
where
    T: Native<Sqlite>,
    T::Native: FromColumn,
{
    let value = stored(row.try_get_raw(index).ok()?)?;
    <T::Native as FromColumn>::from_column(value).and_then(T::from_native)
}

/// The stored value, as the library's own connection gives it.
fn stored(value: SqliteValueRef<'_>) -> Option<ValueRef<'_>> {
    if value.is_null() {
        return Some(ValueRef::Null);
    }
    let storage_class = value.type_info().name().to_owned();
    match storage_class.as_str() {
        "INTEGER" => decoded(value).map(ValueRef::Integer),
        "REAL" => decoded(value).map(ValueRef::Real),
        "TEXT" => decoded(value).map(ValueRef::Text),
        "BLOB" => decoded(value).map(ValueRef::Blob),
        _ => None,
    }
}

fn decoded<'r, T: Decode<'r, sqlx::Sqlite>>(value: SqliteValueRef<'r>) -> Option<T> {
    T::decode(value).ok()
}

/// The value as a parameter of a statement. `None` for an array, which SQLite lacks.
pub(crate) fn parameter(value: Value) -> Option<sea_orm::Value> {
    Some(match value {
        Value::Null(_) => None::<String>.into(),
        Value::Uuid(id) => TextId(id).to_string().into(),
        Value::Text(text) => text.into(),
        Value::Bool(bool) => bool.into(),
        Value::SmallInt(int) => int.into(),
        Value::Int(int) => int.into(),
        Value::BigInt(int) => int.into(),
        Value::Float(float) => f64::from(float).into(),
        Value::Double(float) => float.into(),
        Value::Timestamp(at) => TextTime(at).to_string().into(),
        Value::Date(day) => TextDate(day).to_string().into(),
        Value::Time(time) => TextTimeOfDay(time).to_string().into(),
        Value::Json(document) => document.to_string().into(),
        Value::Bytes(bytes) => bytes.into(),
        Value::Numeric(number) => number.units().into(),
        Value::Array(..) => return None,
    })
}
