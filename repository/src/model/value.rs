//! The values of statements. Each column has one logical type, the same on both engines.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use uuid::Uuid;

use crate::model::clock::to_microseconds;
use crate::model::error::InvalidReason;

/// The maximum length of a text or a byte string: 1 MiB.
///
/// It is far below the limits of the engines. SQLite returns an error above 1,000,000,000 bytes, and Postgres closes
/// the connection above 1 GiB.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The logical type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `uuid` on Postgres, canonical lower-case TEXT on SQLite.
    Uuid,
    /// `text COLLATE "C"` on Postgres, TEXT on SQLite. Compared by code point on both.
    Text,
    /// `boolean` on Postgres, INTEGER 0 or 1 on SQLite.
    Bool,
    /// `integer` (32 bits) on Postgres, INTEGER in that range on SQLite.
    Int,
    /// `bigint` (64 bits) on Postgres, INTEGER on SQLite.
    BigInt,
    /// `double precision` on Postgres, REAL on SQLite.
    Double,
    /// `timestamptz` on Postgres, fixed-width RFC 3339 TEXT in UTC on SQLite. Microseconds on both.
    Timestamp,
    /// `date` on Postgres, `YYYY-MM-DD` TEXT on SQLite.
    Date,
    /// `bytea` on Postgres, BLOB on SQLite.
    Bytes,
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
    /// A 32-bit integer.
    Int(i32),
    /// A 64-bit integer.
    BigInt(i64),
    /// A finite float.
    Double(f64),
    /// A time, in microseconds.
    Timestamp(DateTime<Utc>),
    /// A calendar day.
    Date(NaiveDate),
    /// Bytes.
    Bytes(Vec<u8>),
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
            Value::Int(_) => Type::Int,
            Value::BigInt(_) => Type::BigInt,
            Value::Double(_) => Type::Double,
            Value::Timestamp(_) => Type::Timestamp,
            Value::Date(_) => Type::Date,
            Value::Bytes(_) => Type::Bytes,
        }
    }

    /// Converts the value to its canonical form.
    ///
    /// # Errors
    /// As [`Field::canonicalise`].
    pub(crate) fn canonical(mut self) -> Result<Self, InvalidReason> {
        match &mut self {
            Value::Text(text) => text.canonicalise()?,
            Value::Bytes(bytes) => bytes.canonicalise()?,
            Value::Double(float) => float.canonicalise()?,
            Value::Timestamp(at) => at.canonicalise()?,
            Value::Date(day) => day.canonicalise()?,
            Value::Array(_, values) => {
                let canonical = std::mem::take(values).into_iter().map(Value::canonical);
                *values = canonical.collect::<Result<_, _>>()?;
            }
            Value::Null(_) | Value::Uuid(_) | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) => {
            }
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

/// A Rust type for a field of a record.
///
/// Implemented for one Rust type of each [`Type`], and for `Option` of each. A newtype of an application implements it,
/// and [`Native`] for each dialect, by delegating to the type that it wraps.
#[diagnostic::on_unimplemented(
    message = "a field of a record cannot be of the type `{Self}`",
    label = "this type has no native form on either engine",
    note = "it can be a `Uuid`, `String`, `bool`, `i32`, `i64`, `f64`, `DateTime<Utc>`, `NaiveDate` or `Vec<u8>`, an `Option` of one, or a newtype that implements `Field`, and `Native` for both dialects"
)]
pub trait Field: Clone + PartialEq + Send + Sync + 'static {
    /// The logical type.
    const TYPE: Type;
    /// Whether the type has a value for NULL.
    const NULLABLE: bool = false;

    /// The type of values in filters: the type itself, or the one inside an `Option`.
    type Base: Field;

    /// Converts the value to its canonical form: the one that both engines store and return unchanged.
    ///
    /// # Errors
    /// The reason why it has none: a NUL character in a text, a year outside of 1 to 9999, an infinity or NaN, more
    /// than [`MAX_BYTES`].
    fn canonicalise(&mut self) -> Result<(), InvalidReason> {
        Ok(())
    }

    /// The value to bind.
    fn to_value(&self) -> Value;

    /// The field of a value, or `None` if the value is of another type.
    fn from_value(value: Value) -> Option<Self>;
}

/// The type of a field in the entity of one dialect.
///
/// `Native` is the exact type of the entity's field. An entity that declares another type for the column does not
/// compile.
#[diagnostic::on_unimplemented(
    message = "a field of a record cannot be of the type `{Self}`, because `Native<{D}>` is not implemented for it",
    label = "this type has no native form in the dialect `{D}`",
    note = "a newtype implements `Field`, and `Native` for both dialects, by delegating to the type that it wraps"
)]
pub trait Native<D>: Field {
    /// The type in the entity.
    type Native;

