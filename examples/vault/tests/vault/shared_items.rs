//! Items that are visible by a collection.

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{ErrorKind, Expected, Query, Result, Scope};
use uuid::Uuid;
use vault::{
    Collection, CollectionDraft, CollectionItem, CollectionItemDraft, CollectionUser,
    CollectionUserDraft, Item, ItemPatch, Kind, Organization, OrganizationDraft, items,
};

use crate::people::{ann, bob, everybodys, item, owned};

/// The names of the items that a user may see.
async fn visible(db: &TwinDatabase, user: Uuid) -> Result<Vec<String>> {
    let visible = items(db.store(), &Scope::owner(user)).visible().await?;
    Ok(visible.into_iter().map(|item| item.name).collect())
}

#[twin_test(vault::migration::Migrator)]
async fn the_users_of_a_collection_see_its_items_and_cannot_change_them(
    db: &TwinDatabase,
) -> Result<()> {
    let ((ann, _), (bob, _)) = (ann(db).await?, bob(db).await?);
    let wifi = owned::<Item>(db, ann.id)
        .insert(item(Kind::Login, "wifi"))
        .await?;
    owned::<Item>(db, ann.id)
        .insert(item(Kind::Note, "diary"))
        .await?;
    owned::<Item>(db, bob.id)
        .insert(item(Kind::Card, "card"))
        .await?;
    let team = everybodys::<Organization>(db)
        .insert(OrganizationDraft::new("team"))
        .await?;
    let office = CollectionDraft::new(team.id, "office");
    let office = everybodys::<Collection>(db).insert(office).await?;
    let shared = CollectionItemDraft::new(office.id, wifi.id);
    everybodys::<CollectionItem>(db).insert(shared).await?;
    assert_eq!(visible(db, bob.id).await?, ["card"]);

    let user = CollectionUserDraft::new(office.id, bob.id).read_only(true);
    everybodys::<CollectionUser>(db).insert(user).await?;

    assert_eq!(visible(db, bob.id).await?, ["card", "wifi"]);
    assert_eq!(visible(db, ann.id).await?, ["diary", "wifi"]);
    // A repository has the owner's rows only.
    let bobs = owned::<Item>(db, bob.id);
    assert_eq!(bobs.count(&Query::all()).await?, 1);
    let patch = ItemPatch::new().name("bob's");
    let refused = bobs.patch(wifi.id, Expected::Any, patch).await;
    let error = refused.expect_err("the item is Ann's");
    assert!(
        matches!(error.kind(), ErrorKind::NotFound { .. }),
        "{error}"
    );
    // The id of a row in the collection has two columns.
    let shared = everybodys::<CollectionItem>(db);
    assert!(shared.find((office.id, wifi.id)).await?.is_some());
    assert!(shared.find((wifi.id, office.id)).await?.is_none());
    // The item goes, and with it its place in the collection.
    owned::<Item>(db, ann.id)
        .delete(wifi.id, Expected::Any)
        .await?;
    assert_eq!(visible(db, bob.id).await?, ["card"]);
    Ok(())
}
