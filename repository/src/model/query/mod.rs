//! Filters, orders, pages and cursors, independent of an engine.

mod column;
mod cursor;
mod dynamic;
mod filter;
mod order;
mod page;

pub use column::Column;
pub use cursor::Cursor;
pub use filter::{Comparison, Filter, TextMatch};
pub use order::{Nulls, Order};
pub use page::{MAX_PAGE_SIZE, Page, PageRequest};

pub(crate) use cursor::{Position, QueryHash};
pub(crate) use filter::{Condition, MOST_CONDITIONS, Operand};
pub(crate) use order::OrderKey;
pub(crate) use page::Direction;

use crate::model::record::Record;

/// Which rows of a table with soft delete a query returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// Live rows.
    #[default]
    Live,
    /// Soft-deleted rows.
    Deleted,
    /// Both.
    All,
}

/// A filter, an order, and whether deleted rows are included.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::Note;
/// use catamaran::Query;
///
/// let query: Query<Note> = Note::TITLE
///     .contains("boat")
///     .and(Note::STARS.ge(3))
///     .order_by(Note::STARS.desc())
///     .order_by(Note::TITLE.asc());
/// # let _ = query;
/// ```
#[derive(Clone, Debug)]
pub struct Query<R> {
    pub(crate) filter: Filter<R>,
    pub(crate) order: Vec<OrderKey>,
    pub(crate) visibility: Visibility,
}

impl<R: Record> Query<R> {
    /// Every live row, ordered by its primary key.
    pub fn all() -> Self {
        Filter::all().into()
    }

    /// Adds a filter, joined by AND.
    #[must_use]
    pub fn filter(mut self, filter: Filter<R>) -> Self {
        self.filter = self.filter.and(filter);
        self
    }

    /// Adds a key to the order.
    ///
    /// The columns of the primary key are always the last keys, so every order is total. Their direction is that of the
    /// key before them.
    #[must_use]
    pub fn order_by(mut self, order: Order<R>) -> Self {
        self.order.push(order.into_key());
        self
    }

    /// Sets which rows are included. Default: live rows. Without soft delete, every visibility
    /// includes every row.
    #[must_use]
    pub fn visibility(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    pub(crate) fn parts(&self) -> QueryParts<'_> {
        QueryParts {
            condition: &self.filter.condition,
            order: &self.order,
            visibility: self.visibility,
        }
    }
}

/// A query of any record.
#[derive(Clone, Copy)]
pub(crate) struct QueryParts<'q> {
    pub(crate) condition: &'q Condition,
    pub(crate) visibility: Visibility,
    order: &'q [OrderKey],
}

impl QueryParts<'_> {
    /// The order, made total by the columns of the primary key, at these positions.
    pub(crate) fn total_order(&self, primary_key: &[usize]) -> Vec<OrderKey> {
        let mut keys: Vec<OrderKey> = Vec::with_capacity(self.order.len() + primary_key.len());
        let has = |keys: &[OrderKey], column: usize| keys.iter().any(|key| key.column == column);
        for key in self.order {
            if !has(&keys, key.column) {
                keys.push(*key);
            }
            if primary_key.iter().all(|column| has(&keys, *column)) {
                return keys;
            }
        }
        // In the direction of the last key: an index can serve an order of one direction.
        let descending = keys.last().is_some_and(|key| key.descending);
        for column in primary_key {
            let ascending = OrderKey::ascending(*column);
            if !has(&keys, *column) {
                keys.push(match descending {
                    true => ascending.reversed(),
                    false => ascending,
                });
            }
        }
        keys
    }
}

impl<R: Record> Default for Query<R> {
    fn default() -> Self {
        Query::all()
    }
}

impl<R> From<Filter<R>> for Query<R> {
    fn from(filter: Filter<R>) -> Self {
        Query {
            filter,
            order: Vec::new(),
            visibility: Visibility::Live,
        }
    }
}
