//! What a purge of a habit removes, and when.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Error, Expected, Query, Result, Store};
use chrono::{DateTime, Utc};
use entity::{Entry, EntryDraft, Habit, Reminder, ReminderDraft};
use suite::observer::Observer;
use suite::sample::day;
use suite::users::{ADA, BOB, everyone, habit_of, scope};
use uuid::Uuid;

fn long_after() -> DateTime<Utc> {
    DateTime::from_timestamp(7_258_118_400, 0).expect("the year 2200")
}

/// A habit with entries and reminders of every state: living, and deleted.
async fn family(store: &Store, owner: Uuid, name: &str) -> Result<Habit> {
    let habit = habit_of(store, owner, name).await?;
    let entries = store.repository::<Entry>(&scope(owner));
    let reminders = store.repository::<Reminder>(&scope(owner));
    for nth in 0..4 {
        let entry = entries.insert(EntryDraft::new(habit.id, day(nth))).await?;
        let reminder = ReminderDraft::new(habit.id, format!("07:0{nth}"), 127, "UTC");
        let reminder = reminders.insert(reminder).await?;
        if nth % 2 == 1 {
            entries.delete(entry.id, Expected::Any).await?;
            reminders.delete(reminder.id, Expected::Any).await?;
        }
    }
    Ok(habit)
}

/// The number of entries and reminders of the habit, living or deleted.
async fn children(outside: &Observer, habit: &Habit) -> [u64; 2] {
    let of = format!("habit_id = '{}'", habit.id);
    [
        outside.count("habit_entries", &of).await,
        outside.count("reminders", &of).await,
    ]
}

#[twin_test(migration::Migrator, everywhere)]
async fn purging_a_habit_removes_its_entries_and_reminders(db: &TwinDatabase) -> Result<()> {
    let outside = Observer::of(db).await;
    let store = db.store();
    let gone = family(store, ADA, "gone").await?;
    let kept = family(store, ADA, "kept").await?;
    let others = family(store, BOB, "another's").await?;
    let habits = store.repository::<Habit>(&scope(ADA));

    // A soft delete of the habit does not change its entries.
    habits.delete(gone.id, Expected::Version(1)).await?;
    assert_eq!(children(&outside, &gone).await, [4, 4]);
    let entries = store.repository::<Entry>(&scope(ADA));
    assert_eq!(entries.count(&Query::all()).await?, 4);

    assert_eq!(habits.purge(long_after(), 100).await?, 1);
    assert_eq!(children(&outside, &gone).await, [0, 0]);
    assert_eq!(children(&outside, &kept).await, [4, 4]);
    assert_eq!(children(&outside, &others).await, [4, 4]);
    let restored = habits.restore(gone.id, Expected::Any).await;
    assert!(restored.is_err_and(|error| error.is_not_found()));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn purging_entries_keeps_their_habit(db: &TwinDatabase) -> Result<()> {
    let outside = Observer::of(db).await;
    let habit = family(db.store(), ADA, "run").await?;
    let entries = db.store().repository::<Entry>(&scope(ADA));
    assert_eq!(entries.purge(long_after(), 100).await?, 2);
    assert_eq!(children(&outside, &habit).await, [2, 4]);
    let habits = db.store().repository::<Habit>(&scope(ADA));
    assert_eq!(habits.get(habit.id).await?, habit);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_cascade_is_rolled_back_with_its_unit(db: &TwinDatabase) -> Result<()> {
    let outside = Observer::of(db).await;
    let habit = family(db.store(), ADA, "run").await?;
    let before = outside.dump().await;
    let done: Result<()> = db
        .store()
        .write(&scope(ADA), async |unit| {
            let habits = unit.repository::<Habit>();
            habits.delete(habit.id, Expected::Any).await?;
            assert_eq!(habits.purge(long_after(), 100).await?, 1);
            let entries = unit.repository::<Entry>();
            assert_eq!(entries.count(&Query::all()).await?, 0);
            habits.get(habit.id).await.map(|_| ())
        })
        .await;
    assert!(done.is_err_and(|error: Error| error.is_not_found()));
    assert_eq!(outside.dump().await, before);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_purge_by_the_system_removes_deleted_habits_of_every_owner(
    db: &TwinDatabase,
) -> Result<()> {
    let outside = Observer::of(db).await;
    let store = db.store();
    let mut families = Vec::new();
    for owner in [ADA, BOB] {
        let habit = family(store, owner, "gone").await?;
        let habits = store.repository::<Habit>(&scope(owner));
        habits.delete(habit.id, Expected::Any).await?;
        families.push(habit);
    }
    let habits = store.repository::<Habit>(&everyone());
    // With a limit of one, the row that was deleted first.
    assert_eq!(habits.purge(long_after(), 1).await?, 1);
    assert_eq!(children(&outside, &families[0]).await, [0, 0]);
    assert_eq!(children(&outside, &families[1]).await, [4, 4]);
    assert_eq!(habits.purge(long_after(), 100).await?, 1);
    assert_eq!(children(&outside, &families[1]).await, [0, 0]);
    Ok(())
}
