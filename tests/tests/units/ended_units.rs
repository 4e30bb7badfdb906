//! Units after a failed call, after a dropped call, and after their end.

use std::time::Duration;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Error, ErrorKind, Expected, Query, Repository, Result, Unit, Upsert};
use entity::{
    Entry, EntryDraft, Habit, HabitDraft, HabitPatch, Reminder, ReminderDraft, habits_in,
};
use suite::cancellation_points::drop_after_polls;
use suite::observer::Observer;
use suite::sample::day;
use suite::users::{ADA, BOB, NOBODY, habit_of, scope};
use uuid::Uuid;

fn draft(name: &str) -> HabitDraft {
    HabitDraft::new(name, "daily")
}

#[track_caller]
fn assert_ended<T: std::fmt::Debug>(outcome: Result<T>) {
    let error = outcome.expect_err("the unit is over");
    assert!(
        matches!(error.kind(), ErrorKind::UnitEnded { .. }),
        "{error:?}"
    );
    assert!(!error.is_retryable());
}

/// Every kind of call on an ended unit.
async fn assert_over(habits: &dyn Repository<Habit>, id: Uuid) {
    assert_ended(habits.find(id).await);
    assert_ended(habits.count(&Query::all()).await);
    assert_ended(habits.insert(draft("late")).await);
    assert_ended(habits.insert_many(vec![draft("late")]).await);
    assert_ended(
        habits
            .patch(id, Expected::Any, HabitPatch::new().name("x"))
            .await,
    );
    assert_ended(habits.upsert(Upsert::new(draft("late"))).await);
    assert_ended(habits.delete(id, Expected::Any).await);
}

