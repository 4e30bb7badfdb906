//! Savepoints: parts of a unit that may fail alone.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Error, ErrorKind, Expected, Query, Result, StoreOptions, Unit};
use entity::{Habit, HabitDraft};
use std::time::Duration;
use suite::cancellation_points::drop_after_polls;
use suite::kind::refused;
use suite::observer::{Observer, texts_in};
use suite::pace::limit;
use suite::slow;
use suite::users::{ADA, adas, habit_of, scope};
use tokio::sync::Notify;
use uuid::Uuid;

fn draft(name: &str) -> HabitDraft {
    HabitDraft::new(name, "daily")
}

async fn insert(unit: &Unit, name: &str) -> Result<Habit> {
    unit.repository::<Habit>().insert(draft(name)).await
}

async fn insert_again(unit: &Unit, id: Uuid) -> Result<Habit> {
    let again = draft("again").id(id);
    unit.repository::<Habit>().insert(again).await
}

/// The names of the habits that another connection sees.
async fn committed(db: &TwinDatabase) -> Vec<String> {
    let outside = Observer::of(db).await;
    outside.texts("SELECT name FROM habits ORDER BY name").await
}

fn ended(reason: &'static str) -> ErrorKind {
    ErrorKind::UnitEnded { reason }
}

const FAILED: &str = "a call in it failed, so it can only be rolled back";
const DROPPED: &str = "a call in it was dropped before its end, so it can only be rolled back";

