//! Values of columns: from small pools, so that they collide, and hostile ones.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use fastrand::Rng;
use uuid::Uuid;

use super::super::shape::Shape;
use crate::model::value::{AnyNumeric, MAX_BYTES, Type, Value, Variants};

const TEXTS: &[&str] = &[
    "a", "b", "run", "Run", "RUN", "daily", "local", "x", "y", "z", "Läufe",
];

/// Texts that some code quotes, folds, trims, escapes or counts wrongly.
const HOSTILE: &[&str] = &[
    "",
    " ",
    " a",
    "a ",
    "'",
    "''",
    "\"",
    "\\",
    "%",
    "_",
    "a%",
    "%a%",
    "a_b",
    "\\%",
    "$1",
    "?1",
    ":a",
    "--",
    ";",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "\t",
    "é",
    "e\u{301}",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "K",
    "😀",
    "👩‍👩‍👧",
    "\u{feff}a",
    "\u{e000}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{7f}",
    "\u{1}",
    "NULL",
    "null",
    "0",
    "1e5",
    "2026-01-01",
    "{}",
    "[]",
    "{a,b}",
    "\u{202e}abc",
    "א",
    "ａ",
    "𝒂",
    "a\u{0}b",
    "\u{0}",
];

const DAYS: &[(i32, u32, u32)] = &[
    (2026, 1, 1),
    (2026, 1, 2),
    (2026, 1, 3),
    (2024, 2, 29),
    (1969, 12, 31),
    (1970, 1, 1),
    (1582, 10, 10),
    (1, 1, 1),
    (9999, 12, 31),
    (0, 12, 31),
    (10000, 1, 1),
    (-4712, 1, 1),
];

const MICROSECONDS: &[i64] = &[
    1_767_225_600_000_000,
    1_767_225_600_000_001,
    1_767_225_601_000_000,
    1_767_225_600_500_000,
    0,
    -1,
    -62_135_596_800_000_000,
    253_402_300_799_999_999,
    // Just outside of the years 1 to 9999.
    -62_135_596_800_000_001,
    253_402_300_800_000_000,
];

pub(super) fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

pub(super) fn pick<T: Clone>(rng: &mut Rng, pool: &[T]) -> Option<T> {
    match pool.len() {
        0 => None,
        n => Some(pool[rng.usize(..n)].clone()),
    }
}

/// One of a few ids, which every table and every reference shares.
pub(super) fn small_id(rng: &mut Rng) -> Uuid {
    Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 | rng.u128(1..12))
}

/// How often a random value is tried for a type of the application's own.
const TRIES: usize = 50;

/// A value of a column, which a constraint or the library may refuse. It is one of the field's type: no other value
/// reaches a repository.
pub(super) fn value(rng: &mut Rng, shape: &Shape, column: usize) -> Value {
    let spec = &shape.specs[column];
    let mut values = (0..TRIES).map(|_| any_value(rng, shape, column));
    let convertible = values.find(|value| shape.converts(column, value));
    // Without one, the draft is refused: the caller has to give examples.
    convertible.unwrap_or(Value::Null(spec.ty))
}

fn any_value(rng: &mut Rng, shape: &Shape, column: usize) -> Value {
    let spec = &shape.specs[column];
    if spec.nullable && chance(rng, 25) {
        return Value::Null(spec.ty);
    }
    let examples = &shape.examples[column];
    if !examples.is_empty() && chance(rng, 80) {
        return pick(rng, examples).unwrap_or(Value::Null(spec.ty));
    }
    if let (Some(default), true) = (spec.default, chance(rng, 20)) {
        return default();
    }
    match (spec.variants)() {
        Some(Variants::Texts(texts)) => {
            return Value::Text(pick(rng, &texts).unwrap_or_default());
        }
        Some(Variants::Numbers(numbers)) => {
            let number = pick(rng, &numbers).unwrap_or_default();
            return number_of(spec.ty, number);
        }
        None => {}
    }
    let is_in_key = shape.managed.key.contains(&column);
    match spec.ty {
        Type::Text => Value::Text(text(rng, shape, column)),
        Type::Bytes => Value::Bytes(bytes(rng, shape.most_bytes[column])),
        // More than other numbers have, or most inserts would meet another row.
        Type::Int if is_in_key && chance(rng, 70) => Value::Int(rng.i32(-6..14)),
        Type::BigInt if is_in_key && chance(rng, 70) => Value::BigInt(rng.i64(-6..14)),
        ty => scalar(rng, ty),
    }
}

