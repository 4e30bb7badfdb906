//! A cursor belongs to one query in one scope.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    Cursor, ErrorKind, Expected, Filter, PageRequest, Query, Record, Repository, Result, Scope,
    Visibility,
};
use entity::{Device, DeviceDraft, Habit, HabitDraft};
use suite::kind::refused;
use suite::users::{ADA, BOB, adas, everybodys};

fn another_query() -> ErrorKind {
    ErrorKind::InvalidCursor {
        reason: "it belongs to another query",
    }
}

async fn first_cursor<R: Record>(rows: &dyn Repository<R>, query: &Query<R>) -> Result<Cursor> {
    let page = rows.list(query, PageRequest::first(1)).await?;
    Ok(page.next.expect("more rows than one"))
}

async fn with_rows(db: &TwinDatabase) -> Result<std::sync::Arc<dyn Repository<Habit>>> {
    let habits = adas::<Habit>(db);
    let drafts = (0..5).map(|place| HabitDraft::new("run", "daily").sort_order(place));
    habits.insert_many(drafts.collect()).await?;
    Ok(habits)
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_cursor_of_another_filter_value_order_or_visibility_is_refused(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = with_rows(db).await?;
    let query: fn() -> Query<Habit> = || Habit::NAME.eq("run").order_by(Habit::SORT_ORDER.asc());
    let cursor = first_cursor(&*habits, &query()).await?;
    let others: [Query<Habit>; 10] = [
        Query::all().order_by(Habit::SORT_ORDER.asc()),
        Habit::NAME.eq("walk").order_by(Habit::SORT_ORDER.asc()),
        Habit::CADENCE.eq("run").order_by(Habit::SORT_ORDER.asc()),
        Habit::NAME.ne("run").order_by(Habit::SORT_ORDER.asc()),
        Habit::NAME
            .contains("run")
            .order_by(Habit::SORT_ORDER.asc()),
        Habit::NAME.is_in(["run"]).order_by(Habit::SORT_ORDER.asc()),
        Habit::NAME.eq("run").order_by(Habit::SORT_ORDER.desc()),
        Habit::NAME.eq("run").order_by(Habit::VERSION.asc()),
        query().order_by(Habit::NAME.asc()),
        query().visibility(Visibility::All),
    ];
    for other in others {
        for request in [
            PageRequest::after(1, cursor.clone()),
            PageRequest::before(1, cursor.clone()),
        ] {
            assert_eq!(
                refused(habits.list(&other, request).await),
                another_query(),
                "{other:?}"
            );
        }
    }
    let page = habits.list(&query(), PageRequest::after(9, cursor)).await?;
    assert_eq!(page.items.len(), 4, "of its own query it is a cursor");
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_cursor_of_another_owner_or_of_the_system_is_refused(db: &TwinDatabase) -> Result<()> {
    let habits = with_rows(db).await?;
    let bobs = db.store().repository::<Habit>(&Scope::owner(BOB));
    bobs.insert(HabitDraft::new("run", "daily")).await?;
    let query = Query::all();
    let cursor = first_cursor(&*habits, &query).await?;
    for other in [
        bobs,
        everybodys::<Habit>(db),
        db.store().repository(&Scope::owner(uuid::Uuid::nil())),
    ] {
        let request = PageRequest::after(1, cursor.clone());
        assert_eq!(refused(other.list(&query, request).await), another_query());
    }
    let everybodys = everybodys::<Habit>(db);
    let request = PageRequest::after(1, first_cursor(&*everybodys, &query).await?);
    assert_eq!(refused(habits.list(&query, request).await), another_query());
    let same_owner = db.store().repository::<Habit>(&Scope::owner(ADA));
    let page = same_owner
        .list(&query, PageRequest::after(9, cursor))
        .await?;
    assert_eq!(page.items.len(), 4);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_cursor_of_another_table_is_refused(db: &TwinDatabase) -> Result<()> {
    let habits = with_rows(db).await?;
    let devices = adas::<Device>(db);
    devices.insert(DeviceDraft::new("linux")).await?;
    let cursor = first_cursor(&*habits, &Query::all()).await?;
    assert_eq!(
        refused(
            devices
                .list(&Query::all(), PageRequest::after(1, cursor))
                .await
        ),
        another_query()
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_malformed_cursor_is_refused_with_a_reason(db: &TwinDatabase) -> Result<()> {
    let habits = with_rows(db).await?;
    let query = Query::all().order_by(Habit::SORT_ORDER.asc());
    let good = first_cursor(&*habits, &query).await?.to_string();
    let flipped: String = good.chars().rev().collect();
    for (text, reason) in [
        ("", "it is empty"),
        ("garbage!", "it is not a cursor"),
        ("'; DROP TABLE habits; --", "it is not a cursor"),
        ("\0", "it is not a cursor"),
        ("😀", "it is not a cursor"),
        ("Ag", "it is truncated"),
        ("AQ", "its format is unknown"),
        ("_w", "its format is unknown"),
        (&good[..good.len() / 8 * 4], "it is damaged"),
    ] {
        let Ok(cursor) = text.parse::<Cursor>();
        for request in [
            PageRequest::after(1, cursor.clone()),
            PageRequest::before(1, cursor),
        ] {
            assert_eq!(
                refused(habits.list(&query, request).await),
                ErrorKind::InvalidCursor { reason },
                "{text:?}"
            );
        }
    }
    let Ok(cursor) = flipped.parse::<Cursor>();
    assert!(matches!(
        refused(habits.list(&query, PageRequest::after(1, cursor)).await),
        ErrorKind::InvalidCursor { .. }
    ));
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_cursor_survives_as_text_and_outlives_its_row(db: &TwinDatabase) -> Result<()> {
    let habits = with_rows(db).await?;
    let query = Query::all().order_by(Habit::SORT_ORDER.desc());
    let page = habits.list(&query, PageRequest::first(2)).await?;
    let text = page.next.expect("three rows follow").to_string();
    assert!(
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
        "fit for a URL: {text}"
    );
    habits.delete(page.items[1].id, Expected::Any).await?;
    let Ok(cursor) = text.parse::<Cursor>();
    let rest = habits.list(&query, PageRequest::after(9, cursor)).await?;
    let places: Vec<i32> = rest.items.iter().map(|habit| habit.sort_order).collect();
    assert_eq!(places, [2, 1, 0]);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_cursor_may_be_used_with_another_page_size(db: &TwinDatabase) -> Result<()> {
    let habits = with_rows(db).await?;
    let query: Query<Habit> = Filter::all().into();
    let cursor = first_cursor(&*habits, &query).await?;
    for size in [1, 2, 100] {
        let page = habits
            .list(&query, PageRequest::after(size, cursor.clone()))
            .await?;
        assert_eq!(page.items.len(), 4.min(size as usize));
    }
    Ok(())
}
