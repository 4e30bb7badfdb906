//! Each documented difference between the engines.

use catamaran::capabilities::{Isolation, Locks, Timekeeper, Writers};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    Capabilities, Engine, ErrorKind, Expected, Query, Result, Store, StoreOptions, Unit,
};
use entity::{Habit, HabitDraft, HabitPatch};
use sea_orm::ConnectionTrait;
use suite::kind::refused;
use suite::observer::{connect, texts};
use suite::pace::{PLENTY, limit};
use suite::users::{ADA, BOB, adas, habit_of, scope};

fn of(db: &TwinDatabase) -> Capabilities {
    db.engine().capabilities()
}

/// A store of another process, with short time limits.
async fn store_with_limits(db: &TwinDatabase) -> Result<Store> {
    StoreOptions::new(db.url())
        .lock_timeout(limit())
        .statement_timeout(limit() * 3)
        .acquire_timeout(limit())
        .open()
        .await
}

async fn recolour(unit: &Unit, habit: &Habit) -> Result<Habit> {
    let patch = HabitPatch::new().color("red");
    let habits = unit.repository::<Habit>();
    habits.patch(habit.id, Expected::Any, patch).await
}

#[twin_test(migration::Migrator)]
async fn writers_are_limited_as_capabilities_say(db: &TwinDatabase) -> Result<()> {
    let store = store_with_limits(db).await?;
    let (one, other) = (
        habit_of(&store, ADA, "one").await?,
        habit_of(&store, ADA, "other").await?,
    );
    let first = store.begin_write(&scope(ADA)).await?;
    recolour(&first, &one).await?;
    match of(db).writers {
        Writers::One => {
            let waited = store.begin_write(&scope(ADA)).await.map(|_| ());
            assert_eq!(refused(waited), ErrorKind::PoolTimeout);
        }
        Writers::Many => {
            let second = store.begin_write(&scope(ADA)).await?;
            recolour(&second, &other).await?;
            second.commit().await?;
        }
    }
    first.commit().await
}

#[twin_test(migration::Migrator)]
async fn units_are_isolated_as_capabilities_say(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let elsewhere = store_with_limits(db).await?;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    assert_eq!(habits.get(habit.id).await?.color, habit.color);
    let patch = HabitPatch::new().color("red");
    let others = elsewhere.repository::<Habit>(&scope(ADA));
    let written = others.patch(habit.id, Expected::Any, patch).await;
    let seen = habits.get(habit.id).await?.color;
    match of(db).isolation {
        Isolation::Serializable => {
            assert_eq!(refused(written), ErrorKind::LockTimeout);
            assert_eq!(seen, habit.color);
        }
        Isolation::ReadCommitted => {
            assert_eq!(written?.color, "red");
            assert_eq!(seen, "red");
        }
    }
    unit.commit().await
}

#[twin_test(migration::Migrator)]
async fn locks_cover_what_capabilities_say(db: &TwinDatabase) -> Result<()> {
    let (one, other) = (
        habit_of(db.store(), ADA, "one").await?,
        habit_of(db.store(), ADA, "other").await?,
    );
    let elsewhere = store_with_limits(db)
        .await?
        .repository::<Habit>(&scope(ADA));
    let unit = db.store().begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>().lock(&[one.id]).await?;
    let patch = || HabitPatch::new().color("red");
    let same = elsewhere.patch(one.id, Expected::Any, patch()).await;
    assert_eq!(refused(same), ErrorKind::LockTimeout);
    let beside = elsewhere.patch(other.id, Expected::Any, patch()).await;
    match of(db).locks {
        Locks::Database => assert_eq!(refused(beside), ErrorKind::LockTimeout),
        Locks::Rows => assert_eq!(beside?.color, "red"),
    }
    unit.commit().await
}

/// A statement that waits for a lock longer than it may take.
#[twin_test(migration::Migrator)]
async fn waiting_for_a_lock_counts_as_statement_time_as_capabilities_say(
    db: &TwinDatabase,
) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let store = StoreOptions::new(db.url())
        .lock_timeout(PLENTY)
        .statement_timeout(limit())
        .open()
        .await?;
    let holder = db.store().begin_write(&scope(ADA)).await?;
    recolour(&holder, &habit).await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    let patch = HabitPatch::new().color("blue");
    let waiting = habits.patch(habit.id, Expected::Any, patch);
    match of(db).statement_clock {
        Timekeeper::Server => {
            assert_eq!(refused(waiting.await), ErrorKind::StatementTimeout);
            holder.rollback().await
        }
        Timekeeper::Library => {
            let release = async {
                tokio::time::sleep(limit() * 3).await;
                holder.rollback().await
            };
            let (waited, released) = tokio::join!(waiting, release);
            assert_eq!(waited?.color, "blue");
            released
        }
    }
}

/// Custom SQL without a predicate for the owner.
#[twin_test(migration::Migrator)]
async fn row_level_security_binds_custom_sql_as_capabilities_say(db: &TwinDatabase) -> Result<()> {
    habit_of(db.store(), ADA, "ada's").await?;
    habit_of(db.store(), BOB, "bob's").await?;
    let unit = db.store().begin_read(&scope(ADA)).await?;
    let careless =
        suite::observer::texts_in(&unit, "SELECT name FROM habits ORDER BY name").await?;
    match of(db).row_level_security {
        true => assert_eq!(careless, ["ada's"]),
        false => assert_eq!(careless, ["ada's", "bob's"]),
    }
    assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn idle_units_are_ended_as_capabilities_say(db: &TwinDatabase) -> Result<()> {
    let store = store_with_limits(db).await?;
    let unit = store.begin_write(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    habits.insert(HabitDraft::new("run", "daily")).await?;
    tokio::time::sleep(limit() * 5).await;
    let next = habits.count(&Query::all()).await;
    match of(db).ends_idle_units {
        true => assert_eq!(refused(next), ErrorKind::ConnectionLost),
        false => assert_eq!(next?, 1),
    }
    let kept = unit.commit().await.is_ok();
    assert_eq!(kept, !of(db).ends_idle_units);
    let count = adas::<Habit>(db).count(&Query::all()).await?;
    assert_eq!(count, u64::from(kept));
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn migrations_block_readers_as_capabilities_say(db: &TwinDatabase) -> Result<()> {
    habit_of(db.store(), ADA, "run").await?;
    let store = store_with_limits(db).await?;
    let migrator = connect(db.url()).await?;
    let begin = match db.engine() {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN",
    };
    migrator.execute_unprepared(begin).await?;
    migrator
        .execute_unprepared("ALTER TABLE habits ADD COLUMN note text")
        .await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    let read = habits.count(&Query::all()).await;
    match of(db).migrations_block_readers {
        true => assert_eq!(refused(read), ErrorKind::LockTimeout),
        false => assert_eq!(read?, 1),
    }
    migrator.execute_unprepared("COMMIT").await?;
    assert_eq!(habits.count(&Query::all()).await?, 1);
    assert_eq!(texts(&migrator, "SELECT name FROM habits").await?, ["run"]);
    Ok(())
}

#[tokio::test]
async fn databases_in_memory_exist_as_capabilities_say() {
    let options = StoreOptions::new("sqlite::memory:").migrate::<migration::Migrator>();
    assert!(Engine::Sqlite.capabilities().in_memory && options.open().await.is_ok());
    assert!(!Engine::Postgres.capabilities().in_memory);
}
