use std::fmt;
use std::marker::PhantomData;

use super::filter::{Comparison, Condition, Filter, TextMatch};
use super::order::Order;
use crate::model::record::Record;
use crate::model::value::Field;
use crate::model::value::class::{self, Comparable, Ordered};

/// A column of a record, with the type of its field. `#[derive(Record)]` generates one constant for each field.
pub struct Column<R, T> {
    index: usize,
    _of: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Clone for Column<R, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, T> Copy for Column<R, T> {}

impl<R: Record, T> fmt::Debug for Column<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", R::TABLE.name, R::COLUMNS[self.index].field)
    }
}

impl<R, T> Column<R, T> {
    /// Used by the derive.
    #[doc(hidden)]
    pub const fn new(index: usize) -> Self {
        Column {
            index,
            _of: PhantomData,
        }
    }

    /// The position of the column in [`Record::COLUMNS`].
    pub const fn index(&self) -> usize {
        self.index
    }
}

impl<R, T: Field> Column<R, T> {
    /// Ascending order. NULLs come last.
    pub const fn asc(&self) -> Order<R>
    where
        T::Class: Ordered,
    {
        Order::ascending(self.index)
    }

    /// Descending order. NULLs come first.
    pub const fn desc(&self) -> Order<R>
    where
        T::Class: Ordered,
    {
        Order::descending(self.index)
    }
}

impl<R: Record, T> Column<R, T> {
    fn max_bytes(&self) -> usize {
        R::COLUMNS[self.index].max_bytes
    }
}

impl<R: Record, T: Field> Column<R, T> {
    fn compare(&self, comparison: Comparison, value: impl Into<T::Base>) -> Filter<R> {
        Condition::compare(self.index, self.max_bytes(), comparison, value.into()).into()
    }

    /// Equal to a value. NULL does not match.
    pub fn eq(&self, value: impl Into<T::Base>) -> Filter<R>
    where
        T::Class: Comparable,
    {
        self.compare(Comparison::Equal, value)
    }

    /// Not equal to a value. NULL does not match, as in SQL.
    pub fn ne(&self, value: impl Into<T::Base>) -> Filter<R>
    where
        T::Class: Comparable,
    {
        self.compare(Comparison::NotEqual, value)
    }

    /// Equal to one of any number of values. An empty list matches no row.
    ///
    /// A query with a list of bytes or floats fails with [`InvalidQuery`](crate::ErrorKind::InvalidQuery).
    pub fn is_in<V: Into<T::Base>>(&self, values: impl IntoIterator<Item = V>) -> Filter<R>
    where
        T::Class: Comparable,
    {
        let values = values.into_iter().map(Into::into);
        Condition::is_in::<T::Base>(self.index, self.max_bytes(), values).into()
    }

    /// Less than a value. Texts are compared by code point on both engines.
    pub fn lt(&self, value: impl Into<T::Base>) -> Filter<R>
    where
        T::Class: Ordered,
    {
        self.compare(Comparison::Less, value)
    }

    /// Less than or equal to a value.
    pub fn le(&self, value: impl Into<T::Base>) -> Filter<R>
    where
        T::Class: Ordered,
    {
        self.compare(Comparison::LessOrEqual, value)
    }

    /// Greater than a value.
    pub fn gt(&self, value: impl Into<T::Base>) -> Filter<R>
    where
        T::Class: Ordered,
    {
        self.compare(Comparison::Greater, value)
    }

    /// Greater than or equal to a value.
    pub fn ge(&self, value: impl Into<T::Base>) -> Filter<R>
    where
        T::Class: Ordered,
    {
        self.compare(Comparison::GreaterOrEqual, value)
    }
}

impl<R: Record, T: Field> Column<R, Option<T>> {
    /// Is NULL.
    pub fn is_null(&self) -> Filter<R> {
        Condition::IsNull { column: self.index }.into()
    }

    /// Is not NULL.
    pub fn is_not_null(&self) -> Filter<R> {
        self.is_null().not()
    }
}

impl<R: Record, T: Field<Class = class::Text>> Column<R, T> {
    fn text(&self, kind: TextMatch, needle: impl Into<String>) -> Filter<R> {
        Condition::text(self.index, self.max_bytes(), kind, needle.into()).into()
    }

    /// Contains the text. `%` and `_` are ordinary characters, and case matters.
    pub fn contains(&self, needle: impl Into<String>) -> Filter<R> {
        self.text(TextMatch::Contains, needle)
    }

    /// Starts with the text. `%` and `_` are ordinary characters, and case matters.
    pub fn starts_with(&self, needle: impl Into<String>) -> Filter<R> {
        self.text(TextMatch::StartsWith, needle)
    }

    /// Ends with the text. `%` and `_` are ordinary characters, and case matters.
    pub fn ends_with(&self, needle: impl Into<String>) -> Filter<R> {
        self.text(TextMatch::EndsWith, needle)
    }

    /// Contains the text, ignoring the case of the ASCII letters.
    ///
    /// ASCII is the only case folding that both engines share. For more, store a folded copy in another column.
    pub fn contains_ignore_ascii_case(&self, needle: impl Into<String>) -> Filter<R> {
        self.text(TextMatch::ContainsFolded, needle)
    }
}
