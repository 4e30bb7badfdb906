//! Connections that the server ended are not reused. Postgres only.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{
    AnyRepository, Error, ErrorKind, Expected, OnceOutcome, PageRequest, Query, Result, Retry,
    Scope, Store, StoreOptions,
};
use entity::{Habit, HabitDraft, HabitPatch};
use suite::observer::Observer;
use suite::pace::limit;
use suite::proxy::{Proxy, Wire};
use suite::users::{ADA, everyone, habit_of, scope};
use uuid::Uuid;

/// Ends the server's side of the store's connections, and waits until it has ended.
async fn terminate(outside: &Observer) {
    let others = "FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'catamaran'";
    let ended = format!("SELECT pg_terminate_backend(pid, 5000)::text {others}");
    assert_eq!(outside.texts(&ended).await, ["true"]);
}

/// A read is sent again on a new connection. A single write may have been committed, so it is not.
async fn a_lost_connection_fails_at_most_a_write(caller: Scope) -> Result<()> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let habit = habit_of(db.store(), ADA, "run").await?;
    db.store().close();
    let outside = Observer::of(&db).await;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let habits = store.repository::<Habit>(&caller);
    let all = Query::all();
    let native = store.native::<Habit>(&caller);
    let AnyRepository::Postgres(native) = native else {
        unreachable!("a database on Postgres")
    };
    for round in 0..6 {
        assert_eq!(habits.get(habit.id).await?, habit);
        terminate(&outside).await;
        match round {
            0 => assert_eq!(habits.find(habit.id).await?, Some(habit.clone())),
            1 => assert_eq!(habits.count(&all).await?, 1),
            2 => assert!(habits.exists(&all).await?),
            3 => {
                let page = habits.list(&all, PageRequest::first(10)).await?;
                assert_eq!(page.items, std::slice::from_ref(&habit));
            }
            4 => {
                let sql = "SELECT count(*) FROM habits";
                let rows = native.query(sql, vec![], |row| row.get::<i64>(0));
                assert_eq!(rows.await?, [1]);
            }
            // A connection that was idle for seconds is tested before.
            _ => match habits.update(habit.clone()).await {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(*error.kind(), ErrorKind::CommitUnknown);
                    assert!(!error.is_retryable());
                }
            },
        }
    }
    assert_eq!(habits.get(habit.id).await?, habit);
    Ok(())
}

#[tokio::test]
async fn a_read_of_an_owner_on_a_lost_connection_is_sent_again() -> Result<()> {
    a_lost_connection_fails_at_most_a_write(scope(ADA)).await
}

#[tokio::test]
async fn a_read_of_the_system_on_a_lost_connection_is_sent_again() -> Result<()> {
    a_lost_connection_fails_at_most_a_write(everyone()).await
}

/// The lost connection says something of the others that were used before it.
#[tokio::test]
async fn many_lost_connections_cost_at_most_one_write() -> Result<()> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let habit = habit_of(db.store(), ADA, "run").await?;
    db.store().close();
    let outside = Observer::of(&db).await;
    let store = StoreOptions::new(db.url()).connections(5).open().await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    for reads_first in [true, false, true] {
        let mut units = Vec::new();
        for _ in 0..5 {
            let unit = store.begin_write(&scope(ADA)).await?;
            unit.repository::<Habit>().get(habit.id).await?;
            units.push(unit);
        }
        for unit in units {
            unit.commit().await?;
        }
        let ended = "SELECT DISTINCT pg_terminate_backend(pid, 5000)::text FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'catamaran'";
        assert_eq!(outside.texts(ended).await, ["true"]);
        let mut lost = 0;
        for round in 0..10 {
            if reads_first || round % 2 == 1 {
                assert_eq!(habits.get(habit.id).await?.id, habit.id);
                continue;
            }
            let patch = HabitPatch::new().name("ran");
            if let Err(error) = habits.patch(habit.id, Expected::Any, patch).await {
                assert_eq!(*error.kind(), ErrorKind::CommitUnknown);
                lost += 1;
            }
        }
        assert!(lost <= usize::from(!reads_first), "{lost} were lost");
    }
    Ok(())
}

#[tokio::test]
async fn a_unit_on_a_lost_connection_keeps_nothing_and_the_next_one_works() -> Result<()> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    db.store().close();
    let outside = Observer::of(&db).await;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let draft = || HabitDraft::new("run", "daily");

    let unit = store.begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>().insert(draft()).await?;
    terminate(&outside).await;
    let lost = unit.repository::<Habit>().insert(draft()).await;
    let error = lost.expect_err("the connection is gone");
    assert!(
        matches!(error.kind(), ErrorKind::ConnectionLost),
        "{error:?}"
    );
    assert!(unit.commit().await.is_err());
    assert_eq!(outside.count("habits", "true").await, 0);

    // Lost between the last call and the commit: the outcome is unknown.
    let unit = store.begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>().insert(draft()).await?;
    terminate(&outside).await;
    let error = unit.commit().await.expect_err("the connection is gone");
    assert!(
        matches!(error.kind(), ErrorKind::CommitUnknown),
        "{error:?}"
    );
    assert!(!error.is_retryable());

    habit_of(&store, ADA, "after").await?;
    assert_eq!(outside.count("habits", "true").await, 1);
    Ok(())
}

