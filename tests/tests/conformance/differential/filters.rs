//! A filter as data. It is turned into the library's filter and evaluated in plain Rust.

use catamaran::record::Field;
use catamaran::record::class::{self, Comparable, Ordered};
use catamaran::{Column, Filter};
use chrono::{DateTime, NaiveDate, Utc};
use suite::specimen::Specimen;
use uuid::Uuid;

/// A comparison.
#[derive(Clone, Copy, Debug)]
pub enum Compared {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A search in a text.
#[derive(Clone, Copy, Debug)]
pub enum Found {
    Inside,
    AtStart,
    AtEnd,
    InsideAsciiCaseAside,
}

/// A condition on one column.
#[derive(Clone, Debug)]
pub enum Test<T> {
    Compares(Compared, T),
    IsIn(Vec<T>),
}

/// A filter.
#[derive(Clone, Debug)]
pub enum Asked {
    All,
    None,
    And(Box<Asked>, Box<Asked>),
    Or(Box<Asked>, Box<Asked>),
    Not(Box<Asked>),
    Id(Test<Uuid>),
    Label(Test<String>),
    Note(Test<String>),
    Small(Test<i32>),
    Whole(Test<i64>),
    Ratio(Compared, f64),
    Reading(Compared, f64),
    Flag(Test<bool>),
    Day(Test<NaiveDate>),
    At(Test<DateTime<Utc>>),
    Link(Test<Uuid>),
    Blob(Compared, Vec<u8>),
    NoteIsNull,
    WholeIsNull,
    ReadingIsNull,
    FlagIsNull,
    DayIsNull,
    AtIsNull,
    LinkIsNull,
    InLabel(Found, String),
    InNote(Found, String),
}

fn compares<C, T>(column: Column<Specimen, C>, how: Compared, value: &T) -> Filter<Specimen>
where
    C: Field<Base = T, Class: Comparable + Ordered>,
    T: Clone,
{
    let value = value.clone();
    match how {
        Compared::Equal => column.eq(value),
        Compared::NotEqual => column.ne(value),
        Compared::Less => column.lt(value),
        Compared::LessOrEqual => column.le(value),
        Compared::Greater => column.gt(value),
        Compared::GreaterOrEqual => column.ge(value),
    }
}

fn tests<C, T>(column: Column<Specimen, C>, test: &Test<T>) -> Filter<Specimen>
where
    C: Field<Base = T, Class: Comparable + Ordered>,
    T: Clone,
{
    match test {
        Test::Compares(how, value) => compares(column, *how, value),
        Test::IsIn(values) => column.is_in(values.clone()),
    }
}

fn finds<C: Field<Class = class::Text>>(
    column: Column<Specimen, C>,
    how: Found,
    needle: &str,
) -> Filter<Specimen> {
    match how {
        Found::Inside => column.contains(needle),
        Found::AtStart => column.starts_with(needle),
        Found::AtEnd => column.ends_with(needle),
        Found::InsideAsciiCaseAside => column.contains_ignore_ascii_case(needle),
    }
}

fn compared<T: PartialOrd>(how: Compared, stored: &T, value: &T) -> bool {
    match how {
        Compared::Equal => stored == value,
        Compared::NotEqual => stored != value,
        Compared::Less => stored < value,
        Compared::LessOrEqual => stored <= value,
        Compared::Greater => stored > value,
        Compared::GreaterOrEqual => stored >= value,
    }
}

/// `None` is SQL's unknown.
fn tested<T: PartialOrd>(test: &Test<T>, stored: Option<&T>) -> Option<bool> {
    match test {
        Test::Compares(how, value) => Some(compared(*how, stored?, value)),
        // No value is in an empty list, also not NULL.
        Test::IsIn(values) if values.is_empty() => Some(false),
        Test::IsIn(values) => Some(values.contains(stored?)),
    }
}

fn found(how: Found, text: &str, needle: &str) -> bool {
    match how {
        Found::Inside => text.contains(needle),
        Found::AtStart => text.starts_with(needle),
        Found::AtEnd => text.ends_with(needle),
        Found::InsideAsciiCaseAside => text
            .to_ascii_lowercase()
            .contains(&needle.to_ascii_lowercase()),
    }
}

impl Asked {
    /// As the library's filter.
    pub fn filter(&self) -> Filter<Specimen> {
        match self {
            Asked::All => Filter::all(),
            Asked::None => Filter::none(),
            Asked::And(left, right) => left.filter().and(right.filter()),
            Asked::Or(left, right) => left.filter().or(right.filter()),
            Asked::Not(inner) => inner.filter().not(),
            Asked::Id(test) => tests(Specimen::ID, test),
            Asked::Label(test) => tests(Specimen::LABEL, test),
            Asked::Note(test) => tests(Specimen::NOTE, test),
            Asked::Small(test) => tests(Specimen::SMALL, test),
            Asked::Whole(test) => tests(Specimen::WHOLE, test),
            Asked::Ratio(how, value) => compares(Specimen::RATIO, *how, value),
            Asked::Reading(how, value) => compares(Specimen::READING, *how, value),
            Asked::Flag(test) => tests(Specimen::FLAG, test),
            Asked::Day(test) => tests(Specimen::DAY, test),
            Asked::At(test) => tests(Specimen::AT, test),
            Asked::Link(test) => tests(Specimen::LINK, test),
            Asked::Blob(how, value) => compares(Specimen::BLOB, *how, value),
            Asked::NoteIsNull => Specimen::NOTE.is_null(),
            Asked::WholeIsNull => Specimen::WHOLE.is_null(),
            Asked::ReadingIsNull => Specimen::READING.is_not_null().not(),
            Asked::FlagIsNull => Specimen::FLAG.is_null(),
            Asked::DayIsNull => Specimen::DAY.is_null(),
            Asked::AtIsNull => Specimen::AT.is_not_null().not(),
            Asked::LinkIsNull => Specimen::LINK.is_null(),
            Asked::InLabel(how, needle) => finds(Specimen::LABEL, *how, needle),
            Asked::InNote(how, needle) => finds(Specimen::NOTE, *how, needle),
        }
    }

