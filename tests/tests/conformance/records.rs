//! What `#[derive(Record)]` generates: mappings, drafts, patches and column handles.

use catamaran::record::{Change, ColumnSpec, FIRST_VERSION, Field, Stamp, Twin, Type};
use catamaran::{Postgres, Record, Sqlite, Value};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{
    Device, DeviceDraft, DevicePatch, Entry, EntryDraft, Habit, HabitDraft, HabitPatch, Reminder,
    ReminderDraft,
};
use proptest::prelude::*;
use uuid::Uuid;

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

/// Any instant that a record may hold: microseconds of the years 1 to 9999.
fn time() -> impl Strategy<Value = DateTime<Utc>> {
    const FIRST: i64 = -62_135_596_800_000_000;
    const LAST: i64 = 253_402_300_799_999_999;
    (FIRST..=LAST).prop_map(|micros| DateTime::UNIX_EPOCH + TimeDelta::microseconds(micros))
}

fn date() -> impl Strategy<Value = NaiveDate> {
    time().prop_map(|time| time.date_naive())
}

prop_compose! {
    fn habit()(id in id(), user_id in id(), name: String, cadence: String, color: String, sort_order: i32,
        is_archived: bool, created_at in time(), updated_at in time(), version: i64,
        deleted_at in proptest::option::of(time())) -> Habit {
        Habit { id, user_id, name, cadence, color, sort_order, is_archived, created_at, updated_at, version, deleted_at }
    }
}

prop_compose! {
    fn entry()(id in id(), user_id in id(), habit_id in id(), date in date(), amount: i64, source: String,
        created_at in time(), updated_at in time(), version: i64,
        deleted_at in proptest::option::of(time())) -> Entry {
        Entry { id, user_id, habit_id, date, amount, source, created_at, updated_at, version, deleted_at }
    }
}

prop_compose! {
    fn reminder()(id in id(), user_id in id(), habit_id in id(), time_local: String, days_of_week: i32,
        timezone: String, is_enabled: bool, created_at in time(), updated_at in time(), version: i64,
        deleted_at in proptest::option::of(time())) -> Reminder {
        Reminder { id, user_id, habit_id, time_local, days_of_week, timezone, is_enabled, created_at, updated_at, version, deleted_at }
    }
}

prop_compose! {
    fn device()(id in id(), user_id in id(), platform: String, last_sync_at in proptest::option::of(time()),
        created_at in time(), updated_at in time(), version: i64,
        deleted_at in proptest::option::of(time())) -> Device {
        Device { id, user_id, platform, last_sync_at, created_at, updated_at, version, deleted_at }
    }
}

