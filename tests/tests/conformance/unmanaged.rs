//! A record without owner, version, timestamps and soft delete.

use catamaran::record::Change;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Filter, Query, Result, Upsert, Upserted, Visibility};
use suite::clock::instant;
use suite::kind::{not_found, refused, unique};
use suite::pages::{backwards, forwards};
use suite::specimen::{Specimen, SpecimenDraft, SpecimenPatch};
use suite::users::everybodys;
use uuid::Uuid;

const NO_VERSION: ErrorKind = ErrorKind::Unsupported {
    what: "comparing a version",
    reason: "the record has no version",
};

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn deleting_a_record_without_soft_delete_removes_its_row(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let drafts = ["a", "b", "c", "d"].map(SpecimenDraft::new);
    let made = specimens.insert_many(drafts.into()).await?;
    specimens.delete(made[0].id, Expected::Any).await?;
    for visibility in [Visibility::Live, Visibility::Deleted, Visibility::All] {
        let query = Query::all().visibility(visibility);
        assert_eq!(
            specimens.count(&query).await?,
            3,
            "{visibility:?} is all there is"
        );
    }
    assert_eq!(
        refused(specimens.delete(made[0].id, Expected::Any).await),
        not_found::<Specimen>(made[0].id)
    );
    assert_eq!(
        specimens
            .delete_where(&Specimen::LABEL.is_in(["b", "c"]))
            .await?,
        2
    );
    assert_eq!(forwards(&*specimens, &Query::all(), 9).await?, made[3..]);
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_record_without_soft_delete_cannot_be_restored_or_purged(
    db: &TwinDatabase,
) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let made = specimens.insert(SpecimenDraft::new("a")).await?;
    let no_soft_delete = |what| ErrorKind::Unsupported {
        what,
        reason: "the record has no soft delete",
    };
    for id in [made.id, Uuid::nil()] {
        assert_eq!(
            refused(specimens.restore(id, Expected::Any).await),
            no_soft_delete("restore")
        );
    }
    assert_eq!(
        refused(specimens.purge(instant("9999-01-01T00:00:00Z"), 9).await),
        no_soft_delete("purge")
    );
    assert_eq!(specimens.get(made.id).await?, made);
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn expecting_a_version_of_an_unversioned_record_is_refused(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let made = specimens.insert(SpecimenDraft::new("a")).await?;
    let one = Expected::Version(1);
    for patch in [SpecimenPatch::new(), SpecimenPatch::new().small(5)] {
        assert_eq!(
            refused(specimens.patch(made.id, one, patch).await),
            NO_VERSION
        );
    }
    assert_eq!(refused(specimens.delete(made.id, one).await), NO_VERSION);
    assert_eq!(specimens.get(made.id).await?, made);
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn updating_an_unversioned_record_overwrites_any_row(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let first = specimens.insert(SpecimenDraft::new("a").whole(1)).await?;
    let mut second = first.clone();
    second.label = "b".to_owned();
    assert_eq!(specimens.update(second.clone()).await?, second);
    let mut third = first.clone();
    third.whole = None;
    third.blob = vec![1, 2, 3];
    assert_eq!(specimens.update(third.clone()).await?, third);
    assert_eq!(
        specimens.get(first.id).await?,
        third,
        "the label is the stale one again"
    );
    third.id = Uuid::nil();
    assert_eq!(
        refused(specimens.update(third).await),
        not_found::<Specimen>(Uuid::nil())
    );
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_patch_keeps_sets_and_clears_columns_of_every_type(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let full = SpecimenDraft::new("a")
        .note("n".to_owned())
        .whole(1)
        .reading(1.5)
        .flag(true)
        .day("2024-02-29".parse::<chrono::NaiveDate>().expect("a day"))
        .at(instant("2026-01-01T00:00:00Z"))
        .link(Uuid::max())
        .blob(vec![1]);
    let made = specimens.insert(full).await?;
    let same = specimens
        .patch(made.id, Expected::Any, SpecimenPatch::new())
        .await?;
    assert_eq!(same, made);
    let cleared = SpecimenPatch {
        note: Change::Set(None),
        whole: Change::Set(None),
        reading: Change::Set(None),
        flag: Change::Set(None),
        day: Change::Set(None),
        at: Change::Set(None),
        link: Change::Set(None),
        ..SpecimenPatch::new()
    };
    let cleared = specimens.patch(made.id, Expected::Any, cleared).await?;
    let expected = Specimen {
        id: made.id,
        blob: vec![1],
        ..specimens.insert(SpecimenDraft::new("a")).await?
    };
    assert_eq!(cleared, expected);
    let back = SpecimenPatch::new()
        .note("n".to_owned())
        .whole(1)
        .reading(1.5)
        .flag(true)
        .day(made.day)
        .at(made.at)
        .link(made.link);
    assert_eq!(specimens.patch(made.id, Expected::Any, back).await?, made);
    let changed = specimens
        .patch_where(
            &Filter::all(),
            SpecimenPatch::new().blob(vec![9]).flag(None),
        )
        .await?;
    assert_eq!(changed, 2);
    assert_eq!(
        specimens.count(&Specimen::BLOB.eq(vec![9]).into()).await?,
        2
    );
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn upserting_an_unversioned_record_never_conflicts(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let id = Uuid::from_u128(7);
    let draft = |label: &str| SpecimenDraft::new(label).id(id).ratio(0.5).blob(vec![0]);
    let made = specimens.upsert(Upsert::new(draft("a"))).await?;
    assert!(matches!(made, Upserted::Inserted(_)), "{made:?}");
    let same = specimens.upsert(Upsert::new(draft("a"))).await?;
    assert_eq!(same, Upserted::Unchanged(made.record().clone()));
    let other = specimens.upsert(Upsert::new(draft("b"))).await?;
    let Upserted::Updated(updated) = other else {
        panic!("its contents differ: {other:?}");
    };
    assert_eq!(updated.label, "b");
    let back = specimens.upsert(Upsert::seen(made.into_record())).await?;
    assert!(matches!(back, Upserted::Updated(_)), "{back:?}");
    let rows = (0..40_000_u128).map(|number| {
        Upsert::new(
            SpecimenDraft::new("many")
                .id(Uuid::from_u128(number + 1))
                .flag(number % 2 == 0),
        )
    });
    let outcomes = specimens.upsert_many(rows.collect()).await?;
    let updated = outcomes
        .iter()
        .filter(|row| matches!(row, Upserted::Updated(_)))
        .count();
    assert_eq!((outcomes.len(), updated), (40_000, 1));
    assert_eq!(
        specimens.count(&Specimen::LABEL.eq("many").into()).await?,
        40_000
    );
    Ok(())
}

#[twin_test(suite::specimen::Migrator, everywhere)]
async fn a_record_without_managed_columns_has_all_other_calls(db: &TwinDatabase) -> Result<()> {
    let specimens = everybodys::<Specimen>(db);
    let drafts = (0..25_i32).map(|number| {
        SpecimenDraft::new(format!("l{}", number % 4))
            .reading((number % 3 > 0).then(|| f64::from(number % 5) / 3.0))
            .blob(vec![(number % 2) as u8])
            .flag([None, Some(true), Some(false)][number as usize % 3])
    });
    let made = specimens.insert_many(drafts.collect()).await?;
    let again = SpecimenDraft::new("again").id(made[3].id);
    assert_eq!(
        refused(specimens.insert(again).await),
        unique("specimens", &["id"], "pk_specimens")
    );
    for query in [
        Query::all()
            .order_by(Specimen::READING.desc().nulls_last())
            .order_by(Specimen::LABEL.asc()),
        Query::all()
            .order_by(Specimen::FLAG.asc().nulls_first())
            .order_by(Specimen::BLOB.desc()),
        Query::all()
            .order_by(Specimen::RATIO.desc())
            .order_by(Specimen::BLOB.asc()),
    ] {
        let whole = forwards(&*specimens, &query, 100).await?;
        assert_eq!(whole.len(), 25);
        for size in [1, 7] {
            assert_eq!(forwards(&*specimens, &query, size).await?, whole);
            assert_eq!(backwards(&*specimens, &query, size).await?, whole);
        }
    }
    Ok(())
}
