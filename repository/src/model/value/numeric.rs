//! Decimal numbers: `numeric(p, s)` on Postgres, INTEGER on SQLite.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::{Field, Type, Value, class};
use crate::model::error::InvalidReason;

/// The most digits of a [`Numeric`]: its units fit an INTEGER of SQLite.
pub const MAX_PRECISION: u8 = 18;

/// A decimal number of at most `P` digits, of which `S` are behind the point. It is `numeric(P, S)` on Postgres, and on
/// SQLite an INTEGER: the number of units of the last digit, so that `12.50` is stored as 1250.
///
/// Both are exact, and both compare, sort and add up as numbers. `S` is at most `P`, and `P` is 1 to
/// [`MAX_PRECISION`]; other parameters do not compile.
///
/// A value is always in the range of its column. It is made from units, a text or a [`rust_decimal::Decimal`], and one
/// with more digits is refused, never rounded. `1.5` and `1.50` are the same value of a `Numeric<12, 2>`, and there is
/// neither a negative zero nor NaN. Arithmetic is that of [`Decimal`], which this type converts to.
///
/// ```
/// use catamaran::{InvalidReason, Numeric};
/// use rust_decimal::Decimal;
///
/// type Price = Numeric<12, 2>;
///
/// let price: Price = "12.5".parse()?;
/// assert_eq!(price.units(), 1250);
/// assert_eq!(price.to_string(), "12.50");
/// let doubled = Price::try_from(Decimal::from(price) * Decimal::TWO)?;
/// assert_eq!(doubled, Price::of_units::<2500>());
/// let third = Price::try_from(Decimal::from(price) / Decimal::from(3));
/// assert_eq!(third, Err(InvalidReason::TooManyDecimals { scale: 2 }));
/// # Ok::<(), InvalidReason>(())
/// ```
///
/// In custom SQL on SQLite the column is the number of units: `price >= 1000` is at least `10.00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numeric<const P: u8, const S: u8> {
    units: i64,
}

impl<const P: u8, const S: u8> Numeric<P, S> {
    const TYPE: Type = {
        assert!(
            1 <= P && P <= MAX_PRECISION && S <= P,
            "`Numeric<P, S>` has 1 to 18 digits, of which at most all are behind the point"
        );
        Type::Numeric {
            precision: P,
            scale: S,
        }
    };

    const TOO_MANY_DIGITS: InvalidReason = InvalidReason::TooManyDigits {
        digits: P.saturating_sub(S),
    };

    /// The largest value: `P` nines.
    pub const MAX: Self = Numeric {
        units: limit(P) - 1,
    };

    /// The smallest value, which is that of [`MAX`](Self::MAX) with a minus.
    pub const MIN: Self = Numeric {
        units: 1 - limit(P),
    };

    /// The value of this many units of the last digit, which the compiler checks: `1250` is `12.50` with two digits
    /// behind the point.
    pub const fn of_units<const UNITS: i64>() -> Self {
        const {
            assert!(
                1 - limit(P) <= UNITS && UNITS < limit(P),
                "the number has more digits than its type"
            );
        }
        Numeric { units: UNITS }
    }

    /// The value of this many units of the last digit. `None` if it has more than `P` digits.
    pub const fn from_units(units: i64) -> Option<Self> {
        match 1 - limit(P) <= units && units < limit(P) {
            true => Some(Numeric { units }),
            false => None,
        }
    }

    /// The number of units of the last digit.
    pub const fn units(self) -> i64 {
        self.units
    }
}

/// The first number with more digits than this; that of the largest precision for one that does not compile.
const fn limit(precision: u8) -> i64 {
    match precision <= MAX_PRECISION {
        true => 10_i64.pow(precision as u32),
        false => 10_i64.pow(MAX_PRECISION as u32),
    }
}

/// The value of a [`Numeric`] whose parameters are known at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AnyNumeric {
    units: i64,
    precision: u8,
    scale: u8,
}

impl AnyNumeric {
    /// The value of this many units of the last digit. `None` if it has more than `precision` digits, or if there is no
    /// such type.
    pub const fn from_units(units: i64, precision: u8, scale: u8) -> Option<Self> {
        let exists = 1 <= precision && precision <= MAX_PRECISION && scale <= precision;
        match exists && 1 - limit(precision) <= units && units < limit(precision) {
            true => Some(AnyNumeric {
                units,
                precision,
                scale,
            }),
            false => None,
        }
    }

    /// The number of units of the last digit.
    pub const fn units(self) -> i64 {
        self.units
    }

    /// How many digits are behind the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The logical type.
    pub const fn ty(self) -> Type {
        Type::Numeric {
            precision: self.precision,
            scale: self.scale,
        }
    }
}

impl From<AnyNumeric> for Decimal {
    fn from(number: AnyNumeric) -> Self {
        Decimal::new(number.units, number.scale.into())
    }
}

/// As SQL writes it, with all digits behind the point.
impl fmt::Display for AnyNumeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::from(*self).fmt(f)
    }
}

