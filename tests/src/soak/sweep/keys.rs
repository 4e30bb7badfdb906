//! The calls that the sweep drops, over a record with a key of some kind.

use catamaran::{
    Expected, Filter, PageRequest, Query, RepositoryExt, Result, Retry, Scope, Store, Unit, Upsert,
    Visibility,
};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;

use super::{Call, Subject};
use crate::keys::Keyed;
use crate::users::{ADA, scope};

/// A living row of the base, to which another one refers.
const LIVING: u32 = 1;

/// A living row that refers to [`LIVING`].
const CHILD: u32 = 2;

/// A deleted row of the base.
const DELETED: u32 = 3;

/// A living row.
const OTHER: u32 = 4;

/// The first number that no row of the base has.
const NEW: u32 = 16;

/// The number of the row that is written after each drop.
const LATE: u32 = 900;

fn drafts<R: Keyed>(numbers: impl IntoIterator<Item = u32>) -> Vec<R::Draft> {
    let numbers = numbers.into_iter();
    let drafts = numbers.map(|number| R::draft(R::nth(number), "new"));
    drafts.collect()
}

fn long_after() -> DateTime<Utc> {
    DateTime::from_timestamp(7_258_118_400, 0).expect("the year 2200")
}

fn all<R: Keyed>() -> Query<R> {
    Query::all().visibility(Visibility::All)
}

