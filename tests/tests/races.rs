//! Many writers at once, through two stores as two processes would have them.

use std::collections::BTreeSet;
use std::time::Duration;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    ConflictReason, Error, ErrorKind, Expected, Query, Result, Store, Upsert, Upserted,
};
use entity::{Entry, EntryDraft, EntryPatch, Habit, HabitDraft};
use suite::outside::Outside;
use suite::people::{ADA, habit_of, scope};
use suite::sample::day;
use tokio::task::JoinSet;
use uuid::Uuid;

const WRITERS: usize = 16;

/// Long enough that no writer gives up for want of a turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two stores on the database, each with its own connections; one store twice where it cannot be shared.
async fn two_stores(db: &TwinDatabase) -> Result<[Store; 2]> {
    if !db.is_shared() {
        return Ok([db.store().clone(), db.store().clone()]);
    }
    let open = || {
        catamaran::StoreOptions::new(db.url())
            .acquire_timeout(PATIENCE)
            .lock_timeout(Duration::from_secs(20))
            .open()
    };
    Ok([open().await?, open().await?])
}

/// What each writer's work gave, in no order.
async fn all<T: Send + 'static>(
    db: &TwinDatabase,
    work: impl AsyncWork<T>,
) -> Result<Vec<Result<T>>> {
    let stores = two_stores(db).await?;
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        tasks.spawn(work.run(stores[writer % 2].clone(), writer));
    }
    Ok(tasks.join_all().await)
}

/// A writer's work.
trait AsyncWork<T> {
    fn run(&self, store: Store, writer: usize) -> impl Future<Output = Result<T>> + Send + 'static;
}

impl<T, F, W> AsyncWork<T> for W
where
    W: Fn(Store, usize) -> F,
    F: Future<Output = Result<T>> + Send + 'static,
{
    fn run(&self, store: Store, writer: usize) -> impl Future<Output = Result<T>> + Send + 'static {
        self(store, writer)
    }
}

/// Whether the error is the one that a loser of a version race gets.
fn is_stale(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Conflict {
            reason: ConflictReason::Version { expected, actual },
            ..
        } if actual > expected
    )
}

