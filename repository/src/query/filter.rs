use std::marker::PhantomData;

use crate::error::InvalidReason;
use crate::record::Record;
use crate::value::{Field, Type, Value};

/// Which rows. Built from column handles: `Habit::NAME.contains("run").and(Habit::SORT_ORDER.lt(3))`.
#[derive(Debug)]
pub struct Filter<R> {
    pub(crate) condition: Condition,
    _of: PhantomData<fn() -> R>,
}

impl<R> Clone for Filter<R> {
    fn clone(&self) -> Self {
        self.condition.clone().into()
    }
}

impl<R> From<Condition> for Filter<R> {
    fn from(condition: Condition) -> Self {
        Filter {
            condition,
            _of: PhantomData,
        }
    }
}

impl<R: Record> Filter<R> {
    /// Every row.
    pub fn all() -> Self {
        Condition::And(Vec::new()).into()
    }

    /// No row.
    pub fn none() -> Self {
        Condition::Or(Vec::new()).into()
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Condition::And(joined(
            self.condition,
            other.condition,
            |condition| match condition {
                Condition::And(parts) => Ok(parts),
                other => Err(other),
            },
        ))
        .into()
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Condition::Or(joined(
            self.condition,
            other.condition,
            |condition| match condition {
                Condition::Or(parts) => Ok(parts),
                other => Err(other),
            },
        ))
        .into()
    }

    /// The opposite. Where a column is NULL a comparison is neither true nor false, and neither is its
    /// opposite, as in SQL.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "reads with and() and or(), which have no operators either"
    )]
    pub fn not(self) -> Self {
        Condition::Not(Box::new(self.condition)).into()
    }

    /// Adds an order; see [`Query::order_by`](crate::Query::order_by).
    pub fn order_by(self, order: super::Order<R>) -> super::Query<R> {
        super::Query::from(self).order_by(order)
    }
}

/// The parts of both sides, the sides flattened where they are of the same kind.
fn joined(
    left: Condition,
    right: Condition,
    parts: fn(Condition) -> Result<Vec<Condition>, Condition>,
) -> Vec<Condition> {
    let mut all = parts(left).unwrap_or_else(|other| vec![other]);
    all.extend(parts(right).unwrap_or_else(|other| vec![other]));
    all
}

/// A value of a filter in canonical form, or why it has none.
pub(crate) type Operand = Result<Value, InvalidReason>;

#[derive(Clone, Debug)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare {
        column: usize,
        comparison: Comparison,
        value: Operand,
    },
    IsNull {
        column: usize,
    },
    IsIn {
        column: usize,
        values: Operand,
    },
    Text {
        column: usize,
        kind: TextMatch,
        needle: Operand,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(crate) fn as_sql(self) -> &'static str {
        match self {
            Comparison::Equal => " = ",
            Comparison::NotEqual => " <> ",
            Comparison::Less => " < ",
            Comparison::LessOrEqual => " <= ",
            Comparison::Greater => " > ",
            Comparison::GreaterOrEqual => " >= ",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TextMatch {
    Contains,
    ContainsFolded,
    StartsWith,
    EndsWith,
}

fn canonical<T: Field>(mut value: T) -> Operand {
    value.canonicalise()?;
    Ok(value.to_value())
}

impl Condition {
    pub(crate) fn compare<T: Field>(column: usize, comparison: Comparison, value: T) -> Self {
        Condition::Compare {
            column,
            comparison,
            value: canonical(value),
        }
    }

    pub(crate) fn is_in<T: Field>(column: usize, values: impl Iterator<Item = T>) -> Self {
        let values = values.map(canonical).collect::<Result<Vec<Value>, _>>();
        Condition::IsIn {
            column,
            values: values.map(|values| Value::Array(T::TYPE, values)),
        }
    }

    pub(crate) fn text(column: usize, kind: TextMatch, needle: String) -> Self {
        Condition::Text {
            column,
            kind,
            needle: canonical(needle),
        }
    }

    /// How many nodes the tree has.
    pub(crate) fn size(&self) -> usize {
        match self {
            Condition::And(parts) | Condition::Or(parts) => {
                1 + parts.iter().map(Condition::size).sum::<usize>()
            }
            Condition::Not(inner) => 1 + inner.size(),
            Condition::Compare { .. }
            | Condition::IsNull { .. }
            | Condition::IsIn { .. }
            | Condition::Text { .. } => 1,
        }
    }

    /// What some list of the tree holds that no engine-independent list can: SQLite takes a list as JSON,
    /// which has no bytes, and whose floats it does not read to the last bit.
    pub(crate) fn unlistable(&self) -> Option<&'static str> {
        match self {
            Condition::And(parts) | Condition::Or(parts) => {
                parts.iter().find_map(Condition::unlistable)
            }
            Condition::Not(inner) => inner.unlistable(),
            Condition::IsIn { values, .. } => match values {
                Ok(Value::Array(Type::Bytes, _)) => Some("bytes"),
                Ok(Value::Array(Type::Double, _)) => Some("floats"),
                Ok(_) | Err(_) => None,
            },
            Condition::Compare { .. } | Condition::IsNull { .. } | Condition::Text { .. } => None,
        }
    }
}
