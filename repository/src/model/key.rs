//! The id of a row of any record, without its type.

use std::fmt;
use std::slice;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// The id of a row of any record, in canonical form. Errors have it. Its order is that of both engines.
///
/// `Display` shows the id: `7`, `"a text"`, or `("a text", 7)`. A text is cut after 64 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Values);

/// A key of one column that is no text needs no allocation.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Values {
    One(KeyValue),
    Several(Box<[KeyValue]>),
}

/// The value of one column of a key. Only types that both engines compare exactly, in the same order, and in lists.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum KeyValue {
    Uuid(Uuid),
    Text(String),
    Bool(bool),
    Int(i32),
    BigInt(i64),
    Timestamp(DateTime<Utc>),
    Date(NaiveDate),
}

/// The maximum length of a text in `Display`, in characters.
const SHOWN: usize = 64;

impl Key {
    /// The key of one column.
    pub(crate) const fn one(value: KeyValue) -> Self {
        Key(Values::One(value))
    }

    /// The key with these values.
    pub(crate) fn of(values: impl IntoIterator<Item = KeyValue>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(one), None) => Key::one(one),
            (first, second) => Key(Values::Several(
                first.into_iter().chain(second).chain(values).collect(),
            )),
        }
    }

    /// The values of its columns.
    pub(crate) fn values(&self) -> &[KeyValue] {
        match &self.0 {
            Values::One(value) => slice::from_ref(value),
            Values::Several(values) => values,
        }
    }
}

impl From<Uuid> for Key {
    fn from(id: Uuid) -> Self {
        Key::one(KeyValue::Uuid(id))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = match &self.0 {
            Values::One(value) => return value.fmt(f),
            Values::Several(values) => values,
        };
        f.write_str("(")?;
        for (position, value) in several.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { ", " })?;
            value.fmt(f)?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyValue::Uuid(id) => id.fmt(f),
            KeyValue::Text(text) => match text.char_indices().nth(SHOWN) {
                Some((end, _)) => write!(f, "{:?}..", &text[..end]),
                None => write!(f, "{text:?}"),
            },
            KeyValue::Bool(bool) => bool.fmt(f),
            KeyValue::Int(int) => int.fmt(f),
            KeyValue::BigInt(int) => int.fmt(f),
            KeyValue::Timestamp(at) => at.fmt(f),
            KeyValue::Date(day) => day.fmt(f),
        }
    }
}
