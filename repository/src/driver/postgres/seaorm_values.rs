//! The values of columns in SeaORM's statements and rows.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::Postgres;
use super::execute::Row;
use super::types::FromColumn;
use crate::model::value::{Native, Type, Value};

/// The value at a position of a row. `None` if the stored value is not of that type.
pub(crate) fn column<T>(row: &PgRow, index: usize) -> Option<T>
where
    T: Native<Postgres>,
    T::Native: FromColumn,
{
    Row::of(row).get(index).ok()
}

/// The value as a parameter of a statement. `None` for an array.
pub(crate) fn parameter(value: Value) -> Option<sea_orm::Value> {
    Some(match value {
        Value::Null(ty) => null(ty),
        Value::Uuid(id) => id.into(),
        Value::Text(text) => text.into(),
        Value::Bool(bool) => bool.into(),
        Value::SmallInt(int) => int.into(),
        Value::Int(int) => int.into(),
        Value::BigInt(int) => int.into(),
        Value::Float(float) => float.into(),
        Value::Double(float) => float.into(),
        Value::Timestamp(at) => at.into(),
        Value::Date(day) => day.into(),
        Value::Time(time) => time.into(),
        Value::Json(document) => document.into(),
        Value::Bytes(bytes) => bytes.into(),
        Value::Numeric(number) => Decimal::from(number).into(),
        Value::Array(..) => return None,
    })
}

/// NULL of a type, as the server plans a statement by the types of its parameters.
fn null(ty: Type) -> sea_orm::Value {
    match ty {
        Type::Uuid => None::<Uuid>.into(),
        Type::Text => None::<String>.into(),
        Type::Bool => None::<bool>.into(),
        Type::SmallInt => None::<i16>.into(),
        Type::Int => None::<i32>.into(),
        Type::BigInt => None::<i64>.into(),
        Type::Float => None::<f32>.into(),
        Type::Double => None::<f64>.into(),
        Type::Timestamp => None::<DateTime<Utc>>.into(),
        Type::Date => None::<NaiveDate>.into(),
        Type::Time => None::<NaiveTime>.into(),
        Type::Bytes => None::<Vec<u8>>.into(),
        Type::Json => None::<serde_json::Value>.into(),
        Type::Numeric { .. } => None::<Decimal>.into(),
    }
}