/// The record survives the conversion to both models and to a draft, and its values have the types of its columns.
fn comes_back<R: Twin<Sqlite> + Twin<Postgres>>(record: R) -> Result<(), TestCaseError> {
    prop_assert_eq!(
        <R as Twin<Sqlite>>::from_model(<R as Twin<Sqlite>>::into_model(record.clone())).ok(),
        Some(record.clone())
    );
    prop_assert_eq!(
        <R as Twin<Postgres>>::from_model(<R as Twin<Postgres>>::into_model(record.clone())).ok(),
        Some(record.clone())
    );
    for (index, ColumnSpec { ty, nullable, .. }) in R::COLUMNS.iter().enumerate() {
        let value = record.value(index);
        prop_assert_eq!(value.ty(), *ty);
        prop_assert!(*nullable || !value.is_null());
    }
    prop_assert_eq!(R::draft_id(&record.clone().into_draft()), Some(record.id()));
    let stamp = Stamp {
        id: record.id(),
        owner: record.owner().unwrap_or_default(),
        now: DateTime::UNIX_EPOCH,
    };
    let again = R::from_draft(record.clone().into_draft(), stamp);
    for (index, spec) in R::COLUMNS.iter().enumerate() {
        if !R::MANAGED.contains(index) {
            prop_assert_eq!(again.value(index), record.value(index), "{}", spec.field);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_habit_is_read_as_it_was_written(record in habit()) {
        comes_back(record)?;
    }

    #[test]
    fn an_entry_is_read_as_it_was_written(record in entry()) {
        comes_back(record)?;
    }

    #[test]
    fn a_reminder_is_read_as_it_was_written(record in reminder()) {
        comes_back(record)?;
    }

    #[test]
    fn a_device_is_read_as_it_was_written(record in device()) {
        comes_back(record)?;
    }

    /// SQLite stores text. The conversion from and to text loses nothing.
    #[test]
    fn texts_in_sqlite_are_in_canonical_form(record in entry()) {
        let model = <Entry as Twin<Sqlite>>::into_model(record.clone());
        prop_assert_eq!(model.id.to_string(), record.id.hyphenated().to_string());
        prop_assert_eq!(model.created_at.to_string().len(), 27);
        prop_assert_eq!(model.created_at.to_string().parse(), Ok(model.created_at));
        prop_assert_eq!(model.date.to_string().len(), 10);
        prop_assert_eq!(model.date.to_string().parse(), Ok(model.date));
    }
}

#[test]
fn a_draft_has_the_defaults_and_no_managed_columns() {
    let draft = HabitDraft::new("run", "daily");
    let expected = HabitDraft {
        id: None,
        name: "run".to_owned(),
        cadence: "daily".to_owned(),
        color: "#0ea5e9".to_owned(),
        sort_order: 0,
        is_archived: false,
    };
    assert_eq!(draft, expected);

    let habit_id = Uuid::from_u128(1);
    let day = NaiveDate::from_ymd_opt(2026, 1, 2).expect("a day");
    let entry = EntryDraft::new(habit_id, day);
    assert_eq!((entry.amount, entry.source.as_str()), (0, "local"));
    assert!(ReminderDraft::new(habit_id, "07:30", 127, "UTC").is_enabled);
    assert_eq!(DeviceDraft::new("linux").last_sync_at, None);
}

#[test]
fn a_draft_can_be_set_field_by_field() {
    let id = Uuid::from_u128(7);
    let draft = HabitDraft::new("run", "daily")
        .id(id)
        .color("#ffffff")
        .sort_order(3)
        .is_archived(true);
    let stamp = Stamp {
        id,
        owner: Uuid::from_u128(8),
        now: DateTime::UNIX_EPOCH,
    };
    let habit = Habit::from_draft(draft, stamp);
    assert_eq!((habit.id, habit.user_id), (id, stamp.owner));
    assert_eq!((habit.created_at, habit.updated_at), (stamp.now, stamp.now));
    assert_eq!((habit.version, habit.deleted_at), (FIRST_VERSION, None));
    assert_eq!(
        (habit.color.as_str(), habit.sort_order, habit.is_archived),
        ("#ffffff", 3, true)
    );
    // A nullable field accepts a value or an option.
    assert_eq!(
        DeviceDraft::new("ios").last_sync_at(stamp.now),
        DeviceDraft::new("ios").last_sync_at(Some(stamp.now))
    );
}

#[test]
fn a_patch_keeps_sets_and_empties() {
    assert!(
        Habit::changes(&HabitPatch::new())
            .expect("no change")
            .is_empty()
    );
    let patch = HabitPatch::new().sort_order(3).name("walk");
    assert_eq!(patch.color, Change::Keep);
    let changes = Habit::changes(&patch).expect("two changes");
    assert_eq!(
        changes,
        [
            (Habit::NAME.index(), Value::Text("walk".to_owned())),
            (Habit::SORT_ORDER.index(), Value::Int(3)),
        ]
    );
    let emptied = DevicePatch::new().last_sync_at(None);
    assert_eq!(
        Device::changes(&emptied).expect("one change"),
        [(Device::LAST_SYNC_AT.index(), Value::Null(Type::Timestamp))]
    );
    let error = Habit::changes(&HabitPatch::new().name("a\0b")).expect_err("a NUL");
    assert!(error.to_string().contains("name"), "{error}");
}

#[test]
fn a_column_handle_names_its_own_column() {
    fn handle<R: Record, T: Field>(column: catamaran::Column<R, T>, name: &str) {
        let spec = &R::COLUMNS[column.index()];
        assert_eq!(
            (spec.field, spec.ty, spec.nullable),
            (name, T::TYPE, T::NULLABLE)
        );
    }
    handle(Habit::ID, "id");
    handle(Habit::NAME, "name");
    handle(Habit::SORT_ORDER, "sort_order");
    handle(Habit::IS_ARCHIVED, "is_archived");
    handle(Entry::DATE, "date");
    handle(Entry::AMOUNT, "amount");
    handle(Reminder::DAYS_OF_WEEK, "days_of_week");
    handle(Device::LAST_SYNC_AT, "last_sync_at");
    handle(Device::DELETED_AT, "deleted_at");
}
