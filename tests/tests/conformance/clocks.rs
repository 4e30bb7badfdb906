//! A clock outside of the years 1 to 9999 gives one error, for each call that would write its time.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    ErrorKind, Expected, Filter, InvalidReason, Query, Repository, Result, Unit, Upsert,
};
use entity::{Habit, HabitDraft, HabitPatch};
use suite::clock::{ManualClock, instant};
use suite::kind::{invalid, not_found, refused};
use suite::specimen::{Specimen, SpecimenDraft, SpecimenPatch};
use suite::stores::open_with;
use suite::users::{ADA, NOBODY, everyone, scope};
use uuid::Uuid;

const GOOD: &str = "2026-01-01T00:00:00Z";

/// Just outside of the years on either side, and the ends of what a `DateTime` can be.
const BAD: [&str; 4] = [
    "+10000-01-01T00:00:00Z",
    "0000-12-31T23:59:59.999999999Z",
    "-262143-01-01T00:00:00Z",
    "+262142-12-31T23:59:59.999999999Z",
];

fn bad_clock() -> ErrorKind {
    invalid("clock", InvalidReason::YearOutOfRange)
}

fn draft() -> HabitDraft {
    HabitDraft::new("run", "daily")
}

/// Every call that writes a time, although some of them would find nothing to write.
async fn assert_refused(habits: &dyn Repository<Habit>, habit: &Habit) {
    let bad = bad_clock();
    let (id, any) = (habit.id, Expected::Any);
    let patch = || HabitPatch::new().name("walk");
    assert_eq!(refused(habits.insert(draft()).await), bad);
    assert_eq!(refused(habits.insert_many(vec![draft()]).await), bad);
    let seen = || Upsert::seen(habit.clone());
    assert_eq!(refused(habits.upsert(Upsert::new(draft())).await), bad);
    assert_eq!(refused(habits.upsert(seen()).await), bad);
    assert_eq!(refused(habits.upsert_many(vec![seen()]).await), bad);
    assert_eq!(refused(habits.update(habit.clone()).await), bad);
    for id in [id, NOBODY] {
        assert_eq!(refused(habits.patch(id, any, patch()).await), bad);
        assert_eq!(refused(habits.delete(id, any).await), bad);
        assert_eq!(refused(habits.restore(id, any).await), bad);
    }
    for filter in [Filter::all(), Filter::none()] {
        assert_eq!(refused(habits.patch_where(&filter, patch()).await), bad);
        assert_eq!(refused(habits.delete_where(&filter).await), bad);
    }
}

/// Calls that write no time.
async fn assert_allowed(habits: &dyn Repository<Habit>, habit: &Habit) -> Result<()> {
    let (id, any) = (habit.id, Expected::Any);
    assert_eq!(habits.get(id).await?, *habit);
    assert_eq!(habits.count(&Query::all()).await?, 1);
    assert_eq!(habits.insert_many(vec![]).await?, []);
    assert_eq!(habits.upsert_many(vec![]).await?, []);
    assert_eq!(habits.patch(id, any, HabitPatch::new()).await?, *habit);
    let all = Filter::all();
    assert_eq!(habits.patch_where(&all, HabitPatch::new()).await?, 0);
    assert_eq!(habits.purge(instant(GOOD), 10).await?, 0);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn each_call_that_would_write_a_time_out_of_range_is_refused_alike(
    db: &TwinDatabase,
) -> Result<()> {
    let clock = ManualClock::at(GOOD);
    let with_clock = clock.clone();
    let store = open_with::<migration::History>(db, |options| options.clock(with_clock)).await?;
    let scope = scope(ADA);
    let habits = store.repository::<Habit>(&scope);
    let habit = habits.insert(draft()).await?;
    let key = Uuid::from_u128(1);
    for bad in BAD {
        clock.set(bad);
        assert_refused(&*habits, &habit).await;
        assert_allowed(&*habits, &habit).await?;
        let missing = habits.patch(NOBODY, Expected::Any, HabitPatch::new()).await;
        assert_eq!(refused(missing), not_found::<Habit>(NOBODY));
        let work = async |_: &Unit| Ok::<_, catamaran::Error>(());
        let done = store.writing(&scope).once(key, work).await;
        assert_eq!(refused(done), bad_clock());
        assert_eq!(refused(store.was_done(&scope, key).await), bad_clock());
        assert_eq!(store.forget_keys(&scope, instant(GOOD)).await?, 0);

        let unit = store.begin_write(&scope).await?;
        let within = unit.repository::<Habit>();
        assert_allowed(&*within, &habit).await?;
        assert_eq!(
            within.lock(&[habit.id]).await?,
            std::slice::from_ref(&habit)
        );
        assert_eq!(refused(within.insert(draft()).await), bad_clock());
        let over = refused(unit.commit().await);
        assert!(matches!(over, ErrorKind::UnitEnded { .. }), "{over:?}");
        assert_eq!(habits.get(habit.id).await?, habit);
    }
    for edge in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"] {
        clock.set(edge);
        habits.delete(habit.id, Expected::Any).await?;
        let restored = habits.restore(habit.id, Expected::Any).await?;
        assert_eq!(restored, habits.get(habit.id).await?);
    }
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_record_without_timestamps_does_not_depend_on_the_clock(db: &TwinDatabase) -> Result<()> {
    for bad in BAD {
        let clock = ManualClock::at(bad);
        let store =
            open_with::<suite::specimen::History>(db, |options| options.clock(clock)).await?;
        let specimens = store.repository::<Specimen>(&everyone());
        let draft = || SpecimenDraft::new("label");
        let patch = || SpecimenPatch::new().small(7);
        let made = specimens.insert(draft()).await?;
        specimens.insert_many(vec![draft()]).await?;
        specimens.upsert(Upsert::new(draft())).await?;
        specimens.upsert(Upsert::seen(made.clone())).await?;
        specimens.update(made.clone()).await?;
        specimens.patch(made.id, Expected::Any, patch()).await?;
        assert_eq!(specimens.patch_where(&Filter::all(), patch()).await?, 3);
        specimens.delete(made.id, Expected::Any).await?;
        assert_eq!(specimens.delete_where(&Filter::all()).await?, 2);
    }
    Ok(())
}
