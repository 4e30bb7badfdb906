//! Types of fields in SQLite entities, for values without a native type on SQLite.
//!
//! Each is stored as a text in one canonical form. Equality, order and uniqueness of the texts are those of the values.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, Timelike, Utc};
use rusqlite::types::ValueRef;
use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Encode, Type};
use uuid::Uuid;

use super::Sqlite;
use crate::model::value::Native;

/// A UUID as TEXT: lower case, with hyphens (RFC 9562, section 4).
///
/// SeaORM's `Uuid` is a BLOB on SQLite, and its `TextUuid` cannot read NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct TextId(pub Uuid);

impl TextId {
    /// Reads a stored text.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        Uuid::try_parse_ascii(text).map(TextId).ok()
    }
}

impl fmt::Display for TextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for TextId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(TextId)
    }
}

/// A time as TEXT: RFC 3339 in UTC with microseconds, always 27 bytes, as in `2026-01-02T03:04:05.678901Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct TextTime(pub DateTime<Utc>);

impl TextTime {
    /// The number of bytes of a text.
    pub(super) const BYTES: usize = 27;

    /// The places of the digits in `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
    const PARTS: [Range<usize>; 7] = [0..4, 5..7, 8..10, 11..13, 14..16, 17..19, 20..26];

    const EMPTY: [u8; Self::BYTES] = *b"0000-00-00T00:00:00.000000Z";

    /// The text, without an allocation and ten times as fast as by the format of `chrono`. `None` for a year that no
    /// column stores, and in a leap second.
    pub(super) fn encoded(self) -> Option<[u8; Self::BYTES]> {
        let (date, time) = (self.0.date_naive(), self.0.time());
        let year = u32::try_from(date.year())
            .ok()
            .filter(|year| *year <= 9999)?;
        let micros = Some(time.nanosecond() / 1000).filter(|micros| *micros < 1_000_000)?;
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let numbers = [year, date.month(), date.day(), hour, minute, second, micros];
        let mut text = Self::EMPTY;
        for (part, mut number) in Self::PARTS.into_iter().zip(numbers) {
            for digit in text[part].iter_mut().rev() {
                // A remainder of 10 fits.
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        Some(text)
    }

    /// Reads a stored text. The form in which the library stores times is read ten times as fast as others.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        Self::decoded(text).or_else(|| str::from_utf8(text).ok()?.parse().ok())
    }

    fn decoded(text: &[u8]) -> Option<Self> {
        if text.len() != Self::BYTES {
            return None;
        }
        let mut numbers = [0; 7];
        let mut place = 0;
        for (part, number) in Self::PARTS.into_iter().zip(&mut numbers) {
            if text[place..part.start] != Self::EMPTY[place..part.start] {
                return None;
            }
            place = part.end;
            for byte in &text[part] {
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                *number = *number * 10 + u32::from(digit);
            }
        }
        if text[place..] != Self::EMPTY[place..] {
            return None;
        }
        let [year, month, day, hour, minute, second, micros] = numbers;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let time = date.and_hms_micro_opt(hour, minute, second, micros)?;
        Some(TextTime(time.and_utc()))
    }
}

impl fmt::Display for TextTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl FromStr for TextTime {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text).map(|at| TextTime(at.to_utc()))
    }
}

/// A date as TEXT: `2026-01-02` (RFC 3339, `full-date`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct TextDate(pub NaiveDate);

impl fmt::Display for TextDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TextDate {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(TextDate)
    }
}

/// A time of day as TEXT: always 15 bytes, as in `03:04:05.678901`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct TextTimeOfDay(pub NaiveTime);

impl TextTimeOfDay {
    const FORMAT: &'static str = "%H:%M:%S%.6f";
}

impl fmt::Display for TextTimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format(Self::FORMAT).fmt(f)
    }
}

impl FromStr for TextTimeOfDay {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = NaiveTime::parse_from_str(text, Self::FORMAT)?;
        // `chrono` reads a leap second, which no column stores.
        match time.nanosecond() < 1_000_000_000 {
            true => Ok(TextTimeOfDay(time)),
            false => "".parse::<NaiveTime>().map(TextTimeOfDay),
        }
    }
}

