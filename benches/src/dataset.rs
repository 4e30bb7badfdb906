//! The rows that are loaded before anything is measured, and the rows that are inserted meanwhile.

use catamaran::record::Stamp;
use catamaran::{Clock, IdSource, Record, SystemClock, UuidV7};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::{Habit, HabitDraft};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contestant::Upsert;

/// The owner whose rows are read and written.
pub const OWNER: Uuid = Uuid::from_u128(0x1000);

/// How much is loaded and read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Size {
    /// How many rows of how many users are loaded. Every fifth is the owner's, so that between them are the rows of the
    /// others.
    pub loaded: usize,
    /// How many rows a bulk call writes or reads: as many as the owner has.
    pub many: usize,
}

impl Size {
    /// 50,000 rows, 10,000 of them the owner's.
    pub const FULL: Size = Size::of(50_000);

    /// As little as shows that everything runs.
    pub const SMALL: Size = Size::of(2_000);

    const fn of(loaded: usize) -> Self {
        Size {
            loaded,
            many: loaded / SHARE,
        }
    }
}

/// How many users there are beside [`OWNER`].
const OTHERS: usize = 40;

/// One in so many rows is the owner's.
const SHARE: usize = 5;

/// Marks the rows that a workload inserts.
pub const MARK: &str = "bench";

/// The rows to load.
pub fn rows(size: Size) -> Vec<Habit> {
    let begin: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    (0..size.loaded)
        .map(|index| {
            let owner = match index % SHARE {
                0 => OWNER,
                _ => Uuid::from_u128(0x2000 + ((index - index / SHARE) % OTHERS) as u128),
            };
            let stamp = Stamp {
                id: UuidV7.next_id(),
                owner,
                now: begin + TimeDelta::seconds(37 * index as i64),
            };
            Habit::from_draft(draft(index, "daily"), stamp)
        })
        .collect()
}

/// Drafts of rows that a workload inserts.
pub fn drafts(count: usize) -> Vec<HabitDraft> {
    (0..count).map(new).collect()
}

/// The draft of one.
pub fn new(index: usize) -> HabitDraft {
    draft(index, MARK)
}

fn draft(index: usize, cadence: &str) -> HabitDraft {
    let name = format!("Drink a glass of water, number {index}");
    let place = i32::try_from(index % 100).unwrap_or_default();
    HabitDraft::new(name, cadence).sort_order(place)
}

/// The row that a draft of the owner's becomes, for contestants that do not use Catamaran.
pub(crate) fn stamped(draft: HabitDraft) -> Habit {
    let stamp = Stamp {
        id: UuidV7.next_id(),
        owner: OWNER,
        now: now(),
    };
    Habit::from_draft(draft, stamp)
}

/// The time with the precision that both engines store.
pub(crate) fn now() -> DateTime<Utc> {
    SystemClock.now().trunc_subsecs(6)
}

/// The rows that an upsert writes, each in its next version, for contestants that do not use Catamaran.
pub(crate) fn to_write(rows: Vec<Upsert>) -> Vec<Habit> {
    let at = now();
    let row = |row| match row {
        Upsert::New(draft) => stamped(draft),
        Upsert::Seen(row) => Habit {
            updated_at: at,
            version: row.version + 1,
            ..row
        },
    };
    rows.into_iter().map(row).collect()
}
