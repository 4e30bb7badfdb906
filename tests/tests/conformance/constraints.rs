//! What the database refuses: the same kind with the same evidence, whichever the engine.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, InvalidReason, Query, Repository, Result, Upsert};
use chrono::NaiveDate;
use entity::{
    Device, DeviceDraft, DevicePatch, Entry, EntryDraft, Habit, HabitDraft, HabitPatch, Reminder,
    ReminderDraft, ReminderPatch,
};
use suite::kind::{check, foreign_key, invalid, refused, unique};
use suite::raw;
use suite::specimen::{Specimen, SpecimenDraft};
use suite::users::{adas, everybodys};
use uuid::Uuid;

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, number).expect("a day")
}

#[twin_test(migration::Migrator, everywhere)]
async fn inserting_a_taken_id_is_a_unique_error_of_the_primary_key(
    db: &TwinDatabase,
) -> Result<()> {
    let id = Uuid::from_u128(5);
    let habits = adas::<Habit>(db);
    habits
        .insert(HabitDraft::new("run", "daily").id(id))
        .await?;
    let again = HabitDraft::new("run", "daily").id(id);
    assert_eq!(
        refused(habits.insert(again).await),
        unique("habits", &["id"], "pk_habits")
    );
    let entries = adas::<Entry>(db);
    entries.insert(EntryDraft::new(id, day(1)).id(id)).await?;
    let again = EntryDraft::new(id, day(2)).id(id);
    assert_eq!(
        refused(entries.insert(again).await),
        unique("habit_entries", &["id"], "pk_habit_entries")
    );
    let reminders = adas::<Reminder>(db);
    let draft = || ReminderDraft::new(id, "07:00", 1, "UTC").id(id);
    reminders.insert(draft()).await?;
    assert_eq!(
        refused(reminders.insert_many(vec![draft()]).await),
        unique("reminders", &["id"], "pk_reminders")
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn an_id_that_a_deleted_row_has_is_taken(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    habits.delete(made.id, Expected::Any).await?;
    let again = HabitDraft::new("run", "daily").id(made.id);
    assert_eq!(
        refused(habits.insert(again).await),
        unique("habits", &["id"], "pk_habits")
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_second_living_entry_of_a_day_is_a_unique_error(db: &TwinDatabase) -> Result<()> {
    let habit = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    let entries = adas::<Entry>(db);
    let first = entries.insert(EntryDraft::new(habit.id, day(1))).await?;
    let second = entries.insert(EntryDraft::new(habit.id, day(2))).await?;
    let taken = unique(
        "habit_entries",
        &["user_id", "habit_id", "date"],
        "uq_habit_entries__user_id_habit_id_date",
    );
    let draft = || EntryDraft::new(habit.id, day(1)).amount(9);
    assert_eq!(refused(entries.insert(draft()).await), taken);
    let drafts = vec![EntryDraft::new(habit.id, day(3)), draft()];
    assert_eq!(refused(entries.insert_many(drafts).await), taken);
    let moved = Entry {
        date: day(1),
        ..second.clone()
    };
    assert_eq!(refused(entries.update(moved).await), taken);
    let patch = || entity::EntryPatch::new().date(day(1));
    assert_eq!(
        refused(entries.patch(second.id, Expected::Any, patch()).await),
        taken
    );
    let everything = catamaran::Filter::all();
    assert_eq!(
        refused(entries.patch_where(&everything, patch()).await),
        taken
    );
    assert_eq!(entries.count(&Query::all()).await?, 2);
    entries.delete(first.id, Expected::Any).await?;
    let third = entries.insert(draft()).await?;
    assert_eq!(third.amount, 9, "the deleted entry's day is free");
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_child_without_its_parent_is_a_foreign_key_error(db: &TwinDatabase) -> Result<()> {
    let missing = Uuid::from_u128(404);
    let entries = adas::<Entry>(db);
    let broken = foreign_key(
        "habit_entries",
        &["user_id", "habit_id"],
        "fk_habit_entries__user_id_habit_id",
    );
    let orphan = || EntryDraft::new(missing, day(1));
    assert_eq!(refused(entries.insert(orphan()).await), broken);
    assert_eq!(refused(entries.insert_many(vec![orphan()]).await), broken);
    assert_eq!(refused(entries.upsert(Upsert::new(orphan())).await), broken);
    let habit = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    let entry = entries.insert(EntryDraft::new(habit.id, day(1))).await?;
    let astray = Entry {
        habit_id: missing,
        ..entry.clone()
    };
    assert_eq!(refused(entries.update(astray.clone()).await), broken);
    assert_eq!(refused(entries.upsert(Upsert::seen(astray)).await), broken);
    let reminder = ReminderDraft::new(missing, "07:00", 1, "UTC");
    assert_eq!(
        refused(adas::<Reminder>(db).insert(reminder).await),
        foreign_key(
            "reminders",
            &["user_id", "habit_id"],
            "fk_reminders__user_id_habit_id",
        )
    );
    assert_eq!(entries.get(entry.id).await?, entry);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_platform_has_1_to_64_characters(db: &TwinDatabase) -> Result<()> {
    let devices = adas::<Device>(db);
    for platform in ["x".repeat(64), "😀".repeat(64), "x".to_owned()] {
        let made = devices.insert(DeviceDraft::new(platform.clone())).await?;
        assert_eq!(devices.get(made.id).await?.platform, platform);
    }
    let one = devices.insert(DeviceDraft::new("one")).await?;
    for platform in ["x".repeat(65), "😀".repeat(65), String::new()] {
        let broken = check("devices", &["platform"], "ck_devices__platform");
        assert_eq!(
            refused(devices.insert(DeviceDraft::new(platform.clone())).await),
            broken
        );
        let patch = || DevicePatch::new().platform(platform.clone());
        assert_eq!(
            refused(devices.patch(one.id, Expected::Any, patch()).await),
            broken
        );
        let filter = Device::ID.eq(one.id);
        assert_eq!(refused(devices.patch_where(&filter, patch()).await), broken);
        let changed = Device {
            platform,
            ..one.clone()
        };
        assert_eq!(refused(devices.update(changed.clone()).await), broken);
        assert_eq!(refused(devices.upsert(Upsert::seen(changed)).await), broken);
    }
    assert_eq!(devices.get(one.id).await?, one);
    Ok(())
}

/// A reminder of a new habit, with that time and those days.
async fn remind(
    db: &TwinDatabase,
    reminders: &dyn Repository<Reminder>,
    time: &str,
    days: i32,
) -> Result<Reminder> {
    let habit = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    reminders
        .insert(ReminderDraft::new(habit.id, time, days, "UTC"))
        .await
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_reminder_needs_a_time_of_day_and_a_day(db: &TwinDatabase) -> Result<()> {
    let reminders = adas::<Reminder>(db);
    for (time, days) in [("00:00", 1), ("09:59", 64), ("19:05", 127), ("23:59", 3)] {
        let made = remind(db, &*reminders, time, days).await?;
        assert_eq!(reminders.get(made.id).await?, made);
    }
    for days in [0, -1, 128, i32::MAX, i32::MIN] {
        let broken = check("reminders", &["days_of_week"], "ck_reminders__days_of_week");
        assert_eq!(
            refused(remind(db, &*reminders, "07:00", days).await),
            broken
        );
    }
    for time in [
        "",
        "7:00",
        "24:00",
        "29:00",
        "12:60",
        "12:5",
        "12:345",
        "12-30",
        "12:30\n",
        "\n12:30",
        "ab:cd",
        "１２:３０",
        "12:30Z",
        " 2:30",
    ] {
        let broken = check("reminders", &["time_local"], "ck_reminders__time_local");
        assert_eq!(
            refused(remind(db, &*reminders, time, 1).await),
            broken,
            "{time:?}"
        );
    }
    let made = remind(db, &*reminders, "07:00", 1).await?;
    let both = ReminderPatch::new().days_of_week(0);
    assert_eq!(
        refused(reminders.patch(made.id, Expected::Any, both).await),
        check("reminders", &["days_of_week"], "ck_reminders__days_of_week",)
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_version_at_its_maximum_is_refused_and_does_not_wrap(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    let sql = format!("UPDATE habits SET version = {}", i64::MAX);
    raw::execute(db.store(), &sql).await?;
    let last = habits.get(made.id).await?;
    assert_eq!(last.version, i64::MAX);
    let broken = invalid("version", InvalidReason::Refused);
    assert_eq!(refused(habits.update(last.clone()).await), broken);
    let patch = || HabitPatch::new().name("walk");
    assert_eq!(
        refused(habits.patch(made.id, Expected::Any, patch()).await),
        broken
    );
    let everything = catamaran::Filter::all();
    assert_eq!(
        refused(habits.patch_where(&everything, patch()).await),
        broken
    );
    assert_eq!(refused(habits.delete(made.id, Expected::Any).await), broken);
    let changed = Habit {
        name: "walk".to_owned(),
        ..last.clone()
    };
    assert_eq!(refused(habits.upsert(Upsert::seen(changed)).await), broken);
    assert_eq!(habits.get(made.id).await?, last);
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn null_in_a_not_null_column_names_the_column(db: &TwinDatabase) -> Result<()> {
    // As when a newer schema is stricter than the running program.
    raw::execute_on(
        db,
        "DROP TABLE specimens; CREATE TABLE specimens (id TEXT PRIMARY KEY, label TEXT, note TEXT, small INTEGER, \
         whole INTEGER NOT NULL, ratio REAL, reading REAL, flag INTEGER, day TEXT, at TEXT, link TEXT, \
         blob BLOB) STRICT",
        "ALTER TABLE specimens ALTER COLUMN whole SET NOT NULL",
    )
    .await?;
    let specimens = everybodys::<Specimen>(db);
    let broken = ErrorKind::NotNull {
        table: "specimens".into(),
        column: "whole".into(),
    };
    let draft = || SpecimenDraft::new("x");
    assert_eq!(refused(specimens.insert(draft()).await), broken);
    assert_eq!(
        refused(specimens.insert_many(vec![draft().whole(1), draft()]).await),
        broken
    );
    assert_eq!(
        refused(specimens.upsert(Upsert::new(draft())).await),
        broken
    );
    let made = specimens.insert(draft().whole(1)).await?;
    let patch = suite::specimen::SpecimenPatch::new().whole(None);
    assert_eq!(
        refused(specimens.patch(made.id, Expected::Any, patch).await),
        broken
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_dropped_column_is_a_schema_mismatch_and_never_a_value(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits
        .insert(HabitDraft::new("run", "daily").color("red"))
        .await?;
    raw::execute(
        db.store(),
        "ALTER TABLE habits RENAME COLUMN color TO colour",
    )
    .await?;
    let mismatch =
        |kind: ErrorKind| assert!(matches!(kind, ErrorKind::SchemaMismatch { .. }), "{kind:?}");
    mismatch(refused(habits.find(made.id).await));
    mismatch(refused(
        habits
            .list(&Query::all(), catamaran::PageRequest::first(5))
            .await,
    ));
    mismatch(refused(
        habits.count(&Habit::COLOR.eq("color").into()).await,
    ));
    mismatch(refused(
        habits.count(&Habit::COLOR.ne("color").into()).await,
    ));
    mismatch(refused(
        habits.count(&Habit::COLOR.is_in(["color"]).into()).await,
    ));
    mismatch(refused(
        habits.count(&Habit::COLOR.contains("col").into()).await,
    ));
    mismatch(refused(
        habits.count(&Habit::COLOR.starts_with("col").into()).await,
    ));
    mismatch(refused(
        habits.insert(HabitDraft::new("walk", "daily")).await,
    ));
    mismatch(refused(habits.update(made.clone()).await));
    let patch = HabitPatch::new().name("walk");
    mismatch(refused(habits.patch(made.id, Expected::Any, patch).await));
    mismatch(refused(habits.upsert(Upsert::seen(made)).await));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_dropped_table_is_a_schema_mismatch(db: &TwinDatabase) -> Result<()> {
    let devices = adas::<Device>(db);
    let made = devices.insert(DeviceDraft::new("ios")).await?;
    raw::execute(db.store(), "ALTER TABLE devices RENAME TO machines").await?;
    for kind in [
        refused(devices.find(made.id).await),
        refused(devices.exists(&Query::all()).await),
        refused(devices.insert(DeviceDraft::new("ios")).await),
        refused(devices.delete_where(&catamaran::Filter::all()).await),
    ] {
        assert!(matches!(kind, ErrorKind::SchemaMismatch { .. }), "{kind:?}");
    }
    Ok(())
}
