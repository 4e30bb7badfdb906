//! Two thousand rows of each record through every method of a repository.

use catamaran::record::Stored;
use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    Clock, ErrorKind, Expected, Filter, PageRequest, Query, Repository, Result, Scope, SystemClock,
    Upsert, Upserted,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use serde_json::json;
use uuid::Uuid;
use vault::{
    Attachment, AttachmentDraft, AttachmentPatch, Collection, CollectionDraft, CollectionItem,
    CollectionItemDraft, CollectionItemPatch, CollectionPatch, CollectionUser, CollectionUserDraft,
    CollectionUserPatch, Event, EventDraft, EventPatch, Folder, FolderDraft, FolderPatch, Item,
    ItemDraft, ItemPatch, Kind, Membership, MembershipDraft, MembershipPatch, Organization,
    OrganizationDraft, OrganizationPatch, Role, Settings, User, UserDraft, UserPatch,
};

use crate::people::{ann, everybodys, everyone, item, many_users, organizations, owned};

const ROWS: usize = 2_000;

/// How many rows a page has. It does not divide the number of rows.
const PAGE: u32 = 300;

/// Writes, reads, changes and deletes the rows of these drafts. The scope has no rows before and after.
///
/// `is_of` compares a row with its draft, of which no two are the same.
async fn every_method<R: Stored>(
    db: &TwinDatabase,
    scope: &Scope,
    drafts: Vec<R::Draft>,
    is_of: fn(&R, &R::Draft) -> bool,
    patch: R::Patch,
) -> Result<()> {
    assert_eq!(drafts.len(), ROWS);
    let store = db.store();
    let repository = store.repository::<R>(scope);
    let all = Query::<R>::all();

    let mut drafts = drafts;
    let one = drafts.split_off(ROWS - 1).remove(0);
    let one = repository.insert(one).await?;
    assert_eq!(repository.find(one.id()).await?, Some(one.clone()));
    assert_eq!(repository.get(one.id()).await?, one);
    let rest = repository.insert_many(drafts.clone()).await?;
    assert_eq!(rest.len(), drafts.len());
    for (row, draft) in rest.iter().zip(&drafts) {
        assert!(is_of(row, draft), "{row:?} is not of {draft:?}");
    }
    let mut inserted = rest;
    inserted.push(one.clone());

    assert_eq!(repository.count(&all).await?, ROWS as u64);
    assert!(repository.exists(&all).await?);
    let listed = forwards(&*repository, &all).await?;
    assert_eq!(backwards(&*repository, &all).await?, listed);
    let streamed: Vec<R> = repository.stream(all.clone()).try_collect().await?;
    assert_eq!(streamed, listed);
    assert_same_rows(&inserted, &listed);

    let ids: Vec<_> = listed.iter().map(R::id).collect();
    assert_unsupported(repository.lock(&ids).await);
    let locked = store
        .write(scope, async |unit| unit.repository::<R>().lock(&ids).await)
        .await?;
    assert_eq!(locked, listed);

    assert_eq!(repository.update(one.clone()).await?, one);
    let patched = repository.patch(one.id(), Expected::Any, patch.clone());
    let patched = patched.await?;
    assert_eq!(repository.get(one.id()).await?, patched);
    assert_eq!(repository.update(one.clone()).await?, one);

    let upserted = repository.upsert(Upsert::seen(one.clone())).await?;
    assert_eq!(upserted, Upserted::Unchanged(one.clone()));
    repository.delete(one.id(), Expected::Any).await?;
    assert_eq!(repository.find(one.id()).await?, None);
    let again = repository.delete(one.id(), Expected::Any).await;
    let error = again.expect_err("the row is deleted");
    assert!(
        matches!(error.kind(), ErrorKind::NotFound { .. }),
        "{error}"
    );
    let rows = inserted.iter().cloned().map(Upsert::seen);
    let outcomes = repository.upsert_many(rows.collect()).await?;
    let is_inserted = |outcome: &&Upserted<R>| matches!(outcome, Upserted::Inserted(_));
    assert_eq!(outcomes.iter().filter(is_inserted).count(), 1);
    let outcomes: Vec<R> = outcomes.into_iter().map(Upserted::into_record).collect();
    assert_same_rows(&outcomes, &inserted);

    assert_unsupported(repository.restore(one.id(), Expected::Any).await);
    assert_unsupported(repository.purge(SystemClock.now(), 1).await);

    // A patch of nothing writes nothing.
    let is_empty = R::changes(&patch)?.is_empty();
    let changed = repository.patch_where(&Filter::all(), patch).await?;
    assert_eq!(changed, if is_empty { 0 } else { ROWS as u64 });
    let again = repository.get(one.id()).await?;
    assert_same_rows(&[again], &[patched]);
    assert_eq!(repository.delete_where(&Filter::all()).await?, ROWS as u64);
    assert!(!repository.exists(&all).await?);
    Ok(())
}

