//! Types of fields in SQLite entities, for values without a native type on SQLite.
//!
//! Each is stored as a text in one canonical form. Equality, order and uniqueness of the texts are those of the values.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
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

impl TryFromU64 for TextId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("TextId"))
    }
}

/// A time as TEXT: RFC 3339 in UTC with microseconds, always 27 bytes, as in `2026-01-02T03:04:05.678901Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct TextTime(pub DateTime<Utc>);

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

        impl Native<Sqlite> for $inner {
            type Native = $newtype;

            fn from_native(native: $newtype) -> Self {
                native.0
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

crate::model::value::native_as_itself!(Sqlite: bool, i32, i64, f64, String, Vec<u8>);

#[cfg(test)]
mod tests {
    use super::*;

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
