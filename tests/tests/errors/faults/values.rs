//! Values that the library or a column type refuses.

use catamaran::testing::Target;
use catamaran::{Expected, PageRequest, Query, Result};
use entity::{Habit, HabitDraft, HabitPatch};
use suite::raw;
use suite::users::{adas, everybodys};

use super::{Fault, MARKER, Provoked, faults, habits, library, told};
use crate::library::{Room, RoomDraft, Shelf, ShelfDraft};

pub(super) fn faults() -> Vec<Fault> {
    faults! {
        InvalidValue: "A text with U+0000 is inserted" by nul;
        InvalidValue: "A text is longer than an index of Postgres holds" by too_long;
        InvalidValue: "A text is longer than its record's `max_chars`" by too_many_characters;
        InvalidValue: "A number goes over the end of its column: the version of a row" by overflow;
        InvalidValue: "Custom SQL writes a text into a number" by wrong_type;
        InvalidQuery: "A page of zero rows is requested" by no_page;
        InvalidCursor: "A cursor of another query is used" by foreign_cursor;
        Unsupported: "A record without soft delete is restored" by no_soft_delete;
    }
}

async fn nul(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let draft = HabitDraft::new(format!("{MARKER}\0"), "daily");
    told(adas::<Habit>(&db).insert(draft).await)
}

async fn too_long(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    let shelves = everybodys::<Shelf>(&db);
    let draft = ShelfDraft::new(uuid::Uuid::nil(), MARKER.repeat(1_000));
    told(shelves.insert(draft).await)
}

async fn too_many_characters(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    let rooms = everybodys::<Room>(&db);
    told(rooms.insert(RoomDraft::new(MARKER)).await)
}

async fn overflow(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let rows = adas::<Habit>(&db);
    let made = rows.insert(HabitDraft::new(MARKER, "daily")).await?;
    let sql = format!("UPDATE habits SET version = {}", i64::MAX);
    raw::execute(db.store(), &sql).await?;
    let patch = HabitPatch::new().name(MARKER);
    told(rows.patch(made.id, Expected::Any, patch).await)
}

async fn wrong_type(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let rows = adas::<Habit>(&db);
    rows.insert(HabitDraft::new("run", "daily")).await?;
    let sql = format!("UPDATE habits SET sort_order = '{MARKER}'");
    told(raw::execute(db.store(), &sql).await)
}

async fn no_page(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let page = PageRequest::first(0);
    told(adas::<Habit>(&db).list(&Query::all(), page).await)
}

async fn foreign_cursor(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let rows = adas::<Habit>(&db);
    for _ in 0..2 {
        rows.insert(HabitDraft::new(MARKER, "daily")).await?;
    }
    let page = rows.list(&Query::all(), PageRequest::first(1)).await?;
    let cursor = page.next.expect("a second row");
    let other = Habit::NAME.eq(MARKER).into();
    told(rows.list(&other, PageRequest::after(1, cursor)).await)
}

async fn no_soft_delete(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    let rooms = everybodys::<Room>(&db);
    let made = rooms.insert(RoomDraft::new("hall")).await?;
    told(rooms.restore(made.id, Expected::Any).await)
}
