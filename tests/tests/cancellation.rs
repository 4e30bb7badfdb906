//! Calls and units that are dropped at each point at which they wait.

use std::time::Duration;

use catamaran::testing::{TwinDatabase, twin_test};
use catamaran::{
    Clock, Engine, Error, Expected, Filter, PageRequest, Query, Result, Store, StoreOptions, Unit,
    Upsert,
};
use chrono::{DateTime, Utc};
use entity::{Device, DeviceDraft, Entry, EntryDraft, Habit, HabitDraft, HabitPatch, habits};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use sea_orm::ConnectionTrait;
use suite::outside::Outside;
use suite::people::{ADA, everything, scope};
use suite::polls::polls;
use suite::sample::day;
use uuid::Uuid;

/// A clock that stands, so that a call that is run again writes the same rows.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time in 2027")
    }
}

fn long_after() -> DateTime<Utc> {
    DateTime::from_timestamp(7_258_118_400, 0).expect("the year 2200")
}

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_0000 | n)
}

const LIVING: Uuid = id(1);
const OTHER: Uuid = id(2);
const DELETED: Uuid = id(3);
const NEW: u128 = 16;

fn draft(n: u128) -> HabitDraft {
    HabitDraft::new(format!("habit {n}"), "daily").id(id(n))
}

/// A row as the base has it, with other contents.
fn changed(mut habit: Habit) -> Habit {
    habit.color = "red".to_owned();
    habit
}

/// One connection of each kind: what a dropped call leaves on it meets the next call.
fn options(db: &TwinDatabase) -> StoreOptions {
    StoreOptions::new(db.url())
        .connections(1)
        .readers(1)
        .clock(Standing)
}

/// How long a call is kept waiting before it is dropped: not at all, and long enough for its answer to come.
const LINGER: [Duration; 2] = [Duration::ZERO, Duration::from_millis(3)];

type Call = fn(Store) -> BoxFuture<'static, Result<()>>;

macro_rules! calls {
    ($($name:literal => |$rows:ident, $store:ident| $call:expr),* $(,)?) => {
        &[$(($name, |$store| Box::pin(async move {
            let $rows = $store.repository::<Habit>(&scope(ADA));
            let _done = $call;
            Ok(())
        }))),*]
    };
}

/// Every method of a repository, and units in each way of ending. All of them succeed on the base.
const CALLS: &[(&str, Call)] = calls! {
    "find" => |rows, _store| rows.find(LIVING).await?,
    "get" => |rows, _store| rows.get(LIVING).await?,
    "exists" => |rows, _store| rows.exists(&everything()).await?,
    "count" => |rows, _store| rows.count(&everything()).await?,
    "list" => |rows, _store| rows.list(&everything(), PageRequest::first(2)).await?,
    "stream" => |rows, _store| rows.stream(everything()).try_collect::<Vec<_>>().await?,
    "insert" => |rows, _store| rows.insert(draft(NEW)).await?,
    "insert_many" => |rows, _store| rows.insert_many((NEW..NEW + 1_200).map(draft).collect()).await?,
    "update" => |rows, _store| rows.update(changed(rows.get(LIVING).await?)).await?,
    "patch" => |rows, _store| {
        let patch = HabitPatch::new().color("red");
        rows.patch(LIVING, Expected::Version(1), patch).await?
    },
    "upsert" => |rows, _store| rows.upsert(Upsert::new(draft(NEW))).await?,
    "upsert_many" => |rows, _store| {
        let known = rows.get(LIVING).await?;
        let same = Upsert::seen(rows.get(OTHER).await?);
        let rest = (NEW..NEW + 600).map(draft).map(Upsert::new);
        let all = [Upsert::seen(changed(known)), same].into_iter().chain(rest);
        rows.upsert_many(all.collect()).await?
    },
    "delete" => |rows, _store| rows.delete(LIVING, Expected::Any).await?,
    "restore" => |rows, _store| rows.restore(DELETED, Expected::Version(2)).await?,
    "purge" => |rows, _store| rows.purge(long_after(), 9).await?,
    "patch_where" => |rows, _store| {
        rows.patch_where(&Filter::all(), HabitPatch::new().color("red")).await?
    },
    "delete_where" => |rows, _store| rows.delete_where(&Filter::all()).await?,
    "streak" => |_rows, store| habits(&store, &scope(ADA)).streak(LIVING).await?,
    "a reading unit" => |_rows, store| store.read(&scope(ADA), async |unit| {
        unit.repository::<Habit>().get(LIVING).await?;
        unit.repository::<Entry>().count(&Query::all()).await
    }).await?,
    "a unit that commits" => |_rows, store| store.write(&scope(ADA), two_writes).await?,
    "a unit that rolls back" => |_rows, store| {
        let unit = store.begin_write(&scope(ADA)).await?;
        two_writes(&unit).await?;
        unit.rollback().await?
    },
    "a call that fails" => |rows, _store| {
        let twice = vec![draft(NEW), draft(NEW + 1), draft(NEW)];
        let refused = rows.insert_many(twice).await;
        assert!(refused.is_err(), "the same id twice");
    },
};

async fn two_writes(unit: &Unit) -> Result<()> {
    let habit = unit.repository::<Habit>().insert(draft(NEW)).await?;
    let entry = EntryDraft::new(habit.id, day(7)).id(id(NEW));
    unit.repository::<Entry>().insert(entry).await?;
    Ok(())
}