/// A number as a value of a type.
fn number_of(ty: Type, number: i64) -> Value {
    match ty {
        Type::SmallInt => Value::SmallInt(number.try_into().unwrap_or_default()),
        Type::Int => Value::Int(number.try_into().unwrap_or_default()),
        _ => Value::BigInt(number),
    }
}

fn scalar(rng: &mut Rng, ty: Type) -> Value {
    match ty {
        Type::Uuid => Value::Uuid(match rng.u32(..20) {
            0 => Uuid::nil(),
            1 => Uuid::max(),
            2 => Uuid::from_u128(rng.u128(..)),
            _ => small_id(rng),
        }),
        Type::Bool => Value::Bool(rng.bool()),
        Type::SmallInt => Value::SmallInt(match rng.u32(..12) {
            0 => i16::MIN,
            1 => i16::MAX,
            2 => rng.i16(..),
            _ => rng.i16(-1..4),
        }),
        Type::Int => Value::Int(match rng.u32(..12) {
            0 => i32::MIN,
            1 => i32::MAX,
            2 => rng.i32(..),
            3 => 127,
            _ => rng.i32(-1..4),
        }),
        Type::BigInt => Value::BigInt(match rng.u32(..12) {
            0 => i64::MIN,
            1 => i64::MAX,
            2 => rng.i64(..),
            3 => (1 << 53) + 1,
            _ => rng.i64(-1..4),
        }),
        Type::Float => Value::Float(single(rng)),
        Type::Double => Value::Double(float(rng)),
        Type::Timestamp => Value::Timestamp(instant(rng)),
        Type::Date => Value::Date(day(rng)),
        Type::Time => Value::Time(time_of_day(rng)),
        Type::Json => Value::Json(document(rng)),
        Type::Text => Value::Text(pick(rng, TEXTS).unwrap_or_default().to_owned()),
        Type::Bytes => Value::Bytes(vec![0, 255]),
        Type::Numeric { precision, scale } => number(rng, precision, scale),
    }
}

/// Numbers of which both engines must store the same 4 bytes.
fn single(rng: &mut Rng) -> f32 {
    const FLOATS: &[f32] = &[
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        0.3,
        16_777_217.0,
        1e-45,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::MIN,
        f32::NAN,
        f32::INFINITY,
    ];
    match rng.u32(..8) {
        0 => f32::from_bits(rng.u32(..)),
        _ => FLOATS[rng.usize(..FLOATS.len())],
    }
}

/// A document that `jsonb` writes otherwise, or refuses.
fn document(rng: &mut Rng) -> serde_json::Value {
    use serde_json::json;
    match rng.u32(..12) {
        0 => serde_json::Value::Null,
        1 => json!({"b": 1.0, "a": [1e16, -0.0, 0.1], "aa": {}, "": null}),
        2 => json!([1e300, 5e-324, 1e19, u64::MAX, i64::MIN]),
        3 => json!({short_text(rng): short_text(rng)}),
        4 => (0..rng.usize(98..103)).fold(json!(1), |inner, _| json!([inner])),
        5 => json!(float(rng)),
        6 => json!(rng.bool()),
        7 => json!([]),
        _ => json!(short_text(rng)),
    }
}

fn time_of_day(rng: &mut Rng) -> NaiveTime {
    const SECONDS: &[u32] = &[0, 1, 43_200, 86_399];
    // The last one is a leap second, which is only in the last second of a minute.
    const NANOSECONDS: &[u32] = &[0, 1_000, 500_000_000, 999_999_999, 1_500_000_000];
    let seconds = SECONDS[rng.usize(..SECONDS.len())];
    let nanoseconds = NANOSECONDS[rng.usize(..NANOSECONDS.len())];
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds).unwrap_or_default()
}

