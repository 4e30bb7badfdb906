//! Units of work are atomic, isolated, and hold one connection.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Error, ErrorKind, Expected, Query, Result, Store};
use entity::{
    Device, DeviceDraft, Entry, EntryDraft, EntryPatch, Habit, HabitDraft, HabitPatch, Reminder,
    ReminderDraft, habits_in,
};
use futures_util::TryStreamExt;
use suite::observer::Observer;
use suite::sample::day;
use suite::stores::open_patient;
use suite::users::{ADA, habit_of, scope};
use tokio::task::JoinSet;

/// The names of Ada's habits, in the order of insertion.
async fn names(store: &Store) -> Result<Vec<String>> {
    let habits = store.repository::<Habit>(&scope(ADA));
    let names = habits.stream(Query::all()).map_ok(|habit| habit.name);
    names.try_collect().await
}

fn draft(name: &str) -> HabitDraft {
    HabitDraft::new(name, "daily")
}

/// An error type of the application.
#[derive(Debug)]
enum Refusal {
    OwnReason(&'static str),
    Library(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Library(error)
    }
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_committed_unit_keeps_everything(db: &TwinDatabase) -> Result<()> {
    let (habit, entry) = db
        .store()
        .write(&scope(ADA), async |unit| {
            let habit = unit.repository::<Habit>().insert(draft("run")).await?;
            let entries = unit.repository::<Entry>();
            let entry = entries.insert(EntryDraft::new(habit.id, day(0))).await?;
            let reminder = ReminderDraft::new(habit.id, "07:00", 127, "Europe/Berlin");
            unit.repository::<Reminder>().insert(reminder).await?;
            let device = DeviceDraft::new("linux");
            unit.repository::<Device>().insert(device).await?;
            // Each repository sees what the others did.
            assert_eq!(habits_in(unit).streak(habit.id).await?.longest, 1);
            let patch = EntryPatch::new().amount(3);
            let entry = entries.patch(entry.id, Expected::Version(1), patch).await?;
            Ok::<_, Error>((habit, entry))
        })
        .await?;
    assert_eq!(
        (entry.habit_id, entry.amount, entry.version),
        (habit.id, 3, 2)
    );
    let outside = Observer::of(db).await;
    for table in ["habits", "habit_entries", "reminders", "devices"] {
        assert_eq!(outside.count(table, "1 = 1").await, 1, "{table}");
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_unit_whose_work_fails_keeps_nothing_and_returns_the_error(
    db: &TwinDatabase,
) -> Result<()> {
    let done: Result<(), Refusal> = db
        .store()
        .write(&scope(ADA), async |unit| {
            let habits = unit.repository::<Habit>();
            habits.insert(draft("run")).await?;
            habits
                .insert_many(vec![draft("read"), draft("swim")])
                .await?;
            assert_eq!(habits.count(&Query::all()).await?, 3);
            Err(Refusal::OwnReason("three are too many"))
        })
        .await;
    match done {
        Err(Refusal::OwnReason(reason)) => assert_eq!(reason, "three are too many"),
        done => panic!("{done:?}"),
    }
    assert_eq!(names(db.store()).await?, [""; 0]);
    habit_of(db.store(), ADA, "after").await?;
    assert_eq!(names(db.store()).await?, ["after"]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_failed_unit_returns_the_error_of_the_call_and_not_of_the_rollback(
    db: &TwinDatabase,
) -> Result<()> {
    let done: Result<(), Refusal> = db
        .store()
        .write(&scope(ADA), async |unit| {
            let habits = unit.repository::<Habit>();
            let habit = habits.insert(draft("run")).await?;
            habits.insert(draft("run again").id(habit.id)).await?;
            Ok(())
        })
        .await;
    match done {
        Err(Refusal::Library(error)) => {
            assert!(
                matches!(error.kind(), ErrorKind::Unique { .. }),
                "{error:?}"
            );
        }
        done => panic!("{done:?}"),
    }
    assert_eq!(names(db.store()).await?, [""; 0]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_unit_that_is_dropped_or_rolled_back_keeps_nothing(db: &TwinDatabase) -> Result<()> {
    let store = db.store();
    let unit = store.begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>().insert(draft("dropped")).await?;
    drop(unit);
    let unit = store.begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>()
        .insert(draft("taken back"))
        .await?;
    unit.rollback().await?;
    habit_of(store, ADA, "after").await?;
    assert_eq!(names(store).await?, ["after"]);
    let outside = Observer::of(db).await;
    assert_eq!(outside.count("habits", "1 = 1").await, 1);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_panic_inside_a_unit_keeps_nothing_and_the_store_stays_usable(
    db: &TwinDatabase,
) -> Result<()> {
    let store = db.store().clone();
    let task = tokio::spawn(async move {
        store
            .write(&scope(ADA), async |unit| {
                unit.repository::<Habit>().insert(draft("lost")).await?;
                panic!("on purpose");
                #[expect(unreachable_code, reason = "it tells the type of the work")]
                Ok::<(), Error>(())
            })
            .await
    });
    assert!(task.await.is_err_and(|end| end.is_panic()));
    habit_of(db.store(), ADA, "after").await?;
    assert_eq!(names(db.store()).await?, ["after"]);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_read_unit_sees_one_snapshot_while_another_store_commits(
    db: &TwinDatabase,
) -> Result<()> {
    let other = db.open_another().await?;
    let first = habit_of(&other, ADA, "first").await?;
    let outcome = db
        .store()
        .read(&scope(ADA), async |unit| {
            let habits = unit.repository::<Habit>();
            let before = habits.get(first.id).await?;
            habit_of(&other, ADA, "second").await?;
            let mut changed = first.clone();
            changed.name = "changed".to_owned();
            let others = other.repository::<Habit>(&scope(ADA));
            others.update(changed).await?;
            assert_eq!(habits.get(first.id).await?, before);
            assert_eq!(habits.count(&Query::all()).await?, 1);
            let streamed: Vec<Habit> = habits.stream(Query::all()).try_collect().await?;
            assert_eq!(streamed, [before]);
            Ok::<_, Error>("seen")
        })
        .await?;
    assert_eq!(outcome, "seen");
    assert_eq!(names(db.store()).await?, ["changed", "second"]);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn uncommitted_writes_are_visible_to_nobody_else(db: &TwinDatabase) -> Result<()> {
    let other = db.open_another().await?;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>().insert(draft("run")).await?;
    assert_eq!(names(&other).await?, [""; 0]);
    assert_eq!(names(db.store()).await?, [""; 0]);
    unit.commit().await?;
    assert_eq!(names(&other).await?, ["run"]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn tasks_of_one_unit_take_turns_on_its_connection(db: &TwinDatabase) -> Result<()> {
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let habits = unit.repository::<Habit>();
        let devices = unit.repository::<Device>();
        tasks.spawn(async move {
            for turn in 0..5 {
                let habit = habits.insert(draft(&format!("{task} {turn}"))).await?;
                devices.insert(DeviceDraft::new("linux")).await?;
                assert_eq!(habits.get(habit.id).await?, habit);
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no task panics")?;
    }
    assert_eq!(unit.repository::<Habit>().count(&Query::all()).await?, 40);
    unit.commit().await?;
    let outside = Observer::of(db).await;
    assert_eq!(outside.count("habits", "1 = 1").await, 40);
    assert_eq!(outside.count("devices", "1 = 1").await, 40);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_read_unit_sees_the_state_at_its_beginning(db: &TwinDatabase) -> Result<()> {
    habit_of(db.store(), ADA, "before").await?;
    let unit = db.store().begin_read(&scope(ADA)).await?;
    habit_of(db.store(), ADA, "after").await?;
    assert_eq!(unit.repository::<Habit>().count(&Query::all()).await?, 1);
    unit.commit().await?;
    assert_eq!(names(db.store()).await?, ["before", "after"]);
    Ok(())
}

/// Inserting an entry takes a shared lock on its habit. Each unit then locks the habit exclusively.
#[twin_test(migration::Migrator)]
async fn units_that_insert_children_and_lock_their_parent_do_not_deadlock(
    db: &TwinDatabase,
) -> Result<()> {
    let habit = habit_of(db.store(), ADA, "run").await?.id;
    let patient = open_patient(db).await?;
    let mut units = JoinSet::new();
    for nth in 0..8 {
        let store = patient.clone();
        units.spawn(async move {
            store
                .write(&scope(ADA), async |unit| {
                    let entries = unit.repository::<Entry>();
                    entries.insert(EntryDraft::new(habit, day(nth))).await?;
                    tokio::task::yield_now().await;
                    let habits = unit.repository::<Habit>();
                    habits.lock(&[habit]).await?;
                    let patch = HabitPatch::new().sort_order(nth as i32);
                    habits.patch(habit, Expected::Any, patch).await
                })
                .await
        });
    }
    for done in units.join_all().await {
        done?;
    }
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn a_custom_query_of_the_system_cannot_write(db: &TwinDatabase) -> Result<()> {
    const WRITE: &str = "UPDATE habits SET name = 'overwritten' RETURNING name";
    habit_of(db.store(), ADA, "run").await?;
    for caller in [scope(ADA), suite::users::everyone()] {
        let written = match db.store().native::<Habit>(&caller) {
            catamaran::AnyRepository::Sqlite(native) => {
                native
                    .query(WRITE, vec![], |row| row.get::<String>(0))
                    .await
            }
            catamaran::AnyRepository::Postgres(native) => {
                native
                    .query(WRITE, vec![], |row| row.get::<String>(0))
                    .await
            }
        };
        let refused = suite::kind::refused(written);
        assert!(matches!(refused, ErrorKind::ReadOnly { .. }), "{refused:?}");
    }
    assert_eq!(names(db.store()).await?, ["run"]);
    Ok(())
}
