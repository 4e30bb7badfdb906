//! Every method of a repository, tried on another owner's rows.

use catamaran::testing::TwinDatabase;
use catamaran::{
    Error, Expected, Filter, PageRequest, Query, Repository, Result, Store, Upsert, Visibility,
};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::outside::Outside;
use crate::people::{Estate, NOBODY, everything, scope};
use crate::sample::Sample;

/// A call with which the intruder means another owner's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
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

use Attempt::*;

const NOT_FOUND: &str = "NotFound { table: TABLE, id: LIVING }";
const NOT_FOUND_DELETED: &str = "NotFound { table: TABLE, id: DELETED }";
const ID_TAKEN: &str =
    r#"Unique { table: TABLE, columns: ["id"], constraint: Some("pk_TABLENAME") }"#;
const OTHER_OWNER: &str =
    r#"Permission { reason: "the row belongs to another owner than the scope's" }"#;
const OTHERS_ID: &str =
    r#"Permission { reason: "a TABLENAME row with this id belongs to another owner" }"#;
const OTHERS_CURSOR: &str = r#"InvalidCursor { reason: "it belongs to another query" }"#;

/// The calls that change nothing at all, and what each gives.
const FRUITLESS: &[(Attempt, &str)] = &[
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

/// The calls that reach everything in reach: the intruder's own rows.
const SWEEPING: &[(Attempt, &str)] = &[
    (PatchWhereAnything, "1"),
    (DeleteWhereAnything, "1"),
    (Purge, "2"),
];

/// Where the intruder's repository comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// The store: each call is a unit of its own.
    Store,
    /// A unit of work, committed when the call succeeds.
    Unit,
}

/// Lets two owners try everything on each other's rows; the other's rows stay as they are, each call ends
/// as the tables above say, and what fails changes nothing of the intruder's own.
///
/// # Errors
/// Those of preparing.
pub async fn intrude<R: Sample>(
    db: &TwinDatabase,
    store: &Store,
    owners: [Uuid; 2],
    through: Through,
) -> Result<()> {
    let outside = Outside::of(db).await;
    let one: Estate<R> = Estate::make(store, owners[0]).await?;
    let two: Estate<R> = Estate::make(store, owners[1]).await?;
    for (mine, theirs) in [(&one, &two), (&two, &one)] {
        let before = outside.dump().await;
        for (attempt, expected) in FRUITLESS {
            let outcome = go(store, through, *attempt, mine, theirs).await;
            assert_eq!(tell(&outcome, theirs), *expected, "{attempt:?} {through:?}");
            assert_eq!(outside.dump().await, before, "{attempt:?} {through:?}");
        }
    }
    sweep(store, through, &outside, &one, &two).await;
    let one: Estate<R> = Estate::make(store, owners[0]).await?;
    sweep(store, through, &outside, &two, &one).await;
    Ok(())
}

/// Lets the intruder reach for everything; only the intruder's own rows go.
async fn sweep<R: Sample>(
    store: &Store,
    through: Through,
    outside: &Outside,
    mine: &Estate<R>,
    theirs: &Estate<R>,
) {
    let others = async || {
        let mut rows = outside.dump().await;
        rows.retain(|row| !row.contains(&mine.owner.to_string()));
        rows
    };
    let before = others().await;
    assert!(before.len() >= 2, "{before:?}");
    for (attempt, expected) in SWEEPING {
        let outcome = go(store, through, *attempt, mine, theirs).await;
        assert_eq!(tell(&outcome, theirs), *expected, "{attempt:?} {through:?}");
        assert_eq!(others().await, before, "{attempt:?} {through:?}");
    }
    let mine = format!("user_id = '{}'", mine.owner);
    assert_eq!(outside.count(R::TABLE.name, &mine).await, 0, "{through:?}");
}

/// The outcome with the names of this table and of these rows taken out.
fn tell<R: Sample>(outcome: &Result<String>, theirs: &Estate<R>) -> String {
    match outcome {
        Ok(seen) => seen.clone(),
        Err(error) => format!("{:?}", error.kind())
            .replace(&format!("{:?}", R::TABLE.name), "TABLE")
            .replace(R::TABLE.name, "TABLENAME")
            .replace(&theirs.living.id().to_string(), "LIVING")
            .replace(&theirs.deleted.id().to_string(), "DELETED"),
    }
}

async fn go<R: Sample>(
    store: &Store,
    through: Through,
    attempt: Attempt,
    mine: &Estate<R>,
    theirs: &Estate<R>,
) -> Result<String> {
    let intruder = scope(mine.owner);
    match through {
        Through::Store => {
            let rows = store.repository::<R>(&intruder);
            call(&*rows, attempt, mine, theirs).await
        }
        Through::Unit => {
            store
                .write(&intruder, async |unit| {
                    let rows = unit.repository::<R>();
                    call(&*rows, attempt, mine, theirs).await
                })
                .await
        }
    }
}

/// Says how many rows there are and whose.
fn owned<R: Sample>(rows: &[R], mine: &Estate<R>) -> String {
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
    attempt: Attempt,
    mine: &Estate<R>,
    theirs: &Estate<R>,
) -> Result<String> {
    let id = theirs.living.id();
    let draft = |nth| R::draft(mine.habit, nth);
    let with_their_id = |nth| R::with_id(draft(nth), id);
    let forged = || theirs.living.clone().given_to(mine.owner).altered();
    let their_id: Query<R> = R::has_id(id).into();
    let their_id = their_id.visibility(Visibility::All);
    let anything = || Filter::all().or(R::has_id(id)).or(R::is_of(theirs.owner));
    let seen = Expected::Version(1);
    let deleted = theirs.deleted.id();
    let all = everything::<R>;
    let done = |_: R| "written".to_owned();
    Ok(match attempt {
        Find => match rows.find(id).await? {
            None => "None".to_owned(),
            Some(row) => format!("{row:?}"),
        },
        Get => format!("{:?}", rows.get(id).await?),
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
        Patch => rows.patch(id, Expected::Any, R::patch()).await.map(done)?,
        PatchTheVersion => rows.patch(id, seen, R::patch()).await.map(done)?,
        PatchNothing => {
            let nothing = R::empty_patch();
            rows.patch(id, Expected::Any, nothing).await.map(done)?
        }
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
        Delete => told(rows.delete(id, Expected::Any).await)?,
        DeleteTheVersion => told(rows.delete(id, seen).await)?,
        RestoreDeleted => rows.restore(deleted, Expected::Any).await.map(done)?,
        RestoreTheVersion => {
            let version = Expected::Version(2);
            rows.restore(deleted, version).await.map(done)?
        }
        RestoreLiving => rows.restore(id, Expected::Any).await.map(done)?,
        PatchWhereTheirId => {
            let filter = R::has_id(id).or(R::has_id(NOBODY));
            rows.patch_where(&filter, R::patch()).await?.to_string()
        }
        PatchWhereTheirOwner => {
            let filter = R::is_of(theirs.owner);
            rows.patch_where(&filter, R::patch()).await?.to_string()
        }
        DeleteWhereTheirId => rows.delete_where(&R::has_id(id)).await?.to_string(),
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
