use std::marker::PhantomData;

use crate::model::error::InvalidReason;
use crate::model::key::Key;
use crate::model::record::Record;
use crate::model::record_id::RecordId;
use crate::model::value::{Field, Value};

/// The maximum number of conditions of one filter. SQLite limits the depth of an expression to 1000
/// (<https://www.sqlite.org/limits.html#max_expr_depth>). Each condition adds at most one level to those before it, and
/// the deepest one has seven.
pub(crate) const MOST_CONDITIONS: usize = 500;

/// A condition on rows, built from columns: `Habit::NAME.contains("run").and(Habit::SORT_ORDER.lt(3))`.
///
/// A filter has at most 500 conditions, in any nesting. A list of values in [`is_in`](crate::Column::is_in) or [`ids`](Self::ids)
/// counts as one. [`not`](Self::not) does not count.
#[derive(Debug)]
pub struct Filter<R> {
    pub(crate) condition: Condition,
    /// The number of conditions in the tree.
    size: usize,
    _of: PhantomData<fn() -> R>,
}

impl<R> Clone for Filter<R> {
    fn clone(&self) -> Self {
        Filter::new(self.condition.clone(), self.size)
    }
}

impl<R> From<Condition> for Filter<R> {
    /// A filter of one condition.
    fn from(condition: Condition) -> Self {
        Filter::new(condition, 1)
    }
}

impl<R> Filter<R> {
    /// Replaces a tree that is too large for an engine, or for recursion.
    fn new(condition: Condition, size: usize) -> Self {
        let condition = match size {
            0..=MOST_CONDITIONS => condition,
            _ => Condition::TooLarge,
        };
        Filter {
            condition,
            size,
            _of: PhantomData,
        }
    }

    fn join(
        self,
        other: Self,
        join: fn(Vec<Condition>) -> Condition,
        parts: fn(Condition) -> Result<Vec<Condition>, Condition>,
    ) -> Self {
        let mut size = 0_usize;
        let mut all = Vec::new();
        for filter in [self, other] {
            let more = parts(filter.condition).unwrap_or_else(|other| vec![other]);
            // An empty conjunction adds nothing to another one.
            if !more.is_empty() {
                size = size.saturating_add(filter.size);
            }
            all.extend(more);
        }
        // An empty result still is one condition of a larger tree.
        Filter::new(join(all), size.max(1))
    }
}

impl<R: Record> Filter<R> {
    /// Matches every row.
    pub fn all() -> Self {
        Condition::And(Vec::new()).into()
    }

    /// Matches no row.
    pub fn none() -> Self {
        Condition::Or(Vec::new()).into()
    }

    /// Matches rows that match both filters.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join(other, Condition::And, |condition| match condition {
            Condition::And(parts) => Ok(parts),
            other => Err(other),
        })
    }

    /// Matches rows that match at least one of the filters.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join(other, Condition::Or, |condition| match condition {
            Condition::Or(parts) => Ok(parts),
            other => Err(other),
        })
    }

    /// The rows with these ids. An empty list matches no row.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
    /// # use demo::Note;
    /// use catamaran::Filter;
    ///
    /// let both = Filter::<Note>::ids([uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2)]);
    /// # let _ = both;
    /// ```
    ///
    /// If the primary key begins with the owner, the filter matches these ids of each owner whose rows the scope has.
    pub fn ids(ids: impl IntoIterator<Item = R::Id>) -> Self {
        let keys = ids.into_iter().map(RecordId::into_key).collect();
        let columns = R::MANAGED.id;
        Condition::IsRowOf { columns, keys }.into()
    }

    /// Negates the filter. A comparison with NULL is neither true nor false, and neither is its negation, as in SQL.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "named like `and` and `or`, which have no operators either"
    )]
    pub fn not(self) -> Self {
        Filter::new(self.condition.negated(), self.size)
    }

    /// Adds an order; see [`Query::order_by`](crate::Query::order_by).
    pub fn order_by(self, order: super::Order<R>) -> super::Query<R> {
        super::Query::from(self).order_by(order)
    }
}

