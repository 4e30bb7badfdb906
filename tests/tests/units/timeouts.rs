//! Statement, lock and acquire timeouts.

use std::time::{Duration, Instant};

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Query, Result, Store, StoreOptions};
use entity::{Habit, HabitDraft};
use sea_orm::ConnectionTrait;
use suite::cancellation_points::drop_after_polls;
use suite::kind::refused;
use suite::observer::connect;
use suite::pace::{PLENTY, limit};
use suite::slow;
use suite::users::{ADA, adas, habit_of, scope};

/// A store with short time limits and one connection of each kind, so that what is left on it meets the next call.
async fn store_with_limits(db: &TwinDatabase) -> Result<Store> {
    StoreOptions::new(db.url())
        .connections(1)
        .readers(1)
        .statement_timeout(limit())
        .lock_timeout(limit())
        .acquire_timeout(PLENTY)
        .open()
        .await
}

#[twin_test(migration::Migrator)]
async fn a_slow_statement_is_ended_and_its_connection_goes_on(db: &TwinDatabase) -> Result<()> {
    let store = store_with_limits(db).await?;
    habit_of(&store, ADA, "run").await?;
    let habits = store.native::<Habit>(&scope(ADA));
    for _ in 0..2 {
        let began = Instant::now();
        assert_eq!(
            refused(slow::alone(&habits).await),
            ErrorKind::StatementTimeout
        );
        // Both engines count whole milliseconds.
        let waited = began.elapsed() + Duration::from_millis(2);
        assert!(waited >= limit(), "{waited:?}");
        assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 1);
    }
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_slow_statement_ends_its_unit_and_lets_the_next_one_write(
    db: &TwinDatabase,
) -> Result<()> {
    let store = store_with_limits(db).await?;
    let unit = store.begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>()
        .insert(HabitDraft::new("lost", "daily"))
        .await?;
    assert_eq!(
        refused(slow::in_unit(&unit).await),
        ErrorKind::StatementTimeout
    );
    let commit = refused(unit.commit().await);
    assert!(matches!(commit, ErrorKind::UnitEnded { .. }), "{commit:?}");
    habit_of(&store, ADA, "kept").await?;
    assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn the_statement_timeout_applies_to_each_statement_of_a_unit(
    db: &TwinDatabase,
) -> Result<()> {
    let store = store_with_limits(db).await?;
    let unit = store.begin_read(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    let began = Instant::now();
    while began.elapsed() < limit() * 3 {
        habits.count(&Query::all()).await?;
        tokio::time::sleep(limit() / 5).await;
    }
    unit.commit().await
}

#[twin_test(migration::Migrator)]
async fn a_dropped_slow_statement_frees_its_connection(db: &TwinDatabase) -> Result<()> {
    let store = store_with_limits(db).await?;
    let habits = store.native::<Habit>(&scope(ADA));
    for k in 1.. {
        let ended = drop_after_polls(slow::alone(&habits), k, Duration::from_millis(20)).await;
        if let Some(ended) = ended {
            assert_eq!(refused(ended), ErrorKind::StatementTimeout);
            assert!(k > 1, "nothing was dropped");
            break;
        }
        // The statement counts for minutes, or for hours on a busy machine.
        let rows = store.repository::<Habit>(&scope(ADA));
        assert_eq!(rows.count(&Query::all()).await?, 0);
    }
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_held_lock_is_waited_for_until_the_lock_timeout(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let holder = db.store().begin_write(&scope(ADA)).await?;
    holder.repository::<Habit>().lock(&[habit.id]).await?;
    // Another process would have another pool.
    let store = StoreOptions::new(db.url())
        .lock_timeout(limit())
        .open()
        .await?;
    let began = Instant::now();
    let waiting = store.begin_write(&scope(ADA)).await;
    let waited = match waiting {
        // SQLite locks the whole database, before the unit begins.
        Err(error) => error.kind().clone(),
        Ok(unit) => refused(unit.repository::<Habit>().lock(&[habit.id]).await),
    };
    assert_eq!(waited, ErrorKind::LockTimeout);
    assert!(began.elapsed() >= limit(), "{:?}", began.elapsed());
    holder.rollback().await?;
    habit_of(&store, ADA, "after").await?;
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_call_that_waits_for_its_own_unit_gets_a_pool_timeout(db: &TwinDatabase) -> Result<()> {
    let store = StoreOptions::new(db.url())
        .connections(1)
        .readers(1)
        .acquire_timeout(limit())
        .open()
        .await?;
    let unit = store.begin_write(&scope(ADA)).await?;
    let began = Instant::now();
    let beside = store.repository::<Habit>(&scope(ADA));
    let refused = refused(beside.insert(HabitDraft::new("run", "daily")).await);
    assert_eq!(refused, ErrorKind::PoolTimeout);
    assert!(began.elapsed() >= limit(), "{:?}", began.elapsed());
    assert!(refused.to_string().contains("ask the unit"), "{refused}");
    unit.rollback().await?;
    beside.insert(HabitDraft::new("run", "daily")).await?;
    Ok(())
}

/// SQLite reads a changed schema again. On a large schema that takes many steps, which belong to no statement.
#[twin_test(migration::Migrator)]
async fn reading_a_changed_schema_does_not_count_as_statement_time(
    db: &TwinDatabase,
) -> Result<()> {
    let other = connect(db.url()).await?;
    for n in 0..200 {
        let table = format!("CREATE TABLE large_{n} (id integer PRIMARY KEY, a text)");
        other.execute_unprepared(&table).await?;
    }
    let store = store_with_limits(db).await?;
    for n in 0..4 {
        habit_of(&store, ADA, "run").await?;
        let habits = store.native::<Habit>(&scope(ADA));
        drop(drop_after_polls(slow::alone(&habits), 1 + n % 2, Duration::ZERO).await);
        let index = format!("CREATE INDEX large_{n}_a ON large_{n} (a)");
        other.execute_unprepared(&index).await?;
        tokio::time::sleep(limit() * 2).await;
        let unit = store.begin_write(&scope(ADA)).await?;
        unit.commit().await?;
        store.begin_read(&scope(ADA)).await?.commit().await?;
    }
    Ok(())
}
