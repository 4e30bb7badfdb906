//! The rows that are loaded before anything is measured, and the rows that are inserted meanwhile.

use catamaran::record::Stamp;
use catamaran::{Clock, IdSource, Record, SystemClock, UuidV7};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::{Habit, HabitDraft};
use uuid::Uuid;

/// The owner whose rows are read and written.
pub const OWNER: Uuid = Uuid::from_u128(0x1000);

/// How many rows are loaded.
pub const LOADED: usize = 50_000;

/// How many users they have beside [`OWNER`].
const OTHERS: usize = 40;

/// Every fifth row is the owner's, so that there are [`MANY`](crate::contestant::MANY) of them, and
/// between them the rows of the others.
const SHARE: usize = 5;

/// Marks the rows that a benchmark inserts.
pub const MARK: &str = "bench";

/// The rows to load: 10,000 of the owner's among 1,000 of each of the others.
pub fn rows() -> Vec<Habit> {
    let begin: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    (0..LOADED)
        .map(|index| {
            let owner = match index % SHARE {
                0 => OWNER,
                _ => Uuid::from_u128(0x2000 + (index % OTHERS) as u128),
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

/// Drafts of rows that a benchmark inserts.
pub fn drafts(count: usize) -> Vec<HabitDraft> {
    (0..count).map(|index| draft(index, MARK)).collect()
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
