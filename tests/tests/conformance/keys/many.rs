//! Calls about many rows.

use catamaran::testing::TwinDatabase;
use catamaran::{ErrorKind, Expected, Filter, Query, Result, Upsert, Upserted, Visibility};
use suite::clock::instant;
use suite::keys::Keyed;
use suite::kind::{foreign_key, not_found, refused, stale};
use suite::users::{ADA, scope};

use super::{drafts, for_each_key, ids, ids_of, inserted, rows};

/// More rows than one statement of SQLite has.
const MANY: u32 = 700;

for_each_key! {
    rows_are_inserted_in_the_order_of_the_drafts
    upserts_are_answered_in_the_order_of_the_rows
    upsert_of_an_id_twice_is_two_calls
    locked_rows_are_ordered_by_id
    writes_by_filter_meet_the_rows_of_the_filter
    empty_patch_by_filter_writes_no_row
    oldest_deleted_rows_are_purged
    parents_are_inserted_before_their_children
    circle_of_references_is_inserted_and_removed
    missing_parent_is_named
}

async fn rows_are_inserted_in_the_order_of_the_drafts<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let numbers: Vec<u32> = (0..MANY).map(|number| number * 13 % MANY).collect();
    let made = inserted::<R>(db, numbers.clone()).await?;
    assert_eq!(ids_of(&made), ids::<R>(numbers));
    assert_eq!(rows::<R>(db).count(&Query::all()).await?, u64::from(MANY));
    Ok(())
}

async fn upserts_are_answered_in_the_order_of_the_rows<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let made = inserted::<R>(db, 0..MANY).await?;
    let upserts =
        (0..MANY + 50)
            .rev()
            .map(|number| match (made.get(number as usize), number % 3) {
                (Some(row), 0) => Upsert::seen(row.clone().noted("new")),
                (Some(row), _) => Upsert::seen(row.clone()),
                (None, _) => Upsert::new(R::draft(R::nth(number), "new")),
            });
    let outcomes = rows.upsert_many(upserts.collect()).await?;
    for (outcome, number) in outcomes.iter().zip((0..MANY + 50).rev()) {
        assert_eq!(outcome.record().id(), R::nth(number));
        let is_right = match (number < MANY, number % 3) {
            (true, 0) => matches!(outcome, Upserted::Updated(row) if row.note() == "new"),
            (true, _) => matches!(outcome, Upserted::Unchanged(_)),
            (false, _) => matches!(outcome, Upserted::Inserted(_)),
        };
        assert!(is_right, "{number}: {outcome:?}");
    }
    let late = vec![
        Upsert::new(R::draft(R::nth(MANY + 60), "new")),
        Upsert::seen(made[3].clone().noted("late")),
    ];
    let late = refused(rows.upsert_many(late).await);
    assert_eq!(late, stale::<R>(R::nth(3), 1, 2));
    Ok(())
}

async fn upsert_of_an_id_twice_is_two_calls<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let twice = [1, 2, 1].map(|number| Upsert::new(R::draft(R::nth(number), "a")));
    let outcomes = rows.upsert_many(twice.into()).await?;
    let [first, second, third] = &outcomes[..] else {
        panic!("three outcomes: {outcomes:?}");
    };
    assert!(matches!(first, Upserted::Inserted(_)), "{first:?}");
    assert!(matches!(second, Upserted::Inserted(_)), "{second:?}");
    assert!(matches!(third, Upserted::Unchanged(_)), "{third:?}");
    Ok(())
}

async fn locked_rows_are_ordered_by_id<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    inserted::<R>(db, 0..9).await?;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let rows = unit.repository::<R>();
    let locked = rows.lock(&ids::<R>([7, 2, 99, 5])).await?;
    assert_eq!(ids_of(&locked), ids::<R>([2, 5, 7]));
    assert_eq!(rows.lock(&[]).await?, []);
    unit.commit().await
}

