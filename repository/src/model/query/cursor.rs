use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, NaiveTime};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::value::{AnyNumeric, Type, Value};

/// A position in the order of one query. Opaque, bound to its query and scope, and safe to put into a URL.
///
/// It stays valid in later versions of the application that ask the same query: the same table, owner, visibility, and
/// filter with its values, and the same order. Columns are compared by name and by type, including whether they accept
/// NULL, and not by their place in the record. Any other query refuses it with
/// [`InvalidCursor`](crate::ErrorKind::InvalidCursor).
///
/// A cursor is not secret: it contains the values of one row in the columns of the order. It is not trusted either: a
/// modified cursor can only be another position in the same query.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(String);

/// The part of a cursor that binds it to a query.
pub(crate) type QueryHash = [u8; 8];

/// The values of one row in the columns of the order.
pub(crate) type Position = Vec<Value>;

/// The first byte of a cursor: the version of its format.
///
/// 2: the hash has the names of columns. In 1 it had their positions.
const FORMAT: u8 = 2;

impl Cursor {
    /// The cursor as text. [`str::parse`] is the inverse.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn at(hash: QueryHash, position: &Position) -> Self {
        let mut bytes = vec![FORMAT];
        bytes.extend(hash);
        let values: Vec<Json> = position.iter().map(to_json).collect();
        bytes.extend(Json::Array(values).to_string().into_bytes());
        Cursor(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The position, if the cursor belongs to the query.
    pub(crate) fn position(&self, query: QueryHash, types: &[Type]) -> Result<Position> {
        let bytes = URL_SAFE_NO_PAD
            .decode(&self.0)
            .map_err(|_| invalid("it is not a cursor"))?;
        let (format, rest) = bytes.split_first().ok_or_else(|| invalid("it is empty"))?;
        if *format != FORMAT {
            return Err(invalid("its format is unknown"));
        }
        let (hash, values) = rest
            .split_at_checked(query.len())
            .ok_or_else(|| invalid("it is truncated"))?;
        if hash != query {
            return Err(invalid("it belongs to another query"));
        }
        let values: Vec<Json> =
            serde_json::from_slice(values).map_err(|_| invalid("it is damaged"))?;
        if values.len() != types.len() {
            return Err(invalid("it is damaged"));
        }
        values
            .into_iter()
            .zip(types)
            .map(|(value, ty)| from_json(value, *ty).ok_or_else(|| invalid("it is damaged")))
            .collect()
    }
}

fn invalid(reason: &'static str) -> Error {
    ErrorKind::InvalidCursor { reason }.into()
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursor(..)")
    }
}

impl FromStr for Cursor {
    type Err = std::convert::Infallible;

    /// Accepts any text. The query validates it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Cursor(text.to_owned()))
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null(_) => Json::Null,
        Value::Uuid(id) => Json::String(id.to_string()),
        Value::Text(text) => Json::String(text.clone()),
        Value::Bool(bool) => Json::Bool(*bool),
        Value::SmallInt(int) => Json::from(*int),
        Value::Int(int) => Json::from(*int),
        Value::BigInt(int) => Json::from(*int),
        // As bits, because a decimal text in JSON may be read as a slightly different float.
        Value::Float(float) => Json::from(float.to_bits()),
        Value::Double(float) => Json::from(float.to_bits()),
        Value::Timestamp(at) => Json::from(at.timestamp_micros()),
        Value::Date(day) => Json::String(day.to_string()),
        Value::Time(time) => Json::String(time.to_string()),
        Value::Bytes(bytes) => Json::String(URL_SAFE_NO_PAD.encode(bytes)),
        Value::Json(document) => document.clone(),
        Value::Numeric(number) => Json::from(number.units()),
        Value::Array(_, values) => Json::Array(values.iter().map(to_json).collect()),
    }
}

