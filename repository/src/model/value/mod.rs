//! The values of statements. Each column has one logical type, the same on both engines.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

use crate::model::error::InvalidReason;

pub mod class;
mod field;
mod json;
mod numeric;
mod variants;

pub(crate) use field::native_as_itself;
pub use field::{Field, Native};
pub(crate) use json::parse;
pub use json::{Json, MAX_JSON_DEPTH};
pub use numeric::{AnyNumeric, MAX_PRECISION, Numeric};
pub use variants::{Variants, no_variant, variants};

/// The maximum length of a text, a byte string or a JSON document, unless the record says another one: 1 MiB.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The largest `#[record(max_bytes = ..)]` of a text or a byte string: 64 MiB.
///
/// A value is in memory as a whole, several times while it is written or read, and Postgres prints a byte string with two
/// characters for each byte. So the limit is far below those of the engines: SQLite returns an error above 1,000,000,000
/// bytes, and Postgres closes the connection above 1 GiB.
pub const MAX_COLUMN_BYTES: usize = 64 * 1024 * 1024;

/// The largest `#[record(max_bytes = ..)]` of a JSON document: 16 MiB.
///
/// `jsonb` takes up to six times the bytes of the text, such as in a list of small numbers, and Postgres refuses one of more
/// than 256 MiB: <https://www.postgresql.org/docs/current/datatype-json.html>.
pub const MAX_JSON_BYTES: usize = 16 * 1024 * 1024;

/// The most that the columns of one record with a `max_bytes` above [`MAX_BYTES`] have together: 256 MiB. A row is one
/// message to Postgres.
pub const MAX_ROW_BYTES: usize = 256 * 1024 * 1024;

/// The logical type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `uuid` on Postgres, canonical lower-case TEXT on SQLite.
    Uuid,
    /// `text COLLATE "C"` on Postgres, TEXT on SQLite. Compared by code point on both.
    Text,
    /// `boolean` on Postgres, INTEGER 0 or 1 on SQLite.
    Bool,
    /// `smallint` (16 bits) on Postgres, INTEGER in that range on SQLite.
    SmallInt,
    /// `integer` (32 bits) on Postgres, INTEGER in that range on SQLite.
    Int,
    /// `bigint` (64 bits) on Postgres, INTEGER on SQLite.
    BigInt,
    /// `real` (4 bytes) on Postgres, REAL in that range on SQLite. REAL has 8 bytes and holds each such number exactly.
    Float,
    /// `double precision` on Postgres, REAL on SQLite.
    Double,
    /// `timestamptz` on Postgres, fixed-width RFC 3339 TEXT in UTC on SQLite. Microseconds on both.
    Timestamp,
    /// `date` on Postgres, `YYYY-MM-DD` TEXT on SQLite.
    Date,
    /// `time` on Postgres, `HH:MM:SS.ffffff` TEXT on SQLite. Microseconds on both, without 24:00.
    Time,
    /// `bytea` on Postgres, BLOB on SQLite.
    Bytes,
    /// `jsonb` on Postgres, TEXT on SQLite. Has neither equality nor an order.
    Json,
    /// `numeric(precision,scale)` on Postgres, INTEGER on SQLite: a [`Numeric`].
    Numeric {
        /// The most digits.
        precision: u8,
        /// How many of them are behind the point.
        scale: u8,
    },
}

/// A value of a logical type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL of a type. Postgres plans a statement by the types of its parameters.
    Null(Type),
    /// A UUID.
    Uuid(Uuid),
    /// A text.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// A 16-bit integer.
    SmallInt(i16),
    /// A 32-bit integer.
    Int(i32),
    /// A 64-bit integer.
    BigInt(i64),
    /// A finite float of 4 bytes.
    Float(f32),
    /// A finite float.
    Double(f64),
    /// A time, in microseconds.
    Timestamp(DateTime<Utc>),
    /// A calendar day.
    Date(NaiveDate),
    /// A time of day, in microseconds.
    Time(NaiveTime),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A JSON document.
    Json(serde_json::Value),
    /// A decimal number.
    Numeric(AnyNumeric),
    /// Several values of one type, bound as one parameter.
    Array(Type, Vec<Value>),
}

impl Value {
    /// The logical type. For an array, the type of its elements.
    pub fn ty(&self) -> Type {
        match self {
            Value::Null(ty) | Value::Array(ty, _) => *ty,
            Value::Uuid(_) => Type::Uuid,
            Value::Text(_) => Type::Text,
            Value::Bool(_) => Type::Bool,
            Value::SmallInt(_) => Type::SmallInt,
            Value::Int(_) => Type::Int,
            Value::BigInt(_) => Type::BigInt,
            Value::Float(_) => Type::Float,
            Value::Double(_) => Type::Double,
            Value::Timestamp(_) => Type::Timestamp,
            Value::Date(_) => Type::Date,
            Value::Time(_) => Type::Time,
            Value::Bytes(_) => Type::Bytes,
            Value::Json(_) => Type::Json,
            Value::Numeric(number) => number.ty(),
        }
    }

    /// About how many bytes the value has in a message.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Json(document) => json::bytes(document),
            Value::Array(_, values) => values.iter().map(Value::bytes).sum(),
            _ => size_of::<Uuid>(),
        }
    }

    /// Converts the value to its canonical form.
    ///
    /// # Errors
    /// As [`Field::canonicalise`], with the largest length of any column.
    pub(crate) fn canonical(mut self) -> Result<Self, InvalidReason> {
        match &mut self {
            Value::Text(text) => text.canonicalise(MAX_COLUMN_BYTES)?,
            Value::Bytes(bytes) => bytes.canonicalise(MAX_COLUMN_BYTES)?,
            Value::Float(float) => float.canonicalise(MAX_BYTES)?,
            Value::Double(float) => float.canonicalise(MAX_BYTES)?,
            Value::Timestamp(at) => at.canonicalise(MAX_BYTES)?,
            Value::Date(day) => day.canonicalise(MAX_BYTES)?,
            Value::Time(time) => time.canonicalise(MAX_BYTES)?,
            Value::Json(document) => document.canonicalise(MAX_JSON_BYTES)?,
            Value::Array(_, values) => {
                let canonical = std::mem::take(values).into_iter().map(Value::canonical);
                *values = canonical.collect::<Result<_, _>>()?;
            }
            Value::Null(_)
            | Value::Uuid(_)
            | Value::Bool(_)
            | Value::SmallInt(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::Numeric(_) => {}
        }
        Ok(self)
    }

    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null(_))
    }
}

/// Binds a field's value to a parameter of custom SQL. `None` is NULL.
impl<T: Field> From<T> for Value {
    fn from(field: T) -> Self {
        field.to_value()
    }
}
