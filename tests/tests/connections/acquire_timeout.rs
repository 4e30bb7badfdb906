//! Waiting for a connection: first come, first served, and only as long as the time limit says.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{Error, ErrorKind, Result, Store, StoreOptions, Unit};
use entity::{Habit, HabitDraft};
use futures_util::FutureExt;
use suite::pace::limit;
use suite::users::{ADA, NOBODY, everyone, habit_of, scope};
use tokio::task::JoinSet;

/// A store with one connection of each kind, on that database; one in memory has a database of its own.
async fn narrow(db: &TwinDatabase) -> Result<Store> {
    let options = match db.is_shared() {
        true => StoreOptions::new(db.url()),
        false => StoreOptions::new(db.url()).migrate::<migration::Migrator>(),
    };
    let options = options.connections(1).readers(1).acquire_timeout(limit());
    options.open().await
}

/// The store's own limit ended the wait, and not the longer default.
#[track_caller]
fn assert_limit(waited: Duration) {
    assert!(waited >= limit(), "gave up after {waited:?}");
    assert!(waited < limit() * 8, "waited for {waited:?}");
}

#[track_caller]
fn assert_timeout(error: &Error, waited: Duration) {
    assert!(matches!(error.kind(), ErrorKind::PoolTimeout), "{error:?}");
    assert_limit(waited);
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_write_beside_an_open_unit_times_out_on_a_pool_of_one(db: &TwinDatabase) -> Result<()> {
    let store = narrow(db).await?;
    let unit = store.begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>()
        .insert(HabitDraft::new("inside", "daily"))
        .await?;
    let begun = Instant::now();
    let error = habit_of(&store, ADA, "beside").await.expect_err("a wait");
    assert_timeout(&error, begun.elapsed());
    let begun = Instant::now();
    let error = store.begin_write(&scope(ADA)).await.err().expect("a wait");
    assert_timeout(&error, begun.elapsed());
    // Unit and store stay usable.
    unit.commit().await?;
    habit_of(&store, ADA, "after").await?;
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_read_beside_a_read_unit_times_out_on_a_pool_of_one(db: &TwinDatabase) -> Result<()> {
    let store = narrow(db).await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    let unit = store.begin_read(&scope(ADA)).await?;
    let begun = Instant::now();
    let error = habits.find(NOBODY).await.expect_err("a wait");
    assert_timeout(&error, begun.elapsed());
    drop(unit);
    assert_eq!(habits.find(NOBODY).await?, None);
    Ok(())
}

/// On SQLite one connection writes. Units get it in the order of their calls.
async fn units_write_in_the_order_of_asking(target: Target) -> Result<()> {
    let made = TwinDatabase::create::<migration::Migrator>(target).await;
    let db = made.expect("a database on SQLite");
    let store = db.store();
    let first = store.begin_write(&scope(ADA)).await?;
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for place in 0..12 {
        let (store, served) = (store.clone(), served.clone());
        let mut writes = Box::pin(async move {
            let unit: Unit = store.begin_write(&scope(ADA)).await?;
            served.lock().expect("no panic").push(place);
            let habits = unit.repository::<Habit>();
            habits.insert(HabitDraft::new("mine", "daily")).await?;
            unit.commit().await
        });
        // These polls ask for the connection: this one before the next one. A call may first let other tasks run.
        for _ in 0..2 {
            assert!(writes.as_mut().now_or_never().is_none());
        }
        tasks.spawn(writes);
    }
    assert_eq!(*served.lock().expect("no panic"), [0; 0]);
    first.commit().await?;
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no panic")?;
    }
    let order: Vec<i32> = (0..12).collect();
    assert_eq!(*served.lock().expect("no panic"), order);
    let habits = db.store().repository::<Habit>(&everyone());
    assert_eq!(habits.count(&catamaran::Query::all()).await?, 12);
    Ok(())
}

#[tokio::test]
async fn units_of_a_sqlite_file_write_in_the_order_of_their_calls() -> Result<()> {
    units_write_in_the_order_of_asking(Target::SqliteFile).await
}

#[tokio::test]
async fn units_of_sqlite_in_memory_write_in_the_order_of_their_calls() -> Result<()> {
    units_write_in_the_order_of_asking(Target::SqliteMemory).await
}

/// A unit of another process holds the write lock of SQLite, or the lock of a row on Postgres.
#[twin_test(migration::Migrator)]
async fn a_write_behind_the_lock_of_another_store_times_out(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let other = db.open_another().await?;
    let options = StoreOptions::new(db.url()).lock_timeout(limit());
    let store = options.open().await?;
    let unit = other.begin_write(&scope(ADA)).await?;
    let mut held = habit.clone();
    held.name = "held".to_owned();
    let held = unit.repository::<Habit>().update(held).await?;

    let begun = Instant::now();
    let habits = store.repository::<Habit>(&scope(ADA));
    let error = habits.update(habit.clone()).await.expect_err("a wait");
    assert!(matches!(error.kind(), ErrorKind::LockTimeout), "{error:?}");
    assert!(error.is_retryable());
    let waited = begun.elapsed();
    assert_limit(waited);
    // Readers do not wait.
    assert_eq!(habits.get(habit.id).await?, habit);
    unit.commit().await?;
    assert_eq!(habits.get(habit.id).await?, held);
    Ok(())
}