impl<const P: u8, const S: u8> From<Numeric<P, S>> for AnyNumeric {
    fn from(number: Numeric<P, S>) -> Self {
        AnyNumeric {
            units: number.units,
            precision: P,
            scale: S,
        }
    }
}

impl<const P: u8, const S: u8> From<Numeric<P, S>> for Decimal {
    fn from(number: Numeric<P, S>) -> Self {
        Decimal::new(number.units, S.into())
    }
}

impl<const P: u8, const S: u8> fmt::Display for Numeric<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::from(*self).fmt(f)
    }
}

/// Zeros behind the last digit make no difference.
///
/// # Errors
/// [`TooManyDecimals`](InvalidReason::TooManyDecimals) or [`TooManyDigits`](InvalidReason::TooManyDigits).
impl<const P: u8, const S: u8> TryFrom<Decimal> for Numeric<P, S> {
    type Error = InvalidReason;

    fn try_from(number: Decimal) -> Result<Self, InvalidReason> {
        let number = number.normalize();
        let too_many = InvalidReason::TooManyDecimals { scale: S };
        let scale = u32::from(S).checked_sub(number.scale()).ok_or(too_many)?;
        let units = number.mantissa().checked_mul(10_i128.pow(scale));
        let units = units.and_then(|units| i64::try_from(units).ok());
        units
            .and_then(Self::from_units)
            .ok_or(Self::TOO_MANY_DIGITS)
    }
}

/// Reads digits with an optional sign and point.
///
/// # Errors
/// [`NotANumber`](InvalidReason::NotANumber), or as the conversion from [`Decimal`].
impl<const P: u8, const S: u8> FromStr for Numeric<P, S> {
    type Err = InvalidReason;

    fn from_str(text: &str) -> Result<Self, InvalidReason> {
        let (is_negative, number) = match text.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, behind) = number.split_once('.').unwrap_or((number, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + behind.len() == 0 || !are_digits(whole) || !are_digits(behind) {
            return Err(InvalidReason::NotANumber);
        }
        let scale = usize::from(S);
        let (kept, rest) = behind.split_at(behind.len().min(scale));
        if rest.bytes().any(|byte| byte != b'0') {
            return Err(InvalidReason::TooManyDecimals { scale: S });
        }
        let zeros = std::iter::repeat_n(b'0', scale - kept.len());
        let mut digits = whole.bytes().chain(kept.bytes()).chain(zeros);
        let units = digits.try_fold(0_i64, |units, digit| {
            units.checked_mul(10)?.checked_add((digit - b'0').into())
        });
        let units = units.map(|units| if is_negative { -units } else { units });
        units
            .and_then(Self::from_units)
            .ok_or(Self::TOO_MANY_DIGITS)
    }
}

impl<const P: u8, const S: u8> Field for Numeric<P, S> {
    const TYPE: Type = Self::TYPE;

    type Base = Self;
    type Class = class::Scalar;

    fn to_value(&self) -> Value {
        Value::Numeric((*self).into())
    }

    fn from_value(value: Value) -> Result<Self, InvalidReason> {
        match value {
            Value::Numeric(number) if number.ty() == Self::TYPE => Ok(Numeric {
                units: number.units,
            }),
            _ => Err(InvalidReason::OtherType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Price = Numeric<5, 2>;

    fn price(text: &str) -> Result<i64, InvalidReason> {
        text.parse::<Price>().map(Price::units)
    }

    #[test]
    fn a_text_is_read_exactly_or_refused() {
        for (text, units) in [
            ("0", 0),
            ("-0.00", 0),
            ("1.5", 150),
            ("1.50000", 150),
            ("+1", 100),
            ("-999.99", -99_999),
            ("0.01", 1),
        ] {
            assert_eq!(price(text), Ok(units), "{text}");
        }
        let too_many = InvalidReason::TooManyDecimals { scale: 2 };
        for text in [
            "0.001",
            "1.005",
            "999.999",
            "0.00000000000000000000000000000000001",
        ] {
            assert_eq!(price(text), Err(too_many.clone()), "{text}");
        }
        let too_many = InvalidReason::TooManyDigits { digits: 3 };
        for text in ["1000", "-1000.00", "79228162514264337593543950336"] {
            assert_eq!(price(text), Err(too_many.clone()), "{text}");
        }
        for text in [
            "", "NaN", "Infinity", "1e2", "1,5", "1_0", "--1", ".", "one", "٣",
        ] {
            assert_eq!(price(text), Err(InvalidReason::NotANumber), "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_those_of_its_digits() {
        type Large = Numeric<18, 0>;
        assert_eq!(Large::MAX.units(), 999_999_999_999_999_999);
        assert_eq!(Large::MIN.units(), -999_999_999_999_999_999);
        assert_eq!(Large::from_units(Large::MAX.units() + 1), None);
        assert_eq!(Numeric::<1, 1>::MAX.to_string(), "0.9");
        assert_eq!(Price::MIN.to_string(), "-999.99");
        assert_eq!(AnyNumeric::from_units(0, 19, 0), None);
        assert_eq!(AnyNumeric::from_units(0, 3, 4), None);
    }
}
