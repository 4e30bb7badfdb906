use super::cursor::Cursor;
use crate::model::error::{ErrorKind, Result};

/// The maximum number of rows of one page.
pub const MAX_PAGE_SIZE: u32 = 10_000;

/// The size of a page, and where it starts.
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

    /// The first rows of the query.
    pub const fn first(size: u32) -> Self {
        PageRequest::new(size, Direction::Forwards, None)
    }

    /// The rows after a cursor.
    pub const fn after(size: u32, cursor: Cursor) -> Self {
        PageRequest::new(size, Direction::Forwards, Some(cursor))
    }

    /// The last rows of the query, in the query's order.
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

    /// The size, if it is in range.
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

/// A page of rows, with the cursors of the pages before and after it. An empty page has no cursors.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<R> {
    /// The rows, in the query's order.
    pub items: Vec<R>,
    /// The cursor for [`PageRequest::after`]. `None` if there was no further row when this page was read.
    pub next: Option<Cursor>,
    /// The cursor for [`PageRequest::before`]. `None` if there was no earlier row when this page was read.
    ///
    /// A page that was requested by a cursor always has a cursor back to the rows that the caller came from. Whether
    /// they still exist is not checked.
    pub previous: Option<Cursor>,
}