async fn writes_by_filter_meet_the_rows_of_the_filter<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    inserted::<R>(db, 0..20).await?;
    let some = Filter::ids(ids::<R>([3, 4, 99, 11]));
    assert_eq!(rows.patch_where(&some, R::patch("some")).await?, 3);
    let patched = Query::from(R::NOTE.eq("some".to_owned()));
    assert_eq!(rows.count(&patched).await?, 3);
    assert_eq!(rows.delete_where(&some).await?, 3);
    assert_eq!(rows.delete_where(&Filter::ids([])).await?, 0);
    let others = rows.count(&Filter::ids(ids::<R>(0..99)).into()).await?;
    assert_eq!(others, 17);
    let others = Filter::ids(ids::<R>([3, 4, 11])).not();
    assert_eq!(rows.count(&others.into()).await?, 17);
    Ok(())
}

async fn empty_patch_by_filter_writes_no_row<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let made = inserted::<R>(db, 0..3).await?;
    let nothing = || R::patch_from(Vec::new());
    assert_eq!(rows.patch_where(&Filter::all(), nothing()?).await?, 0);
    let some = Filter::ids(ids::<R>([0, 2]));
    assert_eq!(rows.patch_where(&some, nothing()?).await?, 0);
    for row in made {
        assert_eq!(rows.get(row.id()).await?, row);
    }
    Ok(())
}

async fn oldest_deleted_rows_are_purged<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    inserted::<R>(db, 0..6).await?;
    for number in [4, 1, 3] {
        rows.delete(R::nth(number), Expected::Any).await?;
    }
    let late = instant("2200-01-01T00:00:00Z");
    assert_eq!(rows.purge(late, 2).await?, 2);
    let left = Query::all().visibility(Visibility::Deleted);
    assert_eq!(rows.count(&left).await?, 1);
    assert_eq!(rows.purge(late, 9).await?, 1);
    assert_eq!(rows.count(&Query::all()).await?, 3);
    let purged = refused(rows.restore(R::nth(4), Expected::Any).await);
    assert_eq!(purged, not_found::<R>(R::nth(4)));
    Ok(())
}

async fn parents_are_inserted_before_their_children<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let family = (0..40).map(|number| {
        let parent = (number < 39).then(|| R::nth(number + 1));
        R::child(R::draft(R::nth(number), "child"), parent)
    });
    let made = rows.insert_many(family.collect()).await?;
    assert_eq!(ids_of(&made), ids::<R>(0..40));
    let upserts = made.iter().cloned().map(Upsert::seen);
    let outcomes = rows.upsert_many(upserts.collect()).await?;
    let is_unchanged = |outcome: &Upserted<R>| matches!(outcome, Upserted::Unchanged(_));
    assert!(outcomes.iter().all(is_unchanged), "{outcomes:?}");
    rows.delete_where(&Filter::all()).await?;
    // Children first.
    let purged = rows.purge(instant("2200-01-01T00:00:00Z"), 100).await?;
    assert_eq!(purged, 40);
    Ok(())
}

async fn circle_of_references_is_inserted_and_removed<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let circle = |note: &'static str| {
        let rows = (0..3).map(move |number| {
            R::child(
                R::draft(R::nth(number), note),
                Some(R::nth((number + 1) % 3)),
            )
        });
        rows.collect::<Vec<_>>()
    };
    rows.insert_many(circle("a")).await?;
    let again = circle("a").into_iter().map(Upsert::new).collect();
    let outcomes = rows.upsert_many(again).await?;
    let is_unchanged = |outcome: &Upserted<R>| matches!(outcome, Upserted::Unchanged(_));
    assert!(outcomes.iter().all(is_unchanged), "{outcomes:?}");
    // One row of a circle is taken.
    let taken = refused(rows.insert_many(circle("b")).await);
    assert!(matches!(taken, ErrorKind::Unique { .. }), "{taken:?}");
    rows.delete_where(&Filter::all()).await?;
    let purged = rows.purge(instant("2200-01-01T00:00:00Z"), 100).await?;
    assert_eq!(purged, 3);
    Ok(())
}

async fn missing_parent_is_named<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let mut orphans = drafts::<R>(0..3);
    let orphan = R::child(R::draft(R::nth(5), "orphan"), Some(R::nth(77)));
    orphans.push(orphan.clone());
    let key = &R::TABLE.foreign_keys[0];
    let missing = foreign_key(R::TABLE.name, key.columns, key.name);
    assert_eq!(refused(rows.insert(orphan).await), missing);
    assert_eq!(refused(rows.insert_many(orphans).await), missing);
    Ok(())
}
