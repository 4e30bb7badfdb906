//! The Rust types of a record's fields.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SubsecRound, Timelike, Utc};
use uuid::Uuid;

use super::{Type, Value, Variants, class};
use crate::model::clock::to_microseconds;
use crate::model::error::InvalidReason;

/// A Rust type for a field of a record.
///
/// Implemented for one Rust type of each [`Type`], and for `Option` of each. A type of an application gets it, with
/// [`Native`] for both dialects, by [`#[derive(Field)]`](derive@crate::record::Field).
#[diagnostic::on_unimplemented(
    message = "a field of a record cannot be of the type `{Self}`",
    label = "this type has no native form on either engine",
    note = "it can be a `Uuid`, `String`, `bool`, `i16`, `i32`, `i64`, `f32`, `f64`, `DateTime<Utc>`, `NaiveDate`, `NaiveTime`, `Vec<u8>`, `serde_json::Value`, `Json` of a type of serde or `Numeric<P, S>`, an `Option` of one, or a type of your own with `#[derive(Field)]`"
)]
pub trait Field: Clone + PartialEq + Send + Sync + 'static {
    /// The logical type.
    const TYPE: Type;
    /// Whether the type has a value for NULL.
    const NULLABLE: bool = false;
    /// Whether [`from_value`](Self::from_value) refuses some values of the logical type: `#[field(try_from)]`.
    const MAY_REFUSE: bool = false;

    /// The stored values of an enum. `None` for other types.
    fn variants() -> Option<Variants> {
        None
    }

    /// The type of values in filters: the type itself, or the one inside an `Option`.
    type Base: Field;

    /// Which filters and orders a column of the type has: one of [`class`].
    type Class;

    /// Converts the value to its canonical form: the one that both engines store and return unchanged. `max_bytes` is the
    /// maximum length of a text, a byte string or a JSON document in the column:
    /// [`MAX_BYTES`](super::MAX_BYTES), or what `#[record(max_bytes = ..)]` says.
    ///
    /// # Errors
    /// The reason why it has none: a NUL character in a text, a year outside of 1 to 9999, an infinity or NaN, more
    /// than `max_bytes`, or a reason of the application's own.
    fn canonicalise(&mut self, max_bytes: usize) -> Result<(), InvalidReason> {
        // Only types with a length have a limit.
        let _ = max_bytes;
        Ok(())
    }

    /// The value to bind.
    fn to_value(&self) -> Value;

    /// The field of a value.
    ///
    /// # Errors
    /// [`OtherType`](InvalidReason::OtherType) for a value of another type, or a reason of the application's own.
    fn from_value(value: Value) -> Result<Self, InvalidReason>;
}

/// The type of a field in the entity of one dialect.
///
/// `Native` is the exact type of the entity's field. An entity that declares another type for the column does not
/// compile.
#[diagnostic::on_unimplemented(
    message = "a field of a record cannot be of the type `{Self}`, because `Native<{D}>` is not implemented for it",
    label = "this type has no native form in the dialect `{D}`",
    note = "`#[derive(Field)]` implements `Field`, and `Native` for both dialects"
)]
pub trait Native<D>: Field {
    /// The type in the entity.
    type Native;

    /// Converts from the entity's type. `None` if the stored value is none of this type: reading it is
    /// [`Decode`](crate::ErrorKind::Decode).
    fn from_native(native: Self::Native) -> Option<Self>;

    /// Converts to the entity's type.
    fn into_native(self) -> Self::Native;
}

macro_rules! field {
    ($rust:ty, $variant:ident, $class:ident, |$value:ident| $canonicalise:expr) => {
        field!($rust, $variant, $class, |$value, _max_bytes| $canonicalise);
    };
    ($rust:ty, $variant:ident, $class:ident, |$value:ident, $max_bytes:ident| $canonicalise:expr) => {
        impl Field for $rust {
            const TYPE: Type = Type::$variant;

            type Base = Self;
            type Class = class::$class;

            fn canonicalise(&mut self, $max_bytes: usize) -> Result<(), InvalidReason> {
                let $value = self;
                $canonicalise
            }

            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }

            fn from_value(value: Value) -> Result<Self, InvalidReason> {
                match value {
                    Value::$variant(value) => Ok(value),
                    _ => Err(InvalidReason::OtherType),
                }
            }
        }
    };
}

