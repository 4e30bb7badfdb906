//! What every contestant does: the same calls, over the same rows, with the same struct in and out.

use std::error::Error;

use async_trait::async_trait;
use catamaran::Cursor;
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use uuid::Uuid;

use crate::operation::Operation;

/// What a call gives; an error of a contestant is reported beside its rates.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many rows a page has.
pub const PAGE: usize = 50;

/// How many rows a bulk insert writes, and a read of many reads.
pub const MANY: usize = 10_000;

/// One way of keeping habits, on behalf of [`OWNER`](crate::dataset::OWNER).
///
/// Reads see the living rows of the owner.
#[async_trait]
pub trait Contestant: Send + Sync {
    /// The heading of its column.
    fn name(&self) -> &'static str;

    /// Whether a row of someone else is invisible.
    fn is_scoped(&self) -> bool {
        true
    }

    /// Whether it can do that at all.
    fn can(&self, _operation: Operation) -> bool {
        true
    }

    /// Inserts a row of the owner's; the id and the times are the contestant's to make.
    async fn insert(&self, draft: HabitDraft) -> Outcome<Habit>;

    /// The row with that id.
    async fn get(&self, id: Uuid) -> Outcome<Option<Habit>>;

    /// The next [`PAGE`] rows in the order of `(updated_at, id)`.
    async fn page(&self, after: Option<Place>) -> Outcome<Rows>;

    /// Writes the row if it is still in that version; gives the new row back, or `None`.
    async fn update(&self, habit: Habit) -> Outcome<Option<Habit>>;

    /// Inserts all of the rows or none; gives them back.
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

/// A page, and where the next one begins.
#[derive(Debug)]
pub struct Rows {
    /// The rows.
    pub items: Vec<Habit>,
    /// The place of the last one; `None` at the end.
    pub next: Option<Place>,
}

/// A place in the order.
#[derive(Clone, Debug)]
pub enum Place {
    /// The key of a row.
    Key(DateTime<Utc>, Uuid),
    /// What Catamaran gives to its callers.
    Cursor(Cursor),
}

impl Place {
    /// The key, for a contestant that has given keys.
    ///
    /// # Errors
    /// For the place of another contestant.
    pub fn key(self) -> Outcome<(DateTime<Utc>, Uuid)> {
        match self {
            Place::Key(updated_at, id) => Ok((updated_at, id)),
            Place::Cursor(_) => Err("a cursor of another contestant".into()),
        }
    }
}

impl Rows {
    /// A page whose last row is the place of the next one.
    pub fn by_key(items: Vec<Habit>) -> Self {
        let next = match items.last() {
            Some(last) if items.len() == PAGE => Some(Place::Key(last.updated_at, last.id)),
            _ => None,
        };
        Rows { items, next }
    }
}
