//! Random rows and queries. Most values come from small pools, so that they match.

use catamaran::Record;
use chrono::{DateTime, NaiveDate, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use suite::clock::instant;
use suite::specimen::Specimen;
use uuid::Uuid;

use super::Question;
use super::filters::{Asked, Compared, Found, Test};
use super::orders::{By, Key, Nulls};

fn text() -> impl Strategy<Value = String> {
    let characters = [
        "a", "A", "b", "Z", "_", "-", "%", "\\", "'", "\"", " ", "é", "e\u{301}", "ß", "İ", "i",
        "😀", "\u{e000}", "\n",
    ];
    prop_oneof![
        9 => vec(select(characters.to_vec()), 0..4).prop_map(|parts| parts.concat()),
        1 => "[^\0]{0,12}",
    ]
}

fn small() -> impl Strategy<Value = i32> {
    prop_oneof![4 => -2..3_i32, 1 => select(vec![i32::MIN, i32::MAX]), 1 => any::<i32>()]
}

fn whole() -> impl Strategy<Value = i64> {
    let edges = vec![i64::MIN, i64::MAX, (1 << 53) + 1, -(1 << 53) - 1];
    prop_oneof![4 => -2..3_i64, 1 => select(edges), 1 => any::<i64>()]
}

/// As a column stores it: finite, and without negative zero.
fn float() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    let edges = vec![
        0.0,
        0.1,
        0.1 + 0.2,
        0.3,
        1e300,
        -1e300,
        5e-324,
        f64::MAX,
        f64::MIN,
        3.0,
    ];
    prop_oneof![
        3 => select(edges),
        3 => POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO,
    ]
    .prop_map(|float| float + 0.0)
}

fn day() -> impl Strategy<Value = NaiveDate> {
    let pool = [
        "0001-01-01",
        "1969-12-31",
        "2000-01-01",
        "2024-02-29",
        "9999-12-31",
    ];
    let pool = pool.map(|day| day.parse().expect("a day")).to_vec();
    let any_day = (0..3_000_000_i32).prop_map(|number| {
        // The year 1 begins with day 1.
        NaiveDate::from_num_days_from_ce_opt(number + 1).expect("within the calendar")
    });
    prop_oneof![4 => select(pool), 1 => any_day]
}

fn at() -> impl Strategy<Value = DateTime<Utc>> {
    let pool = [
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "1999-12-31T23:59:59.999999Z",
        "2000-01-01T00:00:00Z",
        "2026-05-05T05:05:05.1Z",
        "9999-12-31T23:59:59.999999Z",
    ];
    let micros = -62_000_000_000_000_000..250_000_000_000_000_000_i64;
    prop_oneof![
        4 => select(pool.map(instant).to_vec()),
        1 => micros.prop_map(|at| DateTime::from_timestamp_micros(at).expect("within the calendar")),
    ]
}

fn id() -> impl Strategy<Value = Uuid> {
    prop_oneof![
        6 => (0..40_u128).prop_map(|number| Uuid::from_u128(number << 120 | number)),
        1 => any::<u128>().prop_map(Uuid::from_u128),
    ]
}

fn blob() -> impl Strategy<Value = Vec<u8>> {
    vec(select(vec![0, 1, 127, 128, 255]), 0..4)
}

fn row() -> impl Strategy<Value = Specimen> {
    let texts = (text(), option::of(text()), blob());
    let numbers = (small(), option::of(whole()), float(), option::of(float()));
    let others = (
        option::of(any::<bool>()),
        option::of(day()),
        option::of(at()),
        option::of(id()),
    );
    (id(), texts, numbers, others).prop_map(|(id, texts, numbers, others)| {
        let (label, note, blob) = texts;
        let (small, whole, ratio, reading) = numbers;
        let (flag, day, at, link) = others;
        Specimen {
            id,
            label,
            note,
            small,
            whole,
            ratio,
            reading,
            flag,
            day,
            at,
            link,
            blob,
        }
    })
}