    /// Converts from the entity's type.
    fn from_native(native: Self::Native) -> Self;

    /// Converts to the entity's type.
    fn into_native(self) -> Self::Native;
}

macro_rules! field {
    ($rust:ty, $variant:ident, |$value:ident| $canonicalise:expr) => {
        impl Field for $rust {
            const TYPE: Type = Type::$variant;

            type Base = Self;

            fn canonicalise(&mut self) -> Result<(), InvalidReason> {
                let $value = self;
                $canonicalise
            }

            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }

            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$variant(value) => Some(value),
                    _ => None,
                }
            }
        }
    };
}

field!(Uuid, Uuid, |_value| Ok(()));
field!(bool, Bool, |_value| Ok(()));
field!(i32, Int, |_value| Ok(()));
field!(i64, BigInt, |_value| Ok(()));
field!(String, Text, |value| {
    if value.len() > MAX_BYTES {
        return Err(InvalidReason::TooLong {
            max_bytes: MAX_BYTES,
        });
    }
    if value.contains('\0') {
        return Err(InvalidReason::NulCharacter);
    }
    Ok(())
});
field!(Vec<u8>, Bytes, |value| {
    if value.len() > MAX_BYTES {
        return Err(InvalidReason::TooLong {
            max_bytes: MAX_BYTES,
        });
    }
    Ok(())
});
field!(f64, Double, |value| {
    if !value.is_finite() {
        return Err(InvalidReason::NotFinite);
    }
    // SQLite returns -0.0 as 0.0. Adding 0.0 does the same here.
    *value += 0.0;
    Ok(())
});
field!(DateTime<Utc>, Timestamp, |value| {
    *value = to_microseconds(*value);
    year_in_range(value.year())
});
field!(NaiveDate, Date, |value| year_in_range(value.year()));

fn year_in_range(year: i32) -> Result<(), InvalidReason> {
    if (1..=9999).contains(&year) {
        Ok(())
    } else {
        Err(InvalidReason::YearOutOfRange)
    }
}

impl<T: Field> Field for Option<T> {
    const TYPE: Type = T::TYPE;
    const NULLABLE: bool = true;

    type Base = T::Base;

    fn canonicalise(&mut self) -> Result<(), InvalidReason> {
        self.as_mut().map_or(Ok(()), T::canonicalise)
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null(T::TYPE), T::to_value)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null(ty) => (ty == T::TYPE).then_some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<D, T> Native<D> for Option<T>
where
    T: Native<D>,
{
    type Native = Option<T::Native>;

    fn from_native(native: Self::Native) -> Self {
        native.map(T::from_native)
    }

    fn into_native(self) -> Self::Native {
        self.map(T::into_native)
    }
}

/// Implements `Native` for types that an entity of the dialect uses directly.
macro_rules! native_as_itself {
    ($dialect:ty: $($rust:ty),+) => {
        $(impl $crate::model::value::Native<$dialect> for $rust {
            type Native = Self;

            fn from_native(native: Self) -> Self {
                native
            }

            fn into_native(self) -> Self {
                self
            }
        })+
    };
}

pub(crate) use native_as_itself;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_the_engines_would_store_differently_is_refused() {
        let mut text = "a\0b".to_owned();
        assert_eq!(text.canonicalise(), Err(InvalidReason::NulCharacter));
        let mut long = "x".repeat(MAX_BYTES + 1);
        assert!(matches!(
            long.canonicalise(),
            Err(InvalidReason::TooLong { .. })
        ));
        for mut float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(float.canonicalise(), Err(InvalidReason::NotFinite));
        }
        let mut far = NaiveDate::from_ymd_opt(10_000, 1, 1);
        assert_eq!(far.canonicalise(), Err(InvalidReason::YearOutOfRange));
    }

    #[test]
    fn negative_zero_is_canonicalised_to_zero() {
        let mut zero = -0.0_f64;
        assert_eq!(zero.canonicalise(), Ok(()));
        assert!(zero.is_sign_positive());
    }

    #[test]
    fn a_null_has_the_type_of_its_column() {
        assert_eq!(Option::<Uuid>::None.to_value(), Value::Null(Type::Uuid));
        assert_eq!(Option::<Uuid>::from_value(Value::Null(Type::Text)), None);
    }
}
