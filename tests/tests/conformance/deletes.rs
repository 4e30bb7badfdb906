//! `delete`, `restore`, `purge`.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Expected, InvalidReason, Query, Result, Scope, Visibility};
use chrono::{DateTime, NaiveDate, Utc};
use entity::{Entry, EntryDraft, Habit, HabitDraft, Reminder, ReminderDraft};
use suite::clock::{ManualClock, instant};
use suite::kind::{invalid, not_found, refused, stale, unique};
use suite::pages::forwards;
use suite::stores::open_with;
use suite::users::{ADA, BOB, adas};
use uuid::Uuid;

fn deleted() -> Query<Habit> {
    Query::all().visibility(Visibility::Deleted)
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_delete_is_soft_and_sets_version_and_time(db: &TwinDatabase) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    clock.set("1999-12-31T23:59:59.999999999Z");
    habits.delete(made.id, Expected::Version(1)).await?;
    let now = instant("1999-12-31T23:59:59.999999Z");
    let expected = Habit {
        deleted_at: Some(now),
        updated_at: now,
        version: 2,
        ..made
    };
    assert_eq!(forwards(&*habits, &deleted(), 5).await?, [expected]);
    assert_eq!(habits.count(&Query::all()).await?, 0);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_stale_missing_or_deleted_row_is_not_deleted(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    assert_eq!(
        refused(habits.delete(made.id, Expected::Version(2)).await),
        stale::<Habit>(made.id, 2, 1)
    );
    assert_eq!(habits.get(made.id).await?, made);
    let missing = Uuid::from_u128(404);
    assert_eq!(
        refused(habits.delete(missing, Expected::Any).await),
        not_found::<Habit>(missing)
    );
    habits.delete(made.id, Expected::Any).await?;
    for expected in [Expected::Any, Expected::Version(1), Expected::Version(2)] {
        assert_eq!(
            refused(habits.delete(made.id, expected).await),
            not_found::<Habit>(made.id)
        );
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn restoring_a_row_increments_its_version(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    habits.delete(made.id, Expected::Any).await?;
    assert_eq!(
        refused(habits.restore(made.id, Expected::Version(1)).await),
        stale::<Habit>(made.id, 1, 2)
    );
    let restored = habits.restore(made.id, Expected::Version(2)).await?;
    assert_eq!((restored.version, restored.deleted_at), (3, None));
    assert!(restored.updated_at >= made.updated_at);
    assert_eq!(restored.name, "run");
    assert_eq!(habits.get(made.id).await?, restored);
    assert_eq!(habits.count(&deleted()).await?, 0);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn restoring_a_living_row_returns_it_unchanged(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    for expected in [Expected::Any, Expected::Version(1)] {
        assert_eq!(habits.restore(made.id, expected).await?, made);
    }
    assert_eq!(
        refused(habits.restore(made.id, Expected::Version(7)).await),
        stale::<Habit>(made.id, 7, 1)
    );
    let missing = Uuid::from_u128(404);
    assert_eq!(
        refused(habits.restore(missing, Expected::Any).await),
        not_found::<Habit>(missing)
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_row_whose_key_is_taken_is_not_restored(db: &TwinDatabase) -> Result<()> {
    let habit = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    let entries = adas::<Entry>(db);
    let day = NaiveDate::from_ymd_opt(2026, 2, 2).expect("a day");
    let first = entries.insert(EntryDraft::new(habit.id, day)).await?;
    entries.delete(first.id, Expected::Any).await?;
    let second = entries.insert(EntryDraft::new(habit.id, day)).await?;
    assert_eq!(
        refused(entries.restore(first.id, Expected::Any).await),
        unique(
            "habit_entries",
            &["user_id", "habit_id", "date"],
            "uq_habit_entries__user_id_habit_id_date"
        )
    );
    assert_eq!(
        forwards(&*entries, &Query::all(), 5).await?,
        std::slice::from_ref(&second)
    );
    entries.delete(second.id, Expected::Any).await?;
    let restored = entries.restore(first.id, Expected::Any).await?;
    assert_eq!((restored.id, restored.version), (first.id, 3));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_purge_removes_the_oldest_deleted_rows_up_to_the_limit(db: &TwinDatabase) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    let drafts = (0..8).map(|place| HabitDraft::new("h", "daily").sort_order(place));
    let made = habits.insert_many(drafts.collect()).await?;
    // Deleted in another order than that of ids; the last two live.
    for (day, place) in [3, 0, 5, 1, 4, 2].into_iter().enumerate() {
        clock.set(&format!("2026-02-0{}T00:00:00Z", day + 1));
        habits.delete(made[place].id, Expected::Any).await?;
    }
    let places = async || -> Result<Vec<i32>> {
        let all = Query::all()
            .visibility(Visibility::All)
            .order_by(Habit::SORT_ORDER.asc());
        let rows = forwards(&*habits, &all, 100).await?;
        Ok(rows.iter().map(|habit| habit.sort_order).collect())
    };
    let at: fn(&str) -> DateTime<Utc> = instant;
    assert_eq!(
        habits.purge(at("2026-02-01T00:00:00Z"), 10).await?,
        0,
        "before, not at"
    );
    assert_eq!(habits.purge(at("2026-02-09T00:00:00Z"), 0).await?, 0);
    assert_eq!(places().await?, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(habits.purge(at("2026-02-09T00:00:00Z"), 2).await?, 2);
    assert_eq!(places().await?, [1, 2, 4, 5, 6, 7], "3 and 0 went first");
    assert_eq!(
        habits.purge(at("2026-02-04T00:00:00.000001Z"), 100).await?,
        2
    );
    assert_eq!(places().await?, [2, 4, 6, 7]);
    assert_eq!(habits.purge(at("9999-12-31T23:59:59Z"), u32::MAX).await?, 2);
    assert_eq!(places().await?, [6, 7], "the living stay");
    assert_eq!(habits.purge(at("9999-12-31T23:59:59Z"), 10).await?, 0);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_purge_removes_child_rows_and_no_rows_of_other_owners(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let run = habits.insert(HabitDraft::new("run", "daily")).await?;
    let read = habits.insert(HabitDraft::new("read", "daily")).await?;
    let day = NaiveDate::from_ymd_opt(2026, 2, 2).expect("a day");
    let entries = adas::<Entry>(db);
    let reminders = adas::<Reminder>(db);
    for habit in [&run, &read] {
        entries.insert(EntryDraft::new(habit.id, day)).await?;
        let draft = ReminderDraft::new(habit.id, "07:30", 31, "UTC");
        reminders.insert(draft).await?;
    }
    let bobs = db.store().repository::<Habit>(&Scope::owner(BOB));
    let bobs_run = bobs.insert(HabitDraft::new("run", "daily")).await?;
    bobs.delete(bobs_run.id, Expected::Any).await?;

    habits.delete(run.id, Expected::Any).await?;
    assert_eq!(
        entries.count(&Query::all()).await?,
        2,
        "a soft delete cascades nothing"
    );
    assert_eq!(habits.purge(instant("9999-01-01T00:00:00Z"), 10).await?, 1);
    let left = forwards(&*entries, &Query::all().visibility(Visibility::All), 5).await?;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].habit_id, read.id);
    assert_eq!(reminders.count(&Query::all()).await?, 1);
    assert_eq!(bobs.count(&deleted()).await?, 1);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_purge_before_an_unsupported_year_is_refused(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    for before in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert_eq!(
            refused(habits.purge(before, 1).await),
            invalid("before", InvalidReason::YearOutOfRange)
        );
    }
    Ok(())
}