macro_rules! calls {
    ($($name:literal => |$rows:ident, $store:ident, $scope:ident| $call:expr),* $(,)?) => {
        vec![$(($name, |$store: Store, $scope: Scope| Box::pin(async move {
            let $rows = $store.repository::<R>(&$scope);
            let _done = $call;
            Ok(())
        }) as BoxFuture<'static, Result<()>>)),*]
    };
}

/// Calls that succeed on the base, each on behalf of an owner.
fn calls<R: Keyed>() -> Vec<(&'static str, Call)> {
    calls! {
        "find" => |rows, _store, _scope| rows.find(R::nth(LIVING)).await?,
        "get" => |rows, _store, _scope| rows.get(R::nth(LIVING)).await?,
        "exists" => |rows, _store, _scope| {
            rows.exists(&Filter::ids([R::nth(LIVING), R::nth(OTHER)]).into()).await?
        },
        "list" => |rows, _store, _scope| {
            let page = rows.list(&all(), PageRequest::first(2)).await?;
            let next = page.next.expect("a second page");
            rows.list(&all(), PageRequest::after(2, next)).await?
        },
        "stream" => |rows, _store, _scope| rows.stream(all()).try_collect::<Vec<R>>().await?,
        "insert" => |rows, _store, _scope| rows.insert(R::draft(R::nth(NEW), "new")).await?,
        "insert_many" => |rows, _store, _scope| rows.insert_many(drafts::<R>(NEW..NEW + 300)).await?,
        "insert_many of a family" => |rows, _store, _scope| {
            let family = (NEW..NEW + 4).map(|number| {
                R::child(R::draft(R::nth(number), "new"), Some(R::nth(number + 1)))
            });
            let eldest = R::draft(R::nth(NEW + 4), "new");
            rows.insert_many(family.chain([eldest]).collect()).await?
        },
        "update" => |rows, _store, _scope| {
            rows.update(rows.get(R::nth(LIVING)).await?.noted("new")).await?
        },
        "patch" => |rows, _store, _scope| {
            rows.patch(R::nth(LIVING), Expected::Version(1), R::patch("new")).await?
        },
        "modify" => |rows, _store, _scope| {
            rows.modify(R::nth(LIVING), Retry::default(), |row| *row = row.clone().noted("new")).await?
        },
        "upsert" => |rows, _store, _scope| {
            rows.upsert(Upsert::new(R::draft(R::nth(NEW), "new"))).await?
        },
        "upsert_many" => |rows, _store, _scope| {
            let known = rows.get(R::nth(LIVING)).await?.noted("new");
            let same = rows.get(R::nth(OTHER)).await?;
            let new = drafts::<R>(NEW..NEW + 200).into_iter().map(Upsert::new);
            let upserts = [Upsert::seen(known), Upsert::seen(same)].into_iter().chain(new);
            rows.upsert_many(upserts.collect()).await?
        },
        "delete" => |rows, _store, _scope| rows.delete(R::nth(OTHER), Expected::Any).await?,
        "restore" => |rows, _store, _scope| {
            rows.restore(R::nth(DELETED), Expected::Version(2)).await?
        },
        "purge" => |rows, _store, _scope| rows.purge(long_after(), 9).await?,
        "patch_where" => |rows, _store, _scope| {
            let some = Filter::ids([R::nth(LIVING), R::nth(OTHER)]);
            rows.patch_where(&some, R::patch("new")).await?
        },
        "delete_where" => |rows, _store, _scope| rows.delete_where(&Filter::all()).await?,
        "lock" => |_rows, store, scope| store.write(&scope, async |unit| {
            unit.repository::<R>().lock(&[R::nth(OTHER), R::nth(LIVING)]).await?;
            two_writes::<R>(unit).await
        }).await?,
        "a savepoint" => |_rows, store, scope| store.write(&scope, async |unit| {
            unit.savepoint(async |unit| two_writes::<R>(unit).await).await
        }).await?,
        "a unit that runs again" => |_rows, store, scope| {
            store.writing(&scope).serializable().run(two_writes::<R>).await?
        },
        "a unit that rolls back" => |_rows, store, scope| {
            let unit = store.begin_write(&scope).await?;
            two_writes::<R>(&unit).await?;
            unit.rollback().await?
        },
    }
}

async fn two_writes<R: Keyed>(unit: &Unit) -> Result<()> {
    let rows = unit.repository::<R>();
    rows.update(rows.get(R::nth(LIVING)).await?.noted("new"))
        .await?;
    rows.delete(R::nth(OTHER), Expected::Any).await
}

/// A write of another row, and the query that finds it.
fn late_write<R: Keyed>(store: Store) -> BoxFuture<'static, Result<String>> {
    Box::pin(async move {
        let rows = store.repository::<R>(&scope(ADA));
        rows.insert(R::draft(R::nth(LATE), "after")).await?;
        let table = R::TABLE.name;
        Ok(format!("SELECT note FROM {table} WHERE note = 'after'"))
    })
}

/// The rows that the calls begin with.
async fn base<R: Keyed>(store: &Store) -> Result<()> {
    let rows = store.repository::<R>(&scope(ADA));
    let child = R::child(R::draft(R::nth(CHILD), "base"), Some(R::nth(LIVING)));
    let others = [LIVING, DELETED, OTHER].map(|number| R::draft(R::nth(number), "base"));
    rows.insert_many(others.into_iter().chain([child]).collect())
        .await?;
    rows.delete(R::nth(DELETED), Expected::Any).await
}

/// A table of the domain with keys of each kind.
pub(super) async fn subject<R: Keyed>(store: &Store) -> Result<Subject> {
    base::<R>(store).await?;
    let table = R::TABLE.name;
    let columns = R::TABLE.columns.iter();
    let columns = columns.map(|column| format!("coalesce(CAST(\"{column}\" AS text), 'NULL')"));
    let columns: Vec<String> = columns.collect();
    let row = columns.join(" || ' | ' || ");
    Ok(Subject {
        calls: calls::<R>(),
        base: format!("CREATE TABLE base_{table} AS SELECT * FROM {table}"),
        reset: format!(
            "BEGIN; DELETE FROM {table}; INSERT INTO {table} SELECT * FROM base_{table}; COMMIT"
        ),
        contents: vec![format!(
            "SELECT {row} FROM {table} WHERE note <> 'after' ORDER BY 1"
        )],
        late_write: late_write::<R>,
    })
}