/// The same rows in any order, apart from the time at which they were inserted.
fn assert_same_rows<R: Stored>(some: &[R], others: &[R]) {
    let contents = |rows: &[R]| {
        let rows = rows.iter().cloned();
        let mut contents: Vec<_> = rows.map(|row| format!("{:?}", row.into_draft())).collect();
        contents.sort();
        contents
    };
    assert_eq!(contents(some), contents(others));
}

#[track_caller]
fn assert_unsupported<T: std::fmt::Debug>(outcome: Result<T>) {
    let error = outcome.expect_err("it is not supported");
    assert!(
        matches!(error.kind(), ErrorKind::Unsupported { .. }),
        "{error}"
    );
}

/// Every row, from the first page to the last.
async fn forwards<R: Stored>(rows: &dyn Repository<R>, query: &Query<R>) -> Result<Vec<R>> {
    let mut all = Vec::new();
    let mut next = Some(PageRequest::first(PAGE));
    while let Some(request) = next {
        let page = rows.list(query, request).await?;
        all.extend(page.items);
        next = page.next.map(|cursor| PageRequest::after(PAGE, cursor));
    }
    Ok(all)
}

/// Every row, from the last page to the first, in the order of the query.
async fn backwards<R: Stored>(rows: &dyn Repository<R>, query: &Query<R>) -> Result<Vec<R>> {
    let mut all = Vec::new();
    let mut previous = Some(PageRequest::last(PAGE));
    while let Some(request) = previous {
        let page = rows.list(query, request).await?;
        all.splice(0..0, page.items);
        previous = page
            .previous
            .map(|cursor| PageRequest::before(PAGE, cursor));
    }
    Ok(all)
}

/// The names of as many rows.
fn names() -> impl Iterator<Item = String> {
    (0..ROWS).map(|nth| format!("name {nth}"))
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_users_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let drafts = names()
        .map(|name| UserDraft::new(format!("{name}@example.org"), name, Settings::default()));
    let is_of = |row: &User, draft: &UserDraft| row.email == draft.email;
    let patch = UserPatch::new().settings(Settings {
        language: Some("de".to_owned()),
        clear_clipboard: Some(30),
    });
    every_method(db, &everyone(), drafts.collect(), is_of, patch).await
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_organizations_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let drafts = names().map(OrganizationDraft::new);
    let is_of = |row: &Organization, draft: &OrganizationDraft| row.name == draft.name;
    let patch = OrganizationPatch::new().name("another");
    every_method(db, &everyone(), drafts.collect(), is_of, patch).await
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_folders_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let user = many_users(db, 1).await?.remove(0);
    let drafts = names().map(FolderDraft::new);
    let is_of = |row: &Folder, draft: &FolderDraft| row.name == draft.name;
    let patch = FolderPatch::new().name("another");
    every_method(db, &Scope::owner(user.id), drafts.collect(), is_of, patch).await
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_items_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let (user, folder) = ann(db).await?;
    let drafts = names().map(|name| {
        item(Kind::Login, name)
            .folder_id(folder.id)
            .size(3_000_000_000_i64)
    });
    let is_of = |row: &Item, draft: &ItemDraft| row.name == draft.name;
    let patch = ItemPatch::new()
        .folder_id(None)
        .data(json!({ "notes": null }));
    every_method(db, &Scope::owner(user.id), drafts.collect(), is_of, patch).await
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_collections_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let organization = organizations(db, 1).await?.remove(0);
    let drafts = names().map(|name| CollectionDraft::new(organization.id, name));
    let is_of = |row: &Collection, draft: &CollectionDraft| row.name == draft.name;
    let patch = CollectionPatch::new().name("another");
    every_method(db, &everyone(), drafts.collect(), is_of, patch).await
}

