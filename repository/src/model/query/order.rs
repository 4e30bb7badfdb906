use std::fmt;
use std::marker::PhantomData;

/// One key of an order: a column, its direction, and the position of NULLs.
pub struct Order<R> {
    key: OrderKey,
    _of: PhantomData<fn() -> R>,
}

impl<R> Clone for Order<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Order<R> {}

impl<R> fmt::Debug for Order<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

/// The position of NULLs in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// Before every value.
    First,
    /// After every value.
    Last,
}

impl<R> Order<R> {
    pub(crate) const fn ascending(column: usize) -> Self {
        Order {
            key: OrderKey::ascending(column),
            _of: PhantomData,
        }
    }

    pub(crate) const fn descending(column: usize) -> Self {
        Order {
            key: OrderKey {
                column,
                descending: true,
                nulls: Nulls::First,
            },
            _of: PhantomData,
        }
    }

    /// The reverse of this order, with NULLs at the other end.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.key = self.key.reversed();
        self
    }

    /// Puts NULLs before every value.
    #[must_use]
    pub const fn nulls_first(mut self) -> Self {
        self.key.nulls = Nulls::First;
        self
    }

    /// Puts NULLs after every value.
    #[must_use]
    pub const fn nulls_last(mut self) -> Self {
        self.key.nulls = Nulls::Last;
        self
    }

    pub(crate) fn into_key(self) -> OrderKey {
        self.key
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderKey {
    pub(crate) column: usize,
    pub(crate) descending: bool,
    pub(crate) nulls: Nulls,
}

impl OrderKey {
    pub(crate) const fn ascending(column: usize) -> Self {
        OrderKey {
            column,
            descending: false,
            nulls: Nulls::Last,
        }
    }

    /// The reverse order.
    pub(crate) fn reversed(self) -> Self {
        OrderKey {
            column: self.column,
            descending: !self.descending,
            nulls: match self.nulls {
                Nulls::First => Nulls::Last,
                Nulls::Last => Nulls::First,
            },
        }
    }
}