/// Ways in which a write can fail, each of its own kind.
async fn fail(unit: &Unit, way: usize, habit: &Habit) -> Option<Error> {
    let habits = unit.repository::<Habit>();
    let entries = unit.repository::<Entry>();
    let stale = Habit {
        version: 7,
        ..habit.clone()
    };
    let theirs = Habit {
        user_id: BOB,
        ..habit.clone()
    };
    let orphan = EntryDraft::new(NOBODY, day(0));
    let late = ReminderDraft::new(habit.id, "25:00", 127, "UTC");
    match way {
        0 => habits.insert(draft("twice").id(habit.id)).await.err(),
        1 => entries.insert(orphan).await.err(),
        2 => unit.repository::<Reminder>().insert(late).await.err(),
        3 => habits.update(stale).await.err(),
        4 => habits.delete(NOBODY, Expected::Any).await.err(),
        5 => habits.insert(draft("\0")).await.err(),
        6 => habits.update(theirs).await.err(),
        7 => {
            let same = draft("twice").id(NOBODY);
            habits.insert_many(vec![same.clone(), same]).await.err()
        }
        8 => habits
            .upsert(Upsert::new(draft("other").id(habit.id)))
            .await
            .err(),
        _ => None,
    }
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_failed_write_forbids_every_further_call_and_the_commit(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let outside = Observer::of(db).await;
    let before = outside.dump().await;
    let mut kinds = Vec::new();
    for way in 0.. {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        let habits = unit.repository::<Habit>();
        habits.insert(draft("before the failure")).await?;
        let Some(error) = fail(&unit, way, &habit).await else {
            break;
        };
        kinds.push(error.kind().name());
        assert_over(&*habits, habit.id).await;
        assert_ended(habits_in(&unit).streak(habit.id).await);
        assert_ended(unit.commit().await);
        assert_eq!(outside.dump().await, before, "{error:?}");
    }
    let expected = [
        "Unique",
        "ForeignKey",
        "Check",
        "Conflict",
        "NotFound",
        "InvalidValue",
        "Permission",
        "Unique",
        "Conflict",
    ];
    assert_eq!(kinds, expected);
    // Postgres answers such a commit with success, although it rolls back.
    habit_of(db.store(), ADA, "after").await?;
    assert_eq!(outside.count("habits", "1 = 1").await, 2);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn work_that_swallows_a_failure_is_not_committed(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let outside = Observer::of(db).await;
    let before = outside.dump().await;
    let done = db
        .store()
        .write(&scope(ADA), async |unit| {
            let habits = unit.repository::<Habit>();
            habits.insert(draft("kept?")).await?;
            let swallowed = habits.insert(draft("twice").id(habit.id)).await;
            assert!(swallowed.is_err());
            Ok::<_, Error>("all is well")
        })
        .await;
    assert_ended(done);
    assert_eq!(outside.dump().await, before);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_query_that_cannot_be_asked_does_a_unit_no_harm(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    let habit = habits.insert(draft("run")).await?;
    let page = catamaran::PageRequest::first(0);
    let asked = habits.list(&Query::all(), page).await;
    let error = asked.expect_err("a page of no rows");
    assert!(
        matches!(error.kind(), ErrorKind::InvalidQuery { .. }),
        "{error:?}"
    );
    assert!(
        habits
            .get(NOBODY)
            .await
            .is_err_and(|error| error.is_not_found())
    );
    unit.commit().await?;
    let habits = db.store().repository::<Habit>(&scope(ADA));
    assert_eq!(habits.get(habit.id).await?, habit);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_repository_that_outlives_its_unit_is_of_no_use(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    let owner = scope(ADA);
    let unit = store.begin_write(&owner).await?;
    let committed = unit.repository::<Habit>();
    let habit = committed.insert(draft("run")).await?;
    unit.commit().await?;
    assert_over(&*committed, habit.id).await;

    let unit = store.begin_write(&owner).await?;
    let rolled_back = unit.repository::<Habit>();
    unit.rollback().await?;
    assert_over(&*rolled_back, habit.id).await;

    let unit = store.begin_write(&owner).await?;
    let dropped = unit.repository::<Habit>();
    drop(unit);
    assert_over(&*dropped, habit.id).await;

    let unit = store.begin_read(&owner).await?;
    let read = unit.repository::<Habit>();
    unit.commit().await?;
    assert_ended(read.find(habit.id).await);

    let outside = Observer::of(db).await;
    assert_eq!(outside.count("habits", "1 = 1").await, 1);
    Ok(())
}

/// A dropped call may have done a part of its work, so its unit must not commit.
#[twin_test(migration::Migrator, everywhere)]
async fn a_dropped_call_is_not_committed_by_half(db: &TwinDatabase) -> Result<()> {
    const ROWS: usize = 12_000;
    let outside = Observer::of(db).await;
    let mut whole = 0;
    let mut dropped = 0;
    for k in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        let habits = unit.repository::<Habit>();
        let drafts = (0..ROWS).map(|n| draft(&n.to_string())).collect();
        let done = drop_after_polls(habits.insert_many(drafts), k, Duration::ZERO).await;
        let committed = unit.commit().await;
        match (done, committed) {
            (Some(done), committed) => {
                assert_eq!(done?.len(), ROWS);
                committed?;
                whole += 1;
            }
            // Nothing was sent yet, so the unit may commit.
            (None, Ok(())) => {}
            (None, committed) => {
                assert_ended(committed);
                dropped += 1;
            }
        }
        let stored = outside.count("habits", "1 = 1").await;
        assert_eq!(stored, (whole * ROWS) as u64, "after {k} polls");
    }
    assert!(dropped > 0, "nothing was dropped half-way");
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_unit_that_is_dropped_while_a_task_works_in_it_keeps_nothing(
    db: &TwinDatabase,
) -> Result<()> {
    for _ in 0..10 {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        let habits = unit.repository::<Habit>();
        let task = tokio::spawn(async move {
            loop {
                let drafts = (0..50).map(|n| draft(&n.to_string())).collect();
                if let Err(error) = habits.insert_many(drafts).await {
                    return error;
                }
            }
        });
        tokio::time::sleep(Duration::from_millis(5)).await;
        drop(unit);
        let error = task.await.expect("no panic");
        assert!(
            matches!(error.kind(), ErrorKind::UnitEnded { .. }),
            "{error:?}"
        );
    }
    let outside = Observer::of(db).await;
    assert_eq!(outside.count("habits", "1 = 1").await, 0);
    habit_of(db.store(), ADA, "after").await?;
    assert_eq!(outside.count("habits", "1 = 1").await, 1);
    Ok(())
}

/// A write that the database refuses is dropped before its response is read: the error is nobody's.
#[twin_test(migration::Migrator, everywhere)]
async fn the_refusal_of_a_dropped_write_is_not_the_error_of_the_commit(
    db: &TwinDatabase,
) -> Result<()> {
    let taken = habit_of(db.store(), ADA, "run").await?.id;
    for k in 1..8 {
        for in_savepoint in [false, true] {
            let unit = db.store().begin_write(&scope(ADA)).await?;
            let write = async |unit: &Unit| {
                let habits = unit.repository::<Habit>();
                let insert = habits.insert(draft("walk").id(taken));
                drop_after_polls(insert, k, Duration::from_millis(20)).await
            };
            if in_savepoint {
                let dropped = unit
                    .savepoint(async |unit: &Unit| match write(unit).await {
                        Some(refused) => refused.map(|_| ()),
                        None => Err(ErrorKind::NoRow.into()),
                    })
                    .await;
                dropped.expect_err("the write does not succeed");
                unit.repository::<Habit>().insert(draft("swim")).await?;
                unit.rollback().await?;
            } else {
                write(&unit).await;
                assert_ended(unit.commit().await);
            }
        }
    }
    Ok(())
}
