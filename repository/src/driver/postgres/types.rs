//! The types of fields in Postgres entities, and how they are read. Postgres has a native type for each.

use std::ops::Range;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgValueFormat, PgValueRef};
use sqlx::{Decode, ValueRef};
use uuid::Uuid;

use super::Postgres;
use crate::model::value::parse;

crate::model::value::native_as_itself!(
    Postgres: Uuid, DateTime<Utc>, NaiveDate, NaiveTime, bool, i16, i32, i64, f32, f64, String, Vec<u8>,
    serde_json::Value
);

/// The object ids of types, as in `pg_type.dat` of the server.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const TIME: u32 = 1083;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const UUID: u32 = 2950;
    pub(super) const JSONB: u32 = 3802;
    /// The first one that is not the server's own: `FirstNormalObjectId`.
    pub(super) const FIRST_NORMAL: u32 = 16_384;
}

/// A type of an entity's field, as it is read from a column: from a binary value, or from the text that a simple query
/// returns.
#[diagnostic::on_unimplemented(
    message = "no column of Postgres is read as the type `{Self}`",
    note = "the type in an entity is a `Uuid`, `String`, `bool`, `i16`, `i32`, `i64`, `f32`, `f64`, `DateTime<Utc>`, `NaiveDate`, `NaiveTime`, `Vec<u8>`, `serde_json::Value` or `Numeric`, or an `Option` of one"
)]
pub trait FromColumn: Sized {
    /// The value, or `None` if the column holds a value of another type.
    fn from_column(value: PgValueRef<'_>) -> Option<Self>;
}

fn oid_of(value: &PgValueRef<'_>) -> Option<u32> {
    value.type_info().oid().map(|Oid(oid)| oid)
}

/// Reads a value as the driver does, for what is rare.
fn by_driver<'r, T>(value: PgValueRef<'r>) -> Option<T>
where
    T: Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let is_readable = !value.is_null() && T::compatible(&value.type_info());
    is_readable.then(|| T::decode(value).ok()).flatten()
}

macro_rules! from_column {
    ($($native:ty: $oid:path => |$binary:ident| $from_binary:expr, |$text:ident| $from_text:expr;)+) => {
        $(impl FromColumn for $native {
            fn from_column(value: PgValueRef<'_>) -> Option<Self> {
                match oid_of(&value) {
                    Some($oid) => {}
                    _ => return by_driver(value),
                }
                match value.format() {
                    PgValueFormat::Binary => {
                        let $binary = value.as_bytes().ok()?;
                        $from_binary
                    }
                    PgValueFormat::Text => {
                        let $text = value.as_str().ok()?;
                        $from_text
                    }
                }
            }
        })+
    };
}

from_column! {
    bool: oid::BOOL => |bytes| bytes.first().map(|byte| *byte != 0), |text| Some(text == "t");
    i16: oid::INT2 => |bytes| Some(i16::from_be_bytes(bytes.try_into().ok()?)), |text| text.parse().ok();
    i32: oid::INT4 => |bytes| Some(i32::from_be_bytes(bytes.try_into().ok()?)), |text| text.parse().ok();
    i64: oid::INT8 => |bytes| Some(i64::from_be_bytes(bytes.try_into().ok()?)), |text| text.parse().ok();
    f32: oid::FLOAT4 => |bytes| Some(f32::from_be_bytes(bytes.try_into().ok()?)), |text| text.parse().ok();
    Uuid: oid::UUID => |bytes| Uuid::from_slice(bytes).ok(), |text| Uuid::try_parse(text).ok();
    DateTime<Utc>: oid::TIMESTAMPTZ => |bytes| from_microseconds(bytes), |text| time_of(text).or_else(|| time_in_zone(text));
}

impl FromColumn for NaiveTime {
    fn from_column(value: PgValueRef<'_>) -> Option<Self> {
        // The driver would read a time with a zone as well, and overflow at 24:00.
        if oid_of(&value) != Some(oid::TIME) {
            return None;
        }
        match value.format() {
            PgValueFormat::Binary => {
                let microseconds = i64::from_be_bytes(value.as_bytes().ok()?.try_into().ok()?);
                time_of_day(microseconds)
            }
            PgValueFormat::Text => {
                let time = NaiveTime::parse_from_str(value.as_str().ok()?, "%H:%M:%S%.f").ok()?;
                (time.nanosecond() < 1_000_000_000).then_some(time)
            }
        }
    }
}

impl FromColumn for serde_json::Value {
    fn from_column(value: PgValueRef<'_>) -> Option<Self> {
        // A binary `jsonb` is its version, which is 1, and a text.
        match (oid_of(&value)?, value.format()) {
            (oid::JSONB, PgValueFormat::Binary) => {
                let text = value.as_bytes().ok()?.strip_prefix(&[1])?;
                parse(str::from_utf8(text).ok()?)
            }
            (oid::JSONB | oid::JSON, _) => parse(value.as_str().ok()?),
            _ => None,
        }
    }
}

/// A time of day in microseconds since midnight. `None` for 24:00.
fn time_of_day(microseconds: i64) -> Option<NaiveTime> {
    const SECOND: u64 = 1_000_000;
    let microseconds = u64::try_from(microseconds).ok()?;
    let seconds = u32::try_from(microseconds / SECOND).ok()?;
    // A part of a second, in nanoseconds, fits.
    let nanoseconds = (microseconds % SECOND) as u32 * 1000;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds)
}

