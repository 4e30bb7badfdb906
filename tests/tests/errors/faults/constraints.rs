//! Faults of keys and checks.

use catamaran::record::Twin;
use catamaran::testing::{Target, TwinDatabase};
use catamaran::{Engine, Expected, Postgres, Result, Sqlite, Unit};
use entity::{Device, DeviceDraft, Entry, EntryDraft, Habit, HabitDraft, HabitPatch};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, IntoActiveModel, Set};
use suite::observer::connect;
use suite::raw;
use suite::sample::day;
use suite::specimen::{self, Specimen, SpecimenDraft};
use suite::stores::open_with;
use suite::users::{NOBODY, adas, everybodys};
use uuid::Uuid;

use super::{EVERYBODYS, Fault, MARKER, Provoked, faults, habits, library, told};
use crate::library::{
    Book, BookDraft, DOMAIN, History, Room, RoomDraft, Shelf, ShelfDraft, Volume, VolumeDraft,
};

pub(super) fn faults() -> Vec<Fault> {
    faults! {
        NotFound: "A row is requested that does not exist, or belongs to another owner" by not_found;
        NoRow: "SeaORM, in a unit, updates a row that does not exist" by no_row;
        Conflict: "A row is written in a version that it no longer has" by stale;
        DuplicateId: "A row is written of a table that lost its primary key, and has the id twice" by twice;
        Unique: "An id is taken" by taken_id;
        Unique: "The key of a partial unique index is taken" by taken_key;
        ForeignKey: "A child is written without its parent" by no_parent;
        ForeignKey: "A parent is deleted that rows refer to, `NO ACTION`" by still_referred_to;
        ForeignKey: "A parent is deleted that rows refer to, `RESTRICT`" by restricted;
        ForeignKey: "A deferred foreign key is broken at the commit" by deferred;
        NotNull: "NULL is written where a stricter schema forbids it" by null;
        Check: "A check is violated" by check;
        Check: "A trigger of the application refuses a row" by trigger;
    }
}

fn draft() -> HabitDraft {
    HabitDraft::new(MARKER, "daily")
}

async fn not_found(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    told(adas::<Habit>(&db).get(NOBODY).await)
}

async fn twice(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let made = adas::<Device>(&db).insert(DeviceDraft::new(MARKER)).await?;
    raw::execute_on(
        &db,
        "CREATE TABLE unkeyed AS SELECT * FROM devices; DROP TABLE devices; \
         ALTER TABLE unkeyed RENAME TO devices",
        "ALTER TABLE devices DROP CONSTRAINT pk_devices",
    )
    .await?;
    raw::execute(db.store(), "INSERT INTO devices SELECT * FROM devices").await?;
    told(adas::<Device>(&db).delete(made.id, Expected::Any).await)
}

async fn no_row(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let made = adas::<Habit>(&db).insert(draft()).await?;
    let unit = db.store().begin_write(&EVERYBODYS).await?;
    raw::execute_in(&unit, "DELETE FROM habits").await?;
    let updated: Result<(), DbErr> = match &unit {
        Unit::Sqlite(native) => {
            let mut model = Twin::<Sqlite>::into_model(made).into_active_model();
            model.name = Set(MARKER.to_owned());
            model.update(&native.seaorm()).await.map(|_| ())
        }
        Unit::Postgres(native) => {
            let mut model = Twin::<Postgres>::into_model(made).into_active_model();
            model.name = Set(MARKER.to_owned());
            model.update(&native.seaorm()).await.map(|_| ())
        }
    };
    told(updated.map_err(Into::into))
}

async fn stale(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let rows = adas::<Habit>(&db);
    let made = rows.insert(draft()).await?;
    let patch = || HabitPatch::new().name(MARKER);
    rows.patch(made.id, Expected::Any, patch()).await?;
    let version = Expected::Version(made.version);
    told(rows.patch(made.id, version, patch()).await)
}

async fn taken_id(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let rows = adas::<Habit>(&db);
    let made = rows.insert(draft()).await?;
    told(rows.insert(draft().id(made.id)).await)
}

