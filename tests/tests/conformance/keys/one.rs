//! Calls about one row.

use catamaran::testing::TwinDatabase;
use catamaran::{
    ConflictReason, ErrorKind, Expected, RepositoryExt, Result, Retry, Upsert, Upserted,
};
use suite::keys::Keyed;
use suite::kind::{conflict, not_found, refused, stale, unique};

use super::{for_each_key, inserted, rows};

for_each_key! {
    row_is_found_by_its_id_alone
    stale_write_is_a_conflict_that_has_the_id
    deleted_row_is_restored_by_its_id
    second_row_with_an_id_is_refused
    upsert_meets_the_row_with_its_id
    modify_reads_and_writes_the_row_of_the_id
}

async fn row_is_found_by_its_id_alone<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let made = inserted::<R>(db, 0..7).await?;
    for row in &made {
        assert_eq!(rows.find(row.id()).await?.as_ref(), Some(row));
        assert_eq!(rows.get(row.id()).await?, *row);
    }
    assert_eq!(rows.find(R::nth(8)).await?, None);
    let missing = refused(rows.get(R::nth(8)).await);
    assert_eq!(missing, not_found::<R>(R::nth(8)));
    let patched = rows.patch(R::nth(4), Expected::Version(1), R::patch("new"));
    let patched = patched.await?;
    assert_eq!((patched.id(), patched.note()), (R::nth(4), "new"));
    let updated = rows.update(patched.clone().noted("newer")).await?;
    assert_eq!(rows.get(R::nth(4)).await?, updated);
    // No other row was touched.
    for row in made.iter().filter(|row| row.id() != R::nth(4)) {
        assert_eq!(rows.get(row.id()).await?, *row);
    }
    Ok(())
}

async fn stale_write_is_a_conflict_that_has_the_id<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let made = inserted::<R>(db, 0..3).await?;
    let id = R::nth(1);
    rows.patch(id.clone(), Expected::Any, R::patch("new"))
        .await?;
    let kind = stale::<R>(id.clone(), 1, 2);
    let patched = rows.patch(id.clone(), Expected::Version(1), R::patch("late"));
    assert_eq!(refused(patched.await), kind);
    assert_eq!(refused(rows.update(made[1].clone()).await), kind);
    let deleted = rows.delete(id.clone(), Expected::Version(1)).await;
    assert_eq!(refused(deleted), kind);
    let late = made[1].clone().noted("late");
    assert_eq!(refused(rows.upsert(Upsert::seen(late)).await), kind);
    // The id can be read from the error.
    let ErrorKind::Conflict { id: of_error, .. } = kind else {
        panic!("a conflict");
    };
    assert_eq!(of_error.id::<R::Id>(), Some(id));
    Ok(())
}

async fn deleted_row_is_restored_by_its_id<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    inserted::<R>(db, 0..3).await?;
    let id = R::nth(2);
    rows.delete(id.clone(), Expected::Version(1)).await?;
    assert_eq!(rows.find(id.clone()).await?, None);
    let deleted = refused(rows.delete(id.clone(), Expected::Any).await);
    assert_eq!(deleted, not_found::<R>(id.clone()));
    let upserted = rows.upsert(Upsert::new(R::draft(id.clone(), "2"))).await;
    let is_deleted = conflict::<R>(id.clone(), ConflictReason::Deleted);
    assert_eq!(refused(upserted), is_deleted);
    let restored = rows.restore(id.clone(), Expected::Any).await?;
    assert_eq!(rows.get(id).await?, restored);
    Ok(())
}

async fn second_row_with_an_id_is_refused<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    inserted::<R>(db, 0..3).await?;
    let key = R::TABLE.primary_key;
    let taken = unique(R::TABLE.name, key.columns, key.name);
    let again = rows.insert(R::draft(R::nth(1), "again")).await;
    assert_eq!(refused(again), taken);
    let drafts = vec![R::draft(R::nth(5), "new"), R::draft(R::nth(1), "again")];
    assert_eq!(refused(rows.insert_many(drafts).await), taken);
    assert_eq!(rows.find(R::nth(5)).await?, None);
    Ok(())
}

async fn upsert_meets_the_row_with_its_id<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    let inserted = rows.upsert(Upsert::new(R::draft(R::nth(1), "a"))).await?;
    assert!(matches!(inserted, Upserted::Inserted(_)), "{inserted:?}");
    let unchanged = rows.upsert(Upsert::new(R::draft(R::nth(1), "a"))).await?;
    assert!(matches!(unchanged, Upserted::Unchanged(_)), "{unchanged:?}");
    let other = rows.upsert(Upsert::new(R::draft(R::nth(1), "b"))).await;
    let exists = conflict::<R>(R::nth(1), ConflictReason::Exists);
    assert_eq!(refused(other), exists);
    let seen = Upsert::seen(unchanged.into_record().noted("b"));
    let updated = rows.upsert(seen).await?;
    assert!(matches!(updated, Upserted::Updated(_)), "{updated:?}");
    assert_eq!(rows.get(R::nth(1)).await?, updated.into_record());
    Ok(())
}

async fn modify_reads_and_writes_the_row_of_the_id<R: Keyed>(db: &TwinDatabase) -> Result<()> {
    let rows = rows::<R>(db);
    inserted::<R>(db, 0..3).await?;
    let modify = rows.modify(R::nth(1), Retry::default(), |row| {
        *row = row.clone().noted("modified");
    });
    assert_eq!(modify.await?.note(), "modified");
    assert_eq!(rows.get(R::nth(1)).await?.note(), "modified");
    Ok(())
}
