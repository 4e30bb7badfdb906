//! The stored values of enums.

use std::fmt;

use super::{Field, Value};
use crate::model::error::InvalidReason;

/// The stored values of an enum with [`#[derive(RecordEnum)]`](derive@crate::RecordEnum), in the order of its variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variants {
    /// Texts.
    Texts(Vec<String>),
    /// Numbers.
    Numbers(Vec<i64>),
}

impl Variants {
    /// The condition that a column has one of the values, the same on both engines. `column` is a name as SQL.
    #[cfg(feature = "fingerprint")]
    pub(crate) fn condition(&self, column: &str) -> String {
        let list: Vec<String> = match self {
            Variants::Texts(texts) => {
                let quoted = |text: &String| format!("'{}'", text.replace('\'', "''"));
                texts.iter().map(quoted).collect()
            }
            Variants::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect(),
        };
        format!("{column} IN ({})", list.join(", "))
    }
}

impl fmt::Display for Variants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<String> = match self {
            Variants::Texts(texts) => texts.iter().map(|text| format!("{text:?}")).collect(),
            Variants::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect(),
        };
        f.write_str(&list.join(", "))
    }
}

/// The stored values of an enum, from one of each variant.
pub fn variants(values: impl Iterator<Item = Value>) -> Variants {
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    for value in values {
        match value {
            Value::Text(text) => texts.push(text),
            Value::SmallInt(number) => numbers.push(number.into()),
            Value::Int(number) => numbers.push(number.into()),
            Value::BigInt(number) => numbers.push(number),
            _ => {}
        }
    }
    match numbers.is_empty() {
        true => Variants::Texts(texts),
        false => Variants::Numbers(numbers),
    }
}

/// The reason why a stored value is none of an enum.
pub fn no_variant<T: Field>() -> InvalidReason {
    let variants = T::variants().map_or(String::new(), |variants| variants.to_string());
    InvalidReason::Application {
        reason: format!("it is none of {variants}").into(),
    }
}
