//! Calls that the library refuses before anything is sent: in a unit that has ended, and in one that has not.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    AnyRepository, Cursor, Error, ErrorKind, Expected, Filter, PageRequest, Query, Repository,
    RepositoryExt, Result, Retry, Unit, Upsert,
};
use chrono::{DateTime, Utc};
use entity::{Habit, HabitDraft, HabitPatch};
use futures_util::TryStreamExt;
use suite::clock::instant;
use suite::raw;
use suite::specimen::{Specimen, SpecimenDraft};
use suite::users::{ADA, BOB, everyone, habit_of, scope};

fn draft(name: &str) -> HabitDraft {
    HabitDraft::new(name, "daily")
}

/// A patch that is refused.
fn bad_patch() -> HabitPatch {
    HabitPatch::new().name("\0")
}

/// A filter that is refused.
fn bad_filter() -> Filter<Habit> {
    (0..501).fold(Filter::none(), |any, n| any.or(Habit::SORT_ORDER.eq(n)))
}

fn before_all_years() -> DateTime<Utc> {
    instant("0000-01-01T00:00:00Z")
}

async fn execute(unit: &Unit, sql: &'static str) -> Result<u64> {
    match unit.native::<Habit>() {
        AnyRepository::Sqlite(habits) => habits.execute(sql, vec![]).await,
        AnyRepository::Postgres(habits) => habits.execute(sql, vec![]).await,
    }
}

async fn query(unit: &Unit, sql: &'static str) -> Result<Vec<(i64,)>> {
    match unit.native::<Habit>() {
        AnyRepository::Sqlite(habits) => habits.query_as(sql, vec![]).await,
        AnyRepository::Postgres(habits) => habits.query_as(sql, vec![]).await,
    }
}

#[track_caller]
fn assert_ended<T>(outcome: Result<T>) {
    let Err(error) = outcome else {
        panic!("the unit has ended");
    };
    let kind = error.kind();
    assert!(matches!(kind, ErrorKind::UnitEnded { .. }), "{error:?}");
}

/// Calls that are refused elsewhere, and calls that would have nothing to do.
async fn assert_each_call_ended(habits: &dyn Repository<Habit>, habit: &Habit) {
    let (id, any) = (habit.id, Expected::Any);
    let theirs = Habit {
        user_id: BOB,
        ..habit.clone()
    };
    let bad_query = || Query::from(bad_filter());
    assert_ended(habits.find(id).await);
    assert_ended(habits.get(id).await);
    assert_ended(habits.lock(&[]).await);
    assert_ended(habits.exists(&bad_query()).await);
    assert_ended(habits.count(&bad_query()).await);
    assert_ended(habits.list(&Query::all(), PageRequest::first(0)).await);
    let cursor: Cursor = "no cursor".parse().expect("any text");
    assert_ended(
        habits
            .list(&Query::all(), PageRequest::after(1, cursor))
            .await,
    );
    assert_ended(habits.stream(Query::all()).try_collect::<Vec<_>>().await);
    assert_ended(habits.insert(draft("\0")).await);
    assert_ended(habits.insert_many(vec![]).await);
    assert_ended(habits.insert_many(vec![draft("\0")]).await);
    assert_ended(habits.update(theirs.clone()).await);
    assert_ended(habits.patch(id, any, bad_patch()).await);
    assert_ended(habits.patch(id, any, HabitPatch::new()).await);
    assert_ended(habits.upsert(Upsert::seen(theirs)).await);
    assert_ended(habits.upsert_many(vec![]).await);
    assert_ended(habits.delete(id, any).await);
    assert_ended(habits.restore(id, any).await);
    assert_ended(habits.purge(before_all_years(), 0).await);
    assert_ended(habits.patch_where(&bad_filter(), HabitPatch::new()).await);
    assert_ended(habits.patch_where(&Filter::none(), HabitPatch::new()).await);
    assert_ended(habits.patch_where(&Filter::all(), bad_patch()).await);
    assert_ended(habits.delete_where(&bad_filter()).await);
    assert_ended(habits.modify(id, Retry::never(), |_| {}).await);
}

