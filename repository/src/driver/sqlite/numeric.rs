//! Decimal numbers in SQLite entities.

use rusqlite::types::ValueRef;
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{
    ActiveValue, ColIdx, DbErr, IntoActiveValue, QueryResult, TryGetError, TryGetable, Value,
};

use super::Sqlite;
use super::types::FromColumn;
use crate::model::value::{Native, Numeric};

/// A [`Numeric`] as INTEGER: the number of units of its last digit, so that `12.50` is stored as 1250.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntegerNumeric<const P: u8, const S: u8>(pub Numeric<P, S>);

impl<const P: u8, const S: u8> FromColumn for IntegerNumeric<P, S> {
    fn from_column(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Integer(units) => Numeric::from_units(units).map(IntegerNumeric),
            _ => None,
        }
    }
}

impl<const P: u8, const S: u8> Native<Sqlite> for Numeric<P, S> {
    type Native = IntegerNumeric<P, S>;

    fn from_native(native: IntegerNumeric<P, S>) -> Option<Self> {
        Some(native.0)
    }

    fn into_native(self) -> IntegerNumeric<P, S> {
        IntegerNumeric(self)
    }
}

impl<const P: u8, const S: u8> From<IntegerNumeric<P, S>> for Value {
    fn from(number: IntegerNumeric<P, S>) -> Self {
        number.0.units().into()
    }
}

impl<const P: u8, const S: u8> TryGetable for IntegerNumeric<P, S> {
    fn try_get_by<I: ColIdx>(result: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let units = i64::try_get_by(result, index)?;
        let number = Numeric::from_units(units);
        let refused = || DbErr::Type("the number has more digits than its type".to_owned());
        Ok(IntegerNumeric(number.ok_or_else(refused)?))
    }
}

impl<const P: u8, const S: u8> ValueType for IntegerNumeric<P, S> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let units = <i64 as ValueType>::try_from(value)?;
        let number = Numeric::from_units(units).ok_or(ValueTypeErr)?;
        Ok(IntegerNumeric(number))
    }

    fn type_name() -> String {
        format!("IntegerNumeric<{P}, {S}>")
    }

    fn array_type() -> ArrayType {
        ArrayType::BigInt
    }

    fn column_type() -> ColumnType {
        ColumnType::BigInteger
    }
}

impl<const P: u8, const S: u8> Nullable for IntegerNumeric<P, S> {
    fn null() -> Value {
        <i64 as Nullable>::null()
    }
}

impl<const P: u8, const S: u8> IntoActiveValue<Self> for IntegerNumeric<P, S> {
    fn into_active_value(self) -> ActiveValue<Self> {
        ActiveValue::Set(self)
    }
}
