//! The calls that the sweep drops: every method of a repository, and units with each kind of end.

use catamaran::{
    Error, ErrorKind, Expected, Filter, PageRequest, Query, RepositoryExt, Result, Retry, Store,
    Unit, Upsert,
};
use chrono::{DateTime, Utc};
use entity::{Device, DeviceDraft, Entry, EntryDraft, Habit, HabitDraft, HabitPatch, habits};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::Call;
use crate::sample::day;
use crate::users::{ADA, everything, scope};

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_0000 | n)
}

/// A living row of the base, with an entry.
pub const LIVING: Uuid = id(1);

/// Another one, without.
pub const OTHER: Uuid = id(2);

/// Another one, without.
pub const DOOMED: Uuid = id(4);

/// A deleted row of the base, with an entry.
pub const DELETED: Uuid = id(3);

/// The first number that no row of the base has.
const NEW: u128 = 16;

/// The habit of that number.
pub fn draft(n: u128) -> HabitDraft {
    HabitDraft::new(format!("habit {n}"), "daily").id(id(n))
}

/// A row as the base has it, with other contents.
fn changed(mut habit: Habit) -> Habit {
    habit.color = "red".to_owned();
    habit
}

fn long_after() -> DateTime<Utc> {
    DateTime::from_timestamp(7_258_118_400, 0).expect("the year 2200")
}

macro_rules! calls {
    ($($name:literal => |$rows:ident, $store:ident, $scope:ident| $call:expr),* $(,)?) => {
        &[$(($name, |$store, $scope| Box::pin(async move {
            let $rows = $store.repository::<Habit>(&$scope);
            let _done = $call;
            Ok(())
        }))),*]
    };
}

/// Calls that an owner and the system may make.
pub const ANYONES: &[(&str, Call)] = calls! {
    "find" => |rows, _store, _scope| rows.find(LIVING).await?,
    "get" => |rows, _store, _scope| rows.get(LIVING).await?,
    "exists" => |rows, _store, _scope| rows.exists(&everything()).await?,
    "count" => |rows, _store, _scope| rows.count(&everything()).await?,
    "list" => |rows, _store, _scope| rows.list(&everything(), PageRequest::first(2)).await?,
    "stream" => |rows, _store, _scope| rows.stream(everything()).try_collect::<Vec<_>>().await?,
    "update" => |rows, _store, _scope| rows.update(changed(rows.get(LIVING).await?)).await?,
    "patch" => |rows, _store, _scope| {
        let patch = HabitPatch::new().color("red");
        rows.patch(LIVING, Expected::Version(1), patch).await?
    },
    "delete" => |rows, _store, _scope| rows.delete(LIVING, Expected::Any).await?,
    "restore" => |rows, _store, _scope| rows.restore(DELETED, Expected::Version(2)).await?,
    "purge" => |rows, _store, _scope| rows.purge(long_after(), 9).await?,
    "patch_where" => |rows, _store, _scope| {
        rows.patch_where(&Filter::all(), HabitPatch::new().color("red")).await?
    },
    "delete_where" => |rows, _store, _scope| rows.delete_where(&Filter::all()).await?,
    "streak" => |_rows, store, scope| habits(&store, &scope).streak(LIVING).await?,
    "a reading unit" => |_rows, store, scope| store.read(&scope, async |unit| {
        unit.repository::<Habit>().get(LIVING).await?;
        unit.repository::<Entry>().count(&Query::all()).await
    }).await?,
    "modify" => |rows, _store, _scope| {
        rows.modify(LIVING, Retry::default(), |row| row.color = "red".to_owned()).await?
    },
    "lock" => |_rows, store, scope| store.write(&scope, async |unit| {
        let rows = unit.repository::<Habit>();
        rows.lock(&[OTHER, LIVING]).await?;
        rows.delete(OTHER, Expected::Any).await
    }).await?,
    "was_done" => |_rows, store, scope| store.was_done(&scope, OTHER).await?,
    "run" => |_rows, store, scope| {
        store.writing(&scope).serializable().run(two_changes).await?
    },
    "once" => |_rows, store, scope| store.writing(&scope).once(LIVING, two_changes).await?,
    "a savepoint that fails" => |_rows, store, scope| store.write(&scope, async |unit| {
        let rows = unit.repository::<Habit>();
        rows.delete(OTHER, Expected::Any).await?;
        let refused = unit.savepoint(async |unit| {
            two_changes(unit).await?;
            Err::<(), _>(Error::from(ErrorKind::PoolTimeout))
        });
        assert!(refused.await.is_err(), "it gives an error");
        Ok::<_, Error>(())
    }).await?,
    "a savepoint" => |_rows, store, scope| store.write(&scope, async |unit| {
        unit.savepoint(async |unit| two_changes(unit).await).await
    }).await?,
    "a unit that changes" => |_rows, store, scope| store.write(&scope, two_changes).await?,
};

/// Calls that make rows, which only an owner can.
pub const OWNERS: &[(&str, Call)] = calls! {
    "insert" => |rows, _store, _scope| rows.insert(draft(NEW)).await?,
    "insert_many" => |rows, _store, _scope| {
        rows.insert_many((NEW..NEW + 400).map(draft).collect()).await?
    },
    "upsert" => |rows, _store, _scope| rows.upsert(Upsert::new(draft(NEW))).await?,
    "upsert_many" => |rows, _store, _scope| {
        let known = rows.get(LIVING).await?;
        let same = Upsert::seen(rows.get(OTHER).await?);
        let rest = (NEW..NEW + 200).map(draft).map(Upsert::new);
        let all = [Upsert::seen(changed(known)), same].into_iter().chain(rest);
        rows.upsert_many(all.collect()).await?
    },
    "a unit that commits" => |_rows, store, scope| store.write(&scope, two_writes).await?,
    "a unit that rolls back" => |_rows, store, scope| {
        let unit = store.begin_write(&scope).await?;
        two_writes(&unit).await?;
        unit.rollback().await?
    },
    "a call that fails" => |rows, _store, _scope| {
        let twice = vec![draft(NEW), draft(NEW + 1), draft(NEW)];
        let refused = rows.insert_many(twice).await;
        assert!(refused.is_err(), "the same id twice");
    },
};

/// A write of a device, and the query that finds it.
pub fn late_write(store: Store) -> BoxFuture<'static, Result<String>> {
    Box::pin(async move {
        let devices = store.repository::<Device>(&scope(ADA));
        let device = devices.insert(DeviceDraft::new("after")).await?;
        Ok(format!(
            "SELECT platform FROM devices WHERE id = '{}'",
            device.id
        ))
    })
}

/// What an owner and the system may do.
async fn two_changes(unit: &Unit) -> Result<()> {
    let rows = unit.repository::<Habit>();
    rows.update(changed(rows.get(LIVING).await?)).await?;
    rows.delete(DOOMED, Expected::Any).await
}

async fn two_writes(unit: &Unit) -> Result<()> {
    let habit = unit.repository::<Habit>().insert(draft(NEW)).await?;
    let entry = EntryDraft::new(habit.id, day(7)).id(id(NEW));
    unit.repository::<Entry>().insert(entry).await?;
    Ok(())
}