field!(Uuid, Uuid, Scalar, |_value| Ok(()));
field!(bool, Bool, Scalar, |_value| Ok(()));
field!(i16, SmallInt, Scalar, |_value| Ok(()));
field!(i32, Int, Scalar, |_value| Ok(()));
field!(i64, BigInt, Scalar, |_value| Ok(()));
field!(String, Text, Text, |value, max_bytes| {
    if value.len() > max_bytes {
        return Err(InvalidReason::TooLong { max_bytes });
    }
    if value.contains('\0') {
        return Err(InvalidReason::NulCharacter);
    }
    Ok(())
});
field!(Vec<u8>, Bytes, Scalar, |value, max_bytes| {
    if value.len() > max_bytes {
        return Err(InvalidReason::TooLong { max_bytes });
    }
    Ok(())
});
field!(f32, Float, Scalar, |value| {
    if !value.is_finite() {
        return Err(InvalidReason::NotFinite);
    }
    // As for `f64`.
    *value += 0.0;
    Ok(())
});
field!(f64, Double, Scalar, |value| {
    if !value.is_finite() {
        return Err(InvalidReason::NotFinite);
    }
    // SQLite returns -0.0 as 0.0. Adding 0.0 does the same here.
    *value += 0.0;
    Ok(())
});
field!(DateTime<Utc>, Timestamp, Scalar, |value| {
    *value = to_microseconds(*value);
    year_in_range(value.year())
});
field!(NaiveDate, Date, Scalar, |value| year_in_range(value.year()));
field!(NaiveTime, Time, Scalar, |value| {
    // A leap second is the last microsecond before it, as in a timestamp.
    if value.nanosecond() >= 1_000_000_000 {
        *value = value.with_nanosecond(999_999_999).unwrap_or(*value);
    }
    *value = value.trunc_subsecs(6);
    Ok(())
});

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
    type Class = T::Class;

    fn variants() -> Option<Variants> {
        T::variants()
    }

    fn canonicalise(&mut self, max_bytes: usize) -> Result<(), InvalidReason> {
        self.as_mut()
            .map_or(Ok(()), |value| value.canonicalise(max_bytes))
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null(T::TYPE), T::to_value)
    }

    fn from_value(value: Value) -> Result<Self, InvalidReason> {
        match value {
            Value::Null(ty) if ty == T::TYPE => Ok(None),
            Value::Null(_) => Err(InvalidReason::OtherType),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<D, T> Native<D> for Option<T>
where
    T: Native<D>,
{
    type Native = Option<T::Native>;

    fn from_native(native: Self::Native) -> Option<Self> {
        match native {
            Some(native) => T::from_native(native).map(Some),
            None => Some(None),
        }
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

            fn from_native(native: Self) -> Option<Self> {
                Some(native)
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
    use crate::model::value::MAX_BYTES;

    #[test]
    fn a_value_that_the_engines_would_store_differently_is_refused() {
        let mut text = "a\0b".to_owned();
        assert_eq!(
            text.canonicalise(MAX_BYTES),
            Err(InvalidReason::NulCharacter)
        );
        let mut long = "x".repeat(MAX_BYTES + 1);
        assert!(matches!(
            long.canonicalise(MAX_BYTES),
            Err(InvalidReason::TooLong { .. })
        ));
        for mut float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(float.canonicalise(MAX_BYTES), Err(InvalidReason::NotFinite));
        }
        let mut far = NaiveDate::from_ymd_opt(10_000, 1, 1);
        assert_eq!(
            far.canonicalise(MAX_BYTES),
            Err(InvalidReason::YearOutOfRange)
        );
    }

    #[test]
    fn negative_zero_is_canonicalised_to_zero() {
        let mut zero = -0.0_f64;
        assert_eq!(zero.canonicalise(MAX_BYTES), Ok(()));
        assert!(zero.is_sign_positive());
    }

    #[test]
    fn a_time_of_day_has_microseconds_and_no_leap_second() {
        let canonical = |text: &str| {
            let mut time: NaiveTime = text.parse().expect("a literal time");
            assert_eq!(time.canonicalise(MAX_BYTES), Ok(()));
            time.to_string()
        };
        assert_eq!(canonical("23:59:59.999999999"), "23:59:59.999999");
        assert_eq!(canonical("23:59:60.5"), "23:59:59.999999");
        assert_eq!(canonical("00:00:00"), "00:00:00");
    }

    #[test]
    fn a_null_has_the_type_of_its_column() {
        assert_eq!(Option::<Uuid>::None.to_value(), Value::Null(Type::Uuid));
        assert_eq!(
            Option::<Uuid>::from_value(Value::Null(Type::Text)),
            Err(InvalidReason::OtherType)
        );
    }
}