#[twin_test(migration::Migrator, everywhere)]
async fn a_failed_savepoint_is_rolled_back_and_its_unit_commits(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let run = insert(&unit, "run").await?;
    let attempt = unit
        .savepoint(async |unit| {
            insert(unit, "lost").await?;
            insert_again(unit, run.id).await
        })
        .await;
    assert!(matches!(refused(attempt), ErrorKind::Unique { .. }));
    let kept = unit
        .savepoint(async |unit| insert(unit, "swim").await)
        .await?;
    assert_eq!(kept.name, "swim");
    insert(&unit, "walk").await?;
    unit.commit().await?;
    assert_eq!(committed(db).await, ["run", "swim", "walk"]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_savepoint_may_fail_with_an_error_of_the_application(db: &TwinDatabase) -> Result<()> {
    #[derive(Debug, PartialEq)]
    enum Reason {
        TooMany,
        Library,
    }
    impl From<Error> for Reason {
        fn from(_: Error) -> Self {
            Reason::Library
        }
    }
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let attempt: Result<(), Reason> = unit
        .savepoint(async |unit| {
            insert(unit, "lost").await?;
            Err(Reason::TooMany)
        })
        .await;
    assert_eq!(attempt, Err(Reason::TooMany));
    insert(&unit, "run").await?;
    unit.commit().await?;
    assert_eq!(committed(db).await, ["run"]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_savepoint_that_swallows_a_failure_is_rolled_back_with_an_error(
    db: &TwinDatabase,
) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let run = insert(&unit, "run").await?;
    let attempt = unit
        .savepoint(async |unit| {
            insert(unit, "lost").await?;
            let _swallowed = insert_again(unit, run.id).await;
            Ok::<_, Error>(())
        })
        .await;
    let said =
        ended("a call after the savepoint failed, so the unit was rolled back to the savepoint");
    assert_eq!(refused(attempt), said);
    insert(&unit, "walk").await?;
    unit.commit().await?;
    assert_eq!(committed(db).await, ["run", "walk"]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn savepoints_can_be_nested(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let run = insert(&unit, "run").await?;
    unit.savepoint(async |unit| {
        insert(unit, "outer").await?;
        let inner = unit
            .savepoint(async |unit| {
                insert(unit, "inner").await?;
                insert_again(unit, run.id).await
            })
            .await;
        assert!(matches!(refused(inner), ErrorKind::Unique { .. }));
        unit.savepoint(async |unit| insert(unit, "second").await)
            .await?;
        Ok::<_, Error>(())
    })
    .await?;
    let outer = unit
        .savepoint(async |unit| {
            unit.savepoint(async |unit| insert(unit, "gone").await)
                .await?;
            insert_again(unit, run.id).await
        })
        .await;
    assert!(matches!(refused(outer), ErrorKind::Unique { .. }));
    unit.commit().await?;
    assert_eq!(committed(db).await, ["outer", "run", "second"]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn two_overlapping_savepoints_end_their_unit(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let (first_set, second_set, first_over) = (Notify::new(), Notify::new(), Notify::new());
    let first = async {
        let ended = unit.savepoint(async |unit| {
            first_set.notify_one();
            second_set.notified().await;
            insert(unit, "first").await
        });
        let ended = ended.await;
        first_over.notify_one();
        ended
    };
    let second = async {
        first_set.notified().await;
        unit.savepoint(async |unit| {
            second_set.notify_one();
            first_over.notified().await;
            insert(unit, "second").await
        })
        .await
    };
    let (first, _second) = tokio::join!(first, second);
    let overlapped = ended("two savepoints overlapped in it, so it can only be rolled back");
    assert_eq!(refused(first), overlapped);
    assert_eq!(refused(unit.commit().await), ended(FAILED));
    assert_eq!(committed(db).await, [""; 0]);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_savepoint_dropped_at_any_point_ends_its_unit(db: &TwinDatabase) -> Result<()> {
    let mut drops = 0;
    for linger in [Duration::ZERO, Duration::from_millis(2)] {
        for k in 1.. {
            let unit = db.store().begin_write(&scope(ADA)).await?;
            insert(&unit, "before").await?;
            let attempt = unit.savepoint(async |unit| {
                insert(unit, "one").await?;
                tokio::task::yield_now().await;
                insert(unit, "two").await
            });
            if let Some(done) = drop_after_polls(attempt, k, linger).await {
                done?;
                unit.rollback().await?;
                break;
            }
            drops += 1;
            // Even if the savepoint was not set yet, a call was dropped.
            let next = insert(&unit, "after").await;
            assert_eq!(refused(next), ended(DROPPED), "at {k}");
            assert_eq!(refused(unit.commit().await), ended(DROPPED), "at {k}");
        }
    }
    // At least where the work itself waits.
    assert!(drops >= 2, "only {drops} drops");
    assert_eq!(committed(db).await, [""; 0]);
    habit_of(db.store(), ADA, "after").await?;
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_statement_timeout_in_a_savepoint_ends_the_unit(db: &TwinDatabase) -> Result<()> {
    let store = StoreOptions::new(db.url())
        .statement_timeout(limit())
        .open()
        .await?;
    let unit = store.begin_write(&scope(ADA)).await?;
    let attempt = unit.savepoint(async |unit| slow::in_unit(unit).await).await;
    assert_eq!(refused(attempt), ErrorKind::StatementTimeout);
    assert_eq!(refused(insert(&unit, "after").await), ended(FAILED));
    assert_eq!(refused(unit.commit().await), ended(FAILED));
    habit_of(&store, ADA, "after").await?;
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_read_unit_has_savepoints(db: &TwinDatabase) -> Result<()> {
    habit_of(db.store(), ADA, "run").await?;
    let unit = db.store().begin_read(&scope(ADA)).await?;
    let missing = unit
        .savepoint(async |unit| Ok::<_, Error>(texts_in(unit, "SELECT name FROM nowhere").await?))
        .await;
    assert!(matches!(refused(missing), ErrorKind::SchemaMismatch { .. }));
    assert_eq!(unit.repository::<Habit>().count(&Query::all()).await?, 1);
    unit.commit().await
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_conflict_in_a_savepoint_does_not_end_the_unit(db: &TwinDatabase) -> Result<()> {
    let run = habit_of(db.store(), ADA, "run").await?;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let stale = unit
        .savepoint(async |unit| {
            let habits = unit.repository::<Habit>();
            habits.delete(run.id, Expected::Version(7)).await
        })
        .await;
    assert!(matches!(refused(stale), ErrorKind::Conflict { .. }));
    unit.repository::<Habit>()
        .delete(run.id, Expected::Version(1))
        .await?;
    unit.commit().await?;
    assert_eq!(adas::<Habit>(db).count(&Query::all()).await?, 0);
    Ok(())
}