fn from_json(value: Json, ty: Type) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null(ty));
    }
    let value = match ty {
        Type::Uuid => Value::Uuid(Uuid::parse_str(value.as_str()?).ok()?),
        Type::Text => match value {
            Json::String(text) if !text.contains('\0') => Value::Text(text),
            _ => return None,
        },
        Type::Bool => Value::Bool(value.as_bool()?),
        Type::SmallInt => Value::SmallInt(value.as_i64()?.try_into().ok()?),
        Type::Int => Value::Int(value.as_i64()?.try_into().ok()?),
        Type::BigInt => Value::BigInt(value.as_i64()?),
        Type::Float => {
            let bits = value.as_u64()?.try_into().ok()?;
            Value::Float(Some(f32::from_bits(bits)).filter(|f| f.is_finite())?)
        }
        Type::Double => {
            Value::Double(Some(f64::from_bits(value.as_u64()?)).filter(|f| f.is_finite())?)
        }
        Type::Timestamp => {
            let at = DateTime::from_timestamp_micros(value.as_i64()?)?;
            use chrono::Datelike;
            (1..=9999)
                .contains(&at.year())
                .then_some(Value::Timestamp(at))?
        }
        Type::Date => Value::Date(value.as_str()?.parse::<NaiveDate>().ok()?),
        Type::Time => {
            use chrono::Timelike;
            let time = value.as_str()?.parse::<NaiveTime>().ok()?;
            (time.nanosecond() < 1_000_000_000).then_some(Value::Time(time))?
        }
        // No order has such a column.
        Type::Json => return None,
        Type::Bytes => Value::Bytes(URL_SAFE_NO_PAD.decode(value.as_str()?).ok()?),
        Type::Numeric { precision, scale } => {
            Value::Numeric(AnyNumeric::from_units(value.as_i64()?, precision, scale)?)
        }
    };
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPES: [Type; 8] = [
        Type::Text,
        Type::BigInt,
        Type::Double,
        Type::Timestamp,
        Type::Uuid,
        Type::SmallInt,
        Type::Float,
        Type::Time,
    ];

    proptest! {
        #[test]
        fn a_cursor_round_trips_its_position(
            text in "[^\0]*",
            int in any::<i64>(),
            float in -1e300_f64..1e300,
            micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000,
            id in any::<u128>(),
            small in any::<i16>(),
            single in -1e30_f32..1e30,
            second in 0_u32..86_400,
        ) {
            let position = vec![
                Value::Text(text),
                Value::BigInt(int),
                Value::Double(float),
                DateTime::from_timestamp_micros(micros).map_or(Value::Null(Type::Timestamp), Value::Timestamp),
                Value::Uuid(Uuid::from_u128(id)),
                Value::SmallInt(small),
                Value::Float(single),
                NaiveTime::from_num_seconds_from_midnight_opt(second, 678_901_000)
                    .map_or(Value::Null(Type::Time), Value::Time),
            ];
            let cursor = Cursor::at([7; 8], &position);
            let read = cursor.position([7; 8], &TYPES);
            prop_assert_eq!(read.ok(), Some(position));
        }

        #[test]
        fn reading_a_cursor_from_any_text_does_not_panic(text in ".*") {
            let cursor = Cursor(text);
            prop_assert!(cursor.position([0; 8], &TYPES).is_err());
        }

        #[test]
        fn reading_a_cursor_from_any_bytes_does_not_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            bytes.splice(0..0, [FORMAT, 0, 0, 0, 0, 0, 0, 0, 0]);
            let cursor = Cursor(URL_SAFE_NO_PAD.encode(bytes));
            let _result = cursor.position([0; 8], &TYPES);
        }
    }

    #[test]
    fn a_cursor_of_an_earlier_format_is_refused() {
        let cursor = Cursor::at([1; 8], &vec![Value::BigInt(1)]);
        let mut bytes = URL_SAFE_NO_PAD.decode(&cursor.0).expect("base64");
        bytes[0] = FORMAT - 1;
        let earlier = Cursor(URL_SAFE_NO_PAD.encode(bytes));
        let error = earlier
            .position([1; 8], &[Type::BigInt])
            .expect_err("an earlier format");
        let kind = ErrorKind::InvalidCursor {
            reason: "its format is unknown",
        };
        assert_eq!(*error.kind(), kind);
    }

    #[test]
    fn a_cursor_of_another_query_is_refused() {
        let cursor = Cursor::at([1; 8], &vec![Value::BigInt(1)]);
        let error = cursor
            .position([2; 8], &[Type::BigInt])
            .expect_err("another query");
        assert!(matches!(error.kind(), ErrorKind::InvalidCursor { .. }));
    }
}