/// The microseconds since midnight.
pub(super) fn since_midnight(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1000)
}

impl FromColumn for String {
    fn from_column(value: PgValueRef<'_>) -> Option<Self> {
        let is_text = match oid_of(&value) {
            Some(oid::TEXT | oid::VARCHAR) => true,
            // A type of an extension, such as `citext`, whose name comes only with binary values.
            Some(oid::FIRST_NORMAL..) => value.format() == PgValueFormat::Text,
            _ => false,
        };
        match is_text {
            true => value.as_str().ok().map(str::to_owned),
            false => by_driver(value),
        }
    }
}

impl FromColumn for f64 {
    fn from_column(value: PgValueRef<'_>) -> Option<Self> {
        by_driver(value)
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(value: PgValueRef<'_>) -> Option<Self> {
        by_driver(value)
    }
}

impl FromColumn for NaiveDate {
    fn from_column(value: PgValueRef<'_>) -> Option<Self> {
        // In days since 2000-01-01. The driver panics on days that chrono cannot represent, such as `infinity`.
        const DAYS: Range<i32> = -730_119..2_921_940;
        if value.format() == PgValueFormat::Binary {
            // A value of another width has another type.
            let days = value.as_bytes().ok()?.try_into().ok()?;
            DAYS.contains(&i32::from_be_bytes(days)).then_some(())?;
        }
        by_driver(value)
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: PgValueRef<'_>) -> Option<Self> {
        match value.is_null() {
            true => Some(None),
            false => T::from_column(value).map(Some),
        }
    }
}

/// 2000-01-01, from which the server counts, in microseconds since 1970-01-01.
pub(super) const EPOCH: i64 = 946_684_800_000_000;

/// A time in microseconds since 2000-01-01. `None` outside of the years 1 to 9999, as for `infinity`.
fn from_microseconds(bytes: &[u8]) -> Option<DateTime<Utc>> {
    const YEARS: Range<i64> = -63_082_281_600_000_000..252_455_616_000_000_000;
    let microseconds = i64::from_be_bytes(bytes.try_into().ok()?);
    match YEARS.contains(&microseconds) {
        true => DateTime::from_timestamp_micros(microseconds + EPOCH),
        false => None,
    }
}

/// Reads a time of another zone, which only a trigger can have set, ten times as slowly.
fn time_in_zone(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").ok()?;
    let time = time.to_utc();
    (1..=9999).contains(&time.year()).then_some(time)
}

/// Reads `2026-01-02 03:04:05.6789+00`. The connection's time zone is UTC, and zeros at the end are not written.
fn time_of(text: &str) -> Option<DateTime<Utc>> {
    let (time, fraction) = match text.strip_suffix("+00")?.split_once('.') {
        Some((time, fraction)) => (time, fraction),
        None => (text.strip_suffix("+00")?, ""),
    };
    let bytes = time.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    let has_form = bytes.len() == 19 && separators.iter().all(|(at, byte)| bytes[*at] == *byte);
    if !has_form || fraction.len() > 6 {
        return None;
    }
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + u32::from(byte - b'0'))
        })
    };
    let year = i32::try_from(number(&bytes[..4])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&bytes[5..7])?, number(&bytes[8..10])?)?;
    let (hour, minute) = (number(&bytes[11..13])?, number(&bytes[14..16])?);
    let time = date.and_hms_opt(hour, minute, number(&bytes[17..])?)?;
    let missing = u32::try_from(6 - fraction.len()).ok()?;
    let microseconds = number(fraction.as_bytes())? * 10_u32.pow(missing);
    Some((time + TimeDelta::microseconds(microseconds.into())).and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_the_server_writes_it() {
        for (written, read) in [
            ("2026-01-02 03:04:05+00", "2026-01-02T03:04:05+00:00"),
            ("2026-01-02 03:04:05.67+00", "2026-01-02T03:04:05.670+00:00"),
            ("0001-01-01 00:00:00+00", "0001-01-01T00:00:00+00:00"),
            (
                "9999-12-31 23:59:59.999999+00",
                "9999-12-31T23:59:59.999999+00:00",
            ),
        ] {
            assert_eq!(
                time_of(written).map(|time| time.to_rfc3339()),
                Some(read.to_owned())
            );
        }
        for other in [
            "infinity",
            "-infinity",
            "10000-01-01 00:00:00+00",
            "0044-03-15 00:00:00+00 BC",
            "2026-01-02 03:04:05+01",
            "2026-02-30 03:04:05+00",
            "2026-01-02 03:04:05.1234567+00",
        ] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_time_outside_of_the_years_that_columns_store_is_not_read() {
        for microseconds in [i64::MIN, i64::MAX, 252_455_616_000_000_000] {
            assert_eq!(from_microseconds(&microseconds.to_be_bytes()), None);
        }
        let epoch = from_microseconds(&0_i64.to_be_bytes());
        assert_eq!(
            epoch.map(|time| time.to_rfc3339()),
            Some("2000-01-01T00:00:00+00:00".to_owned())
        );
    }
}
