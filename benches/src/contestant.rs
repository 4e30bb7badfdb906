//! The interface of a contestant: the same calls, on the same rows, with the same struct.

use std::error::Error;

use async_trait::async_trait;
use catamaran::Cursor;
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft};
use uuid::Uuid;

use crate::workload::Workload;

/// The result of a call.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many rows a page has.
pub const PAGE: usize = 50;

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

    /// Whether it supports the workload.
    fn can(&self, workload: Workload) -> bool {
        !workload.is_on_one_thread() && workload != Workload::GetAsOwner
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

    /// Writes all of the rows or none, and returns them as they are stored, in order.
    async fn upsert_many(&self, rows: Vec<Upsert>) -> Outcome<Vec<Habit>>;

    /// The first `limit` rows in the order of ids.
    async fn read_many(&self, limit: usize) -> Outcome<Vec<Habit>>;

    /// The same rows, one after another.
    async fn stream_many(&self, limit: usize, visit: Visit<'_>) -> Outcome<()>;

    /// How many living rows of any owner have the name, for which there is no index.
    async fn count(&self, name: &str) -> Outcome<u64>;

    /// The [ten calls](ten_calls) in one transaction.
    async fn transaction(&self, row: Habit, drafts: [HabitDraft; 2]) -> Outcome<Habit>;

    /// [`get`](Self::get) under row level security.
    async fn get_as_owner(&self, _id: Uuid) -> Outcome<Option<Habit>> {
        Err("there is no row level security".into())
    }
}

/// What a stream does with each of its rows.
pub type Visit<'a> = &'a mut (dyn FnMut(Habit) + Send);

/// A row of an upsert.
#[derive(Clone, Debug)]
pub enum Upsert {
    /// A row that does not exist.
    New(HabitDraft),
    /// A row that was read and changed. It is a conflict if its version is another one by now.
    Seen(Habit),
}

/// The calls of a contestant inside a transaction. Dropping it rolls back.
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

/// Ten calls in one transaction: twice insert, get and update of a new row, then get, update and two gets of the given
/// row. Returns that row as it is afterwards.
///
/// # Errors
/// The first error of a call. A row that is gone or was written since is one, and rolls back.
pub async fn ten_calls(
    mut unit: Box<dyn Unit>,
    row: Habit,
    drafts: [HabitDraft; 2],
) -> Outcome<Habit> {
    let (version, mut last) = (row.version, row.id);
    for draft in drafts {
        let new = unit.insert(draft).await?;
        let new = unit.get(new.id).await?.ok_or(MISSING)?;
        let new = unit.update(renamed(new)).await?.ok_or(CONFLICT)?;
        last = new.id;
    }
    let stored = unit.get(row.id).await?.ok_or(MISSING)?;
    let changed = Habit {
        version,
        ..renamed(stored)
    };
    let row = unit.update(changed).await?.ok_or(CONFLICT)?;
    unit.get(last).await?.ok_or(MISSING)?;
    let row = unit.get(row.id).await?.ok_or(MISSING)?;
    unit.commit().await?;
    Ok(row)
}

/// The message of a call that needs a row which is not there.
pub const MISSING: &str = "no such row";

/// The message of a write to a row that has another version.
pub const CONFLICT: &str = "conflict";

/// Fails if fewer rows were written than there are: one has another version.
///
/// # Errors
/// [`CONFLICT`].
pub fn all_written(rows: &[Habit], written: u64) -> Outcome<()> {
    match written == rows.len() as u64 {
        true => Ok(()),
        false => Err(CONFLICT.into()),
    }
}

/// The row with another name of the same length, which differs from the name before.
pub fn renamed(mut habit: Habit) -> Habit {
    habit.name = format!("Drink a glass of water, turn {:08}", habit.version);
    habit
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