async fn taken_key(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let habit = adas::<Habit>(&db).insert(draft()).await?;
    let entries = adas::<Entry>(&db);
    let entry = || EntryDraft::new(habit.id, day(1)).source(MARKER);
    entries.insert(entry()).await?;
    told(entries.insert(entry()).await)
}

async fn no_parent(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let orphan = EntryDraft::new(NOBODY, day(1)).source(MARKER);
    told(adas::<Entry>(&db).insert(orphan).await)
}

/// A shelf with a book on it, that is a part of a volume.
async fn a_book(db: &TwinDatabase) -> Result<(Shelf, Volume)> {
    let room = everybodys::<Room>(db)
        .insert(RoomDraft::new("hall"))
        .await?;
    let shelf = ShelfDraft::new(room.id, MARKER);
    let shelf = everybodys::<Shelf>(db).insert(shelf).await?;
    let volume = VolumeDraft::new(MARKER, 1);
    let volume = everybodys::<Volume>(db).insert(volume).await?;
    let book = BookDraft::new(shelf.id, MARKER)
        .series(MARKER.to_owned())
        .number(1);
    everybodys::<Book>(db).insert(book).await?;
    Ok((shelf, volume))
}

async fn still_referred_to(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    let (_, volume) = a_book(&db).await?;
    let store = open_with::<History>(&db, |options| options.domain(&DOMAIN)).await?;
    let volumes = store.repository::<Volume>(&EVERYBODYS);
    told(volumes.delete(volume.id, Expected::Any).await)
}

async fn restricted(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    let (shelf, _) = a_book(&db).await?;
    let store = open_with::<History>(&db, |options| options.domain(&DOMAIN)).await?;
    let rooms = store.repository::<Room>(&EVERYBODYS);
    told(rooms.delete(shelf.room_id, Expected::Any).await)
}

async fn deferred(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    raw::execute_on(
        &db,
        "CREATE TABLE notes (id TEXT PRIMARY KEY, \
         room_id TEXT REFERENCES rooms (id) DEFERRABLE INITIALLY DEFERRED) STRICT",
        "CREATE TABLE notes (id text PRIMARY KEY, \
         room_id uuid REFERENCES rooms (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await?;
    let unit = db.store().begin_write(&EVERYBODYS).await?;
    let sql = format!("INSERT INTO notes VALUES ('{MARKER}', '{NOBODY}')");
    raw::execute_in(&unit, &sql).await?;
    told(unit.commit().await)
}

async fn null(at: Target) -> Result<Provoked> {
    let db = TwinDatabase::create::<specimen::Migrator>(at).await;
    let db = db.unwrap_or_else(|error| panic!("no database: {error}"));
    raw::execute_on(
        &db,
        "DROP TABLE specimens; CREATE TABLE specimens (id TEXT PRIMARY KEY, label TEXT, note TEXT, \
         small INTEGER, whole INTEGER NOT NULL, ratio REAL, reading REAL, flag INTEGER, day TEXT, at TEXT, \
         link TEXT, blob BLOB) STRICT",
        "ALTER TABLE specimens ALTER COLUMN whole SET NOT NULL",
    )
    .await?;
    let specimens = db.store().repository::<Specimen>(&EVERYBODYS);
    told(specimens.insert(SpecimenDraft::new(MARKER)).await)
}

async fn check(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let draft = DeviceDraft::new(MARKER.repeat(10));
    told(adas::<Device>(&db).insert(draft).await)
}

async fn trigger(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let sql = match db.engine() {
        Engine::Sqlite => format!(
            "CREATE TRIGGER no_devices BEFORE INSERT ON devices BEGIN SELECT RAISE(ABORT, '{MARKER}'); END"
        ),
        Engine::Postgres => format!(
            "CREATE FUNCTION no_devices() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '{MARKER}'; END $$; \
             CREATE TRIGGER no_devices BEFORE INSERT ON devices FOR EACH ROW EXECUTE FUNCTION no_devices()"
        ),
    };
    let beside = connect(db.url()).await?;
    beside.execute_unprepared(&sql).await?;
    let draft = DeviceDraft::new(MARKER).id(Uuid::from_u128(1));
    told(adas::<Device>(&db).insert(draft).await)
}