/// Numbers at the ends of the range, and at the places where a digit of four decimal ones ends.
fn number(rng: &mut Rng, precision: u8, scale: u8) -> Value {
    let ty = Type::Numeric { precision, scale };
    let limit = 10_i64.saturating_pow(precision.into());
    let most = limit.saturating_sub(1);
    let one = 10_i64.saturating_pow(scale.into());
    let units = match rng.u32(..10) {
        0 => most,
        1 => -most,
        2 => rng.i64(-most..=most),
        3 => one % limit,
        4 => 10_i64.saturating_pow(rng.u32(..u32::from(precision))),
        _ => rng.i64(-1..4),
    };
    AnyNumeric::from_units(units, precision, scale).map_or(Value::Null(ty), Value::Numeric)
}

fn float(rng: &mut Rng) -> f64 {
    const FLOATS: &[f64] = &[
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        0.30000000000000004,
        0.3,
        1e300,
        -1e300,
        5e-324,
        f64::MAX,
        f64::MIN,
        9007199254740993.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    match rng.u32(..8) {
        0 => f64::from_bits(rng.u64(..)),
        _ => FLOATS[rng.usize(..FLOATS.len())],
    }
}

pub(super) fn day(rng: &mut Rng) -> NaiveDate {
    // Days at the ends of the calendar are less frequent than the first ones.
    let most = if chance(rng, 80) { 5 } else { DAYS.len() };
    let (year, month, day) = DAYS[rng.usize(..most)];
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

pub(super) fn instant(rng: &mut Rng) -> DateTime<Utc> {
    let most = if chance(rng, 85) {
        6
    } else {
        MICROSECONDS.len()
    };
    let at = DateTime::from_timestamp_micros(MICROSECONDS[rng.usize(..most)]);
    let at = at.unwrap_or_default();
    match rng.u32(..10) {
        // Between two microseconds.
        0 => at + TimeDelta::nanoseconds(999),
        _ => at,
    }
}

/// Text of an ordinary or a hostile kind.
pub(super) fn short_text(rng: &mut Rng) -> String {
    match rng.u32(..10) {
        0..6 => pick(rng, TEXTS).unwrap_or_default().to_owned(),
        6..9 => pick(rng, HOSTILE).unwrap_or_default().to_owned(),
        _ => {
            let parts = (0..rng.usize(..4)).filter_map(|_| pick(rng, HOSTILE));
            parts.collect::<Vec<_>>().concat()
        }
    }
}

fn text(rng: &mut Rng, shape: &Shape, column: usize) -> String {
    if !chance(rng, 3) {
        return short_text(rng);
    }
    let most_chars = shape.specs[column].max_chars;
    let most_bytes = shape.most_bytes[column];
    let letter = if rng.bool() { "a" } else { "é" };
    match most_chars {
        Some(most) if rng.bool() => letter.repeat((most + 1).saturating_sub(rng.usize(..3))),
        _ => {
            let length = limit(rng, most_bytes);
            let letters = "é".repeat(length / 2);
            // The limit is in bytes, also between two characters.
            if letter == "a" {
                "a".repeat(length)
            } else {
                format!("{}{letters}", "a".repeat(length % 2))
            }
        }
    }
}

/// A length at a limit. Long values are rare, because they take long.
fn limit(rng: &mut Rng, most: usize) -> usize {
    let affordable = most < MAX_BYTES || rng.usize(..40 * most / MAX_BYTES) == 0;
    match affordable {
        true => (most + 1).saturating_sub(rng.usize(..3)),
        false => rng.usize(..300),
    }
}

fn bytes(rng: &mut Rng, most: usize) -> Vec<u8> {
    const BYTES: &[&[u8]] = &[
        &[],
        &[0],
        &[0, 0],
        &[1],
        &[127, 128],
        &[255],
        b"\\x00",
        b"'",
    ];
    if chance(rng, 2) {
        return vec![7; limit(rng, most)];
    }
    pick(rng, BYTES).unwrap_or_default().to_vec()
}
