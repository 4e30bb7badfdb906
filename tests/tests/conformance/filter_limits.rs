//! Every call takes a filter of 500 conditions, whatever its shape, and refuses one of 501.

use std::sync::Arc;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Filter, PageRequest, Query, Repository, Result, Scope};
use entity::{Habit, HabitDraft, HabitPatch};
use futures_util::TryStreamExt;
use suite::kind::refused;
use suite::pages::{backwards, forwards};
use suite::users::{ADA, adas, everyone, scope};
use uuid::Uuid;

const MOST: usize = 500;
const ROWS: usize = 3;

/// A condition that is true or false for every row of a test.
type Leaf = fn(bool) -> Filter<Habit>;

/// Among them those whose SQL is nested most deeply.
const LEAVES: [Leaf; 5] = [
    |truth| Habit::SORT_ORDER.eq(if truth { 7 } else { 8 }),
    |truth| Habit::NAME.is_in([if truth { "run" } else { "walk" }]),
    |truth| Habit::NAME.ends_with(if truth { "un" } else { "alk" }),
    |truth| Habit::NAME.contains_ignore_ascii_case(if truth { "RU" } else { "WA" }),
    |truth| match truth {
        true => Habit::DELETED_AT.is_null(),
        false => Habit::DELETED_AT.is_not_null(),
    },
];

/// Makes a filter of this many conditions, which is true for every row of a test.
type Shape = fn(Leaf, usize) -> Filter<Habit>;

const SHAPES: [(&str, Shape); 7] = [
    ("and", |leaf, conditions| {
        (1..conditions).fold(leaf(true), |filter, _| filter.and(leaf(true)))
    }),
    ("or", |leaf, conditions| {
        (1..conditions).fold(leaf(false), |filter, n| filter.or(leaf(n % 2 == 1)))
    }),
    ("and and or, nested to the left", |leaf, conditions| {
        (1..conditions).fold(leaf(true), |filter, n| match n % 2 {
            0 => filter.or(leaf(false)),
            _ => filter.and(leaf(true)),
        })
    }),
    ("and and or, nested to the right", |leaf, conditions| {
        (1..conditions).fold(leaf(true), |filter, n| match n % 2 {
            0 => leaf(false).or(filter),
            _ => leaf(true).and(filter),
        })
    }),
    ("nested not", |leaf, conditions| {
        (1..conditions).fold(leaf(true), |filter, _| filter.not().or(leaf(true)))
    }),
    ("not around each", |leaf, conditions| {
        (1..conditions).fold(leaf(false).not(), |filter, _| filter.and(leaf(false).not()))
    }),
    (
        "not around each and around each pair",
        |leaf, conditions| {
            (1..conditions).fold(leaf(true), |filter, n| match n % 2 {
                0 => filter.or(leaf(true).not()).not().not(),
                _ => filter.not().or(leaf(false)).not(),
            })
        },
    ),
];

/// Every column, in both directions, so that the condition of a cursor is as large as it can be.
fn longest_order(filter: Filter<Habit>) -> Query<Habit> {
    filter
        .order_by(Habit::DELETED_AT.asc())
        .order_by(Habit::NAME.desc())
        .order_by(Habit::CADENCE.asc())
        .order_by(Habit::COLOR.desc())
        .order_by(Habit::SORT_ORDER.asc())
        .order_by(Habit::IS_ARCHIVED.desc())
        .order_by(Habit::CREATED_AT.asc())
        .order_by(Habit::UPDATED_AT.desc())
        .order_by(Habit::VERSION.asc())
        .order_by(Habit::USER_ID.desc())
}

fn drafts() -> Vec<HabitDraft> {
    let draft = || HabitDraft::new("run", "daily").sort_order(7);
    (0..ROWS).map(|_| draft()).collect()
}

/// Every call that takes a filter.
async fn takes(habits: &dyn Repository<Habit>, filter: Filter<Habit>, name: &str) -> Result<()> {
    let query = Query::from(filter.clone());
    let everything = Query::all().filter(filter.clone());
    assert_eq!(habits.count(&everything).await?, ROWS as u64, "{name}");
    assert!(habits.exists(&query).await?, "{name}");
    let streamed: Vec<Habit> = habits.stream(query).try_collect().await?;
    assert_eq!(streamed.len(), ROWS, "{name}");
    let query = longest_order(filter.clone());
    let pages = forwards(habits, &query, 1).await?;
    assert_eq!(pages.len(), ROWS, "{name}");
    assert_eq!(backwards(habits, &query, 1).await?, pages, "{name}");
    let patch = HabitPatch::new().cadence("weekly");
    let patched = habits.patch_where(&filter, patch).await?;
    assert_eq!(patched, ROWS as u64, "{name}");
    let deleted = habits.delete_where(&filter).await?;
    assert_eq!(deleted, ROWS as u64, "{name}");
    Ok(())
}