/// A value of a filter in canonical form, or the reason why it has none.
pub(crate) type Operand = Result<Value, InvalidReason>;

#[derive(Clone, Debug)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    /// Contains neither `And`, `Or` nor `Not`.
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
    /// The columns are those of a key.
    IsRowOf {
        columns: &'static [usize],
        /// If one has no canonical form, the position of the column, and why.
        keys: Result<Vec<Key>, (usize, InvalidReason)>,
    },
    Text {
        column: usize,
        kind: TextMatch,
        needle: Operand,
    },
    /// Replaces a tree with too many conditions.
    TooLarge,
}

/// A comparison of a column with a value. NULL matches none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Comparison {
    /// As [`Column::eq`](crate::Column::eq).
    Equal,
    /// As [`Column::ne`](crate::Column::ne).
    NotEqual,
    /// As [`Column::lt`](crate::Column::lt).
    Less,
    /// As [`Column::le`](crate::Column::le).
    LessOrEqual,
    /// As [`Column::gt`](crate::Column::gt).
    Greater,
    /// As [`Column::ge`](crate::Column::ge).
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

/// A match of a text column. `%` and `_` are ordinary characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TextMatch {
    /// As [`Column::contains`](crate::Column::contains).
    Contains,
    /// As [`Column::contains_ignore_ascii_case`](crate::Column::contains_ignore_ascii_case).
    ContainsFolded,
    /// As [`Column::starts_with`](crate::Column::starts_with).
    StartsWith,
    /// As [`Column::ends_with`](crate::Column::ends_with).
    EndsWith,
}

impl TextMatch {
    /// The text to look for, in the form that the statement compares.
    pub(crate) fn needle(self, needle: String) -> String {
        match self {
            TextMatch::ContainsFolded => needle.to_ascii_lowercase(),
            TextMatch::Contains | TextMatch::StartsWith | TextMatch::EndsWith => needle,
        }
    }
}

fn canonical<T: Field>(mut value: T, max_bytes: usize) -> Operand {
    value.canonicalise(max_bytes)?;
    Ok(value.to_value())
}

impl Condition {
    /// The negation, by De Morgan's laws, which hold in the three-valued logic of SQL as well. So a `NOT` adds a level to
    /// one condition only, and not to those that contain it.
    fn negated(self) -> Self {
        let negated = |parts: Vec<Condition>| parts.into_iter().map(Condition::negated).collect();
        match self {
            Condition::And(parts) => Condition::Or(negated(parts)),
            Condition::Or(parts) => Condition::And(negated(parts)),
            Condition::Not(inner) => *inner,
            Condition::TooLarge => Condition::TooLarge,
            leaf => Condition::Not(Box::new(leaf)),
        }
    }

    /// `max_bytes` is that of the column, here and in the others.
    pub(crate) fn compare<T: Field>(
        column: usize,
        max_bytes: usize,
        comparison: Comparison,
        value: T,
    ) -> Self {
        Condition::Compare {
            column,
            comparison,
            value: canonical(value, max_bytes),
        }
    }

    pub(crate) fn is_in<T: Field>(
        column: usize,
        max_bytes: usize,
        values: impl Iterator<Item = T>,
    ) -> Self {
        let values = values.map(|value| canonical(value, max_bytes));
        let values = values.collect::<Result<Vec<Value>, _>>();
        Condition::IsIn {
            column,
            values: values.map(|values| Value::Array(T::TYPE, values)),
        }
    }

    pub(crate) fn text(column: usize, max_bytes: usize, kind: TextMatch, needle: String) -> Self {
        Condition::Text {
            column,
            kind,
            needle: canonical(kind.needle(needle), max_bytes),
        }
    }
}
