//! Decimal numbers in Postgres entities, and their binary form.

use rust_decimal::Decimal;
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{
    ActiveValue, ColIdx, DbErr, IntoActiveValue, QueryResult, TryGetError, TryGetable, Value,
};
use sqlx::ValueRef;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgValueFormat, PgValueRef};

use super::Postgres;
use super::types::FromColumn;
use crate::model::value::{AnyNumeric, Native, Numeric};

/// `numeric` in `pg_type.dat` of the server.
const NUMERIC: Oid = Oid(1700);

/// A digit of the binary form has four decimal ones.
const DIGITS: u32 = 4;
const BASE: u64 = 10_000;

/// The sign of a number that is not negative. NaN and the infinities have signs of their own.
const POSITIVE: u16 = 0;
const NEGATIVE: u16 = 0x4000;

/// The binary form, as `numeric_send` of the server writes it: how many digits of base 10,000 there are, the power of
/// the first one, the sign, how many decimal digits are behind the point, and the digits.
pub(super) fn encoded(number: AnyNumeric) -> Vec<u8> {
    let scale = u32::from(number.scale());
    let behind = scale.div_ceil(DIGITS);
    // At most 18 digits and three zeros, which is above the range of 64 bits.
    let mut rest = u128::from(number.units().unsigned_abs());
    rest *= 10_u128.pow(behind * DIGITS - scale);
    let mut digits = Vec::new();
    while rest > 0 {
        // A remainder of 10,000 fits.
        digits.push((rest % u128::from(BASE)) as u16);
        rest /= u128::from(BASE);
    }
    digits.reverse();
    // Of at most six digits each.
    let weight = match digits.len() {
        0 => 0,
        count => count as i16 - 1 - behind as i16,
    };
    let zeros = digits.iter().rev().take_while(|digit| **digit == 0).count();
    digits.truncate(digits.len() - zeros);
    let sign = match number.units() < 0 {
        true => NEGATIVE,
        false => POSITIVE,
    };
    let mut bytes = Vec::with_capacity(8 + 2 * digits.len());
    bytes.extend((digits.len() as u16).to_be_bytes());
    bytes.extend(weight.to_be_bytes());
    bytes.extend(sign.to_be_bytes());
    bytes.extend(u16::from(number.scale()).to_be_bytes());
    bytes.extend(digits.iter().flat_map(|digit| digit.to_be_bytes()));
    bytes
}

/// The number of units of a binary value. `None` for NaN and infinities, for a value with more digits behind the point,
/// and for one that 64 bits cannot hold. The driver's own conversion would round it.
fn units(bytes: &[u8], scale: u8) -> Option<i64> {
    // Those of 18 decimal digits.
    const MOST: usize = 6;
    let mut words = bytes.chunks_exact(2).map(|word| [word[0], word[1]]);
    let count = usize::from(u16::from_be_bytes(words.next()?));
    let weight = i32::from(i16::from_be_bytes(words.next()?));
    let sign = u16::from_be_bytes(words.next()?);
    words.next()?;
    if count > MOST || words.len() != count {
        return None;
    }
    let mut units = words.fold(0_i128, |units, digit| {
        units * i128::from(BASE) + i128::from(u16::from_be_bytes(digit))
    });
    // The power of ten of the last digit.
    let last = (weight + 1 - count as i32) * DIGITS as i32 + i32::from(scale);
    let power = 10_i128.checked_pow(last.unsigned_abs());
    units = match (units, last >= 0) {
        (0, _) => 0,
        (units, true) => units.checked_mul(power?)?,
        (units, false) => {
            let power = power?;
            (units % power == 0).then_some(units / power)?
        }
    };
    match sign {
        POSITIVE => units.try_into().ok(),
        NEGATIVE => (-units).try_into().ok(),
        _ => None,
    }
}

impl<const P: u8, const S: u8> FromColumn for Numeric<P, S> {
    fn from_column(value: PgValueRef<'_>) -> Option<Self> {
        if value.is_null() || value.type_info().oid() != Some(NUMERIC) {
            return None;
        }
        match value.format() {
            PgValueFormat::Binary => units(value.as_bytes().ok()?, S).and_then(Self::from_units),
            PgValueFormat::Text => value.as_str().ok()?.parse().ok(),
        }
    }
}

impl<const P: u8, const S: u8> Native<Postgres> for Numeric<P, S> {
    type Native = Self;

    fn from_native(native: Self) -> Option<Self> {
        Some(native)
    }

    fn into_native(self) -> Self {
        self
    }
}

impl<const P: u8, const S: u8> From<Numeric<P, S>> for Value {
    fn from(number: Numeric<P, S>) -> Self {
        Decimal::from(number).into()
    }
}

impl<const P: u8, const S: u8> TryGetable for Numeric<P, S> {
    fn try_get_by<I: ColIdx>(result: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let number = Decimal::try_get_by(result, index)?;
        let number = <Self as TryFrom<Decimal>>::try_from(number);
        Ok(number.map_err(|reason| DbErr::Type(reason.to_string()))?)
    }
}

impl<const P: u8, const S: u8> ValueType for Numeric<P, S> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let number = <Decimal as ValueType>::try_from(value)?;
        <Self as TryFrom<Decimal>>::try_from(number).map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        format!("Numeric<{P}, {S}>")
    }

    fn array_type() -> ArrayType {
        ArrayType::Decimal
    }

    fn column_type() -> ColumnType {
        ColumnType::Decimal(Some((P.into(), S.into())))
    }
}

impl<const P: u8, const S: u8> Nullable for Numeric<P, S> {
    fn null() -> Value {
        <Decimal as Nullable>::null()
    }
}

impl<const P: u8, const S: u8> IntoActiveValue<Self> for Numeric<P, S> {
    fn into_active_value(self) -> ActiveValue<Self> {
        ActiveValue::Set(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_from_the_bytes_that_it_is_written_as() {
        for precision in 1..=18 {
            for scale in 0..=precision {
                let most = 10_i64.pow(u32::from(precision)) - 1;
                for units in [
                    0,
                    1,
                    -1,
                    9,
                    most,
                    -most,
                    most / 2,
                    most / 9 * 9,
                    10_000,
                    1 << 40,
                ] {
                    if let Some(number) = AnyNumeric::from_units(units, precision, scale) {
                        let bytes = encoded(number);
                        assert_eq!(
                            self::units(&bytes, scale),
                            Some(units),
                            "{number} of {scale}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn bytes_of_a_number_that_the_type_does_not_have_are_refused() {
        let words = |words: &[u16]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_be_bytes()).collect()
        };
        // 1.005, NaN, infinity, 1e40, a digit too few, none at all.
        for bytes in [
            words(&[2, 0, 0, 3, 1, 50]),
            words(&[0, 0, 0xC000, 0]),
            words(&[0, 0, 0xD000, 32]),
            words(&[1, 10, 0, 0, 1]),
            words(&[2, 0, 0, 0, 1]),
            Vec::new(),
        ] {
            assert_eq!(units(&bytes, 2), None, "{bytes:?}");
        }
        assert_eq!(units(&words(&[2, 0, 0, 3, 1, 5000]), 2), Some(150));
    }
}
