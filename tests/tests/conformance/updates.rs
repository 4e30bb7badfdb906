//! `update` and `patch`.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Expected, Query, Result, Scope};
use entity::{Device, DeviceDraft, DevicePatch, Habit, HabitDraft, HabitPatch};
use suite::clock::{ManualClock, instant};
use suite::kind::{not_found, refused, stale};
use suite::stores::open_with;
use suite::users::{ADA, adas, everybodys};
use uuid::Uuid;

#[twin_test(migration::Migrator, everywhere)]
async fn an_update_writes_the_records_columns_and_keeps_the_managed_ones(
    db: &TwinDatabase,
) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let habits = store.repository::<Habit>(&Scope::owner(ADA));
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    clock.set("2026-02-02T02:02:02.000002Z");
    let mut wanted = made.clone();
    wanted.name = "walk".to_owned();
    wanted.cadence = "weekly".to_owned();
    wanted.color = String::new();
    wanted.sort_order = i32::MAX;
    wanted.is_archived = true;
    // Managed columns are ignored in the record.
    wanted.created_at = instant("1999-09-09T09:09:09Z");
    wanted.updated_at = instant("1999-09-09T09:09:09Z");
    wanted.deleted_at = Some(instant("1999-09-09T09:09:09Z"));
    let updated = habits.update(wanted.clone()).await?;
    assert_eq!(
        updated,
        Habit {
            created_at: made.created_at,
            updated_at: instant("2026-02-02T02:02:02.000002Z"),
            version: 2,
            deleted_at: None,
            ..wanted
        }
    );
    assert_eq!(habits.get(made.id).await?, updated);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn every_update_increments_the_version_even_without_a_change(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = adas::<Habit>(db);
    let mut habit = habits.insert(HabitDraft::new("run", "daily")).await?;
    for version in 2..6 {
        habit = habits.update(habit).await?;
        assert_eq!(habit.version, version);
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_stale_update_is_a_conflict_that_tells_both_versions(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let first = habits.insert(HabitDraft::new("run", "daily")).await?;
    let second = habits.update(first.clone()).await?;
    let third = habits.update(second).await?;
    assert_eq!(
        refused(habits.update(first.clone()).await),
        stale::<Habit>(first.id, 1, 3)
    );
    let mut future = third.clone();
    future.version = 9;
    assert_eq!(
        refused(habits.update(future).await),
        stale::<Habit>(first.id, 9, 3)
    );
    assert_eq!(habits.get(first.id).await?, third);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_missing_or_deleted_row_is_not_updated(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    let mut missing = made.clone();
    missing.id = Uuid::from_u128(404);
    assert_eq!(
        refused(habits.update(missing.clone()).await),
        not_found::<Habit>(missing.id)
    );
    habits.delete(made.id, Expected::Any).await?;
    let mut deleted = made.clone();
    // A deleted row is missing, stale or not.
    for version in [1, 2] {
        deleted.version = version;
        assert_eq!(
            refused(habits.update(deleted.clone()).await),
            not_found::<Habit>(made.id)
        );
    }
    for expected in [Expected::Any, Expected::Version(1), Expected::Version(2)] {
        for id in [made.id, missing.id] {
            for patch in [HabitPatch::new(), HabitPatch::new().name("walk")] {
                assert_eq!(
                    refused(habits.patch(id, expected, patch).await),
                    not_found::<Habit>(id)
                );
            }
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn the_system_updates_and_keeps_the_owner(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let mut made = habits.insert(HabitDraft::new("run", "daily")).await?;
    made.name = "walk".to_owned();
    let updated = everybodys::<Habit>(db).update(made.clone()).await?;
    assert_eq!((updated.user_id, updated.name.as_str()), (ADA, "walk"));
    assert_eq!(habits.get(made.id).await?, updated);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_patch_sets_what_it_names_and_keeps_the_rest(db: &TwinDatabase) -> Result<()> {
    let devices = adas::<Device>(db);
    let at = instant("2026-05-05T05:05:05Z");
    let made = devices
        .insert(DeviceDraft::new("linux").last_sync_at(at))
        .await?;
    // Absent: the column is kept.
    let kept = devices
        .patch(made.id, Expected::Any, DevicePatch::new().platform("ios"))
        .await?;
    assert_eq!(
        (kept.platform.as_str(), kept.last_sync_at),
        ("ios", Some(at))
    );
    assert_eq!((kept.version, kept.created_at), (2, made.created_at));
    // NULL.
    let cleared = devices
        .patch(
            made.id,
            Expected::Any,
            DevicePatch::new().last_sync_at(None),
        )
        .await?;
    assert_eq!(
        (cleared.platform.as_str(), cleared.last_sync_at),
        ("ios", None)
    );
    // A value.
    let set = devices
        .patch(
            made.id,
            Expected::Version(3),
            DevicePatch::new().platform("web").last_sync_at(at),
        )
        .await?;
    assert_eq!((set.platform.as_str(), set.last_sync_at), ("web", Some(at)));
    assert_eq!(set.version, 4);
    assert_eq!(devices.get(made.id).await?, set);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn an_empty_patch_reads_the_row_and_still_compares_the_version(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    for expected in [Expected::Any, Expected::Version(1)] {
        let same = habits.patch(made.id, expected, HabitPatch::new()).await?;
        assert_eq!(same, made, "no new version, no new time");
    }
    assert_eq!(
        refused(
            habits
                .patch(made.id, Expected::Version(2), HabitPatch::new())
                .await
        ),
        stale::<Habit>(made.id, 2, 1)
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_patch_with_a_version_is_refused_when_it_is_stale(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    let patch = || HabitPatch::new().name("walk");
    let patched = habits.patch(made.id, Expected::Version(1), patch()).await?;
    assert_eq!(patched.version, 2);
    for version in [1, 3, 0, -1, i64::MIN, i64::MAX] {
        assert_eq!(
            refused(
                habits
                    .patch(made.id, Expected::Version(version), patch())
                    .await
            ),
            stale::<Habit>(made.id, version, 2)
        );
    }
    let patched = habits.patch(made.id, Expected::Any, patch()).await?;
    assert_eq!(patched.version, 3);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_patch_of_one_row_leaves_the_others(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = (0..3).map(|_| HabitDraft::new("run", "daily"));
    let made = habits.insert_many(drafts.collect()).await?;
    habits
        .patch(made[1].id, Expected::Any, HabitPatch::new().name("walk"))
        .await?;
    let still: Query<Habit> = Habit::NAME.eq("run").and(Habit::VERSION.eq(1)).into();
    assert_eq!(habits.count(&still).await?, 2);
    Ok(())
}