#[twin_test(migration::Migrator, everywhere)]
async fn sixteen_writers_of_one_row_lose_nothing(db: &TwinDatabase) -> Result<()> {
    const TURNS: i64 = 4;
    let habit = habit_of(db.store(), ADA, "run").await?;
    let entries = db.store().repository::<Entry>(&scope(ADA));
    let entry = entries.insert(EntryDraft::new(habit.id, day(0))).await?;
    let lost = all(db, move |store: Store, _| async move {
        let entries = store.repository::<Entry>(&scope(ADA));
        let mut lost = 0_i64;
        for _ in 0..TURNS {
            loop {
                let mut entry = entries.get(entry.id).await?;
                entry.amount += 1;
                match entries.update(entry).await {
                    Ok(_) => break,
                    Err(error) if is_stale(&error) => lost += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(lost)
    })
    .await?;
    let lost: i64 = lost.into_iter().sum::<Result<i64>>()?;
    assert!(lost > 0, "nobody met anybody: this was no race");
    let entry = entries.get(entry.id).await?;
    let writes = TURNS * WRITERS as i64;
    assert_eq!((entry.amount, entry.version), (writes, writes + 1));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn sixteen_units_that_read_and_write_one_row_lose_nothing(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let entries = db.store().repository::<Entry>(&scope(ADA));
    let entry = entries.insert(EntryDraft::new(habit.id, day(0))).await?;
    let ended = all(db, move |store: Store, _| async move {
        loop {
            let done = store
                .write(&scope(ADA), async |unit| {
                    let entries = unit.repository::<Entry>();
                    let seen = entries.get(entry.id).await?;
                    let version = Expected::Version(seen.version);
                    let patch = EntryPatch::new().amount(seen.amount + 1);
                    entries.patch(seen.id, version, patch).await
                })
                .await;
            match done {
                Err(error) if is_stale(&error) => {}
                done => return done.map(|_| ()),
            }
        }
    })
    .await?;
    ended.into_iter().collect::<Result<()>>()?;
    let entry = entries.get(entry.id).await?;
    assert_eq!(entry.amount, WRITERS as i64);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn of_sixteen_inserts_of_one_day_one_stays(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let ended = all(db, move |store: Store, writer| async move {
        let entries = store.repository::<Entry>(&scope(ADA));
        let mut won = Vec::new();
        for nth in 0..4 {
            let draft = EntryDraft::new(habit, day(nth)).amount(writer as i64);
            match entries.insert(draft).await {
                Ok(_) => won.push(nth),
                Err(error) => match error.kind() {
                    ErrorKind::Unique { columns, .. } => {
                        assert_eq!(columns[..], ["user_id", "habit_id", "date"]);
                    }
                    _ => return Err(error),
                },
            }
        }
        Ok(won)
    })
    .await?;
    let mut won: Vec<u32> = ended.into_iter().collect::<Result<Vec<_>>>()?.concat();
    won.sort_unstable();
    assert_eq!(won, [0, 1, 2, 3], "one winner for each day");
    let outside = Outside::of(db).await;
    assert_eq!(
        outside.count("habit_entries", "deleted_at IS NULL").await,
        4
    );
    Ok(())
}

/// The ids that all the writers write, some of which are there before.
fn ids() -> Vec<Uuid> {
    (1..=300_u128).map(|n| Uuid::from_u128(n << 64)).collect()
}

async fn upserts_in_opposite_order(db: &TwinDatabase, there: usize) -> Result<()> {
    let habits = db.store().repository::<Habit>(&scope(ADA));
    let draft = |id: &Uuid| HabitDraft::new("first", "daily").id(*id);
    let before: Vec<Habit> = habits
        .insert_many(ids().iter().take(there).map(draft).collect())
        .await?;
    let ended = all(db, move |store: Store, writer| {
        let before = before.clone();
        async move {
            let habits = store.repository::<Habit>(&scope(ADA));
            // Each writer changes some of the rows and brings others as they are.
            let mut rows: Vec<Upsert<Habit>> = ids()
                .into_iter()
                .enumerate()
                .map(|(nth, id)| match before.get(nth) {
                    Some(row) if nth % WRITERS == writer => {
                        let mut row = row.clone();
                        row.color = format!("by {writer}");
                        Upsert::seen(row)
                    }
                    Some(row) => Upsert::seen(row.clone()),
                    None => Upsert::new(HabitDraft::new("late", "daily").id(id)),
                })
                .collect();
            if writer % 2 == 1 {
                rows.reverse();
            }
            match habits.upsert_many(rows).await {
                Ok(outcomes) => Ok(outcomes),
                // Someone changed a row that this one brought as it was.
                Err(error) if is_stale(&error) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        }
    })
    .await?;
    let ended: Vec<Vec<Upserted<Habit>>> = ended.into_iter().collect::<Result<_>>()?;
    let won: Vec<_> = ended
        .iter()
        .filter(|outcomes| !outcomes.is_empty())
        .collect();
    assert!(!won.is_empty(), "nobody wrote");
    // What was acknowledged as written is there: once inserted, and changed as the writer said.
    let mut inserted = BTreeSet::new();
    let mut updated = 0;
    for outcome in won.into_iter().flatten() {
        match outcome {
            Upserted::Inserted(row) => assert!(inserted.insert(row.id), "inserted twice"),
            Upserted::Updated(row) => {
                assert_eq!(habits.get(row.id).await?, *row);
                updated += 1;
            }
            Upserted::Unchanged(_) => {}
        }
    }
    assert_eq!(inserted.len(), ids().len() - there);
    assert_eq!(updated > 0, there > 0);
    assert_eq!(habits.count(&Query::all()).await?, ids().len() as u64);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn sixteen_upserts_of_new_ids_in_opposite_order_all_end(db: &TwinDatabase) -> Result<()> {
    upserts_in_opposite_order(db, 0).await
}

#[twin_test(migration::Migrator, everywhere)]
async fn sixteen_upserts_of_known_ids_in_opposite_order_all_end(db: &TwinDatabase) -> Result<()> {
    upserts_in_opposite_order(db, 300).await
}

#[twin_test(migration::Migrator, everywhere)]
async fn sixteen_upserts_of_mixed_ids_in_opposite_order_all_end(db: &TwinDatabase) -> Result<()> {
    upserts_in_opposite_order(db, 150).await
}