/// Every call that takes a filter refuses one that is too large.
async fn refuses(habits: &dyn Repository<Habit>, filter: Filter<Habit>, name: &str) {
    let refusal = ErrorKind::InvalidQuery {
        reason: "a filter has at most 500 conditions; use is_in for lists".into(),
    };
    let query = longest_order(filter.clone());
    assert_eq!(refused(habits.count(&query).await), refusal, "{name}");
    assert_eq!(refused(habits.exists(&query).await), refusal, "{name}");
    let streamed: Result<Vec<Habit>> = habits.stream(query.clone()).try_collect().await;
    assert_eq!(refused(streamed), refusal, "{name}");
    for page in [PageRequest::first(1), PageRequest::last(1)] {
        assert_eq!(refused(habits.list(&query, page).await), refusal, "{name}");
    }
    for patch in [HabitPatch::new().name("x"), HabitPatch::new()] {
        let patched = habits.patch_where(&filter, patch).await;
        assert_eq!(refused(patched), refusal, "{name}");
    }
    let deleted = habits.delete_where(&filter).await;
    assert_eq!(refused(deleted), refusal, "{name}");
}

/// The rows of a test, which belong to Ada. The system's scope can write them too.
async fn with_rows(db: &TwinDatabase, scope: &Scope) -> Result<Arc<dyn Repository<Habit>>> {
    adas::<Habit>(db).insert_many(drafts()).await?;
    Ok(db.store().repository::<Habit>(scope))
}

#[twin_test(migration::Migrator)]
async fn each_call_takes_a_filter_of_five_hundred_conditions_of_any_shape(
    db: &TwinDatabase,
) -> Result<()> {
    for (shape_name, shape) in SHAPES {
        for (number, leaf) in LEAVES.into_iter().enumerate() {
            let name = format!("{shape_name}, of leaf {number}");
            for scope in [scope(ADA), everyone()] {
                let habits = with_rows(db, &scope).await?;
                takes(&*habits, shape(leaf, MOST), &name).await?;
                refuses(&*habits, shape(leaf, MOST + 1), &name).await;
            }
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn each_call_of_a_unit_takes_a_filter_of_five_hundred_conditions(
    db: &TwinDatabase,
) -> Result<()> {
    let ends_with = LEAVES[2];
    for (name, shape) in SHAPES {
        for scope in [scope(ADA), everyone()] {
            with_rows(db, &scope).await?;
            let unit = db.store().begin_write(&scope).await?;
            let habits = unit.repository::<Habit>();
            takes(&*habits, shape(ends_with, MOST), name).await?;
            unit.commit().await?;
        }
    }
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn neither_not_nor_a_filter_of_all_rows_counts_as_a_condition(
    db: &TwinDatabase,
) -> Result<()> {
    let habits = with_rows(db, &scope(ADA)).await?;
    let is = |truth| LEAVES[0](truth);
    let count = async |filter: Filter<Habit>| habits.count(&filter.into()).await;
    let all = (0..MOST).fold(Filter::all(), |filter, _| filter.and(is(true)));
    assert_eq!(count(all.clone().and(Filter::all())).await?, 3);
    assert_eq!(count(all.clone().not().not().not()).await?, 0);
    let any = (0..MOST).fold(Filter::none(), |filter, n| filter.or(is(n == 0)));
    assert_eq!(count(any.not()).await?, 0);
    let negated = (0..100_000).fold(is(true), |filter, _| filter.not());
    assert_eq!(count(negated).await?, 3);
    // In another place they do count: the tree must not grow without end.
    let tall = (0..100_000).fold(is(true), |filter, n| match n % 2 {
        0 => filter.and(Filter::none()),
        _ => filter.or(Filter::all()),
    });
    refuses(&*habits, tall, "all and none").await;
    refuses(&*habits, all.and(is(true)).not(), "not of 501").await;
    let wide = (0..100_000).fold(is(true), |filter, _| filter.or(is(true)));
    refuses(&*habits, wide, "100,001 conditions").await;
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_nested_not_keeps_the_logic_of_null(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let ids: Vec<Uuid> = (1..=10).map(Uuid::from_u128).collect();
    let drafts = (0..10).map(|place| {
        HabitDraft::new("n", "daily")
            .id(ids[place as usize])
            .sort_order(place)
    });
    habits.insert_many(drafts.collect()).await?;
    habits.delete(ids[4], Expected::Any).await?;
    let at = "2000-01-01T00:00:00Z".parse().expect("an instant");
    // Unknown for the nine live rows, true for the deleted one.
    let deleted = || Habit::DELETED_AT.gt(chrono::DateTime::<chrono::Utc>::clone(&at));
    let first = || Habit::SORT_ORDER.lt(5);
    let count = async |filter: Filter<Habit>| {
        let query = Query::from(filter).visibility(catamaran::Visibility::All);
        habits.count(&query).await
    };
    // Unknown or false is unknown, and so is its negation; unknown or true is true.
    assert_eq!(count(deleted().or(first())).await?, 5);
    assert_eq!(count(deleted().or(first()).not()).await?, 0);
    // Unknown and false is false, so its negation is true.
    assert_eq!(count(deleted().and(first())).await?, 1);
    assert_eq!(count(deleted().and(first()).not()).await?, 5);
    let both = deleted().and(first()).not().or(deleted().not());
    assert_eq!(count(both.clone()).await?, 5);
    assert_eq!(count(both.not()).await?, 1);
    Ok(())
}
