//! Parts of a unit of work that may fail alone.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Error, ErrorKind, Expected, Query, Result, StoreOptions, Unit};
use entity::{Habit, HabitDraft};
use std::time::Duration;
use suite::kind::refused;
use suite::outside::{Outside, texts_in};
use suite::people::{ADA, adas, habit_of, scope};
use suite::polls::polls;
use suite::slow;
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
    let outside = Outside::of(db).await;
    outside.texts("SELECT name FROM habits ORDER BY name").await
}

fn ended(reason: &'static str) -> ErrorKind {
    ErrorKind::UnitEnded { reason }
}

const FAILED: &str = "a call in it failed, so it can only be rolled back";
const DROPPED: &str = "a call in it was dropped before its end, so it can only be rolled back";

#[twin_test(migration::Migrator, everywhere)]
async fn an_expected_failure_takes_back_its_attempt_and_nothing_else(
    db: &TwinDatabase,
) -> Result<()> {
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
async fn an_attempt_may_fail_by_a_reason_of_the_applications_own(db: &TwinDatabase) -> Result<()> {
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
async fn an_attempt_that_swallows_a_failure_is_taken_back_and_says_so(
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
async fn attempts_stand_one_in_the_other(db: &TwinDatabase) -> Result<()> {
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
async fn two_attempts_side_by_side_end_the_unit(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let (first_set, second_set) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    let first = unit.savepoint(async |unit| {
        first_set.notify_one();
        second_set.notified().await;
        insert(unit, "first").await
    });
    let second = async {
        first_set.notified().await;
        unit.savepoint(async |unit| {
            second_set.notify_one();
            tokio::time::sleep(Duration::from_millis(50)).await;
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
async fn an_attempt_that_is_dropped_anywhere_ends_its_unit(db: &TwinDatabase) -> Result<()> {
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
            if let Some(done) = polls(attempt, k, linger).await {
                done?;
                unit.rollback().await?;
                break;
            }
            drops += 1;
            // The savepoint may not have been set yet, and then nothing has begun; but a call was dropped.
            let next = insert(&unit, "after").await;
            assert_eq!(refused(next), ended(DROPPED), "at {k}");
            assert_eq!(refused(unit.commit().await), ended(DROPPED), "at {k}");
        }
    }
    // Where the work itself waits, at the least.
    assert!(drops >= 2, "only {drops} drops");
    assert_eq!(committed(db).await, [""; 0]);
    habit_of(db.store(), ADA, "after").await?;
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn an_attempt_does_not_help_against_a_statement_that_took_too_long(
    db: &TwinDatabase,
) -> Result<()> {
    let store = StoreOptions::new(db.url())
        .statement_timeout(Duration::from_millis(200))
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
async fn a_reading_unit_has_attempts_too(db: &TwinDatabase) -> Result<()> {
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
async fn a_stale_version_in_an_attempt_is_no_end(db: &TwinDatabase) -> Result<()> {
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