fn compared() -> impl Strategy<Value = Compared> {
    select(vec![
        Compared::Equal,
        Compared::NotEqual,
        Compared::Less,
        Compared::LessOrEqual,
        Compared::Greater,
        Compared::GreaterOrEqual,
    ])
}

fn test<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Test<T>> {
    prop_oneof![
        3 => (compared(), value.clone()).prop_map(|(how, value)| Test::Compares(how, value)),
        1 => vec(value, 0..5).prop_map(Test::IsIn),
    ]
}

fn leaf() -> impl Strategy<Value = Asked> {
    let found = || {
        select(vec![
            Found::Inside,
            Found::AtStart,
            Found::AtEnd,
            Found::InsideAsciiCaseAside,
        ])
    };
    let nulls = vec![
        Asked::All,
        Asked::None,
        Asked::NoteIsNull,
        Asked::WholeIsNull,
        Asked::ReadingIsNull,
        Asked::FlagIsNull,
        Asked::DayIsNull,
        Asked::AtIsNull,
        Asked::LinkIsNull,
    ];
    prop_oneof![
        select(nulls),
        test(id().boxed()).prop_map(Asked::Id),
        test(text().boxed()).prop_map(Asked::Label),
        test(text().boxed()).prop_map(Asked::Note),
        test(small().boxed()).prop_map(Asked::Small),
        test(whole().boxed()).prop_map(Asked::Whole),
        (compared(), float()).prop_map(|(how, value)| Asked::Ratio(how, value)),
        (compared(), float()).prop_map(|(how, value)| Asked::Reading(how, value)),
        test(any::<bool>().boxed()).prop_map(Asked::Flag),
        test(day().boxed()).prop_map(Asked::Day),
        test(at().boxed()).prop_map(Asked::At),
        test(id().boxed()).prop_map(Asked::Link),
        (compared(), blob()).prop_map(|(how, value)| Asked::Blob(how, value)),
        (found(), text()).prop_map(|(how, needle)| Asked::InLabel(how, needle)),
        (found(), text()).prop_map(|(how, needle)| Asked::InNote(how, needle)),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    leaf().prop_recursive(4, 24, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        let boxed = |(left, right)| (Box::new(left), Box::new(right));
        prop_oneof![
            pair.clone()
                .prop_map(boxed)
                .prop_map(|(left, right)| Asked::And(left, right)),
            pair.prop_map(boxed)
                .prop_map(|(left, right)| Asked::Or(left, right)),
            inner.prop_map(|inner| Asked::Not(Box::new(inner))),
        ]
    })
}

fn key() -> impl Strategy<Value = Key> {
    let columns = vec![
        By::Id,
        By::Label,
        By::Note,
        By::Small,
        By::Whole,
        By::Ratio,
        By::Reading,
        By::Flag,
        By::Day,
        By::At,
        By::Link,
        By::Blob,
    ];
    let nulls = vec![Nulls::Unsaid, Nulls::First, Nulls::Last];
    (select(columns), any::<bool>(), select(nulls)).prop_map(|(by, descending, nulls)| Key {
        by,
        descending,
        nulls,
    })
}

fn question() -> impl Strategy<Value = Question> {
    let size = prop_oneof![1..8_u32, Just(1_000)];
    // Half of the filters select every row, which tests the pages.
    let asked = prop_oneof![asked(), Just(Asked::All)];
    (asked, vec(key(), 0..4), size).prop_map(|(asked, order, size)| Question { asked, order, size })
}

/// Rows with distinct ids, and a query.
pub fn cases() -> impl Strategy<Value = (Vec<Specimen>, Vec<Question>)> {
    let rows = vec(row(), 0..25).prop_map(|mut rows| {
        rows.sort_by_key(Record::id);
        rows.dedup_by_key(|row| row.id);
        rows
    });
    (rows, vec(question(), 1..10))
}
