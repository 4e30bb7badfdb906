//! `find`, `get`, `exists`, `count`.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Expected, Filter, Query, Result, Visibility};
use entity::{Habit, HabitDraft};
use suite::kind::{not_found, refused};
use suite::users::adas;
use uuid::Uuid;

#[twin_test(migration::Migrator, everywhere)]
async fn a_row_is_found_by_its_id_and_a_missing_one_is_none(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let run = habits.insert(HabitDraft::new("run", "daily")).await?;
    habits.insert(HabitDraft::new("read", "daily")).await?;
    assert_eq!(habits.find(run.id).await?, Some(run));
    assert_eq!(habits.find(Uuid::from_u128(404)).await?, None);
    assert_eq!(habits.find(Uuid::nil()).await?, None);
    assert_eq!(habits.find(Uuid::max()).await?, None);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn getting_a_missing_row_says_which_one(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let run = habits.insert(HabitDraft::new("run", "daily")).await?;
    assert_eq!(habits.get(run.id).await?, run);
    let missing = Uuid::from_u128(404);
    assert_eq!(
        refused(habits.get(missing).await),
        not_found::<Habit>(missing)
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_deleted_row_is_not_found(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let run = habits.insert(HabitDraft::new("run", "daily")).await?;
    habits.delete(run.id, Expected::Any).await?;
    assert_eq!(habits.find(run.id).await?, None);
    assert_eq!(
        refused(habits.get(run.id).await),
        not_found::<Habit>(run.id)
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn exists_and_count_agree_with_the_filter_and_the_visibility(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = (0..10).map(|place| HabitDraft::new("h", "daily").sort_order(place));
    let made = habits.insert_many(drafts.collect()).await?;
    for habit in &made[..4] {
        habits.delete(habit.id, Expected::Any).await?;
    }
    let low: fn() -> Query<Habit> = || Habit::SORT_ORDER.lt(6).into();
    for (query, expected) in [
        (Query::all(), 6),
        (low(), 2),
        (low().visibility(Visibility::Live), 2),
        (low().visibility(Visibility::Deleted), 4),
        (low().visibility(Visibility::All), 6),
        (Habit::SORT_ORDER.lt(4).into(), 0),
        (Filter::all().into(), 6),
        (Filter::none().into(), 0),
        (low().filter(Habit::SORT_ORDER.gt(4)), 1),
        (Filter::none().not().into(), 6),
        (Filter::all().not().into(), 0),
    ] {
        assert_eq!(habits.count(&query).await?, expected, "{query:?}");
        assert_eq!(habits.exists(&query).await?, expected > 0, "{query:?}");
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn the_count_of_an_empty_table_is_zero(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    assert_eq!(habits.count(&Query::all()).await?, 0);
    assert!(!habits.exists(&Query::all()).await?);
    Ok(())
}