/// Pairs of ids, as many as there are rows.
fn pairs<'i>(first: &'i [Uuid], second: &'i [Uuid]) -> impl Iterator<Item = (Uuid, Uuid)> + 'i {
    assert_eq!(first.len() * second.len(), ROWS);
    first
        .iter()
        .flat_map(|one| second.iter().map(|other| (*one, *other)))
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_memberships_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let users: Vec<Uuid> = many_users(db, 50)
        .await?
        .iter()
        .map(|user| user.id)
        .collect();
    let organizations = organizations(db, 40).await?;
    let organizations: Vec<Uuid> = organizations.iter().map(|one| one.id).collect();
    let drafts = pairs(&users, &organizations);
    let drafts =
        drafts.map(|(user, organization)| MembershipDraft::new(user, organization, Role::Member));
    let is_of = |row: &Membership, draft: &MembershipDraft| {
        (row.user_id, row.organization_id) == (draft.user_id, draft.organization_id)
    };
    let patch = MembershipPatch::new().role(Role::Admin);
    every_method(db, &everyone(), drafts.collect(), is_of, patch).await
}

/// Collections of one organization.
async fn fifty_collections(db: &TwinDatabase) -> Result<Vec<Uuid>> {
    let organization = organizations(db, 1).await?.remove(0);
    let drafts = names()
        .take(50)
        .map(|name| CollectionDraft::new(organization.id, name));
    let made = everybodys::<Collection>(db)
        .insert_many(drafts.collect())
        .await?;
    Ok(made.iter().map(|one| one.id).collect())
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_collection_items_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let (ann, _) = ann(db).await?;
    let drafts = names().take(40).map(|name| item(Kind::Login, name));
    let items = owned::<Item>(db, ann.id)
        .insert_many(drafts.collect())
        .await?;
    let items: Vec<Uuid> = items.iter().map(|item| item.id).collect();
    let collections = fifty_collections(db).await?;
    let drafts = pairs(&collections, &items);
    let drafts = drafts.map(|(collection, item)| CollectionItemDraft::new(collection, item));
    let is_of = |row: &CollectionItem, draft: &CollectionItemDraft| {
        (row.collection_id, row.item_id) == (draft.collection_id, draft.item_id)
    };
    // There is no column that a patch could change.
    let patch = CollectionItemPatch::new();
    every_method(db, &everyone(), drafts.collect(), is_of, patch).await
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_collection_users_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let users: Vec<Uuid> = many_users(db, 40)
        .await?
        .iter()
        .map(|user| user.id)
        .collect();
    let collections = fifty_collections(db).await?;
    let drafts = pairs(&collections, &users);
    let drafts = drafts.map(|(collection, user)| CollectionUserDraft::new(collection, user));
    let is_of = |row: &CollectionUser, draft: &CollectionUserDraft| {
        (row.collection_id, row.user_id) == (draft.collection_id, draft.user_id)
    };
    let patch = CollectionUserPatch::new().read_only(true);
    every_method(db, &everyone(), drafts.collect(), is_of, patch).await
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_attachments_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let (ann, _) = ann(db).await?;
    let item = owned::<Item>(db, ann.id)
        .insert(item(Kind::Note, "diary"))
        .await?;
    let drafts = names().map(|name| {
        let content = name.clone().into_bytes();
        AttachmentDraft::new(name, item.id, "page.txt", content)
    });
    let is_of = |row: &Attachment, draft: &AttachmentDraft| row.content == draft.content;
    let patch = AttachmentPatch::new().file_name("another.txt");
    every_method(db, &everyone(), drafts.collect(), is_of, patch).await
}

/// A time of its own for each event.
fn time(nth: usize) -> DateTime<Utc> {
    let seconds = i64::try_from(nth).expect("a small number");
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

#[twin_test(vault::migration::Migrator)]
async fn two_thousand_events_go_through_every_method(db: &TwinDatabase) -> Result<()> {
    let (ann, _) = ann(db).await?;
    let drafts = (0..ROWS).map(|nth| EventDraft::new(1, time(nth)).user_id(ann.id));
    let is_of = |row: &Event, draft: &EventDraft| row.happened_at == draft.happened_at;
    let patch = EventPatch::new().kind(2).user_id(None);
    every_method(db, &everyone(), drafts.collect(), is_of, patch).await
}