/// A database behind a proxy that breaks when told, and a store that uses it.
async fn behind_a_proxy(
    options: fn(StoreOptions) -> StoreOptions,
) -> Result<(TwinDatabase, Proxy, Store)> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let proxy = Proxy::start(db.url()).await;
    let store = options(StoreOptions::new(proxy.url()).connections(1))
        .open()
        .await?;
    Ok((db, proxy, store))
}

const KEY: Uuid = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_0e12);

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_unknown_and_not_retried() -> Result<()> {
    for (cut, durable) in [(Wire::CutBeforeCommit, 0), (Wire::CutAfterCommit, 1)] {
        let (db, proxy, store) = behind_a_proxy(|options| options).await?;
        proxy.set(cut);
        let tries = AtomicU32::new(0);
        let lost = store
            .writing(&scope(ADA))
            .run(async |unit| {
                tries.fetch_add(1, Ordering::Relaxed);
                let habits = unit.repository::<Habit>();
                habits.insert(HabitDraft::new("run", "daily")).await
            })
            .await;
        let error = lost.expect_err("the answer is lost");
        assert_eq!(*error.kind(), ErrorKind::CommitUnknown, "{cut:?}");
        assert_eq!(tries.into_inner(), 1);
        let habits = db.store().repository::<Habit>(&scope(ADA));
        assert_eq!(habits.count(&Query::all()).await?, durable, "{cut:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_tells_whether_a_commit_whose_answer_is_lost_was_durable() -> Result<()> {
    for (cut, outcome) in [
        (Wire::CutBeforeCommit, OnceOutcome::Done("run".to_owned())),
        (Wire::CutAfterCommit, OnceOutcome::AlreadyDone),
    ] {
        let (db, proxy, store) = behind_a_proxy(|options| options).await?;
        proxy.set(cut);
        let done = store
            .writing(&scope(ADA))
            .once(KEY, async |unit| {
                let habits = unit.repository::<Habit>();
                let habit = habits.insert(HabitDraft::new("run", "daily")).await?;
                Ok::<_, Error>(habit.name)
            })
            .await?;
        assert_eq!(done, outcome, "{cut:?}");
        assert!(db.store().was_done(&scope(ADA), KEY).await?);
        let habits = db.store().repository::<Habit>(&scope(ADA));
        assert_eq!(habits.count(&Query::all()).await?, 1, "{cut:?}");
    }
    Ok(())
}

/// The key alone does not tell the caller of one try whether its commit succeeded.
#[tokio::test]
async fn a_commit_that_cannot_be_resolved_is_reported_as_unknown() -> Result<()> {
    let (_db, proxy, store) = behind_a_proxy(|options| options).await?;
    proxy.set(Wire::CutAfterCommit);
    let lost = store
        .writing(&scope(ADA))
        .retry(Retry::never())
        .once(KEY, async |unit| {
            let habits = unit.repository::<Habit>();
            habits.insert(HabitDraft::new("run", "daily")).await
        })
        .await;
    let error = lost.expect_err("the answer is lost");
    assert_eq!(*error.kind(), ErrorKind::CommitUnknown);
    assert!(store.was_done(&scope(ADA), KEY).await?);
    Ok(())
}

#[tokio::test]
async fn a_server_that_stops_answering_is_a_lost_connection() -> Result<()> {
    let hasty = |options: StoreOptions| options.statement_timeout(limit()).lock_timeout(limit());
    let (db, proxy, store) = behind_a_proxy(hasty).await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    let before = habits.insert(HabitDraft::new("before", "daily")).await?;
    let unit = store.begin_write(&scope(ADA)).await?;
    let in_unit = unit.repository::<Habit>();
    in_unit.insert(HabitDraft::new("lost", "daily")).await?;
    proxy.set(Wire::Silent);
    let began = Instant::now();
    let silent = in_unit.get(before.id).await.expect_err("no response");
    assert_eq!(*silent.kind(), ErrorKind::ConnectionLost);
    assert!(began.elapsed() > Duration::from_secs(5), "it had its time");
    assert!(unit.commit().await.is_err());
    // A new connection works, and the old one is not used.
    proxy.set(Wire::Whole);
    assert_eq!(habits.get(before.id).await?, before);
    let outside = Observer::of(&db).await;
    assert_eq!(outside.count("habits", "name = 'lost'").await, 0);
    Ok(())
}

/// Once the key shows that nothing was committed, the result of the next try is returned.
#[tokio::test]
async fn an_unused_key_proves_that_an_unknown_commit_failed() -> Result<()> {
    let (_db, proxy, store) = behind_a_proxy(|options| options).await?;
    proxy.set(Wire::CutBeforeCommit);
    let tries = AtomicU32::new(0);
    let gone = store
        .writing(&scope(ADA))
        .once(KEY, async |unit| {
            let habits = unit.repository::<Habit>();
            match tries.fetch_add(1, Ordering::Relaxed) {
                0 => habits.insert(HabitDraft::new("run", "daily")).await,
                _ => habits.get(Uuid::nil()).await,
            }
        })
        .await;
    let error = gone.expect_err("the second try finds nothing");
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(tries.into_inner(), 2);
    Ok(())
}
