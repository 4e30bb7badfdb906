//! Concurrent bulk writes of the same keys in opposite order do not deadlock.

use std::sync::Arc;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Query, Result, StoreOptions, Upsert};
use entity::{Entry, EntryDraft};
use suite::kind::refused;
use suite::pace::PLENTY;
use suite::sample::day;
use suite::users::{ADA, habit_of, scope};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const WRITERS: usize = 16;
const ROUNDS: u32 = 3;

/// Enough rows that one call is still running when the others begin.
const ROWS: u32 = 3_000;

/// The call of a writer.
#[derive(Clone, Copy)]
enum Call {
    InsertMany,
    UpsertMany,
}

/// In each round every writer writes entries of the same days with ids of its own, half of them in reverse order.
/// One succeeds; the others get a unique error.
async fn race(db: &TwinDatabase, call: Call) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let store = match db.is_shared() {
        true => {
            let options = StoreOptions::new(db.url()).connections(WRITERS);
            let options = options.acquire_timeout(PLENTY).lock_timeout(PLENTY);
            options.statement_timeout(PLENTY).open().await?
        }
        false => db.store().clone(),
    };
    for round in 0..ROUNDS {
        let mut writers = JoinSet::new();
        let start = Arc::new(Barrier::new(WRITERS));
        for writer in 0..WRITERS {
            let entries = store.repository::<Entry>(&scope(ADA));
            let start = start.clone();
            writers.spawn(async move {
                let days = round * ROWS..(round + 1) * ROWS;
                let mut drafts: Vec<EntryDraft> =
                    days.map(|nth| EntryDraft::new(habit, day(nth))).collect();
                if writer % 2 == 1 {
                    drafts.reverse();
                }
                start.wait().await;
                let days: Vec<_> = drafts.iter().map(|draft| draft.date).collect();
                let made: Vec<Entry> = match call {
                    Call::InsertMany => entries.insert_many(drafts).await?,
                    Call::UpsertMany => {
                        let rows = drafts.into_iter().map(Upsert::new).collect();
                        let outcomes = entries.upsert_many(rows).await?;
                        outcomes.into_iter().map(|row| row.into_record()).collect()
                    }
                };
                let order: Vec<_> = made.iter().map(|entry| entry.date).collect();
                assert_eq!(order, days, "in the order of the drafts");
                Ok(())
            });
        }
        let mut won = 0;
        for outcome in writers.join_all().await {
            match outcome {
                Ok(()) => won += 1,
                lost => {
                    let kind = refused(lost);
                    assert!(matches!(kind, ErrorKind::Unique { .. }), "{kind:?}");
                }
            }
        }
        assert_eq!(won, 1, "round {round}");
    }
    let entries = store.repository::<Entry>(&scope(ADA));
    let kept = entries.count(&Query::all()).await?;
    assert_eq!(kept, u64::from(ROUNDS * ROWS));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn sixteen_insert_many_in_opposite_order_never_deadlock(db: &TwinDatabase) -> Result<()> {
    race(db, Call::InsertMany).await
}

#[twin_test(migration::Migrator, everywhere)]
async fn sixteen_upsert_many_in_opposite_order_never_deadlock(db: &TwinDatabase) -> Result<()> {
    race(db, Call::UpsertMany).await
}
