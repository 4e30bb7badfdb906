//! Rows that no repository wrote, and that the record cannot read: an error that names the column, never a
//! panic and never another value.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Expected, PageRequest, Query, Result};
use entity::{Device, DeviceDraft, DevicePatch, Entry, EntryDraft, Habit, HabitDraft};
use futures_util::TryStreamExt;
use suite::kind::refused;
use suite::raw;
use suite::specimen::{Specimen, SpecimenDraft};
use suite::users::{ADA, adas, everybodys, scope};
use uuid::Uuid;

fn unreadable(column: &'static str) -> ErrorKind {
    ErrorKind::Decode {
        column: column.into(),
    }
}

/// Writes a value that bypasses the checks.
async fn plant(db: &TwinDatabase, constraint: &str, table: &str, set: &str) -> Result<()> {
    raw::execute_on(
        db,
        &format!("PRAGMA ignore_check_constraints = ON; UPDATE {table} SET {set}; PRAGMA ignore_check_constraints = OFF"),
        &format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}; UPDATE {table} SET {set}"),
    )
    .await
}

#[twin_test(migration::Migrator, everywhere)]
async fn an_infinite_instant_is_a_decode_error_of_every_read(db: &TwinDatabase) -> Result<()> {
    let devices = adas::<Device>(db);
    let made = devices.insert(DeviceDraft::new("ios")).await?;
    for (column, infinite) in [
        ("last_sync_at", "infinity"),
        ("last_sync_at", "-infinity"),
        ("created_at", "infinity"),
    ] {
        let constraint = format!("ck_devices__{column}");
        plant(
            db,
            &constraint,
            "devices",
            &format!("{column} = '{infinite}'"),
        )
        .await?;
        assert_eq!(refused(devices.find(made.id).await), unreadable(column));
        assert_eq!(refused(devices.get(made.id).await), unreadable(column));
        let page = PageRequest::first(5);
        assert_eq!(
            refused(devices.list(&Query::all(), page).await),
            unreadable(column)
        );
        let streamed = devices.stream(Query::all()).try_collect::<Vec<_>>().await;
        assert_eq!(refused(streamed), unreadable(column));
        let patch = DevicePatch::new().platform("web");
        assert_eq!(
            refused(devices.patch(made.id, Expected::Any, patch).await),
            unreadable(column)
        );
        // Calls that read no row succeed.
        assert_eq!(devices.count(&Query::all()).await?, 1);
        let whole = format!("{column} = updated_at");
        plant(db, &constraint, "devices", &whole).await?;
    }
    // The connection stays usable.
    let other = devices.insert(DeviceDraft::new("web")).await?;
    assert_eq!(devices.get(other.id).await?, other);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn an_instant_or_a_day_that_chrono_cannot_hold_is_a_decode_error(
    db: &TwinDatabase,
) -> Result<()> {
    let (instant, day) = match db.engine() {
        Engine::Sqlite => ("294276-12-31T23:59:59.999999Z", "5874897-12-31"),
        Engine::Postgres => ("294276-12-31 23:59:59.999999+00", "5874897-12-31"),
    };
    let devices = adas::<Device>(db);
    let made = devices.insert(DeviceDraft::new("ios")).await?;
    plant(
        db,
        "ck_devices__last_sync_at",
        "devices",
        &format!("last_sync_at = '{instant}'"),
    )
    .await?;
    assert_eq!(
        refused(devices.find(made.id).await),
        unreadable("last_sync_at")
    );

    let habit = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    let entries = adas::<Entry>(db);
    let today = "2026-02-28".parse::<chrono::NaiveDate>().expect("a day");
    let entry = entries.insert(EntryDraft::new(habit.id, today)).await?;
    for far in [day, "infinity", "-infinity"] {
        plant(
            db,
            "ck_habit_entries__date",
            "habit_entries",
            &format!("date = '{far}'"),
        )
        .await?;
        assert_eq!(
            refused(entries.find(entry.id).await),
            unreadable("date"),
            "{far}"
        );
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_value_of_another_type_is_a_decode_error(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    if db.engine() == Engine::Postgres {
        // Postgres stores no other type, unless the column's type is changed.
        raw::execute(
            db.store(),
            "ALTER TABLE habits ALTER COLUMN sort_order TYPE bigint",
        )
        .await?;
        assert_eq!(
            refused(habits.find(made.id).await),
            unreadable("sort_order")
        );
        return Ok(());
    }
    for (column, value) in [
        ("sort_order", "1099511627776"),
        ("created_at", "'yesterday'"),
        ("updated_at", "''"),
        ("deleted_at", "'2026-13-45T00:00:00.000000Z'"),
        ("user_id", "'not a uuid'"),
        ("name", "CAST(x'ff00fe' AS TEXT)"),
    ] {
        let before = format!("(SELECT {column} FROM kept)");
        raw::execute(db.store(), "CREATE TABLE kept AS SELECT * FROM habits").await?;
        plant(db, "", "habits", &format!("{column} = {value}")).await?;
        // In the system's scope, because an owner does not see a row with an unreadable owner.
        let found = everybodys::<Habit>(db);
        let query = Query::all().visibility(catamaran::Visibility::All);
        let page = found.list(&query, PageRequest::first(5)).await;
        assert_eq!(refused(page), unreadable(column), "{value}");
        plant(db, "", "habits", &format!("{column} = {before}")).await?;
        raw::execute(db.store(), "DROP TABLE kept").await?;
        assert_eq!(habits.get(made.id).await?, made);
    }
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn null_in_a_required_field_is_a_decode_error(db: &TwinDatabase) -> Result<()> {
    raw::execute_on(
        db,
        "DROP TABLE specimens; CREATE TABLE specimens (id TEXT PRIMARY KEY, label TEXT, note TEXT, small INTEGER, \
         whole INTEGER, ratio REAL, reading REAL, flag INTEGER, day TEXT, at TEXT, link TEXT, \
         blob BLOB) STRICT",
        "ALTER TABLE specimens ALTER COLUMN label DROP NOT NULL; ALTER TABLE specimens ALTER COLUMN small DROP NOT NULL; \
         ALTER TABLE specimens ALTER COLUMN ratio DROP NOT NULL; ALTER TABLE specimens ALTER COLUMN blob DROP NOT NULL",
    )
    .await?;
    let specimens = everybodys::<Specimen>(db);
    for column in ["label", "small", "ratio", "blob"] {
        let made = specimens.insert(SpecimenDraft::new("x")).await?;
        let sql = format!(
            "UPDATE specimens SET {column} = NULL WHERE id = '{}'",
            made.id
        );
        raw::execute(db.store(), &sql).await?;
        assert_eq!(refused(specimens.find(made.id).await), unreadable(column));
    }
    assert_eq!(specimens.find(Uuid::nil()).await?, None);
    Ok(())
}

/// A write outside of a unit may be kept although its row cannot be read. A unit is not.
#[twin_test(migration::Migrator, everywhere)]
async fn a_unit_whose_write_returns_an_unreadable_row_keeps_nothing(
    db: &TwinDatabase,
) -> Result<()> {
    let devices = adas::<Device>(db);
    let made = devices.insert(DeviceDraft::new("ios")).await?;
    let infinite = "last_sync_at = 'infinity'";
    plant(db, "ck_devices__last_sync_at", "devices", infinite).await?;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let in_unit = unit.repository::<Device>();
    let other = in_unit.insert(DeviceDraft::new("web")).await?;
    let patch = DevicePatch::new().platform("web");
    let patched = in_unit.patch(made.id, Expected::Any, patch).await;
    assert_eq!(refused(patched), unreadable("last_sync_at"));
    let kind = refused(unit.commit().await);
    assert!(matches!(kind, ErrorKind::UnitEnded { .. }), "{kind:?}");
    assert_eq!(devices.find(other.id).await?, None);
    let web = Device::PLATFORM.eq("web").into();
    assert_eq!(devices.count(&web).await?, 0);
    Ok(())
}
