//! What one user does with the rows of another.

use catamaran::record::Stored;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{Expected, Filter, PageRequest, Query, Result, Scope, Upsert};
use futures_util::TryStreamExt;
use vault::{Folder, FolderPatch, Item, ItemPatch, Kind};

use crate::people::{ann, bob, item, owned};

#[track_caller]
fn kind<T: std::fmt::Debug>(outcome: Result<T>) -> &'static str {
    outcome.expect_err("another owner's row").kind().name()
}

/// No call in the scope of another owner sees or changes the row, which is the only one.
async fn no_call_reaches<R: Stored>(
    db: &TwinDatabase,
    row: R,
    other: &Scope,
    patch: R::Patch,
) -> Result<()> {
    let owner = row.owner().expect("a table with owners");
    let all = Query::<R>::all();
    let theirs = db.store().repository::<R>(other);
    assert_eq!(theirs.find(row.id()).await?, None);
    assert_eq!(kind(theirs.get(row.id()).await), "NotFound");
    assert!(!theirs.exists(&all).await?);
    assert_eq!(theirs.count(&all).await?, 0);
    assert!(
        theirs
            .list(&all, PageRequest::first(1))
            .await?
            .items
            .is_empty()
    );
    let streamed: Vec<R> = theirs.stream(all).try_collect().await?;
    assert_eq!(streamed, []);
    let locked = db.store().write(other, async |unit| {
        unit.repository::<R>().lock(&[row.id()]).await
    });
    assert_eq!(locked.await?, []);
    assert_eq!(kind(theirs.update(row.clone()).await), "Permission");
    assert_eq!(
        kind(theirs.patch(row.id(), Expected::Any, patch.clone()).await),
        "NotFound"
    );
    assert_eq!(
        kind(theirs.upsert(Upsert::seen(row.clone())).await),
        "Permission"
    );
    assert_eq!(
        kind(theirs.delete(row.id(), Expected::Any).await),
        "NotFound"
    );
    assert_eq!(theirs.patch_where(&Filter::all(), patch).await?, 0);
    assert_eq!(theirs.delete_where(&Filter::all()).await?, 0);
    // The id is taken: an insert does not replace the row.
    assert_eq!(
        kind(theirs.insert(row.clone().into_draft()).await),
        "Unique"
    );
    assert_eq!(owned::<R>(db, owner).get(row.id()).await?, row);
    Ok(())
}

#[twin_test(vault::migration::Migrator)]
async fn no_call_reaches_the_folder_of_another_owner(db: &TwinDatabase) -> Result<()> {
    let ((_, home), (bob, work)) = (ann(db).await?, bob(db).await?);
    owned::<Folder>(db, bob.id)
        .delete(work.id, Expected::Any)
        .await?;
    let patch = FolderPatch::new().name("Bob's");
    no_call_reaches(db, home, &Scope::owner(bob.id), patch).await
}

#[twin_test(vault::migration::Migrator)]
async fn no_call_reaches_the_item_of_another_owner(db: &TwinDatabase) -> Result<()> {
    let ((ann, _), (bob, _)) = (ann(db).await?, bob(db).await?);
    let wifi = item(Kind::Login, "wifi");
    let wifi = owned::<Item>(db, ann.id).insert(wifi).await?;
    let patch = ItemPatch::new().name("Bob's");
    no_call_reaches(db, wifi, &Scope::owner(bob.id), patch).await
}
