//! Every operator on every type of column, against what the rows hold.

use std::fmt::Debug;

use catamaran::record::Field;
use catamaran::record::class::{Comparable, Ordered};
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Column, ErrorKind, Filter, Query, Repository, Result};
use chrono::{DateTime, NaiveDate, Utc};
use entity::{Device, Habit, HabitDraft, HabitPatch};
use suite::clock::instant;
use suite::kind::refused;
use suite::pages::forwards;
use suite::specimen::{Specimen, SpecimenDraft};
use suite::users::{adas, everybodys};
use uuid::Uuid;

/// The sorted values of a column in the rows that a filter selects.
async fn selected<T>(
    specimens: &dyn Repository<Specimen>,
    filter: Filter<Specimen>,
    get: fn(&Specimen) -> T,
) -> Result<Vec<T>> {
    let rows = forwards(specimens, &filter.into(), 1_000).await?;
    Ok(rows.iter().map(get).collect())
}

/// Compares with every value. The rows have the values in ascending order.
async fn compares<C, T>(
    specimens: &dyn Repository<Specimen>,
    column: Column<Specimen, C>,
    get: fn(&Specimen) -> Option<T>,
    values: &[T],
) -> Result<()>
where
    C: Field<Base = T, Class: Comparable + Ordered>,
    T: Field<Base = T> + PartialOrd + Debug,
{
    for value in values {
        type Holds<T> = fn(&T, &T) -> bool;
        let asked: [(Filter<Specimen>, Holds<T>); 6] = [
            (column.eq(value.clone()), |a, b| a == b),
            (column.ne(value.clone()), |a, b| a != b),
            (column.lt(value.clone()), |a, b| a < b),
            (column.le(value.clone()), |a, b| a <= b),
            (column.gt(value.clone()), |a, b| a > b),
            (column.ge(value.clone()), |a, b| a >= b),
        ];
        for (filter, holds) in asked {
            let name = format!("{filter:?}");
            let wanted = |opposite: bool| -> Vec<Option<T>> {
                let matching = values.iter().filter(|v| holds(v, value) != opposite);
                matching.cloned().map(Some).collect()
            };
            let found = selected(specimens, filter.clone(), get).await?;
            assert_eq!(found, wanted(false), "{name}");
            // NULL matches neither.
            let found = selected(specimens, filter.not(), get).await?;
            assert_eq!(found, wanted(true), "not {name}");
        }
    }
    Ok(())
}

/// Filters by lists of the values.
async fn lists<C, T>(
    specimens: &dyn Repository<Specimen>,
    column: Column<Specimen, C>,
    get: fn(&Specimen) -> Option<T>,
    values: &[T],
) -> Result<()>
where
    C: Field<Base = T, Class: Comparable + Ordered>,
    T: Field<Base = T> + PartialOrd + Debug,
{
    compares(specimens, column, get, values).await?;
    let pair = [values[0].clone(), values[values.len() - 1].clone()];
    let found = selected(specimens, column.is_in(pair.clone()), get).await?;
    assert_eq!(found, pair.map(Some));
    let found = selected(specimens, column.is_in(Vec::<T>::new()), get).await?;
    assert_eq!(found, []);
    let all = selected(specimens, column.is_in(values.to_vec()), get).await?;
    assert_eq!(all.len(), values.len());
    Ok(())
}

