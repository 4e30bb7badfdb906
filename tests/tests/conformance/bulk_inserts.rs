//! `insert_many`, `stream`.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Expected, Query, Result, Scope};
use entity::{Device, DeviceDraft, Habit, HabitDraft};
use futures_util::TryStreamExt;
use suite::kind::{refused, unique};
use suite::pages::forwards;
use suite::users::{ADA, adas};
use uuid::Uuid;

#[twin_test(migration::Migrator, everywhere)]
async fn insert_many_returns_rows_in_the_order_of_their_drafts(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts: Vec<HabitDraft> = (0..1_234_u128)
        .map(|number| {
            let draft = HabitDraft::new(format!("n{number}"), "daily");
            match number % 3 {
                0 => draft.id(Uuid::from_u128(9_999 - number)),
                _ => draft,
            }
        })
        .collect();
    let made = habits.insert_many(drafts.clone()).await?;
    assert_eq!(made.len(), drafts.len());
    for (habit, draft) in made.iter().zip(&drafts) {
        assert_eq!(habit.name, draft.name);
        assert!(draft.id.is_none_or(|id| id == habit.id));
        assert_eq!((habit.version, habit.user_id), (1, ADA));
    }
    let mut sorted = made;
    sorted.sort_by_key(|habit| habit.id);
    assert_eq!(forwards(&*habits, &Query::all(), 1_000).await?, sorted);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn insert_many_inserts_forty_thousand_rows(db: &TwinDatabase) -> Result<()> {
    let devices = adas::<Device>(db);
    let drafts: Vec<DeviceDraft> = (0..40_000)
        .map(|number| DeviceDraft::new(format!("p{number}")))
        .collect();
    let made = devices.insert_many(drafts).await?;
    assert_eq!(made.len(), 40_000);
    assert_eq!(devices.count(&Query::all()).await?, 40_000);
    for number in [0, 1, 499, 500, 4_999, 5_000, 32_766, 39_999] {
        assert_eq!(devices.get(made[number].id).await?, made[number]);
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn insert_many_inserts_all_rows_or_none(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let there = habits.insert(HabitDraft::new("run", "daily")).await?;
    let mut drafts: Vec<HabitDraft> = (0..6_000)
        .map(|number| HabitDraft::new(format!("n{number}"), "daily"))
        .collect();
    drafts[5_999].id = Some(there.id);
    assert_eq!(
        refused(habits.insert_many(drafts).await),
        unique("habits", &["id"], "pk_habits")
    );
    let twice = Uuid::from_u128(2);
    let drafts = [0, 1].map(|_| HabitDraft::new("twice", "daily").id(twice));
    assert_eq!(
        refused(habits.insert_many(drafts.into()).await),
        unique("habits", &["id"], "pk_habits")
    );
    assert_eq!(forwards(&*habits, &Query::all(), 10).await?, [there]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn insert_many_of_no_drafts_returns_no_rows(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    assert_eq!(habits.insert_many(vec![]).await?, []);
    assert_eq!(habits.count(&Query::all()).await?, 0);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_stream_gives_the_rows_that_the_pages_give(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = (0..2_500).map(|number| HabitDraft::new("h", "daily").sort_order(number % 11));
    habits.insert_many(drafts.collect()).await?;
    for query in [
        Query::all(),
        Query::all().order_by(Habit::SORT_ORDER.desc()),
        Habit::SORT_ORDER.lt(4).into(),
        Habit::SORT_ORDER.eq(99).into(),
    ] {
        let streamed: Vec<Habit> = habits.stream(query.clone()).try_collect().await?;
        assert_eq!(streamed, forwards(&*habits, &query, 777).await?);
    }
    let first: Vec<Habit> = habits
        .list(&Query::all(), catamaran::PageRequest::first(1_000))
        .await?
        .items;
    assert_eq!(first.len(), 1_000, "a page of the stream's own size");
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_stream_can_be_read_beside_writes_and_dropped_half_way(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = (0..1_500).map(|number| HabitDraft::new("h", "daily").sort_order(number));
    habits.insert_many(drafts.collect()).await?;
    let query = Query::all().order_by(Habit::SORT_ORDER.asc());
    let mut stream = habits.stream(query.clone());
    let mut read = 0;
    while let Some(habit) = stream.try_next().await? {
        habits.delete(habit.id, Expected::Any).await?;
        read += 1;
        if read == 1_100 {
            break;
        }
    }
    drop(stream);
    assert_eq!(habits.count(&Query::all()).await?, 400);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_stream_in_a_read_unit_sees_one_snapshot(db: &TwinDatabase) -> Result<()> {
    if !db.is_shared() {
        // The unit has the only connection, so that no other call can write.
        return Ok(());
    }
    let habits = adas::<Habit>(db);
    let drafts = (0..2_500).map(|number| HabitDraft::new("h", "daily").sort_order(number));
    habits.insert_many(drafts.collect()).await?;
    let other = db.open_another().await?;
    let others = other.repository::<Habit>(&Scope::owner(ADA));
    let unit = db.store().begin_read(&Scope::owner(ADA)).await?;
    let query = Query::all().order_by(Habit::SORT_ORDER.asc());
    let mut stream = unit.repository::<Habit>().stream(query.clone());
    let mut places = Vec::new();
    while let Some(habit) = stream.try_next().await? {
        if places.is_empty() {
            let changed = others.delete_where(&Habit::SORT_ORDER.ge(1_200)).await?;
            assert_eq!(changed, 1_300);
        }
        places.push(habit.sort_order);
    }
    assert_eq!(places, (0..2_500).collect::<Vec<i32>>());
    drop(stream);
    unit.commit().await?;
    assert_eq!(habits.count(&Query::all()).await?, 1_200);
    Ok(())
}
