//! `list`: pages forwards and backwards, over ties, NULLs and changes in between.

use std::collections::BTreeSet;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    ErrorKind, Expected, MAX_PAGE_SIZE, Order, PageRequest, Query, Repository, Result,
};
use chrono::{DateTime, Duration, Utc};
use entity::{Device, DeviceDraft, Habit, HabitDraft, HabitPatch};
use suite::clock::instant;
use suite::kind::refused;
use suite::pages::{backwards, forwards};
use suite::users::adas;
use uuid::Uuid;

/// 30 habits with 3 sort orders and 10 names, so that every order except by id has ties.
async fn tied(habits: &dyn Repository<Habit>) -> Result<Vec<Habit>> {
    let drafts = (0..30_u128).map(|number| {
        // Ids in another order than that of insertion.
        HabitDraft::new(format!("n{}", number % 10), "daily")
            .id(Uuid::from_u128((number * 7) % 31 + 1))
            .sort_order((number % 3) as i32)
            .is_archived(number % 2 == 0)
    });
    habits.insert_many(drafts.collect()).await
}

#[twin_test(migration::Migrator, everywhere)]
async fn pages_of_any_size_and_direction_give_each_row_once_in_order(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = adas::<Habit>(db);
    let mut all = tied(&*habits).await?;
    type Sorted = fn(&Habit, &Habit) -> std::cmp::Ordering;
    let orders: [(Query<Habit>, Sorted); 7] = [
        (Query::all(), |a, b| a.id.cmp(&b.id)),
        (Query::all().order_by(Habit::ID.desc()), |a, b| {
            b.id.cmp(&a.id)
        }),
        (Query::all().order_by(Habit::SORT_ORDER.asc()), |a, b| {
            (a.sort_order, a.id).cmp(&(b.sort_order, b.id))
        }),
        // The id is sorted in the direction of the last key.
        (Query::all().order_by(Habit::SORT_ORDER.desc()), |a, b| {
            (b.sort_order, b.id).cmp(&(a.sort_order, a.id))
        }),
        (
            Query::all()
                .order_by(Habit::SORT_ORDER.desc())
                .order_by(Habit::NAME.asc()),
            |a, b| (b.sort_order, &a.name, a.id).cmp(&(a.sort_order, &b.name, b.id)),
        ),
        (
            Query::all()
                .order_by(Habit::IS_ARCHIVED.asc())
                .order_by(Habit::NAME.desc())
                .order_by(Habit::ID.desc()),
            |a, b| (a.is_archived, &b.name, b.id).cmp(&(b.is_archived, &a.name, a.id)),
        ),
        // Keys after the id, and repeated columns, change nothing.
        (
            Query::all()
                .order_by(Habit::NAME.asc())
                .order_by(Habit::NAME.desc())
                .order_by(Habit::ID.asc())
                .order_by(Habit::SORT_ORDER.asc()),
            |a, b| (&a.name, a.id).cmp(&(&b.name, b.id)),
        ),
    ];
    for (query, sorted) in orders {
        all.sort_by(sorted);
        for size in [1, 7, 29, 30, 31, MAX_PAGE_SIZE] {
            assert_eq!(forwards(&*habits, &query, size).await?, all, "{query:?}");
            assert_eq!(backwards(&*habits, &query, size).await?, all, "{query:?}");
        }
    }
    Ok(())
}

/// 23 devices, 8 of which never synchronised, in pairs that synchronised at the same time.
async fn synchronised(devices: &dyn Repository<Device>) -> Result<Vec<Device>> {
    let start = instant("2026-01-01T00:00:00Z");
    let drafts = (0..23_u128).map(|number| {
        let at = (number % 3 != 0).then(|| start + Duration::hours((number / 2) as i64));
        DeviceDraft::new(format!("p{}", number % 4))
            .id(Uuid::from_u128((number * 5) % 23 + 1))
            .last_sync_at(at)
    });
    devices.insert_many(drafts.collect()).await
}

