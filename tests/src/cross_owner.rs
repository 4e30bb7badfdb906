//! Tries every method of a repository on another owner's rows.

use catamaran::record::RecordId;
use catamaran::testing::TwinDatabase;
use catamaran::{
    Error, Expected, Filter, PageRequest, Query, Repository, RepositoryExt, Result, Retry, Store,
    Unit, Upsert, Visibility,
};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::native_client::NativeClient;
use crate::sample::Sample;
use crate::users::{OwnerRows, everything, scope};

/// A call about another owner's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "what each one is stands in the function that makes the call"
)]
pub enum Access {
    Find,
    Get,
    Exists,
    CountTheirs,
    Count,
    List,
    ListBackwards,
    ListByTheirCursor,
    Stream,
    InsertTheirId,
    InsertManyWithTheirId,
    Update,
    UpdateForged,
    Patch,
    PatchTheVersion,
    PatchNothing,
    Modify,
    Lock,
    LockAmongMine,
    UpsertTheirId,
    UpsertSeen,
    UpsertForged,
    UpsertManyWithTheirId,
    Delete,
    DeleteTheVersion,
    RestoreDeleted,
    RestoreTheVersion,
    RestoreLiving,
    PatchWhereTheirId,
    PatchWhereTheirOwner,
    DeleteWhereTheirId,
    DeleteWhereTheirOwner,
    PatchWhereAnything,
    DeleteWhereAnything,
    Purge,
}

use Access::*;

const NOT_FOUND: &str = "NotFound { table: TABLE, id: LIVING }";
const NOT_FOUND_DELETED: &str = "NotFound { table: TABLE, id: DELETED }";
const ID_TAKEN: &str = r#"Unique { table: TABLE, columns: KEY, constraint: Some("pk_TABLENAME") }"#;
const OTHER_OWNER: &str =
    r#"Permission { reason: "the row belongs to another owner than the scope's" }"#;
const OTHERS_ID: &str =
    r#"Permission { reason: "a TABLENAME row with this id belongs to another owner" }"#;
const OTHERS_CURSOR: &str = r#"InvalidCursor { reason: "it belongs to another query" }"#;

const NO_UNIT: &str = r#"Unsupported { what: "a lock outside of a unit of work", reason: "it would end with the call" }"#;

/// The calls that change nothing, and the result of each.
const WITHOUT_EFFECT: &[(Access, &str)] = &[
    (Find, "None"),
    (Get, NOT_FOUND),
    (Exists, "false"),
    (CountTheirs, "0"),
    (Count, "2"),
    (List, "2 rows, all mine"),
    (ListBackwards, "2 rows, all mine"),
    (ListByTheirCursor, OTHERS_CURSOR),
    (Stream, "2 rows, all mine"),
    (InsertTheirId, ID_TAKEN),
    (InsertManyWithTheirId, ID_TAKEN),
    (Update, OTHER_OWNER),
    (UpdateForged, NOT_FOUND),
    (Patch, NOT_FOUND),
    (PatchTheVersion, NOT_FOUND),
    (PatchNothing, NOT_FOUND),
    (Modify, NOT_FOUND),
    (Lock, "0 rows, all mine"),
    (LockAmongMine, "1 rows, all mine"),
    (UpsertTheirId, OTHERS_ID),
    (UpsertSeen, OTHER_OWNER),
    (UpsertForged, OTHERS_ID),
    (UpsertManyWithTheirId, OTHERS_ID),
    (Delete, NOT_FOUND),
    (DeleteTheVersion, NOT_FOUND),
    (RestoreDeleted, NOT_FOUND_DELETED),
    (RestoreTheVersion, NOT_FOUND_DELETED),
    (RestoreLiving, NOT_FOUND),
    (PatchWhereTheirId, "0"),
    (PatchWhereTheirOwner, "0"),
    (DeleteWhereTheirId, "0"),
    (DeleteWhereTheirOwner, "0"),
];

/// The calls without a filter. They may change only the caller's own rows.
const UNFILTERED: &[(Access, &str)] = &[
    (PatchWhereAnything, "1"),
    (DeleteWhereAnything, "1"),
    (Purge, "2"),
];

/// Where the caller's repository comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// The store: each call is a unit of its own.
    Store,
    /// A unit of work, committed when the call succeeds.
    Unit,
    /// A savepoint in a unit of work.
    Savepoint,
}

