//! A key that begins with the owner, and ids without a canonical form.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    ErrorKind, Expected, Filter, InvalidReason, Query, Result, Unit, Upsert, Upserted,
};
use suite::keys::{Folder, FolderDraft, FolderPatch, Label, LabelDraft, Seat};
use suite::kind::{invalid, not_found, refused};
use suite::pages::forwards;
use suite::users::{ADA, BOB, everybodys, everyone, scope};

#[twin_test(suite::keys::Migrator, everywhere)]
async fn owners_have_the_same_ids_and_do_not_meet(db: &TwinDatabase) -> Result<()> {
    let adas = db.store().repository::<Folder>(&scope(ADA));
    let bobs = db.store().repository::<Folder>(&scope(BOB));
    adas.insert(FolderDraft::new(1, "ada")).await?;
    bobs.insert(FolderDraft::new(1, "bob")).await?;
    let many = vec![FolderDraft::new(2, "bob"), FolderDraft::new(3, "bob")];
    bobs.insert_many(many).await?;
    assert_eq!(adas.get(1).await?.note, "ada");
    let missing = refused(adas.get(2).await);
    assert_eq!(missing, not_found::<Folder>(2));
    let upserted = adas.upsert(Upsert::new(FolderDraft::new(2, "ada"))).await?;
    assert!(matches!(upserted, Upserted::Inserted(_)), "{upserted:?}");
    adas.patch(1, Expected::Any, FolderPatch::new().note("new"))
        .await?;
    adas.delete(2, Expected::Any).await?;
    assert_eq!(adas.delete_where(&Filter::ids([1, 2, 3])).await?, 1);
    let notes: Vec<String> = forwards(&*bobs, &Query::all(), 2)
        .await?
        .into_iter()
        .map(|folder| folder.note)
        .collect();
    assert_eq!(notes, ["bob", "bob", "bob"]);
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn call_by_id_that_several_owners_may_have_is_unsupported(db: &TwinDatabase) -> Result<()> {
    for owner in [ADA, BOB] {
        let rows = db.store().repository::<Folder>(&scope(owner));
        rows.insert(FolderDraft::new(1, "a")).await?;
    }
    let all = everybodys::<Folder>(db);
    let patch = FolderPatch::new().note("b");
    let kinds = [
        refused(all.find(1).await),
        refused(all.get(1).await),
        refused(all.patch(1, Expected::Any, patch.clone()).await),
        refused(all.delete(1, Expected::Any).await),
        refused(all.restore(1, Expected::Any).await),
    ];
    for kind in kinds {
        let ErrorKind::Unsupported { what, reason } = kind else {
            panic!("{kind:?}");
        };
        assert_eq!(what, "a call by id in the system's scope");
        assert!(reason.contains("use the scope of the owner"), "{reason}");
    }
    let unit = db.store().begin_write(&everyone()).await?;
    let locked = refused(unit.repository::<Folder>().lock(&[1]).await);
    assert_eq!(locked.name(), "Unsupported");
    unit.rollback().await?;
    // A row names its owner, so it can be updated; so does a filter.
    let folders = forwards(&*all, &Query::all(), 1).await?;
    let of: Vec<_> = folders.iter().map(|row| (row.user_id, row.id)).collect();
    assert_eq!(of, [(ADA, 1), (BOB, 1)]);
    let mut bobs = folders[1].clone();
    bobs.note = "new".to_owned();
    assert_eq!(all.update(bobs).await?.user_id, BOB);
    let bobs = Folder::USER_ID.eq(BOB).and(Folder::ID.eq(1));
    assert_eq!(all.patch_where(&bobs, patch).await?, 1);
    let adas = db.store().repository::<Folder>(&scope(ADA)).get(1).await?;
    assert_eq!((&*adas.note, adas.version), ("a", 1));
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn upsert_in_the_systems_scope_keeps_the_rows_of_owners_apart(
    db: &TwinDatabase,
) -> Result<()> {
    for owner in [ADA, BOB] {
        let rows = db.store().repository::<Folder>(&scope(owner));
        rows.insert_many(vec![FolderDraft::new(1, "a"), FolderDraft::new(2, "a")])
            .await?;
    }
    let all = everybodys::<Folder>(db);
    let mut folders = forwards(&*all, &Query::all(), 9).await?;
    // Bob's first and Ada's second folder.
    for number in [1, 2] {
        folders[number].note = format!("new {number}");
    }
    let rows = folders.iter().cloned().map(Upsert::seen);
    let outcomes = all.upsert_many(rows.collect()).await?;
    let written: Vec<bool> = outcomes
        .iter()
        .map(|outcome| matches!(outcome, Upserted::Updated(_)))
        .collect();
    assert_eq!(written, [false, true, true, false], "{outcomes:?}");
    let notes = forwards(&*all, &Query::all(), 9).await?;
    let notes: Vec<&str> = notes.iter().map(|row| row.note.as_str()).collect();
    assert_eq!(notes, ["a", "new 1", "new 2", "a"]);
    let query = Query::all().order_by(Folder::ID.desc());
    let order = forwards(&*all, &query, 1).await?;
    let order: Vec<_> = order.iter().map(|row| (row.id, row.user_id)).collect();
    assert_eq!(order, [(2, BOB), (2, ADA), (1, BOB), (1, ADA)]);
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn id_without_a_canonical_form_is_refused_and_ends_a_unit_that_writes(
    db: &TwinDatabase,
) -> Result<()> {
    let labels = everybodys::<Label>(db);
    let nul = invalid("name", InvalidReason::NulCharacter);
    assert_eq!(refused(labels.find("a\0".to_owned()).await), nul);
    let filter = Filter::ids(["a".to_owned(), "b\0".to_owned()]);
    assert_eq!(refused(labels.count(&filter.into()).await), nul);
    let insert = labels.insert(LabelDraft::new("a\0", "note")).await;
    assert_eq!(refused(insert), nul);
    let seats = everybodys::<Seat>(db);
    let nul = invalid("row", InvalidReason::NulCharacter);
    assert_eq!(refused(seats.find(("\0".to_owned(), 1)).await), nul);
    let unit: Unit = db.store().begin_write(&everyone()).await?;
    let deleted = unit
        .repository::<Seat>()
        .delete(("\0".to_owned(), 1), Expected::Any)
        .await;
    assert_eq!(refused(deleted), nul);
    assert_eq!(refused(unit.commit().await).name(), "UnitEnded");
    Ok(())
}

#[twin_test(suite::keys::Migrator, everywhere)]
async fn error_shows_an_id_of_each_kind(db: &TwinDatabase) -> Result<()> {
    let labels = everybodys::<Label>(db);
    let error = labels.get("a \"b\"\n".to_owned()).await;
    let shown = error.expect_err("no such row").to_string();
    assert_eq!(shown, r#"no labels row with id "a \"b\"\n""#);
    let seats = everybodys::<Seat>(db);
    let error = seats.get(("A".to_owned(), 7)).await;
    let shown = error.expect_err("no such row").to_string();
    assert_eq!(shown, r#"no seats row with id ("A", 7)"#);
    let folders = db.store().repository::<Folder>(&scope(ADA));
    let shown = folders.get(7).await.expect_err("no such row").to_string();
    assert_eq!(shown, "no folders row with id 7");
    Ok(())
}