    /// Whether it holds for a row: true, false or unknown.
    pub fn holds(&self, row: &Specimen) -> Option<bool> {
        match self {
            Asked::All => Some(true),
            Asked::None => Some(false),
            Asked::And(left, right) => match (left.holds(row), right.holds(row)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Asked::Or(left, right) => match (left.holds(row), right.holds(row)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Asked::Not(inner) => inner.holds(row).map(|holds| !holds),
            Asked::Id(test) => tested(test, Some(&row.id)),
            Asked::Label(test) => tested(test, Some(&row.label)),
            Asked::Note(test) => tested(test, row.note.as_ref()),
            Asked::Small(test) => tested(test, Some(&row.small)),
            Asked::Whole(test) => tested(test, row.whole.as_ref()),
            Asked::Ratio(how, value) => Some(compared(*how, &row.ratio, value)),
            Asked::Reading(how, value) => Some(compared(*how, row.reading.as_ref()?, value)),
            Asked::Flag(test) => tested(test, row.flag.as_ref()),
            Asked::Day(test) => tested(test, row.day.as_ref()),
            Asked::At(test) => tested(test, row.at.as_ref()),
            Asked::Link(test) => tested(test, row.link.as_ref()),
            Asked::Blob(how, value) => Some(compared(*how, &row.blob, value)),
            Asked::NoteIsNull => Some(row.note.is_none()),
            Asked::WholeIsNull => Some(row.whole.is_none()),
            Asked::ReadingIsNull => Some(row.reading.is_none()),
            Asked::FlagIsNull => Some(row.flag.is_none()),
            Asked::DayIsNull => Some(row.day.is_none()),
            Asked::AtIsNull => Some(row.at.is_none()),
            Asked::LinkIsNull => Some(row.link.is_none()),
            Asked::InLabel(how, needle) => Some(found(*how, &row.label, needle)),
            Asked::InNote(how, needle) => Some(found(*how, row.note.as_ref()?, needle)),
        }
    }
}
