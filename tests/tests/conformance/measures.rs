//! Small integers, floats of 4 bytes and times of day: what a column keeps, refuses, compares and orders.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Engine, ErrorKind, Expected, Filter, InvalidReason, Query, Result, Upsert};
use chrono::NaiveTime;
use suite::exhibit::{Measure, MeasureDraft, MeasurePatch};
use suite::kind::{invalid, refused};
use suite::pages::{backwards, forwards};
use suite::raw;
use suite::users::everybodys;

fn time(text: &str) -> NaiveTime {
    text.parse().expect("a time of day")
}

const NUMBERS: [i16; 5] = [i16::MIN, -1, 0, 1, i16::MAX];

/// Among them the first integer that 4 bytes do not hold, which is read as its neighbour.
const FLOATS: [f32; 9] = [
    f32::MIN,
    -1.5,
    0.0,
    1e-45,
    f32::MIN_POSITIVE,
    0.1,
    16_777_217.0,
    std::f32::consts::PI,
    f32::MAX,
];

const TIMES: [&str; 4] = [
    "00:00:00",
    "00:00:00.000001",
    "12:34:56.5",
    "23:59:59.999999",
];

fn drafts() -> Vec<MeasureDraft> {
    let floats = FLOATS.into_iter().enumerate();
    floats
        .map(|(index, float)| {
            let number = NUMBERS[index % NUMBERS.len()];
            let at = time(TIMES[index % TIMES.len()]);
            MeasureDraft::new(number, float, at)
                .gap((index % 2 == 0).then_some(number))
                .depth((index % 3 > 0).then_some(float))
                .closes_at((index % 2 > 0).then_some(at))
        })
        .collect()
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn every_value_is_kept_by_every_write(db: &TwinDatabase) -> Result<()> {
    let measures = everybodys::<Measure>(db);
    let many = measures.insert_many(drafts()).await?;
    for (draft, made) in drafts().into_iter().zip(many) {
        assert_eq!(made.weight.to_bits(), draft.weight.to_bits());
        let stored = measures.get(made.id).await?;
        assert_eq!(stored, made);
        assert_eq!(stored.weight.to_bits(), draft.weight.to_bits());
        assert_eq!(
            (stored.shelf, stored.opens_at),
            (draft.shelf, draft.opens_at)
        );
        assert_eq!(
            (stored.gap, stored.depth, stored.closes_at),
            (draft.gap, draft.depth, draft.closes_at)
        );
        let one = measures.insert(draft.clone()).await?;
        assert_eq!(measures.get(one.id).await?, Measure { id: one.id, ..made });
        let same = measures.upsert(Upsert::new(draft.id(one.id))).await?;
        assert_eq!(same, catamaran::Upserted::Unchanged(one.clone()));
        let patch = MeasurePatch::new()
            .gap(None)
            .depth(None)
            .closes_at(None)
            .weight(0.5)
            .shelf(7_i16)
            .opens_at(time("01:02:03"));
        let patched = measures.patch(one.id, Expected::Any, patch).await?;
        assert_eq!(measures.get(one.id).await?, patched);
    }
    // Many rows are copied on Postgres.
    let copies: Vec<_> = drafts().into_iter().cycle().take(1_000).collect();
    let copied = measures.insert_many(copies.clone()).await?;
    for (draft, made) in copies.into_iter().zip(copied) {
        assert_eq!(made.weight.to_bits(), draft.weight.to_bits());
        assert_eq!((made.shelf, made.opens_at), (draft.shelf, draft.opens_at));
    }
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn filters_orders_and_cursors_are_the_same_as_in_rust(db: &TwinDatabase) -> Result<()> {
    let measures = everybodys::<Measure>(db);
    let made = measures.insert_many(drafts()).await?;
    let count = async |filter: Filter<Measure>| measures.count(&filter.into()).await;
    let expected =
        |holds: &dyn Fn(&Measure) -> bool| made.iter().filter(|row| holds(row)).count() as u64;
    for float in FLOATS {
        let found = count(Measure::WEIGHT.eq(float)).await?;
        assert_eq!(found, expected(&|row| row.weight == float), "{float}");
        let found = count(Measure::DEPTH.lt(float)).await?;
        let less = |row: &Measure| row.depth.is_some_and(|depth| depth < float);
        assert_eq!(found, expected(&less), "{float}");
    }
    for at in TIMES.map(time) {
        let found = count(Measure::OPENS_AT.eq(at)).await?;
        assert_eq!(found, expected(&|row| row.opens_at == at), "{at}");
        let found = count(Measure::OPENS_AT.is_in([at])).await?;
        assert_eq!(found, expected(&|row| row.opens_at == at), "{at}");
        let found = count(Measure::CLOSES_AT.ge(at)).await?;
        let late = |row: &Measure| row.closes_at.is_some_and(|closes| closes >= at);
        assert_eq!(found, expected(&late), "{at}");
    }
    for number in NUMBERS {
        let found = count(Measure::SHELF.is_in([number, 0])).await?;
        let one = |row: &Measure| row.shelf == number || row.shelf == 0;
        assert_eq!(found, expected(&one), "{number}");
        let found = count(Measure::GAP.gt(number)).await?;
        let more = |row: &Measure| row.gap.is_some_and(|gap| gap > number);
        assert_eq!(found, expected(&more), "{number}");
    }
    assert_eq!(count(Measure::CLOSES_AT.is_null()).await?, 5);
    let listed = refused(count(Measure::WEIGHT.is_in([1.0])).await);
    assert!(
        matches!(listed, ErrorKind::InvalidQuery { .. }),
        "{listed:?}"
    );

    let mut sorted = made.clone();
    sorted.sort_by(|a, b| a.weight.total_cmp(&b.weight));
    let query = Query::all().order_by(Measure::WEIGHT.asc());
    assert_eq!(forwards(&*measures, &query, 2).await?, sorted);
    sorted.sort_by_key(|row| (row.shelf, row.opens_at, row.id));
    let query = Query::all()
        .order_by(Measure::SHELF.asc())
        .order_by(Measure::OPENS_AT.asc());
    assert_eq!(forwards(&*measures, &query, 2).await?, sorted);
    assert_eq!(backwards(&*measures, &query, 2).await?, sorted);
    for order in [
        Measure::DEPTH.desc(),
        Measure::CLOSES_AT.asc(),
        Measure::GAP.desc(),
    ] {
        let query = Query::all().order_by(order);
        let found = forwards(&*measures, &query, 2).await?;
        assert_eq!(found.len(), made.len());
        assert_eq!(backwards(&*measures, &query, 2).await?, found);
    }
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn floats_are_finite_and_times_have_microseconds(db: &TwinDatabase) -> Result<()> {
    let measures = everybodys::<Measure>(db);
    let noon = time("12:00:00");
    for float in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let refusal = invalid("weight", InvalidReason::NotFinite);
        let inserted = measures.insert(MeasureDraft::new(0_i16, float, noon)).await;
        assert_eq!(refused(inserted), refusal);
        let filter = Measure::WEIGHT.gt(float);
        assert_eq!(refused(measures.count(&filter.into()).await), refusal);
    }
    for (given, kept) in [
        ("23:59:60.5", "23:59:59.999999"),
        ("01:02:03.000001999", "01:02:03.000001"),
    ] {
        let draft = MeasureDraft::new(0_i16, -0.0, time(given)).closes_at(time(given));
        let made = measures.insert(draft).await?;
        assert_eq!(
            (made.opens_at, made.closes_at),
            (time(kept), Some(time(kept)))
        );
        assert_eq!(made.weight.to_bits(), 0.0_f32.to_bits());
        assert_eq!(measures.get(made.id).await?, made);
        let filter = Measure::OPENS_AT.eq(time(given));
        assert_eq!(measures.count(&filter.into()).await?, 1);
    }
    Ok(())
}

#[twin_test(suite::exhibit::Migrator, everywhere)]
async fn a_value_outside_of_the_type_is_refused_by_the_database_and_not_read(
    db: &TwinDatabase,
) -> Result<()> {
    let measures = everybodys::<Measure>(db);
    let made = measures
        .insert(MeasureDraft::new(1_i16, 2.0, time("03:04:05")))
        .await?;
    let set = |column: &str, value: &str| format!("UPDATE measures SET {column} = {value}");
    let midnight = refused(raw::execute(db.store(), &set("opens_at", "'24:00:00'")).await);
    assert!(matches!(midnight, ErrorKind::Check { .. }), "{midnight:?}");
    let unreadable = match db.engine() {
        Engine::Postgres => vec![("opens_at", "'24:00:00'", "'03:04:05'")],
        Engine::Sqlite => vec![
            ("shelf", "32768", "1"),
            ("gap", "-32769", "NULL"),
            ("weight", "0.1", "2.0"),
            ("weight", "1e39", "2.0"),
            ("depth", "16777217.0", "NULL"),
            ("opens_at", "'24:00:00.000000'", "'03:04:05.000000'"),
            ("opens_at", "'23:59:60.000000'", "'03:04:05.000000'"),
            ("closes_at", "'noon'", "NULL"),
            ("closes_at", "''", "NULL"),
        ],
    };
    for (column, value, whole) in unreadable {
        raw::execute_on(
            db,
            &format!(
                "PRAGMA ignore_check_constraints = ON; {}; PRAGMA ignore_check_constraints = OFF",
                set(column, value)
            ),
            &format!(
                "ALTER TABLE measures DROP CONSTRAINT ck_measures__{column}; {}",
                set(column, value)
            ),
        )
        .await?;
        let expected = ErrorKind::Decode {
            column: column.into(),
        };
        assert_eq!(refused(measures.find(made.id).await), expected, "{value}");
        // A page is read by binary values on Postgres.
        let page = catamaran::PageRequest::first(5);
        let page = measures.list(&Query::all(), page).await;
        assert_eq!(refused(page), expected, "{value}");
        raw::execute(db.store(), &set(column, whole)).await?;
    }
    assert_eq!(measures.get(made.id).await?, made);
    Ok(())
}
