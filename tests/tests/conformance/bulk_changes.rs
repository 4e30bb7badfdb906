//! `patch_where`, `delete_where`.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Expected, Filter, Query, Repository, Result, Scope, Visibility};
use entity::{Habit, HabitDraft, HabitPatch};
use suite::clock::{ManualClock, instant};
use suite::pages::forwards;
use suite::stores::open_with;
use suite::users::{ADA, BOB};

/// Nine habits with three sort orders, one deleted of each; and a clock that was advanced.
async fn nine(habits: &dyn Repository<Habit>, clock: &ManualClock) -> Result<Vec<Habit>> {
    let drafts =
        (0..9).map(|number| HabitDraft::new(format!("n{number}"), "daily").sort_order(number % 3));
    let made = habits.insert_many(drafts.collect()).await?;
    for habit in &made[6..] {
        habits.delete(habit.id, Expected::Any).await?;
    }
    clock.set("2026-03-03T03:03:03.000003Z");
    let all = Query::all()
        .visibility(Visibility::All)
        .order_by(Habit::NAME.asc());
    forwards(habits, &all, 100).await
}

#[twin_test(migration::Migrator, everywhere)]
async fn patch_where_increments_version_and_time_of_the_living_rows(
    db: &TwinDatabase,
) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    let bobs = store.repository::<Habit>(&Scope::owner(BOB));
    let bobs_one = bobs
        .insert(HabitDraft::new("bob's", "daily").sort_order(1))
        .await?;
    let mut expected = nine(&*habits, &clock).await?;
    let patch = HabitPatch::new().color("red").sort_order(7);
    let changed = habits.patch_where(&Habit::SORT_ORDER.ge(1), patch).await?;
    assert_eq!(changed, 4);
    for habit in &mut expected[..6] {
        if habit.sort_order >= 1 {
            habit.color = "red".to_owned();
            habit.sort_order = 7;
            habit.version += 1;
            habit.updated_at = instant("2026-03-03T03:03:03.000003Z");
        }
    }
    let all = Query::all()
        .visibility(Visibility::All)
        .order_by(Habit::NAME.asc());
    assert_eq!(forwards(&*habits, &all, 100).await?, expected);
    assert_eq!(bobs.get(bobs_one.id).await?, bobs_one);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn delete_where_is_soft_and_increments_version_and_time(db: &TwinDatabase) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    let bobs = store.repository::<Habit>(&Scope::owner(BOB));
    let bobs_one = bobs
        .insert(HabitDraft::new("bob's", "daily").sort_order(1))
        .await?;
    let mut expected = nine(&*habits, &clock).await?;
    assert_eq!(habits.delete_where(&Habit::SORT_ORDER.eq(1)).await?, 2);
    let now = instant("2026-03-03T03:03:03.000003Z");
    for habit in &mut expected[..6] {
        if habit.sort_order == 1 {
            habit.deleted_at = Some(now);
            habit.updated_at = now;
            habit.version += 1;
        }
    }
    let all = Query::all()
        .visibility(Visibility::All)
        .order_by(Habit::NAME.asc());
    assert_eq!(forwards(&*habits, &all, 100).await?, expected);
    assert_eq!(
        habits.delete_where(&Habit::SORT_ORDER.eq(1)).await?,
        0,
        "once"
    );
    assert_eq!(habits.delete_where(&Filter::none()).await?, 0);
    assert_eq!(habits.delete_where(&Filter::all()).await?, 4);
    assert_eq!(bobs.get(bobs_one.id).await?, bobs_one);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn patch_where_with_an_empty_patch_changes_nothing(db: &TwinDatabase) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    let before = nine(&*habits, &clock).await?;
    let changed = habits
        .patch_where(&Filter::all(), HabitPatch::new())
        .await?;
    assert_eq!(changed, 0);
    let all = Query::all()
        .visibility(Visibility::All)
        .order_by(Habit::NAME.asc());
    assert_eq!(forwards(&*habits, &all, 100).await?, before);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn patch_where_selects_its_rows_before_it_patches(db: &TwinDatabase) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    nine(&*habits, &clock).await?;
    let patch = HabitPatch::new().sort_order(1).name("same");
    let filter = Habit::SORT_ORDER.eq(0).or(Habit::SORT_ORDER.eq(2));
    assert_eq!(habits.patch_where(&filter, patch).await?, 4);
    assert_eq!(habits.count(&Habit::SORT_ORDER.eq(1).into()).await?, 6);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn patch_where_and_delete_where_change_thousands_of_rows(db: &TwinDatabase) -> Result<()> {
    let habits = db.store().repository::<Habit>(&Scope::owner(ADA));
    let drafts = (0..10_000).map(|number| HabitDraft::new("n", "daily").sort_order(number % 2));
    habits.insert_many(drafts.collect()).await?;
    let odd = Habit::SORT_ORDER.eq(1);
    let changed = habits
        .patch_where(&odd, HabitPatch::new().name("odd"))
        .await?;
    assert_eq!(changed, 5_000);
    assert_eq!(habits.delete_where(&Habit::NAME.eq("odd")).await?, 5_000);
    assert_eq!(habits.count(&Query::all()).await?, 5_000);
    Ok(())
}
