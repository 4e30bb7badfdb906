use super::cursor::Cursor;
use crate::model::error::{ErrorKind, Result};

/// The most rows of one page.
pub const MAX_PAGE_SIZE: u32 = 10_000;

/// Which page: how many rows, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    size: u32,
    direction: Direction,
    cursor: Option<Cursor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forwards,
    Backwards,
}

impl PageRequest {
    const fn new(size: u32, direction: Direction, cursor: Option<Cursor>) -> Self {
        PageRequest {
            size,
            direction,
            cursor,
        }
    }

    /// The first rows.
    pub const fn first(size: u32) -> Self {
        PageRequest::new(size, Direction::Forwards, None)
    }

    /// The rows after a cursor.
    pub const fn after(size: u32, cursor: Cursor) -> Self {
        PageRequest::new(size, Direction::Forwards, Some(cursor))
    }

    /// The last rows, in the query's order.
    pub const fn last(size: u32) -> Self {
        PageRequest::new(size, Direction::Backwards, None)
    }

    /// The rows before a cursor, in the query's order.
    pub const fn before(size: u32, cursor: Cursor) -> Self {
        PageRequest::new(size, Direction::Backwards, Some(cursor))
    }

    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    pub(crate) fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// The size, if it is one.
    pub(crate) fn size(&self) -> Result<usize> {
        if (1..=MAX_PAGE_SIZE).contains(&self.size) {
            Ok(self.size as usize)
        } else {
            Err(ErrorKind::InvalidQuery {
                reason: format!("a page has 1 to {MAX_PAGE_SIZE} rows, not {}", self.size).into(),
            }
            .into())
        }
    }
}

/// A page of rows, with the cursors of its neighbours. A page without rows has none: ask for the first or the
/// last.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<R> {
    /// The rows, in the query's order.
    pub items: Vec<R>,
    /// Where the page after this one begins; `None` if there was none when this one was read.
    pub next: Option<Cursor>,
    /// Where the page before this one ends; `None` if there was none when this one was read.
    ///
    /// A page that was asked for by a cursor names the neighbour on the cursor's side without looking:
    /// that neighbour is where the caller came from.
    pub previous: Option<Cursor>,
}
