//! A connection that the server ended is thrown away, whatever it was used for. SQLite has none to lose.

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{ErrorKind, Query, Result, Scope, StoreOptions};
use entity::{Habit, HabitDraft};
use suite::outside::Outside;
use suite::people::{ADA, everyone, habit_of, scope};

/// Ends the server's side of the store's connections, and waits until it has ended.
async fn terminate(outside: &Outside) {
    let others = "FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'catamaran'";
    let ended = format!("SELECT pg_terminate_backend(pid, 5000)::text {others}");
    assert_eq!(outside.texts(&ended).await, ["true"]);
}

async fn a_lost_connection_costs_one_call(caller: Scope) -> Result<()> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let habit = habit_of(db.store(), ADA, "run").await?;
    db.store().close();
    let outside = Outside::of(&db).await;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let habits = store.repository::<Habit>(&caller);
    for round in 0..3 {
        assert_eq!(habits.get(habit.id).await?, habit);
        terminate(&outside).await;
        let lost = match round {
            0 => habits.find(habit.id).await.err(),
            1 => habits.count(&Query::all()).await.err(),
            _ => habits.update(habit.clone()).await.err(),
        };
        let error = lost.expect("the connection is gone");
        // The system's write commits by itself, so it may have done so before the answer was lost.
        let may_be_durable = round == 2 && caller.owner_id().is_none();
        let kind = match may_be_durable {
            true => ErrorKind::CommitUnknown,
            false => ErrorKind::ConnectionLost,
        };
        assert_eq!(*error.kind(), kind);
        assert_eq!(error.is_retryable(), !may_be_durable);
    }
    assert_eq!(habits.get(habit.id).await?, habit);
    Ok(())
}

#[tokio::test]
async fn an_owners_call_on_a_lost_connection_fails_once() -> Result<()> {
    a_lost_connection_costs_one_call(scope(ADA)).await
}

/// Such a call has no transaction whose rollback would find out.
#[tokio::test]
async fn a_systems_call_on_a_lost_connection_fails_once() -> Result<()> {
    a_lost_connection_costs_one_call(everyone()).await
}

#[tokio::test]
async fn a_unit_on_a_lost_connection_keeps_nothing_and_the_next_one_works() -> Result<()> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    db.store().close();
    let outside = Outside::of(&db).await;
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

    // Lost between the last call and the commit, nobody can tell what became of it.
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