#[twin_test(migration::Migrator, everywhere)]
async fn nulls_are_sorted_as_asked_in_pages_of_any_size_and_direction(
    db: &TwinDatabase,
) -> Result<()> {
    let devices = adas::<Device>(db);
    let all = synchronised(&*devices).await?;
    let at = Device::LAST_SYNC_AT;
    // The order, whether it descends, and whether NULLs are first.
    let orders: [(Order<Device>, bool, bool); 6] = [
        (at.asc(), false, false),
        (at.desc(), true, true),
        (at.asc().nulls_first(), false, true),
        (at.asc().nulls_last(), false, false),
        (at.desc().nulls_first(), true, true),
        (at.desc().nulls_last(), true, false),
    ];
    for (order, descending, nulls_first) in orders {
        for platform_first in [false, true] {
            let mut expected = all.clone();
            expected.sort_by(|a, b| {
                let key = |device: &Device| {
                    (
                        device.last_sync_at.is_some() == nulls_first,
                        device.last_sync_at,
                    )
                };
                let (a_key, b_key) = (key(a), key(b));
                let by_time = if descending {
                    b_key.1.cmp(&a_key.1)
                } else {
                    a_key.1.cmp(&b_key.1)
                };
                let tied = a_key.0.cmp(&b_key.0).then(by_time);
                let by_platform = b.platform.cmp(&a.platform);
                let (id_up, id_down) = (a.id.cmp(&b.id), b.id.cmp(&a.id));
                match platform_first {
                    true if descending => by_platform.then(tied).then(id_down),
                    true => by_platform.then(tied).then(id_up),
                    false => tied.then(by_platform).then(id_down),
                }
            });
            let query = match platform_first {
                true => Query::all()
                    .order_by(Device::PLATFORM.desc())
                    .order_by(order),
                false => Query::all()
                    .order_by(order)
                    .order_by(Device::PLATFORM.desc()),
            };
            for size in [1, 4, 22, 100] {
                assert_eq!(
                    forwards(&*devices, &query, size).await?,
                    expected,
                    "{order:?}"
                );
                assert_eq!(
                    backwards(&*devices, &query, size).await?,
                    expected,
                    "{order:?}"
                );
            }
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn rows_that_do_not_change_are_seen_once_while_others_change_between_pages(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = (0..40)
        .map(|number| HabitDraft::new(format!("{number:02}"), "daily").sort_order(number % 4));
    let made = habits.insert_many(drafts.collect()).await?;
    let (still, moving): (Vec<&Habit>, Vec<&Habit>) = made
        .iter()
        .partition(|habit| habit.name.ends_with(['0', '3', '5', '8']));
    let query = Query::all().order_by(Habit::SORT_ORDER.asc());
    let mut seen = Vec::new();
    let mut request = PageRequest::first(3);
    let mut turn = 0;
    loop {
        let page = habits.list(&query, request).await?;
        seen.extend(page.items.iter().map(|habit| habit.id));
        // Rows move before and behind the cursor, are deleted and are inserted.
        let mover = moving[turn % moving.len()];
        let patch = HabitPatch::new().sort_order([-5, 9][turn % 2]);
        let moved = habits.patch(mover.id, Expected::Any, patch).await;
        assert!(
            moved.is_ok() || moved.is_err_and(|error| error.is_not_found()),
            "a mover moves unless it was deleted"
        );
        if turn % 3 == 0 {
            let gone = moving[(turn + 7) % moving.len()];
            let deleted = habits.delete(gone.id, Expected::Any).await;
            assert!(deleted.is_ok() || deleted.is_err_and(|error| error.is_not_found()));
            habits
                .insert(HabitDraft::new("new", "daily").sort_order(turn as i32 % 4))
                .await?;
        }
        turn += 1;
        match page.next {
            Some(next) if turn < 60 => request = PageRequest::after(3, next),
            Some(_) => panic!("the walk ends"),
            None => break,
        }
    }
    for habit in still {
        let times = seen.iter().filter(|id| **id == habit.id).count();
        assert_eq!(times, 1, "{}", habit.name);
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_page_has_cursors_only_for_pages_that_exist(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts =
        (1..=4_u128).map(|number| HabitDraft::new("h", "daily").id(Uuid::from_u128(number)));
    let made = habits.insert_many(drafts.collect()).await?;
    let query = Query::all();
    let whole = habits.list(&query, PageRequest::first(4)).await?;
    assert_eq!(
        (whole.items.len(), &whole.next, &whole.previous),
        (4, &None, &None)
    );
    let whole = habits.list(&query, PageRequest::last(4)).await?;
    assert_eq!(
        (whole.items.len(), &whole.next, &whole.previous),
        (4, &None, &None)
    );

    let first = habits.list(&query, PageRequest::first(2)).await?;
    assert_eq!(first.items, made[..2]);
    assert_eq!(first.previous, None);
    let next = first.next.expect("two rows follow");
    let second = habits.list(&query, PageRequest::after(2, next)).await?;
    assert_eq!(second.items, made[2..]);
    assert_eq!(second.next, None);
    let previous = second.previous.expect("it came from a page");
    let back = habits
        .list(&query, PageRequest::before(2, previous))
        .await?;
    assert_eq!(back.items, made[..2]);
    assert_eq!(back.previous, None);
    assert!(back.next.is_some(), "it came from a page");

    let last = habits.list(&query, PageRequest::last(3)).await?;
    assert_eq!(last.items, made[1..]);
    assert_eq!(last.next, None);
    assert!(last.previous.is_some(), "one row stands before");
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_query_without_rows_has_one_empty_page(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    habits.insert(HabitDraft::new("run", "daily")).await?;
    let nothing: Query<Habit> = Habit::NAME.eq("walk").into();
    for request in [PageRequest::first(5), PageRequest::last(5)] {
        let page = habits.list(&nothing, request).await?;
        assert_eq!((page.items, page.next, page.previous), (vec![], None, None));
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_page_whose_rows_were_removed_is_empty(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts =
        (1..=4_u128).map(|number| HabitDraft::new("h", "daily").id(Uuid::from_u128(number)));
    let made = habits.insert_many(drafts.collect()).await?;
    let query = Query::all();
    let first = habits.list(&query, PageRequest::first(2)).await?;
    let last = habits.list(&query, PageRequest::last(2)).await?;
    let (next, previous) = (first.next.expect("rows"), last.previous.expect("rows"));
    for habit in &made[2..] {
        habits.delete(habit.id, Expected::Any).await?;
    }
    let empty = habits.list(&query, PageRequest::after(2, next)).await?;
    assert_eq!(
        (empty.items, empty.next, empty.previous),
        (vec![], None, None)
    );
    for (gone, back) in made[..2].iter().zip(&made[2..]) {
        habits.delete(gone.id, Expected::Any).await?;
        habits.restore(back.id, Expected::Any).await?;
    }
    let empty = habits
        .list(&query, PageRequest::before(2, previous))
        .await?;
    assert_eq!(
        (empty.items, empty.next, empty.previous),
        (vec![], None, None)
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_page_of_no_rows_or_of_too_many_is_an_invalid_query(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    habits.insert(HabitDraft::new("run", "daily")).await?;
    for size in [0, 10_001, u32::MAX] {
        let reason = format!("a page has 1 to 10000 rows, not {size}").into();
        for request in [PageRequest::first(size), PageRequest::last(size)] {
            assert_eq!(
                refused(habits.list(&Query::all(), request).await),
                ErrorKind::InvalidQuery {
                    reason: Clone::clone(&reason)
                }
            );
        }
    }
    let page = habits
        .list(&Query::all(), PageRequest::first(10_000))
        .await?;
    assert_eq!(page.items.len(), 1);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn texts_are_sorted_by_code_points(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let mut names = [
        "_", "-", "a", "A", "á", "ß", "😀", "Z", "", " ", "B", "b", "aa", "a b", "ä", "z", "10",
        "9", "\u{e000}", "\u{ffff}", "e\u{301}", "é", "İ", "i", "I", "ı", "~", "\u{1}",
    ];
    let drafts = names.iter().map(|name| HabitDraft::new(*name, "daily"));
    habits.insert_many(drafts.collect()).await?;
    // The order of bytes in UTF-8 is that of code points.
    names.sort_unstable();
    let query = Query::all().order_by(Habit::NAME.asc());
    for size in [1, 5, 100] {
        let found = forwards(&*habits, &query, size).await?;
        let found: Vec<&str> = found.iter().map(|habit| habit.name.as_str()).collect();
        assert_eq!(found, names);
    }
    for name in names {
        let below = habits.count(&Habit::NAME.lt(name).into()).await?;
        let place = names.iter().position(|other| *other == name);
        assert_eq!(Some(below as usize), place, "{name:?}");
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn instants_that_differ_by_a_microsecond_are_on_different_pages(
    db: &TwinDatabase,
) -> Result<()> {
    let devices = adas::<Device>(db);
    let instants: Vec<DateTime<Utc>> = [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00.000001Z",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999999Z",
        "2000-01-01T00:00:00Z",
        "2026-05-05T05:05:05.1Z",
        "2026-05-05T05:05:05.100001Z",
        "9999-12-31T23:59:59.999999Z",
    ]
    .map(instant)
    .into();
    let drafts = instants
        .iter()
        .rev()
        .map(|at| DeviceDraft::new("linux").last_sync_at(*at));
    devices.insert_many(drafts.collect()).await?;
    let query = Query::all().order_by(Device::LAST_SYNC_AT.asc());
    for walked in [
        forwards(&*devices, &query, 1).await?,
        backwards(&*devices, &query, 2).await?,
    ] {
        let found: Vec<_> = walked
            .iter()
            .filter_map(|device| device.last_sync_at)
            .collect();
        assert_eq!(found, instants);
    }
    let distinct: BTreeSet<_> = instants.iter().collect();
    assert_eq!(distinct.len(), instants.len());
    Ok(())
}