/// Every way to get a repository.
pub const WAYS: [Through; 3] = [Through::Store, Through::Unit, Through::Savepoint];

/// Every kind of access.
pub fn accesses() -> impl Iterator<Item = Access> {
    let rows = WITHOUT_EFFECT.iter().chain(UNFILTERED);
    rows.map(|(access, _)| *access)
}

/// The expected result of the access in that way.
fn expected<R: Sample>(access: Access, gives: &'static str, through: Through) -> &'static str {
    match (access, through) {
        _ if uses_a_free_id::<R>(access) => match access {
            InsertManyWithTheirId | UpsertManyWithTheirId => "3 written",
            _ => "written",
        },
        (Lock | LockAmongMine, Through::Store) => NO_UNIT,
        _ => gives,
    }
}

/// Whether the call makes a row of the caller's own: several owners may have rows with the same id.
fn uses_a_free_id<R: Sample>(access: Access) -> bool {
    let by_id = [
        InsertTheirId,
        InsertManyWithTheirId,
        UpsertTheirId,
        UpsertForged,
        UpsertManyWithTheirId,
    ];
    R::OWNER_IN_KEY && by_id.contains(&access)
}

/// Makes one kind of access in every way and in both directions, each time on new rows of two owners. The other's rows
/// do not change, the result is that of the tables above, and a failed call changes nothing.
///
/// # Errors
/// Those of preparing.
pub async fn assert_no_access_by<R: Sample>(
    db: &TwinDatabase,
    store: &Store,
    owners: [Uuid; 2],
    access: Access,
) -> Result<()> {
    let outside = NativeClient::of(db).await;
    let unfiltered = UNFILTERED.iter().find(|(other, _)| *other == access);
    let harmless = WITHOUT_EFFECT.iter().find(|(other, _)| *other == access);
    let (_, gives) = unfiltered.or(harmless).expect("a row of the tables");
    let writes = unfiltered.is_some() || uses_a_free_id::<R>(access);
    // The loop below deletes living rows before it purges; here a living row stays.
    let gives = if access == Purge { "1" } else { gives };
    for through in WAYS {
        let owners = owners.map(|owner| Uuid::from_u128(owner.as_u128() + 16 * through as u128));
        for [mine, theirs] in [owners, [owners[1], owners[0]]] {
            let mine: OwnerRows<R> = OwnerRows::make(store, mine).await?;
            let theirs: OwnerRows<R> = OwnerRows::make(store, theirs).await?;
            let seen = async || {
                let mut rows = outside.dump_of(R::TABLES).await;
                let mine = mine.owner.to_string();
                rows.retain(|row| !writes || !row.contains(&mine));
                rows
            };
            let before = seen().await;
            assert!(before.len() >= 2, "{before:?}");
            let outcome = go(store, through, access, &mine, &theirs).await;
            let expected = expected::<R>(access, gives, through);
            assert_eq!(tell(&outcome, &theirs), expected, "{access:?} {through:?}");
            assert_eq!(seen().await, before, "{access:?} {through:?}");
            // The next round begins without rows of the two owners.
            for owner in [mine.owner, theirs.owner] {
                clear::<R>(store, owner).await?;
            }
        }
    }
    Ok(())
}

/// Removes all rows of an owner.
async fn clear<R: Sample>(store: &Store, owner: Uuid) -> Result<()> {
    let rows = store.repository::<R>(&scope(owner));
    rows.delete_where(&Filter::all()).await?;
    rows.purge(long_after(), 1_000).await?;
    Ok(())
}

/// Makes every kind of access between two owners. The other's rows do not change, each result is
/// that of the tables above, and a failed call does not change the caller's own rows.
///
/// # Errors
/// Those of preparing.
pub async fn assert_no_access<R: Sample>(
    db: &TwinDatabase,
    store: &Store,
    owners: [Uuid; 2],
    through: Through,
) -> Result<()> {
    let outside = NativeClient::of(db).await;
    let one: OwnerRows<R> = OwnerRows::make(store, owners[0]).await?;
    let two: OwnerRows<R> = OwnerRows::make(store, owners[1]).await?;
    for (mine, theirs) in [(&one, &two), (&two, &one)] {
        let before = outside.dump_of(R::TABLES).await;
        for (access, gives) in WITHOUT_EFFECT {
            let outcome = go(store, through, *access, mine, theirs).await;
            let expected = expected::<R>(*access, gives, through);
            assert_eq!(tell(&outcome, theirs), expected, "{access:?} {through:?}");
            assert_eq!(
                outside.dump_of(R::TABLES).await,
                before,
                "{access:?} {through:?}"
            );
        }
    }
    sweep(store, through, &outside, &one, &two).await;
    let one: OwnerRows<R> = OwnerRows::make(store, owners[0]).await?;
    sweep(store, through, &outside, &two, &one).await;
    Ok(())
}

/// Makes the calls without a filter; they remove only the caller's own rows.
async fn sweep<R: Sample>(
    store: &Store,
    through: Through,
    outside: &NativeClient,
    mine: &OwnerRows<R>,
    theirs: &OwnerRows<R>,
) {
    let others = async || {
        let mut rows = outside.dump_of(R::TABLES).await;
        rows.retain(|row| !row.contains(&mine.owner.to_string()));
        rows
    };
    let before = others().await;
    assert!(before.len() >= 2, "{before:?}");
    for (access, expected) in UNFILTERED {
        let outcome = go(store, through, *access, mine, theirs).await;
        assert_eq!(tell(&outcome, theirs), *expected, "{access:?} {through:?}");
        assert_eq!(others().await, before, "{access:?} {through:?}");
    }
    let mine = format!("user_id = '{}'", mine.owner);
    assert_eq!(outside.count(R::TABLE.name, &mine).await, 0, "{through:?}");
}

/// The result without the names of this table and the ids of these rows.
fn tell<R: Sample>(outcome: &Result<String>, theirs: &OwnerRows<R>) -> String {
    match outcome {
        Ok(seen) => seen.clone(),
        Err(error) => format!("{:?}", error.kind())
            .replace(&format!("{:?}", R::TABLE.name), "TABLE")
            .replace(R::TABLE.name, "TABLENAME")
            .replace(&format!("{:?}", R::TABLE.primary_key.columns), "KEY")
            .replace(&shown(&theirs.living), "LIVING")
            .replace(&shown(&theirs.deleted), "DELETED"),
    }
}

/// The id of a row, as errors show it.
fn shown<R: Sample>(row: &R) -> String {
    let key = row.id().into_key();
    key.expect("a stored id has a canonical form").to_string()
}

async fn go<R: Sample>(
    store: &Store,
    through: Through,
    access: Access,
    mine: &OwnerRows<R>,
    theirs: &OwnerRows<R>,
) -> Result<String> {
    let caller = scope(mine.owner);
    match through {
        Through::Store => {
            let rows = store.repository::<R>(&caller);
            call(&*rows, access, mine, theirs).await
        }
        Through::Unit => {
            store
                .write(&caller, async |unit| {
                    let rows = unit.repository::<R>();
                    call(&*rows, access, mine, theirs).await
                })
                .await
        }
        Through::Savepoint => {
            let in_savepoint = async |unit: &Unit| {
                let rows = unit.repository::<R>();
                call(&*rows, access, mine, theirs).await
            };
            let in_unit = async |unit: &Unit| unit.savepoint(in_savepoint).await;
            store.write(&caller, in_unit).await
        }
    }
}

/// The number of rows, and whether all belong to the caller.
fn owned<R: Sample>(rows: &[R], mine: &OwnerRows<R>) -> String {
    let foreign = rows
        .iter()
        .filter(|row| row.owner() != Some(mine.owner))
        .count();
    match foreign {
        0 => format!("{} rows, all mine", rows.len()),
        _ => format!("{} rows, {foreign} not mine", rows.len()),
    }
}

fn long_after() -> DateTime<Utc> {
    DateTime::from_timestamp(7_258_118_400, 0).expect("the year 2200")
}

async fn call<R: Sample>(
    rows: &dyn Repository<R>,
    access: Access,
    mine: &OwnerRows<R>,
    theirs: &OwnerRows<R>,
) -> Result<String> {
    let id = || theirs.living.id();
    let draft = |nth| R::draft(mine.habit, nth);
    let with_their_id = |nth| R::with_id(draft(nth), id());
    let forged = || theirs.living.clone().given_to(mine.owner).altered();
    let their_id: Query<R> = R::has_id(id()).into();
    let their_id = their_id.visibility(Visibility::All);
    let anything = || Filter::all().or(R::has_id(id())).or(R::is_of(theirs.owner));
    let seen = Expected::Version(1);
    let deleted = theirs.deleted.id();
    let all = everything::<R>;
    let done = |_: R| "written".to_owned();
    Ok(match access {
        Find => match rows.find(id()).await? {
            None => "None".to_owned(),
            Some(row) => format!("{row:?}"),
        },
        Get => format!("{:?}", rows.get(id()).await?),
        Exists => rows.exists(&their_id).await?.to_string(),
        CountTheirs => rows.count(&their_id).await?.to_string(),
        Count => rows.count(&all()).await?.to_string(),
        List => owned(&rows.list(&all(), PageRequest::first(9)).await?.items, mine),
        ListBackwards => owned(&rows.list(&all(), PageRequest::last(9)).await?.items, mine),
        ListByTheirCursor => {
            let page = PageRequest::after(9, theirs.cursor.clone());
            owned(&rows.list(&all(), page).await?.items, mine)
        }
        Stream => owned(&rows.stream(all()).try_collect::<Vec<R>>().await?, mine),
        InsertTheirId => rows.insert(with_their_id(7)).await.map(done)?,
        InsertManyWithTheirId => {
            let drafts = vec![draft(7), with_their_id(8), draft(9)];
            format!("{} written", rows.insert_many(drafts).await?.len())
        }
        Update => {
            let row = theirs.living.clone().altered();
            rows.update(row).await.map(done)?
        }
        UpdateForged => rows.update(forged()).await.map(done)?,
        Patch => rows
            .patch(id(), Expected::Any, R::patch())
            .await
            .map(done)?,
        PatchTheVersion => rows.patch(id(), seen, R::patch()).await.map(done)?,
        PatchNothing => {
            let nothing = R::empty_patch();
            rows.patch(id(), Expected::Any, nothing).await.map(done)?
        }
        Modify => {
            let modified = rows.modify(id(), Retry::default(), |row| *row = row.clone().altered());
            modified.await.map(done)?
        }
        Lock => owned(&rows.lock(&[id(), deleted, R::nobody()]).await?, mine),
        LockAmongMine => owned(&rows.lock(&[id(), mine.living.id()]).await?, mine),
        UpsertTheirId => {
            let upserted = rows.upsert(Upsert::new(with_their_id(7))).await?;
            done(upserted.into_record())
        }
        UpsertSeen => {
            let row = Upsert::seen(theirs.living.clone().altered());
            done(rows.upsert(row).await?.into_record())
        }
        UpsertForged => done(rows.upsert(Upsert::seen(forged())).await?.into_record()),
        UpsertManyWithTheirId => {
            let drafts = [draft(7), with_their_id(8), draft(9)];
            let upserts = drafts.into_iter().map(Upsert::new).collect();
            format!("{} written", rows.upsert_many(upserts).await?.len())
        }
        Delete => told(rows.delete(id(), Expected::Any).await)?,
        DeleteTheVersion => told(rows.delete(id(), seen).await)?,
        RestoreDeleted => rows.restore(deleted, Expected::Any).await.map(done)?,
        RestoreTheVersion => {
            let version = Expected::Version(2);
            rows.restore(deleted, version).await.map(done)?
        }
        RestoreLiving => rows.restore(id(), Expected::Any).await.map(done)?,
        PatchWhereTheirId => {
            let filter = R::has_id(id()).or(R::has_id(R::nobody()));
            rows.patch_where(&filter, R::patch()).await?.to_string()
        }
        PatchWhereTheirOwner => {
            let filter = R::is_of(theirs.owner);
            rows.patch_where(&filter, R::patch()).await?.to_string()
        }
        DeleteWhereTheirId => rows.delete_where(&R::has_id(id())).await?.to_string(),
        DeleteWhereTheirOwner => {
            let filter = R::is_of(theirs.owner);
            rows.delete_where(&filter).await?.to_string()
        }
        PatchWhereAnything => rows.patch_where(&anything(), R::patch()).await?.to_string(),
        DeleteWhereAnything => rows.delete_where(&anything()).await?.to_string(),
        Purge => rows.purge(long_after(), 100).await?.to_string(),
    })
}

fn told(deleted: Result<(), Error>) -> Result<String> {
    deleted.map(|()| "deleted".to_owned())
}
