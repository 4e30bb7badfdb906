//! Units that are retried as a whole, and units that are done once by an operation key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    Engine, Error, ErrorKind, Expected, OnceOutcome, Query, RepositoryExt, Result, Retry,
    StoreOptions, Unit,
};
use chrono::{DateTime, Utc};
use entity::{Device, Entry, EntryDraft, Habit, HabitDraft, HabitPatch};
use sea_orm::ConnectionTrait;
use suite::kind::refused;
use suite::observer::Observer;
use suite::pace::PLENTY;
use suite::sample::day;
use suite::stores::open_patient;
use suite::users::{ADA, BOB, NOBODY, adas, everyone, habit_of, scope};
use tokio::task::JoinSet;
use uuid::Uuid;

const KEY: Uuid = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_0e11);

async fn insert(unit: &Unit, name: &str) -> Result<Habit> {
    let habits = unit.repository::<Habit>();
    habits.insert(HabitDraft::new(name, "daily")).await
}

/// A unit that holds a lock on the row, or on the database.
async fn hold(db: &TwinDatabase, habit: Uuid) -> Result<Unit> {
    let holder = db.store().begin_write(&scope(ADA)).await?;
    holder.repository::<Habit>().lock(&[habit]).await?;
    Ok(holder)
}

/// Holds the lock until work behind it has run twice. SQLite does not begin a unit before it has the lock, so that
/// there the work cannot run; the lock is held for a time.
async fn hold_until_second_run(db: &TwinDatabase, habit: Uuid) -> Result<Arc<AtomicU32>> {
    let holder = hold(db, habit).await?;
    let engine = db.engine();
    let runs = Arc::new(AtomicU32::new(0));
    let seen = runs.clone();
    tokio::spawn(async move {
        match engine {
            Engine::Sqlite => tokio::time::sleep(HELD).await,
            Engine::Postgres => {
                while seen.load(Ordering::Relaxed) < 2 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
        holder.rollback().await
    });
    Ok(runs)
}

/// Several times the lock timeout of a unit that waits.
const HELD: Duration = Duration::from_millis(400);

/// Tries until it succeeds.
fn persistent() -> Retry {
    Retry::default().tries(1_000_000).budget(PLENTY)
}

#[twin_test(migration::Migrator)]
async fn a_unit_that_timed_out_on_a_lock_is_run_again(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let store = StoreOptions::new(db.url())
        .lock_timeout(Duration::from_millis(50))
        .open()
        .await?;
    let runs = hold_until_second_run(db, habit).await?;
    let renamed = store
        .writing(&scope(ADA))
        .retry(persistent())
        .run(async |unit| {
            runs.fetch_add(1, Ordering::Relaxed);
            insert(unit, "beside").await?;
            let patch = HabitPatch::new().name("swim");
            let habits = unit.repository::<Habit>();
            habits.patch(habit, Expected::Any, patch).await
        })
        .await?;
    assert_eq!(renamed.name, "swim");
    // SQLite does not begin the unit. On Postgres it met the lock, and its insert was rolled back.
    let tried_again = runs.load(Ordering::Relaxed) > 1;
    assert!(tried_again || db.engine() == Engine::Sqlite);
    assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 2);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_unit_gives_up_after_its_tries_and_after_its_budget(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let store = StoreOptions::new(db.url())
        .lock_timeout(Duration::from_millis(50))
        .open()
        .await?;
    let holder = hold(db, habit).await?;
    for retry in [
        Retry::never(),
        Retry::default().tries(3).budget(PLENTY),
        persistent().budget(Duration::from_millis(300)),
    ] {
        let tried = store.writing(&scope(ADA)).retry(retry).run(async |unit| {
            let habits = unit.repository::<Habit>();
            habits.lock(&[habit]).await
        });
        assert_eq!(refused(tried.await), ErrorKind::LockTimeout, "{retry:?}");
    }
    holder.rollback().await
}

#[twin_test(migration::Migrator)]
async fn an_error_that_is_not_retryable_is_returned_at_once(db: &TwinDatabase) -> Result<()> {
    let runs = AtomicU32::new(0);
    let missing = db
        .store()
        .writing(&scope(ADA))
        .run(async |unit| {
            runs.fetch_add(1, Ordering::Relaxed);
            insert(unit, "lost").await?;
            unit.repository::<Habit>().get(NOBODY).await
        })
        .await;
    assert!(matches!(refused(missing), ErrorKind::NotFound { .. }));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 0);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn work_that_hides_a_retryable_error_is_run_again(db: &TwinDatabase) -> Result<()> {
    #[derive(Debug)]
    struct Opaque;
    impl From<Error> for Opaque {
        fn from(_: Error) -> Self {
            Opaque
        }
    }
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let store = StoreOptions::new(db.url())
        .lock_timeout(Duration::from_millis(50))
        .open()
        .await?;
    let runs = hold_until_second_run(db, habit).await?;
    let done: Result<(), Opaque> = store
        .writing(&scope(ADA))
        .retry(persistent())
        .run(async |unit| {
            runs.fetch_add(1, Ordering::Relaxed);
            let locked = unit.repository::<Habit>().lock(&[habit]).await;
            locked.map(|_| ()).map_err(|_| Opaque)
        })
        .await;
    assert!(done.is_ok(), "{done:?}");
    Ok(())
}

/// Each unit counts the rows and inserts the count. If the units behave as if run one after another, in any order, they
/// insert 0 to 5.
#[twin_test(migration::Migrator)]
async fn serializable_units_behave_as_if_run_one_after_another(db: &TwinDatabase) -> Result<()> {
    let mut units = JoinSet::new();
    for _ in 0..6 {
        let store = db.open_another().await?;
        units.spawn(async move {
            store
                .writing(&scope(ADA))
                .serializable()
                .retry(persistent())
                .run(async |unit| {
                    let habits = unit.repository::<Habit>();
                    let others = habits.count(&Query::all()).await?;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    insert(unit, &format!("{others:02}")).await
                })
                .await
        });
    }
    for done in units.join_all().await {
        done?;
    }
    let outside = Observer::of(db).await;
    let names = outside.texts("SELECT name FROM habits ORDER BY name").await;
    assert_eq!(names, ["00", "01", "02", "03", "04", "05"]);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn sixteen_concurrent_increments_of_one_row_all_count(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let store = open_patient(db).await?;
    let entries = store.repository::<Entry>(&scope(ADA));
    let entry = entries.insert(EntryDraft::new(habit.id, day(0))).await?.id;
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let entries = entries.clone();
        tasks.spawn(async move {
            entries
                .modify(entry, persistent(), |row| row.amount += 1)
                .await
        });
    }
    for done in tasks.join_all().await {
        done?;
    }
    assert_eq!(entries.get(entry).await?.amount, 16);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn modify_without_retry_returns_the_conflict(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let habits = adas::<Habit>(db);
    let runs = AtomicU32::new(0);
    let stale = habits
        .modify(habit.id, Retry::never(), |row| {
            runs.fetch_add(1, Ordering::Relaxed);
            // As if the row had been written since.
            row.version -= 1;
        })
        .await;
    assert!(matches!(refused(stale), ErrorKind::Conflict { .. }));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    let missing = habits.modify(NOBODY, Retry::default(), |_| {}).await;
    assert!(matches!(refused(missing), ErrorKind::NotFound { .. }));
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn rows_are_locked_until_the_unit_ends(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = ["a", "b", "c"].map(|name| HabitDraft::new(name, "daily"));
    let made = habits.insert_many(drafts.to_vec()).await?;
    let ids: Vec<Uuid> = made.iter().map(|habit| habit.id).collect();
    habits.delete(ids[2], Expected::Any).await?;
    let bobs = habit_of(db.store(), BOB, "other").await?.id;

    let unit = db.store().begin_write(&scope(ADA)).await?;
    let asked = [ids[1], NOBODY, bobs, ids[2], ids[0]];
    let locked = unit.repository::<Habit>().lock(&asked).await?;
    let mut expected = vec![made[0].clone(), made[1].clone()];
    expected.sort_by_key(|habit| habit.id);
    assert_eq!(
        locked, expected,
        "the living ones of the scope, in the order of ids"
    );
    let other = StoreOptions::new(db.url())
        .lock_timeout(Duration::from_millis(100))
        .open()
        .await?;
    let patch = HabitPatch::new().color("red");
    let beside = other.repository::<Habit>(&scope(ADA));
    let waited = beside.patch(ids[0], Expected::Any, patch.clone()).await;
    assert_eq!(refused(waited), ErrorKind::LockTimeout);
    unit.commit().await?;
    beside.patch(ids[0], Expected::Any, patch).await?;
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_lock_needs_a_write_unit(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let alone = adas::<Habit>(db).lock(&[habit]).await;
    assert!(matches!(refused(alone), ErrorKind::Unsupported { .. }));
    let unit = db.store().begin_read(&scope(ADA)).await?;
    let reading = unit.repository::<Habit>().lock(&[habit]).await;
    assert!(matches!(refused(reading), ErrorKind::ReadOnly { .. }));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_unit_with_a_key_is_done_once(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    assert!(!store.was_done(&scope(ADA), KEY).await?);
    let once = async || {
        store
            .writing(&scope(ADA))
            .once(KEY, async |unit| insert(unit, "run").await)
            .await
    };
    let OnceOutcome::Done(habit) = once().await? else {
        panic!("nobody did it before");
    };
    assert_eq!(habit.name, "run");
    assert!(store.was_done(&scope(ADA), KEY).await?);
    assert_eq!(once().await?, OnceOutcome::AlreadyDone);
    assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 1);
    // Another owner may use the same key.
    assert!(!store.was_done(&scope(BOB), KEY).await?);
    assert!(!store.was_done(&everyone(), KEY).await?);
    let bobs = store
        .writing(&scope(BOB))
        .once(KEY, async |unit| insert(unit, "swim").await);
    assert!(matches!(bobs.await?, OnceOutcome::Done(_)));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_unit_that_fails_leaves_its_key_free(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    let failed = store
        .writing(&scope(ADA))
        .once(KEY, async |unit| {
            insert(unit, "lost").await?;
            unit.repository::<Device>().get(NOBODY).await
        })
        .await;
    assert!(matches!(refused(failed), ErrorKind::NotFound { .. }));
    assert!(!store.was_done(&scope(ADA), KEY).await?);
    let again = store
        .writing(&scope(ADA))
        .once(KEY, async |unit| insert(unit, "kept").await);
    assert!(matches!(again.await?, OnceOutcome::Done(_)));
    assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn one_of_sixteen_calls_with_one_key_does_the_work(db: &TwinDatabase) -> Result<()> {
    let patient = open_patient(db).await?;
    let mut calls = JoinSet::new();
    for _ in 0..16 {
        let store = patient.clone();
        calls.spawn(async move {
            store
                .writing(&scope(ADA))
                .once(KEY, async |unit| insert(unit, "run").await)
                .await
        });
    }
    let outcomes: Result<Vec<OnceOutcome<Habit>>> = calls.join_all().await.into_iter().collect();
    let done = outcomes?;
    let done = done
        .iter()
        .filter(|once| matches!(once, OnceOutcome::Done(_)));
    assert_eq!(done.count(), 1);
    assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn operation_keys_are_forgotten_by_their_owner_and_by_the_system(
    db: &TwinDatabase,
) -> Result<()> {
    let store = db.store();
    for owner in [scope(ADA), scope(BOB), everyone()] {
        let done = store
            .writing(&owner)
            .once(KEY, async |_| Ok::<_, Error>(()));
        assert_eq!(done.await?, OnceOutcome::Done(()));
    }
    let later = DateTime::<Utc>::from_timestamp(7_258_118_400, 0).expect("the year 2200");
    let earlier = DateTime::<Utc>::from_timestamp(0, 0).expect("1970");
    assert_eq!(store.forget_keys(&everyone(), earlier).await?, 0);
    assert_eq!(store.forget_keys(&scope(ADA), later).await?, 1);
    assert!(!store.was_done(&scope(ADA), KEY).await?);
    assert!(store.was_done(&scope(BOB), KEY).await?);
    assert_eq!(store.forget_keys(&everyone(), later).await?, 2);
    Ok(())
}

/// The server ends the connections at any time, also before and after a commit is durable. The
/// next try with the key finds out which.
#[twin_test(migration::Migrator)]
async fn a_unit_with_a_key_is_done_once_although_its_connections_are_cut(
    db: &TwinDatabase,
) -> Result<()> {
    let outside = Observer::of(db).await;
    let Observer::Connection(killer) = &outside else {
        unreachable!("a shared database")
    };
    for n in 0..20_u128 {
        let key = Uuid::from_u128(KEY.as_u128() + n);
        let store = db.store().clone();
        let unit = tokio::spawn(async move {
            store
                .writing(&scope(ADA))
                .retry(persistent())
                .once(key, async |unit| insert(unit, &format!("habit {n}")).await)
                .await
        });
        if db.engine() == Engine::Postgres {
            tokio::time::sleep(Duration::from_micros(300 * (n as u64 % 10))).await;
            killer
                .execute_unprepared(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND application_name = 'catamaran'",
                )
                .await?;
        } else if n % 2 == 0 {
            unit.abort();
        }
        match unit.await {
            Ok(done) => drop(done?),
            Err(aborted) => assert!(aborted.is_cancelled()),
        }
        let again = db
            .store()
            .writing(&scope(ADA))
            .once(key, async |unit| insert(unit, &format!("habit {n}")).await)
            .await?;
        drop(again);
        let rows = format!("name = 'habit {n}'");
        assert_eq!(outside.count("habits", &rows).await, 1, "{n}");
    }
    Ok(())
}

/// The caller gets the conflict, not the error that the unit has ended.
#[twin_test(migration::Migrator)]
async fn modify_in_a_unit_tries_once_and_returns_the_conflict(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let stale = unit
        .repository::<Habit>()
        .modify(habit.id, Retry::default(), |row| row.version += 1)
        .await;
    assert!(matches!(refused(stale), ErrorKind::Conflict { .. }));
    let ended = refused(unit.commit().await);
    assert!(matches!(ended, ErrorKind::UnitEnded { .. }), "{ended:?}");
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn work_by_mutable_reference_collects_from_each_of_its_tries(
    db: &TwinDatabase,
) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let store = StoreOptions::new(db.url())
        .lock_timeout(Duration::from_millis(50))
        .open()
        .await?;
    let runs = hold_until_second_run(db, habit).await?;
    let mut tries = Vec::new();
    let writing = store.writing(&scope(ADA)).retry(persistent());
    let work = writing.run_mut(async |unit| {
        runs.fetch_add(1, Ordering::Relaxed);
        tries.push(insert(unit, "beside").await?.id);
        unit.repository::<Habit>().lock(&[habit]).await
    });
    assert_eq!(work.await?.len(), 1);
    assert_eq!(tries.len(), runs.load(Ordering::Relaxed) as usize);
    let kept = tries.last().copied().ok_or(ErrorKind::NoRow)?;
    assert!(adas::<Habit>(db).find(kept).await?.is_some());

    let mut names = Vec::new();
    for expected in [OnceOutcome::Done(()), OnceOutcome::AlreadyDone] {
        let once = store.writing(&scope(ADA)).once_mut(KEY, async |unit| {
            names.push(insert(unit, "once").await?.name);
            Ok::<_, Error>(())
        });
        assert_eq!(once.await?, expected);
    }
    assert_eq!(names, ["once"]);
    Ok(())
}