/// As [`assert_each_call_ended`], for the calls of the unit itself.
async fn assert_unit_ended(unit: &Unit, habit: &Habit) {
    let habits = unit.repository::<Habit>();
    assert_each_call_ended(&*habits, habit).await;
    let specimens = unit.repository::<Specimen>();
    assert_ended(specimens.restore(habit.id, Expected::Any).await);
    assert_ended(specimens.purge(before_all_years(), 0).await);
    assert_ended(specimens.modify(habit.id, Retry::never(), |_| {}).await);
    assert_ended(execute(unit, "COMMIT").await);
    assert_ended(query(unit, "SELECT * FROM habits").await);
    assert_ended(raw::execute_in(unit, "COMMIT").await);
    assert_ended(raw::rows_in(unit, "COMMIT").await);
    let within = unit.savepoint(async |_: &Unit| Ok::<_, Error>(())).await;
    assert_ended(within);
}

#[twin_test(migration::Migrator, everywhere)]
async fn each_call_of_an_ended_unit_says_so_whatever_its_arguments(
    db: &TwinDatabase,
) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let store = db.store();

    let failed = store.begin_write(&scope(ADA)).await?;
    let habits = failed.repository::<Habit>();
    assert!(habits.insert(draft("x").id(habit.id)).await.is_err());
    assert_unit_ended(&failed, &habit).await;
    assert_ended(failed.commit().await);

    let read = store.begin_read(&scope(ADA)).await?;
    assert!(query(&read, "SELECT nothing FROM habits").await.is_err());
    assert_unit_ended(&read, &habit).await;
    drop(read);

    let dropped = store.begin_write(&scope(ADA)).await?;
    let overlapping = dropped.savepoint(async |_: &Unit| {
        std::future::pending::<()>().await;
        Ok::<_, Error>(())
    });
    let timeout = std::time::Duration::from_millis(200);
    assert!(tokio::time::timeout(timeout, overlapping).await.is_err());
    assert_unit_ended(&dropped, &habit).await;
    drop(dropped);

    for commits in [true, false] {
        let unit = store.begin_write(&scope(ADA)).await?;
        let habits = unit.repository::<Habit>();
        match commits {
            true => unit.commit().await?,
            false => unit.rollback().await?,
        }
        assert_each_call_ended(&*habits, &habit).await;
    }
    assert_eq!(
        store.repository::<Habit>(&scope(ADA)).get(habit.id).await?,
        habit
    );
    Ok(())
}

/// Writes that the library refuses, each with the kind of its error.
async fn refused_write(unit: &Unit, way: usize, habit: &Habit) -> Option<(Error, &'static str)> {
    let habits = unit.repository::<Habit>();
    let (id, any) = (habit.id, Expected::Any);
    let theirs = Habit {
        user_id: BOB,
        ..habit.clone()
    };
    let late = before_all_years();
    let (error, kind) = match way {
        0 => (habits.insert(draft("\0")).await.err(), "InvalidValue"),
        1 => (
            habits
                .insert_many(vec![draft("x"), draft("\0")])
                .await
                .err(),
            "InvalidValue",
        ),
        2 => (habits.update(theirs).await.err(), "Permission"),
        3 => (
            habits.patch(id, any, bad_patch()).await.err(),
            "InvalidValue",
        ),
        4 => (
            habits.upsert(Upsert::seen(theirs)).await.err(),
            "Permission",
        ),
        5 => {
            let rows = vec![Upsert::new(draft("x")), Upsert::new(draft("\0"))];
            (habits.upsert_many(rows).await.err(), "InvalidValue")
        }
        6 => (habits.purge(late, 1).await.err(), "InvalidValue"),
        7 => (
            habits
                .patch_where(&bad_filter(), HabitPatch::new())
                .await
                .err(),
            "InvalidQuery",
        ),
        8 => (
            habits.patch_where(&Filter::all(), bad_patch()).await.err(),
            "InvalidValue",
        ),
        9 => (
            habits.delete_where(&bad_filter()).await.err(),
            "InvalidQuery",
        ),
        10 => (execute(unit, "COMMIT").await.err(), "InvalidQuery"),
        11 => (
            execute(unit, "DELETE FROM habits; DELETE FROM habits")
                .await
                .err(),
            "InvalidQuery",
        ),
        12 => (
            raw::execute_in(unit, "ROLLBACK").await.err(),
            "InvalidQuery",
        ),
        _ => return None,
    };
    Some((error.expect("a refusal"), kind))
}

#[track_caller]
fn assert_kind(error: &Error, kind: &str) {
    let found = format!("{:?}", error.kind());
    assert!(found.starts_with(kind), "{found}");
}

