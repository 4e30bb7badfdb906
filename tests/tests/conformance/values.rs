//! What a column keeps: values at their limits, and what no engine keeps as it is.

use catamaran::record::MAX_BYTES;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Expected, InvalidReason, Query, Result, Upsert};
use chrono::{DateTime, NaiveDate, Utc};
use entity::{Device, DeviceDraft, Entry, EntryDraft, Habit, HabitDraft, HabitPatch};
use suite::kind::{invalid, refused};
use suite::specimen::{Specimen, SpecimenDraft, SpecimenPatch};
use suite::users::{adas, everybodys};
use uuid::Uuid;

fn day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 6, 15).expect("a day of chrono's")
}

fn at(year: i32) -> DateTime<Utc> {
    day(year).and_hms_opt(1, 2, 3).expect("a time").and_utc()
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_text_with_a_nul_is_refused_by_every_write(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let made = habits.insert(HabitDraft::new("run", "daily")).await?;
    let refusal = invalid("name", InvalidReason::NulCharacter);
    let bad = || HabitDraft::new("a\0b", "daily");
    assert_eq!(refused(habits.insert(bad()).await), refusal);
    let drafts = vec![HabitDraft::new("walk", "daily"), bad()];
    assert_eq!(refused(habits.insert_many(drafts).await), refusal);
    let mut changed = made.clone();
    changed.name = "\0".to_owned();
    assert_eq!(refused(habits.update(changed.clone()).await), refusal);
    assert_eq!(refused(habits.upsert(Upsert::seen(changed)).await), refusal);
    let patch = || HabitPatch::new().name("\0");
    assert_eq!(
        refused(habits.patch(made.id, Expected::Any, patch()).await),
        refusal
    );
    let everything = catamaran::Filter::all();
    assert_eq!(
        refused(habits.patch_where(&everything, patch()).await),
        refusal
    );
    assert_eq!(habits.get(made.id).await?, made);
    assert_eq!(habits.count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_text_may_have_up_to_one_mebibyte(db: &TwinDatabase) -> Result<()> {
    let habits = adas::<Habit>(db);
    let longest = "é".repeat(MAX_BYTES / 2);
    let made = habits
        .insert(HabitDraft::new(longest.clone(), "daily"))
        .await?;
    assert!(habits.get(made.id).await?.name == longest);
    assert_eq!(
        habits
            .count(&Habit::NAME.ends_with(longest.clone()).into())
            .await?,
        1
    );
    let refusal = invalid(
        "name",
        InvalidReason::TooLong {
            max_bytes: 1_048_576,
        },
    );
    let longer = longest + "x";
    assert_eq!(
        refused(
            habits
                .insert(HabitDraft::new(longer.clone(), "daily"))
                .await
        ),
        refusal
    );
    assert_eq!(
        refused(habits.count(&Habit::NAME.eq(longer).into()).await),
        refusal
    );
    Ok(())
}

#[twin_test(migration::Migrator, everywhere)]
async fn years_before_1_and_after_9999_are_refused(db: &TwinDatabase) -> Result<()> {
    let habit = adas::<Habit>(db)
        .insert(HabitDraft::new("run", "daily"))
        .await?;
    let (entries, devices) = (adas::<Entry>(db), adas::<Device>(db));
    for year in [-4_713, -1, 0, 10_000, 200_000] {
        assert_eq!(
            refused(entries.insert(EntryDraft::new(habit.id, day(year))).await),
            invalid("date", InvalidReason::YearOutOfRange)
        );
        assert_eq!(
            refused(
                devices
                    .insert(DeviceDraft::new("ios").last_sync_at(at(year)))
                    .await
            ),
            invalid("last_sync_at", InvalidReason::YearOutOfRange)
        );
        assert_eq!(
            refused(
                devices
                    .count(&Device::LAST_SYNC_AT.lt(at(year)).into())
                    .await
            ),
            invalid("last_sync_at", InvalidReason::YearOutOfRange)
        );
        assert_eq!(
            refused(
                entries
                    .count(&Entry::DATE.is_in([day(2026), day(year)]).into())
                    .await
            ),
            invalid("date", InvalidReason::YearOutOfRange)
        );
    }
    for year in [1, 999, 1_000, 9_999] {
        let entry = entries.insert(EntryDraft::new(habit.id, day(year))).await?;
        assert_eq!(entries.get(entry.id).await?.date, day(year));
        let device = devices
            .insert(DeviceDraft::new("ios").last_sync_at(at(year)))
            .await?;
        assert_eq!(devices.get(device.id).await?.last_sync_at, Some(at(year)));
    }
    for (edge, in_range) in [
        (DateTime::<Utc>::MIN_UTC, false),
        (DateTime::<Utc>::MAX_UTC, false),
        (at(1), true),
    ] {
        let asked = devices.exists(&Device::CREATED_AT.gt(edge).into()).await;
        assert_eq!(asked.is_ok(), in_range, "{edge}");
    }
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn every_type_keeps_its_exact_values(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let texts = [
        "",
        "'",
        "\\",
        "😀",
        "e\u{301}",
        "\u{1}",
        "\u{10ffff}",
        "a\r\nb",
        " x ",
    ];
    let floats = [
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        0.0,
        0.1,
        0.1 + 0.2,
        1e15,
        1e16,
        1e17,
        9_007_199_254_740_993.0,
        -1.0,
        3.0,
        1e-7,
        123_456_789.123_456_79,
        std::f64::consts::PI,
    ];
    let wholes = [i64::MIN, -1, 0, 1, (1 << 53) + 1, i64::MAX];
    let blobs = [
        vec![],
        vec![0],
        vec![0xff; 300],
        (0..=255).collect(),
        b"text".to_vec(),
    ];
    let mut drafts = Vec::new();
    for (number, float) in floats.iter().copied().enumerate() {
        let pick = |len: usize| number % len;
        let text = texts[pick(texts.len())];
        drafts.push(
            SpecimenDraft::new(text)
                .note((number % 2 == 0).then(|| text.to_owned()))
                .small([i32::MIN, -1, 0, 1, i32::MAX][pick(5)])
                .whole((number % 3 > 0).then(|| wholes[pick(wholes.len())]))
                .ratio(float)
                .reading((number % 2 > 0).then_some(float))
                .flag([None, Some(true), Some(false)][pick(3)])
                .day([None, Some(day(1)), Some(day(9_999))][pick(3)])
                .at([None, Some(at(1)), Some(at(1_970))][pick(3)])
                .link([None, Some(Uuid::nil()), Some(Uuid::max())][pick(3)])
                .blob(blobs[pick(blobs.len())].clone()),
        );
    }
    let many = specimens.insert_many(drafts.clone()).await?;
    for (draft, made) in drafts.into_iter().zip(many) {
        assert_eq!(made.ratio.to_bits(), draft.ratio.to_bits());
        let stored = specimens.get(made.id).await?;
        assert_eq!(stored, made);
        assert_eq!(
            stored.ratio.to_bits(),
            draft.ratio.to_bits(),
            "{}",
            draft.ratio
        );
        assert_eq!(
            stored.reading.map(f64::to_bits),
            draft.reading.map(f64::to_bits)
        );
        // `insert` and `upsert` store the same value.
        let one = specimens.insert(draft.clone()).await?;
        assert_eq!(
            specimens.get(one.id).await?,
            Specimen { id: one.id, ..made }
        );
        let same = specimens.upsert(Upsert::new(draft.id(one.id))).await?;
        assert_eq!(same, catamaran::Upserted::Unchanged(one));
    }
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn negative_zero_becomes_zero_and_infinite_floats_are_refused(
    db: &TwinDatabase,
) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let made = specimens
        .insert(SpecimenDraft::new("zero").ratio(-0.0).reading(-0.0))
        .await?;
    let patched = specimens
        .patch(
            made.id,
            Expected::Any,
            SpecimenPatch::new().ratio(-0.0).reading(-0.0),
        )
        .await?;
    for row in [&made, &patched, &specimens.get(made.id).await?] {
        assert_eq!(row.ratio.to_bits(), 0.0_f64.to_bits());
        assert_eq!(row.reading.map(f64::to_bits), Some(0.0_f64.to_bits()));
    }
    for filter in [Specimen::RATIO.eq(-0.0), Specimen::RATIO.le(-0.0)] {
        assert_eq!(specimens.count(&filter.into()).await?, 1);
    }
    assert_eq!(specimens.count(&Specimen::RATIO.lt(0.0).into()).await?, 0);
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refusal = invalid("ratio", InvalidReason::NotFinite);
        assert_eq!(
            refused(specimens.insert(SpecimenDraft::new("x").ratio(float)).await),
            refusal
        );
        assert_eq!(
            refused(specimens.count(&Specimen::RATIO.lt(float).into()).await),
            refusal
        );
        let refusal = invalid("reading", InvalidReason::NotFinite);
        let draft = SpecimenDraft::new("x").reading(float);
        assert_eq!(refused(specimens.insert(draft).await), refusal);
    }
    assert_eq!(specimens.count(&Query::all()).await?, 1);
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn bytes_may_have_up_to_one_mebibyte(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let longest = vec![0xab; MAX_BYTES];
    let made = specimens
        .insert(SpecimenDraft::new("x").blob(longest.clone()))
        .await?;
    assert!(specimens.get(made.id).await?.blob == longest);
    let longer = vec![0; MAX_BYTES + 1];
    assert_eq!(
        refused(specimens.insert(SpecimenDraft::new("x").blob(longer)).await),
        invalid(
            "blob",
            InvalidReason::TooLong {
                max_bytes: 1_048_576
            }
        )
    );
    Ok(())
}
