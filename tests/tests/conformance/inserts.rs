//! `insert`, and what the library writes into a new row.

use catamaran::record::FIRST_VERSION;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Query, Result, Scope};
use chrono::{DateTime, Utc};
use entity::{Device, DeviceDraft, Entry, EntryDraft, Habit, HabitDraft, Reminder, ReminderDraft};
use suite::clock::{ManualClock, instant};
use suite::kind::{refused, unique};
use suite::stores::open_with;
use suite::users::{ADA, adas, everybodys};
use uuid::Uuid;

#[twin_test(migration::Migrator, everywhere)]
async fn an_insert_returns_the_stored_row(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let run = habits
        .insert(
            HabitDraft::new("run", "daily")
                .color("#ff0000")
                .sort_order(i32::MIN)
                .is_archived(true),
        )
        .await?;
    assert_eq!(habits.get(run.id).await?, run);
    assert_eq!((run.name.as_str(), run.color.as_str()), ("run", "#ff0000"));
    assert_eq!((run.sort_order, run.is_archived), (i32::MIN, true));
    assert_eq!((run.user_id, run.version), (ADA, FIRST_VERSION));
    assert_eq!((run.created_at, run.deleted_at), (run.updated_at, None));

    let date = "2026-02-28".parse().expect("a day");
    let entries = adas::<Entry>(db);
    let entry = entries
        .insert(EntryDraft::new(run.id, date).amount(i64::MAX))
        .await?;
    assert_eq!(entries.get(entry.id).await?, entry);
    assert_eq!((entry.date, entry.amount), (date, i64::MAX));
    assert_eq!(entry.source, "local", "the draft's default");

    let reminders = adas::<Reminder>(db);
    let reminder = reminders
        .insert(ReminderDraft::new(run.id, "23:59", 127, "Europe/Berlin"))
        .await?;
    assert_eq!(reminders.get(reminder.id).await?, reminder);
    assert!(reminder.is_enabled, "the draft's default");

    let devices = adas::<Device>(db);
    let device = devices.insert(DeviceDraft::new("ios")).await?;
    assert_eq!(devices.get(device.id).await?, device);
    assert_eq!(device.last_sync_at, None);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_draft_with_an_id_is_inserted_once(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    for id in [Uuid::from_u128(42), Uuid::nil(), Uuid::max()] {
        let made = habits
            .insert(HabitDraft::new("run", "daily").id(id))
            .await?;
        assert_eq!(made.id, id);
        assert_eq!(habits.get(id).await?, made);
        assert_eq!(
            refused(
                habits
                    .insert(HabitDraft::new("walk", "weekly").id(id))
                    .await
            ),
            unique("habits", &["id"], "pk_habits")
        );
        assert_eq!(habits.get(id).await?, made);
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn generated_ids_are_distinct_uuids_of_version_7(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = (0..100).map(|_| HabitDraft::new("run", "daily"));
    let made = habits.insert_many(drafts.collect()).await?;
    let mut ids: Vec<Uuid> = made.iter().map(|habit| habit.id).collect();
    assert!(ids.iter().all(|id| id.get_version_num() == 7));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    Ok(())
}

/// An instant of an injected clock, and what both engines keep of it.
const INSTANTS: [(&str, &str); 9] = [
    (
        "2026-01-02T03:04:05.678901999Z",
        "2026-01-02T03:04:05.678901Z",
    ),
    ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
    ("2000-01-01T00:00:00.000000001Z", "2000-01-01T00:00:00Z"),
    (
        "1999-12-31T23:59:59.999999999Z",
        "1999-12-31T23:59:59.999999Z",
    ),
    (
        "1969-12-31T23:59:59.999999999Z",
        "1969-12-31T23:59:59.999999Z",
    ),
    (
        "1883-11-18T12:03:58.000001500Z",
        "1883-11-18T12:03:58.000001Z",
    ),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    (
        "9999-12-31T23:59:59.999999999Z",
        "9999-12-31T23:59:59.999999Z",
    ),
    ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.999999Z"),
];

#[twin_test(migration::Migrator, everywhere)]
async fn instants_are_rounded_down_to_microseconds_before_they_are_returned(
    db: &TwinDatabase,
) -> Result<()> {
    let clock = ManualClock::at("2026-01-01T00:00:00Z");
    let store = open_with::<migration::History>(db, |options| options.clock(clock.clone())).await?;
    let devices = store.repository::<Device>(&Scope::owner(ADA));
    for (now, kept) in INSTANTS {
        clock.set(now);
        let given: DateTime<Utc> = instant(now);
        let made = devices
            .insert(DeviceDraft::new("linux").last_sync_at(given))
            .await?;
        assert_eq!(made.created_at, instant(kept), "{now}");
        assert_eq!(made.updated_at, instant(kept), "{now}");
        assert_eq!(made.last_sync_at, Some(instant(kept)), "{now}");
        assert_eq!(devices.get(made.id).await?, made, "{now}");
        let many = devices
            .insert_many(vec![DeviceDraft::new("ios").last_sync_at(given)])
            .await?;
        assert_eq!(devices.get(many[0].id).await?, many[0], "{now}");
        assert_eq!(many[0].last_sync_at, made.last_sync_at);
        // A filter rounds in the same way, so that the given instant finds the stored one.
        let found: Query<Device> = Device::LAST_SYNC_AT.eq(given).into();
        assert_eq!(devices.count(&found).await?, 2, "{now}");
        let found: Query<Device> = Device::CREATED_AT.is_in([given]).into();
        assert_eq!(devices.count(&found).await?, 2, "{now}");
        devices.delete_where(&catamaran::Filter::all()).await?;
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn an_insert_by_the_system_is_refused(db: &TwinDatabase) -> Result<()> {
    let habits = everybodys::<Habit>(db);
    let draft = HabitDraft::new("run", "daily");
    let expected = ErrorKind::Permission {
        reason: "a new row needs an owner, and the system's scope has none: insert it in the owner's scope"
            .into(),
    };
    assert_eq!(refused(habits.insert(draft.clone()).await), expected);
    assert_eq!(refused(habits.insert_many(vec![draft]).await), expected);
    assert_eq!(habits.count(&Query::all()).await?, 0);
    Ok(())
}