/// Empties the tables and writes the same few rows again.
async fn reset(outside: &Outside, other: &Store) -> Result<()> {
    for table in ["habits", "devices"] {
        match outside {
            Outside::Connection(connection) => {
                let sql = format!("DELETE FROM {table}");
                connection.execute_unprepared(&sql).await?;
            }
            Outside::Store(_) => unreachable!("a sweep needs a second connection"),
        }
    }
    let rows = other.repository::<Habit>(&scope(ADA));
    rows.insert_many((1..=3).map(draft).collect()).await?;
    rows.delete(DELETED, Expected::Any).await?;
    let entries = other.repository::<Entry>(&scope(ADA));
    for habit in [LIVING, DELETED] {
        entries
            .insert(EntryDraft::new(habit, day(0)).id(habit))
            .await?;
    }
    Ok(())
}

/// The rows without the devices, which are the acknowledged writes.
async fn contents(outside: &Outside) -> Vec<String> {
    let mut rows = outside.dump().await;
    rows.retain(|row| !row.starts_with("devices"));
    rows
}

/// No transaction is open, as another connection sees it.
async fn assert_nothing_open(db: &TwinDatabase, outside: &Outside, call: &str) {
    let Outside::Connection(connection) = outside else {
        unreachable!("a sweep needs a second connection")
    };
    match db.engine() {
        Engine::Sqlite => {
            let taken = connection
                .execute_unprepared("BEGIN IMMEDIATE; ROLLBACK")
                .await;
            taken.unwrap_or_else(|error| panic!("{call} holds the lock: {error}"));
        }
        Engine::Postgres => {
            let open = "datname = current_database() AND application_name = 'catamaran' \
                 AND state LIKE 'idle in transaction%'";
            assert_eq!(outside.count("pg_stat_activity", open).await, 0, "{call}");
        }
    }
}

#[twin_test(migration::Migrator)]
async fn a_call_that_is_dropped_anywhere_is_done_whole_or_not_at_all(
    db: &TwinDatabase,
) -> Result<()> {
    let outside = Outside::of(db).await;
    let other = StoreOptions::new(db.url()).clock(Standing).open().await?;
    let store = options(db).open().await?;
    let mut drops = 0;
    for (call, run) in CALLS {
        reset(&outside, &other).await?;
        let before = contents(&outside).await;
        run(store.clone()).await?;
        let after = contents(&outside).await;
        for linger in LINGER {
            for k in 0.. {
                reset(&outside, &other).await?;
                assert_eq!(contents(&outside).await, before, "{call}");
                let ended = polls(run(store.clone()), k, linger).await;
                // A write that is acknowledged after the drop, by the connection that served it.
                let devices = store.repository::<Device>(&scope(ADA));
                let device = devices.insert(DeviceDraft::new("linux")).await?;
                let kept = format!("id = '{}'", device.id);
                assert_eq!(outside.count("devices", &kept).await, 1, "{call} at {k}");
                assert_nothing_open(db, &outside, call).await;
                let found = contents(&outside).await;
                if let Some(ended) = ended {
                    ended?;
                    assert_eq!(found, after, "{call}");
                    break;
                }
                drops += 1;
                let whole = found == before || found == after;
                assert!(whole, "{call} at {k}: {found:#?}");
            }
        }
    }
    // At the least before and after the first poll, each with and without lingering; a fast server answers
    // the rest before anyone has to wait.
    assert!(drops >= CALLS.len() * 3, "only {drops} drops");
    // What the last one left outlives the store.
    let left = outside.dump().await;
    store.close();
    drop(store);
    assert_nothing_open(db, &outside, "closing").await;
    assert_eq!(outside.dump().await, left);
    Ok(())
}

#[twin_test(migration::Migrator)]
async fn acknowledged_writes_outlive_the_drops_of_other_calls(db: &TwinDatabase) -> Result<()> {
    let outside = Outside::of(db).await;
    let other = StoreOptions::new(db.url()).clock(Standing).open().await?;
    reset(&outside, &other).await?;
    // The connections are few, so that the writer gets those that the dropped calls had.
    let store = options(db).connections(2).open().await?;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            let devices = store.repository::<Device>(&scope(ADA));
            let mut acknowledged = Vec::new();
            for _ in 0..150 {
                acknowledged.push(devices.insert(DeviceDraft::new("linux")).await?);
            }
            Ok::<_, Error>(acknowledged)
        }
    });
    let mut drops = 0;
    'drops: loop {
        for (call, run) in CALLS {
            let k = 1 + drops % 7;
            // What it gives is of no interest: most fail, because nothing resets the rows.
            let linger = LINGER[drops % LINGER.len()];
            drop(polls(run(store.clone()), k, linger).await);
            drops += 1;
            if writer.is_finished() && drops > CALLS.len() * 7 {
                break 'drops;
            }
            assert!(drops < 100_000, "{call}: the writer never ends");
        }
    }
    let acknowledged = writer.await.expect("no panic")?;
    let seen = other.repository::<Device>(&scope(ADA));
    for device in &acknowledged {
        assert_eq!(seen.find(device.id).await?.as_ref(), Some(device));
    }
    store.close();
    drop(store);
    let again = db.open_another().await?;
    let seen = again.repository::<Device>(&scope(ADA));
    assert_eq!(seen.count(&Query::all()).await?, acknowledged.len() as u64);
    Ok(())
}