/// One row for each value, in ascending order of ids, and one with the draft's default.
async fn sampled<T: Clone>(
    specimens: &dyn Repository<Specimen>,
    values: &[T],
    with: impl Fn(SpecimenDraft, T) -> SpecimenDraft,
) -> Result<()> {
    specimens.delete_where(&Filter::all()).await?;
    let drafts = values.iter().zip(1_u128..).map(|(value, number)| {
        with(SpecimenDraft::new("label"), value.clone()).id(Uuid::from_u128(number))
    });
    specimens.insert_many(drafts.collect()).await?;
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn every_comparison_holds_on_every_type(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let rows = &*specimens;
    let null = || SpecimenDraft::new("the one with NULLs").id(Uuid::max());

    let texts = [
        "", " ", "-", "A", "Z", "_", "a", "e\u{301}", "ß", "á", "é", "\u{e000}", "😀",
    ];
    let mut texts: Vec<String> = texts.map(str::to_owned).into();
    texts.sort_unstable();
    sampled(rows, &texts, |draft, text| {
        draft.label(text.clone()).note(text)
    })
    .await?;
    lists(rows, Specimen::LABEL, |row| Some(row.label.clone()), &texts).await?;
    rows.insert(null()).await?;
    lists(rows, Specimen::NOTE, |row| row.note.clone(), &texts).await?;

    let ints = [i32::MIN, -1, 0, 1, 7, i32::MAX];
    sampled(rows, &ints, |draft, int| draft.small(int)).await?;
    lists(rows, Specimen::SMALL, |row| Some(row.small), &ints).await?;

    let wide = [i64::MIN, -(1 << 53) - 1, -1, 0, 1, (1 << 53) + 1, i64::MAX];
    sampled(rows, &wide, |draft, int| draft.whole(int)).await?;
    rows.insert(null()).await?;
    lists(rows, Specimen::WHOLE, |row| row.whole, &wide).await?;

    let floats = [
        f64::MIN,
        -1.5,
        -5e-324,
        0.0,
        5e-324,
        0.1,
        0.1 + 0.2,
        1.0,
        1e300,
        f64::MAX,
    ];
    sampled(rows, &floats, |draft, float| {
        draft.ratio(float).reading(float)
    })
    .await?;
    compares(rows, Specimen::RATIO, |row| Some(row.ratio), &floats).await?;
    rows.insert(null()).await?;
    compares(rows, Specimen::READING, |row| row.reading, &floats).await?;

    let flags = [false, true];
    sampled(rows, &flags, |draft, flag| draft.flag(flag)).await?;
    rows.insert(null()).await?;
    lists(rows, Specimen::FLAG, |row| row.flag, &flags).await?;

    let days = [
        "0001-01-01",
        "0999-12-31",
        "1969-12-31",
        "2024-02-29",
        "9999-12-31",
    ];
    let days: Vec<NaiveDate> = days.iter().map(|day| day.parse().expect("a day")).collect();
    sampled(rows, &days, |draft, day| draft.day(day)).await?;
    rows.insert(null()).await?;
    lists(rows, Specimen::DAY, |row| row.day, &days).await?;

    let instants: Vec<DateTime<Utc>> = [
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00Z",
        "2026-05-05T05:05:05Z",
        "2026-05-05T05:05:05.000001Z",
        "2026-05-05T05:05:05.1Z",
        "9999-12-31T23:59:59.999999Z",
    ]
    .map(instant)
    .into();
    sampled(rows, &instants, |draft, at| draft.at(at)).await?;
    rows.insert(null()).await?;
    lists(rows, Specimen::AT, |row| row.at, &instants).await?;

    let ids = [
        Uuid::nil(),
        Uuid::from_u128(0xa << 120),
        Uuid::from_u128(0xf0 << 120),
        Uuid::max(),
    ];
    sampled(rows, &ids, |draft, id| draft.link(id)).await?;
    rows.insert(null()).await?;
    lists(rows, Specimen::LINK, |row| row.link, &ids).await?;
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn bytes_and_floats_are_compared_but_refused_in_lists(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let values: Vec<Vec<u8>> = vec![
        vec![],
        vec![0],
        vec![0, 0],
        vec![1],
        vec![127],
        vec![128],
        vec![255; 3],
    ];
    sampled(&*specimens, &values, |draft, bytes| draft.blob(bytes)).await?;
    for (place, value) in values.iter().enumerate() {
        for (filter, expected) in [
            (Specimen::BLOB.eq(value.clone()), 1),
            (Specimen::BLOB.ne(value.clone()), 6),
            (Specimen::BLOB.lt(value.clone()), place),
            (Specimen::BLOB.ge(value.clone()), 7 - place),
        ] {
            assert_eq!(specimens.count(&filter.into()).await?, expected as u64);
        }
    }
    let list = Specimen::BLOB.is_in([vec![1_u8]]);
    for filter in [
        list.clone(),
        list.clone().not(),
        list.clone().or(Specimen::SMALL.eq(0)),
        Specimen::BLOB.is_in(Vec::<Vec<u8>>::new()),
    ] {
        let expected = ErrorKind::InvalidQuery {
            reason: "is_in cannot list bytes or floats".into(),
        };
        assert_eq!(refused(specimens.count(&filter.into()).await), expected);
    }
    for filter in [
        Specimen::RATIO.is_in([0.0]),
        Specimen::READING.is_in([0.5]).not(),
    ] {
        let expected = ErrorKind::InvalidQuery {
            reason: "is_in cannot list bytes or floats".into(),
        };
        assert_eq!(refused(specimens.count(&filter.into()).await), expected);
    }
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn null_matches_no_comparison_and_only_is_null(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    specimens
        .insert_many(vec![
            SpecimenDraft::new("null"),
            SpecimenDraft::new("one")
                .whole(1)
                .note("x".to_owned())
                .flag(true),
            SpecimenDraft::new("two")
                .whole(2)
                .note("y".to_owned())
                .flag(false),
        ])
        .await?;
    let truth: fn() -> Filter<Specimen> = Filter::all;
    let unknown: fn() -> Filter<Specimen> =
        || Specimen::WHOLE.eq(1).and(Specimen::LABEL.eq("null"));
    for (filter, expected) in [
        (Specimen::WHOLE.eq(1), "one"),
        (Specimen::WHOLE.ne(1), "two"),
        (Specimen::WHOLE.eq(1).not(), "two"),
        (Specimen::WHOLE.ne(1).not(), "one"),
        (Specimen::WHOLE.is_null(), "null"),
        (Specimen::WHOLE.is_not_null(), "one two"),
        (Specimen::WHOLE.is_null().not(), "one two"),
        (Specimen::WHOLE.is_not_null().not(), "null"),
        (Specimen::WHOLE.is_in([1, 3]), "one"),
        (Specimen::WHOLE.is_in([1, 3]).not(), "two"),
        // No value is in an empty list, also not NULL.
        (Specimen::WHOLE.is_in(Vec::<i64>::new()), ""),
        (
            Specimen::WHOLE.is_in(Vec::<i64>::new()).not(),
            "null one two",
        ),
        (Specimen::NOTE.contains("x"), "one"),
        (Specimen::NOTE.contains("x").not(), "two"),
        (Specimen::NOTE.starts_with("").not(), ""),
        (Specimen::NOTE.ends_with("y").not(), "one"),
        (Specimen::NOTE.contains_ignore_ascii_case("X").not(), "two"),
        (Specimen::FLAG.eq(true).not(), "two"),
        // Unknown and false is false; unknown or true is true; the rest stays unknown.
        (unknown(), ""),
        (unknown().not(), "one two"),
        (
            Specimen::WHOLE.eq(1).and(Filter::none()).not(),
            "null one two",
        ),
        (Specimen::WHOLE.eq(1).or(truth()), "null one two"),
        (Specimen::WHOLE.eq(1).or(Filter::none()).not(), "two"),
        (Specimen::WHOLE.eq(1).and(truth()).not(), "two"),
        (
            Specimen::WHOLE.eq(1).or(Specimen::WHOLE.is_null()),
            "null one",
        ),
    ] {
        let query = Query::from(filter).order_by(Specimen::LABEL.asc());
        let found = forwards(&*specimens, &query, 10).await?;
        let found: Vec<&str> = found.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(found.join(" "), expected, "{query:?}");
    }
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_list_may_have_any_number_of_values(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts =
        (0..5).map(|place| HabitDraft::new(format!("n{place}"), "daily").sort_order(place));
    let made = habits.insert_many(drafts.collect()).await?;
    let count = async |filter: Filter<Habit>| habits.count(&filter.into()).await;
    assert_eq!(count(Habit::SORT_ORDER.is_in(Vec::<i32>::new())).await?, 0);
    assert_eq!(count(Habit::SORT_ORDER.is_in([3])).await?, 1);
    assert_eq!(count(Habit::SORT_ORDER.is_in([3, 3, 3])).await?, 1);
    assert_eq!(count(Habit::SORT_ORDER.is_in(2..40_002)).await?, 3);
    assert_eq!(count(Habit::SORT_ORDER.is_in(2..40_002).not()).await?, 2);
    let names = (0..40_000).map(|number| format!("n{}", number * 2));
    assert_eq!(count(Habit::NAME.is_in(names)).await?, 3);
    let ids = (1..=40_000_u128).map(Uuid::from_u128);
    let ids = ids.chain(made.iter().map(|habit| habit.id));
    assert_eq!(count(Habit::ID.is_in(ids)).await?, 5);
    let changed = habits
        .patch_where(
            &Habit::SORT_ORDER.is_in(3..40_003),
            HabitPatch::new().name("x"),
        )
        .await?;
    assert_eq!(changed, 2);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn deeply_nested_conditions_match_what_they_say(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let drafts = (0..10).map(|place| HabitDraft::new("n", "daily").sort_order(place));
    habits.insert_many(drafts.collect()).await?;
    let is = |place: i32| Habit::SORT_ORDER.eq(place);
    let count = async |filter: Filter<Habit>| habits.count(&filter.into()).await;

    let flat = (1..500).fold(is(0), |filter, place| filter.or(is(place)));
    assert_eq!(count(flat).await?, 10);
    let deep = (1..500).fold(is(0), |filter, level| match level % 2 {
        0 => filter.or(is(level % 10)),
        _ => filter.and(Habit::SORT_ORDER.ge(0)),
    });
    assert_eq!(count(deep).await?, 5);
    let opposites = (1..500).fold(is(0), |filter, level| filter.not().or(is(level % 10)));
    let holds =
        |place: i32| (1..500).fold(place == 0, |holds, level| !holds || place == level % 10);
    let expected = (0..10).filter(|place| holds(*place)).count();
    assert_eq!(count(opposites).await?, expected as u64);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn managed_columns_can_be_filtered_like_others(db: &TwinDatabase) -> Result<()> {
    let devices = adas::<Device>(db);
    let first = devices.insert(entity::DeviceDraft::new("ios")).await?;
    let second = devices
        .update(devices.insert(entity::DeviceDraft::new("web")).await?)
        .await?;
    for (filter, expected) in [
        (Device::VERSION.gt(1), second.id),
        (Device::VERSION.eq(1), first.id),
        (
            Device::ID.lt(second.id.max(first.id)),
            first.id.min(second.id),
        ),
        (
            Device::CREATED_AT
                .le(first.created_at)
                .and(Device::PLATFORM.ne("web")),
            first.id,
        ),
    ] {
        let rows = forwards(&*devices, &filter.into(), 5).await?;
        let ids: Vec<Uuid> = rows.iter().map(|device| device.id).collect();
        assert_eq!(ids, [expected]);
    }
    assert_eq!(
        devices
            .count(&Device::USER_ID.eq(suite::users::ADA).into())
            .await?,
        2
    );
    assert_eq!(
        devices
            .count(&Device::USER_ID.eq(suite::users::BOB).into())
            .await?,
        0
    );
    assert_eq!(
        devices.count(&Device::DELETED_AT.is_null().into()).await?,
        2
    );
    Ok(())
}

/// Finite floats of every size, the same in each run.
fn floats(count: usize) -> Vec<f64> {
    let mut state = 1_u64;
    let bits = std::iter::from_fn(|| {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(bits ^ (bits >> 31))
    });
    let floats = bits.map(f64::from_bits).filter(|float| float.is_finite());
    floats.take(count).collect()
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_float_is_found_by_its_exact_value(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let values = floats(400);
    let drafts = values
        .iter()
        .map(|value| SpecimenDraft::new("x").ratio(*value));
    specimens.insert_many(drafts.collect()).await?;
    let any = |values: Vec<f64>| {
        let equal = values.into_iter().map(|value| Specimen::RATIO.eq(value));
        Query::from(equal.fold(Filter::none(), Filter::or))
    };
    assert_eq!(specimens.count(&any(values.clone())).await?, 400);
    let beside = values.iter().map(|value| value.next_up());
    let beside = beside.filter(|next| next.is_finite()).collect();
    assert_eq!(specimens.count(&any(beside)).await?, 0);
    Ok(())
}
