//! The operations, and how a number of them is timed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use entity::Habit;
use uuid::Uuid;

use crate::contestant::{Contestant, MANY, Outcome, Place};
use crate::dataset::drafts;
use crate::stage::Stage;

/// A measured operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Inserts one row.
    Insert,
    /// Reads one row by id.
    Get,
    /// A keyset page of 50 by `(updated_at, id)`; each call reads the page after that of the call before.
    Page,
    /// Updates one row by compare-and-swap on its version, and returns the new row.
    Update,
    /// Inserts 10,000 rows atomically.
    InsertMany,
    /// Reads 10,000 rows.
    ReadMany,
    /// Begin, ten calls (five of which read), commit.
    Transaction,
}

impl Operation {
    /// All of them, in the order of reports.
    pub const ALL: [Operation; 7] = [
        Operation::Insert,
        Operation::Get,
        Operation::Page,
        Operation::Update,
        Operation::InsertMany,
        Operation::ReadMany,
        Operation::Transaction,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Insert => "insert one",
            Operation::Get => "get by id",
            Operation::Page => "page of 50",
            Operation::Update => "CAS update",
            Operation::InsertMany => "insert 10,000",
            Operation::ReadMany => "read 10,000",
            Operation::Transaction => "transaction of 10",
        }
    }

    /// Whether a call takes so long that a few are enough.
    pub const fn is_bulk(self) -> bool {
        matches!(self, Operation::InsertMany | Operation::ReadMany)
    }

    /// Runs the operation that many times and returns the time taken. Inserted rows are removed afterwards, outside of
    /// the measured time.
    ///
    /// # Errors
    /// The contestant's first error, or a missing row.
    pub async fn measure(
        self,
        stage: &Stage,
        contestant: &dyn Contestant,
        times: u64,
    ) -> Outcome<Duration> {
        let count = usize::try_from(times)?;
        let mut timed = Duration::ZERO;
        match self {
            Operation::Insert => {
                let drafts = drafts(count);
                let begin = Instant::now();
                for draft in drafts {
                    black_box(contestant.insert(draft).await?);
                }
                timed += begin.elapsed();
                stage.tidy().await?;
            }
            Operation::Get => {
                let ids: Vec<Uuid> = stage.ids().take(count).collect();
                let begin = Instant::now();
                for id in ids {
                    black_box(contestant.get(id).await?.ok_or("no such row")?);
                }
                timed += begin.elapsed();
            }
            Operation::Page => {
                let mut place: Option<Place> = None;
                let begin = Instant::now();
                for _ in 0..count {
                    place = black_box(contestant.page(place).await?).next;
                }
                timed += begin.elapsed();
            }
            Operation::Update => {
                let mut rows = contestant.page(None).await?.items;
                let begin = Instant::now();
                for turn in 0..count {
                    let index = turn % rows.len();
                    let changed = renamed(rows[index].clone(), turn);
                    rows[index] = contestant.update(changed).await?.ok_or("conflict")?;
                }
                timed += begin.elapsed();
                stage.tidy().await?;
            }
            Operation::InsertMany => {
                for _ in 0..count {
                    let drafts = drafts(MANY);
                    let begin = Instant::now();
                    black_box(contestant.insert_many(drafts).await?);
                    timed += begin.elapsed();
                    stage.tidy().await?;
                }
            }
            Operation::ReadMany => {
                for _ in 0..count {
                    let begin = Instant::now();
                    let rows = black_box(contestant.read_many().await?);
                    timed += begin.elapsed();
                    drop(rows);
                }
            }
            Operation::Transaction => {
                let mut row = contestant.page(None).await?.items.remove(0);
                let begin = Instant::now();
                for turn in 0..count {
                    row = transaction(contestant, row, turn).await?;
                }
                timed += begin.elapsed();
                stage.tidy().await?;
            }
        }
        Ok(timed)
    }
}

/// Ten calls in one transaction: twice insert, get and update of a new row, then get, update and two gets of the given
/// row. Returns that row as it is afterwards.
pub(crate) async fn transaction(
    contestant: &dyn Contestant,
    row: Habit,
    turn: usize,
) -> Outcome<Habit> {
    let mut unit = contestant.begin().await?;
    let mut last = row.id;
    for draft in drafts(2) {
        let new = unit.insert(draft).await?;
        let new = unit.get(new.id).await?.ok_or("no such row")?;
        let new = unit.update(renamed(new, turn)).await?.ok_or("conflict")?;
        last = new.id;
    }
    let row = unit.get(row.id).await?.ok_or("no such row")?;
    let row = unit.update(renamed(row, turn)).await?.ok_or("conflict")?;
    black_box(unit.get(last).await?.ok_or("no such row")?);
    let row = unit.get(row.id).await?.ok_or("no such row")?;
    unit.commit().await?;
    Ok(row)
}

/// The row with another name, always of the same length.
pub(crate) fn renamed(mut habit: Habit, turn: usize) -> Habit {
    habit.name = format!("Drink a glass of water, turn {turn:08}");
    habit
}