/// A type of an entity's field, as it is read from a column.
#[diagnostic::on_unimplemented(
    message = "no column of SQLite is read as the type `{Self}`",
    note = "the type in an entity is a `TextId`, `TextTime`, `TextDate`, `TextTimeOfDay`, `String`, `bool`, `i16`, `i32`, `i64`, `f32`, `f64`, `Vec<u8>`, `serde_json::Value` or `IntegerNumeric`, or an `Option` of one"
)]
pub trait FromColumn: Sized {
    /// The value, or `None` if the column holds a value of another type.
    fn from_column(value: ValueRef<'_>) -> Option<Self>;
}

macro_rules! text {
    ($newtype:ident, $inner:ty) => {
        impl Type<sqlx::Sqlite> for $newtype {
            fn type_info() -> SqliteTypeInfo {
                <String as Type<sqlx::Sqlite>>::type_info()
            }

            fn compatible(info: &SqliteTypeInfo) -> bool {
                <String as Type<sqlx::Sqlite>>::compatible(info)
            }
        }

        impl<'r> Decode<'r, sqlx::Sqlite> for $newtype {
            fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(<&str as Decode<'r, sqlx::Sqlite>>::decode(value)?.parse()?)
            }
        }

        impl<'q> Encode<'q, sqlx::Sqlite> for $newtype {
            fn encode_by_ref(
                &self,
                buffer: &mut SqliteArgumentsBuffer,
            ) -> Result<IsNull, BoxDynError> {
                Encode::<sqlx::Sqlite>::encode(self.to_string(), buffer)
            }
        }

        // SeaORM asks for it of each column of a primary key.
        impl TryFromU64 for $newtype {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($newtype)))
            }
        }

        impl Native<Sqlite> for $inner {
            type Native = $newtype;

            fn from_native(native: $newtype) -> Option<Self> {
                Some(native.0)
            }

            fn into_native(self) -> $newtype {
                $newtype(self)
            }
        }
    };
}

text!(TextId, Uuid);
text!(TextTime, DateTime<Utc>);
text!(TextDate, NaiveDate);
text!(TextTimeOfDay, NaiveTime);

crate::model::value::native_as_itself!(Sqlite: bool, i16, i32, i64, f32, f64, String, Vec<u8>, serde_json::Value);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_and_read_as_chrono_does() {
        for text in [
            "0001-01-01T00:00:00.000000Z",
            "1969-12-31T23:59:59.999999Z",
            "2024-02-29T12:34:56.000001Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            let time: TextTime = text.parse().expect("a literal instant");
            assert_eq!(
                time.encoded().as_ref().map(|text| &text[..]),
                Some(text.as_bytes())
            );
            assert_eq!(TextTime::decoded(text.as_bytes()), Some(time));
        }
        for other in [
            "2023-02-29T12:34:56.000001Z",
            "2024-02-29T24:00:00.000000Z",
            "2024-02-29T12:34:56.00000aZ",
            "2024-02-29 12:34:56.000001Z",
            "2024-02-29T12:34:56.000001z",
            "2024-02-29T12:34:56.0000011",
        ] {
            assert_eq!(TextTime::decoded(other.as_bytes()), None, "{other}");
        }
        let with_offset = b"2024-02-29T12:34:56+01:00";
        let read = TextTime::parse(with_offset).expect("another form of RFC 3339");
        assert_eq!(read.to_string(), "2024-02-29T11:34:56.000000Z");
    }

    #[test]
    fn a_stored_time_always_has_27_bytes() {
        for text in [
            "0001-01-01T00:00:00Z",
            "2026-01-02T03:04:05.678901Z",
            "9999-12-31T23:59:59.9Z",
        ] {
            let time: TextTime = text.parse().expect("a literal instant");
            assert_eq!(time.to_string().len(), 27, "{time}");
            assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