#[twin_test(migration::Migrator, everywhere)]
async fn each_write_that_the_library_refuses_ends_the_unit(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    for way in 0.. {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        unit.repository::<Habit>().insert(draft("lost")).await?;
        let Some((error, kind)) = refused_write(&unit, way, &habit).await else {
            assert_eq!(way, 13);
            break;
        };
        assert_kind(&error, kind);
        assert_unit_ended(&unit, &habit).await;
        assert_ended(unit.commit().await);
    }
    // The system's scope has no owner for a new row.
    let unit = db.store().begin_write(&everyone()).await?;
    let ownerless = unit.repository::<Habit>().insert(draft("x")).await;
    assert_kind(&ownerless.expect_err("no owner"), "Permission");
    assert_unit_ended(&unit, &habit).await;
    drop(unit);
    let habits = db.store().repository::<Habit>(&scope(ADA));
    assert_eq!(habits.count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_refused_write_does_not_end_a_read_unit(db: &TwinDatabase) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?;
    let (id, any) = (habit.id, Expected::Any);
    let unit = db.store().begin_read(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    for way in 0..12 {
        let patch = HabitPatch::new().name("walk");
        let refused = match way {
            0 => habits.lock(&[id]).await.err(),
            1 => habits.insert(draft("x")).await.err(),
            2 => habits.insert_many(vec![]).await.err(),
            3 => habits.update(habit.clone()).await.err(),
            4 => habits.patch(id, any, HabitPatch::new()).await.err(),
            5 => habits.upsert(Upsert::seen(habit.clone())).await.err(),
            6 => habits.delete(id, any).await.err(),
            7 => habits.restore(id, any).await.err(),
            8 => habits.purge(habit.created_at, 1).await.err(),
            9 => habits.patch_where(&Filter::none(), patch).await.err(),
            10 => habits.delete_where(&Filter::none()).await.err(),
            _ => execute(&unit, "DELETE FROM habits").await.err(),
        };
        assert_kind(&refused.expect("a write"), "ReadOnly");
        assert_eq!(habits.get(id).await?, habit);
    }
    unit.commit().await?;
    let habits = db.store().repository::<Habit>(&scope(ADA));
    assert_eq!(habits.get(id).await?, habit);
    assert_eq!(habits.count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_write_that_its_record_does_not_support_ends_the_unit(db: &TwinDatabase) -> Result<()> {
    let made = db.store().repository::<Specimen>(&everyone());
    let made = made.insert(SpecimenDraft::new("label")).await?;
    let first = Expected::Version(1);
    for way in 0..4 {
        let unit = db.store().begin_write(&everyone()).await?;
        let specimens = unit.repository::<Specimen>();
        let refused = match way {
            0 => specimens.restore(made.id, Expected::Any).await.err(),
            1 => specimens.purge(before_all_years(), 1).await.err(),
            2 => specimens.delete(made.id, first).await.err(),
            _ => {
                let patch = suite::specimen::SpecimenPatch::new();
                specimens.patch(made.id, first, patch).await.err()
            }
        };
        assert_kind(&refused.expect("a refusal"), "Unsupported");
        assert_ended(specimens.find(made.id).await);
        assert_ended(unit.commit().await);
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_read_that_the_library_refuses_does_not_end_the_unit(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    let habit = habits.insert(draft("run")).await?;
    let bad_query = || Query::from(bad_filter());
    assert!(habits.count(&bad_query()).await.is_err());
    assert!(habits.exists(&bad_query()).await.is_err());
    let streamed: Result<Vec<Habit>> = habits.stream(bad_query()).try_collect().await;
    assert!(streamed.is_err());
    let cursor: Cursor = "no cursor".parse().expect("any text");
    for page in [PageRequest::first(0), PageRequest::after(1, cursor)] {
        assert!(habits.list(&Query::all(), page).await.is_err());
    }
    assert!(query(&unit, "SELECT * FROM habits").await.is_err());
    assert!(raw::rows_in(&unit, "COMMIT").await.is_err());
    unit.commit().await?;
    let stored = db.store().repository::<Habit>(&scope(ADA));
    assert_eq!(stored.get(habit.id).await?, habit);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_refused_write_behind_a_savepoint_ends_only_that_part(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let habits = unit.repository::<Habit>();
    let habit = habits.insert(draft("run")).await?;
    for way in 0..13 {
        let part = unit
            .savepoint(async |unit: &Unit| {
                unit.repository::<Habit>().insert(draft("lost")).await?;
                let refused = refused_write(unit, way, &habit).await;
                refused.map_or(Ok(()), |(error, _)| Err(error))
            })
            .await;
        assert!(part.is_err());
    }
    unit.commit().await?;
    let stored = db.store().repository::<Habit>(&scope(ADA));
    assert_eq!(stored.count(&Query::all()).await?, 1);
    Ok(())
}
