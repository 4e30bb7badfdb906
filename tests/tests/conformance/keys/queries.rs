//! Pages, cursors and streams.

use catamaran::testing::TwinDatabase;
use catamaran::{Filter, PageRequest, Query, Result};
use futures_util::TryStreamExt;
use suite::keys::Keyed;
use suite::pages::{backwards, forwards};

use super::{for_each_key, ids, ids_of, inserted, rows};

for_each_key! {
    rows_are_ordered_by_their_key
    key_makes_every_order_total
    stream_has_every_row_once
    cursor_of_one_list_of_ids_is_refused_for_another
}

async fn rows_are_ordered_by_their_key<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    inserted::<R>(db, (0..23).map(|number| number * 7 % 23)).await?;
    for size in [1, 4, 23, 100] {
        let all = forwards(&*rows, &Query::all(), size).await?;
        assert_eq!(ids_of(&all), ids::<R>(0..23), "{size}");
        let back = backwards(&*rows, &Query::all(), size).await?;
        assert_eq!(ids_of(&back), ids::<R>(0..23), "{size}");
    }
    Ok(())
}

async fn key_makes_every_order_total<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let made = inserted::<R>(db, 0..12).await?;
    for row in made.iter().filter(|row| row.note().len() == 1) {
        rows.update(row.clone().noted("same")).await?;
    }
    let ascending = Query::all().order_by(R::NOTE.asc());
    let expected: Vec<u32> = [10, 11].into_iter().chain(0..10).collect();
    let descending = Query::all().order_by(R::NOTE.desc());
    let reversed: Vec<u32> = expected.iter().rev().copied().collect();
    for (query, expected) in [(ascending, expected), (descending, reversed)] {
        for size in [1, 3, 5] {
            let all = forwards(&*rows, &query, size).await?;
            assert_eq!(ids_of(&all), ids::<R>(expected.clone()), "{size}");
            let back = backwards(&*rows, &query, size).await?;
            assert_eq!(ids_of(&back), ids::<R>(expected.clone()), "{size}");
        }
    }
    Ok(())
}

async fn stream_has_every_row_once<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    inserted::<R>(db, 0..300).await?;
    let all: Vec<R> = rows.stream(Query::all()).try_collect().await?;
    assert_eq!(ids_of(&all), ids::<R>(0..300));
    Ok(())
}

async fn cursor_of_one_list_of_ids_is_refused_for_another<R: Keyed>(
    db: &TwinDatabase,
) -> Result<()> {
    let rows = rows::<R>(db);
    inserted::<R>(db, 0..6).await?;
    let query = |numbers: &[u32]| Query::from(Filter::ids(ids::<R>(numbers.to_vec())));
    let page = rows.list(&query(&[1, 2, 3]), PageRequest::first(2)).await?;
    let cursor = page.next.expect("a third row");
    let rest = PageRequest::after(9, cursor);
    let same = rows.list(&query(&[1, 2, 3]), rest.clone()).await?;
    assert_eq!(ids_of(&same.items), ids::<R>([3]));
    for other in [&[1, 2, 4][..], &[1, 2], &[3, 2, 1]] {
        let refused = rows.list(&query(other), rest.clone()).await;
        let kind = suite::kind::refused(refused);
        assert_eq!(kind.name(), "InvalidCursor", "{other:?}");
    }
    Ok(())
}
