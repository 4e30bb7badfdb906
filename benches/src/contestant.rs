//! The interface of a contestant: the same calls, on the same rows, with the same struct.

use std::error::Error;

use async_trait::async_trait;
use catamaran::Cursor;
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use uuid::Uuid;

use crate::operation::Operation;

/// The result of a call.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many rows a page has.
pub const PAGE: usize = 50;

/// How many rows a bulk insert writes, and a read of many reads.
pub const MANY: usize = 10_000;

/// One implementation of a store of habits, on behalf of [`OWNER`](crate::dataset::OWNER).
///
/// Reads see the living rows of the owner.
#[async_trait]
pub trait Contestant: Send + Sync {
    /// The heading of its column.
    fn name(&self) -> &'static str;

    /// Whether other owners' rows are invisible.
    fn is_scoped(&self) -> bool {
        true
    }

    /// Whether it supports the operation.
    fn can(&self, _operation: Operation) -> bool {
        true
    }

    /// Inserts a row of the owner's. The contestant generates the id and the times.
    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit>;

    /// The row with that id.
    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>>;

    /// The next [`PAGE`] rows in the order of `(updated_at, id)`.
    async fn page(&self, after: Option<Place>) -> Outcome<Rows>;

    /// Writes the row if its version is unchanged. Returns the new row, or `None`.
    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>>;

    /// Inserts all of the rows or none, and returns them.
    async fn insert_many(&self, drafts: Vec<HabitDraft>) -> Outcome<Vec<Habit>>;

    /// The first [`MANY`] rows in the order of ids.
    async fn read_many(&self) -> Outcome<Vec<Habit>>;

    /// A transaction that writes; dropping it rolls back.
    async fn begin(&self) -> Outcome<Box<dyn Unit>>;
}

/// The calls of a contestant inside a transaction.
#[async_trait]
pub trait Unit: Send {
    /// As [`Contestant::insert`].
    async fn insert(&mut self, draft: HabitDraft) -> Outcome<Habit>;

    /// As [`Contestant::get`].
    async fn get(&mut self, id: Uuid) -> Outcome<Option<Habit>>;

    /// As [`Contestant::update`].
    async fn update(&mut self, habit: Habit) -> Outcome<Option<Habit>>;

    /// Ends the transaction.
    async fn commit(self: Box<Self>) -> Outcome<()>;
}

/// A page, with the position of the next one.
#[derive(Debug)]
pub struct Rows {
    /// The rows.
    pub items: Vec<Habit>,
    /// The position of the last row; `None` at the end.
    pub next: Option<Place>,
}

/// A position in the order.
#[derive(Clone, Debug)]
pub enum Place {
    /// The key of a row.
    Key(DateTime<Utc>, Uuid),
    /// Catamaran's cursor.
    Cursor(Cursor),
}

impl Place {
    /// The key, for contestants that use keys.
    ///
    /// # Errors
    /// If the position is another contestant's.
    pub fn key(self) -> Outcome<(DateTime<Utc>, Uuid)> {
        match self {
            Place::Key(updated_at, id) => Ok((updated_at, id)),
            Place::Cursor(_) => Err("a cursor of another contestant".into()),
        }
    }
}

impl Rows {
    /// A page whose last row is the position of the next one.
    pub fn by_key(items: Vec<Habit>) -> Self {
        let next = match items.last() {
            Some(last) if items.len() == PAGE => Some(Place::Key(last.updated_at, last.id)),
            _ => None,
        };
        Rows { items, next }
    }
}
