//! Faults that only a wrong program provokes.

use catamaran::testing::Target;
use catamaran::{AnyRepository, Expected, Result, Value};
use entity::{Habit, HabitDraft};
use suite::raw;
use suite::users::{NOBODY, adas, everybodys};

use super::{ADAS, EVERYBODYS, Fault, MARKER, Provoked, faults, habits, library, told};
use crate::library::{Room, RoomDraft, Shelf, ShelfDraft};

pub(super) fn faults() -> Vec<Fault> {
    faults! {
        UnitEnded: "A unit is committed in which a call had failed" by poisoned;
        SchemaMismatch: "A table went away under the program" by no_table;
        SchemaMismatch: "A column went away under the program" by no_column;
        StatementTooLarge: "A statement of custom SQL has 70,000 parameters" by too_large;
        Decode: "A stored value is not of its column's type: an instant that is none" by unreadable;
        Internal: "Something that the library does not know" by unknown;
    }
}

async fn poisoned(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let unit = db.store().begin_write(&ADAS).await?;
    let rows = unit.repository::<Habit>();
    let made = rows.insert(HabitDraft::new(MARKER, "daily")).await?;
    let again = HabitDraft::new(MARKER, "daily").id(made.id);
    rows.insert(again).await.expect_err("the id is taken");
    told(unit.commit().await)
}

async fn no_table(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    raw::execute(db.store(), "ALTER TABLE habits RENAME TO customs").await?;
    let draft = HabitDraft::new(MARKER, "daily");
    told(adas::<Habit>(&db).insert(draft).await)
}

async fn no_column(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let sql = "ALTER TABLE habits RENAME COLUMN color TO colour";
    raw::execute(db.store(), sql).await?;
    told(
        adas::<Habit>(&db)
            .count(&Habit::COLOR.eq(MARKER).into())
            .await,
    )
}

async fn too_large(at: Target) -> Result<Provoked> {
    const MANY: usize = 70_000;
    let db = habits(at).await;
    let values = (0..MANY).map(|_| Value::Text(MARKER.to_owned())).collect();
    told(match db.store().native::<Habit>(&EVERYBODYS) {
        AnyRepository::Sqlite(rows) => {
            let sql = format!("SELECT 1 WHERE '' IN ({})", vec!["?"; MANY].join(", "));
            rows.query(sql.leak(), values, |row| row.get::<i64>(0))
                .await
        }
        AnyRepository::Postgres(rows) => {
            let list: Vec<String> = (1..=MANY).map(|number| format!("${number}")).collect();
            let sql = format!("SELECT 1 WHERE '' IN ({})", list.join(", "));
            rows.query(sql.leak(), values, |row| row.get::<i64>(0))
                .await
        }
    })
}

async fn unreadable(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    let room = everybodys::<Room>(&db)
        .insert(RoomDraft::new("hall"))
        .await?;
    let shelves = everybodys::<Shelf>(&db);
    let shelf = ShelfDraft::new(room.id, "A1");
    let shelf = shelves.insert(shelf).await?;
    shelves.delete(shelf.id, Expected::Any).await?;
    raw::execute_on(
        &db,
        &format!("UPDATE shelves SET deleted_at = '{MARKER}'"),
        "UPDATE shelves SET deleted_at = 'infinity'",
    )
    .await?;
    let deleted = catamaran::Query::all().visibility(catamaran::Visibility::All);
    let page = catamaran::PageRequest::first(1);
    told(shelves.list(&deleted, page).await)
}

async fn unknown(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let sql = format!("DO $$ BEGIN RAISE EXCEPTION '{MARKER}' USING ERRCODE = 'ZZ000'; END $$");
    let path = format!("SELECT json_extract('{{}}', '{MARKER}{NOBODY}')");
    told(raw::execute_on(&db, &path, &sql).await)
}
