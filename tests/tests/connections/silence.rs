//! Connections on which nothing is heard any more, and the time limit of an acquisition.

use std::time::{Duration, Instant};

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{ErrorKind, Query, Result, Store, StoreOptions, Unit};
use entity::{Habit, HabitDraft};
use futures_util::future::join_all;
use suite::cancellation_points::drop_after_polls;
use suite::kind::refused;
use suite::observer::Observer;
use suite::pace::limit;
use suite::proxy::{Proxy, Wire};
use suite::slow;
use suite::users::{ADA, habit_of, scope};
use tokio::net::TcpListener;
use url::Url;

async fn behind_a_proxy() -> Result<(TwinDatabase, Proxy)> {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    let db = made.expect("a database on Postgres");
    let proxy = Proxy::start(db.url()).await;
    Ok((db, proxy))
}

async fn warm(store: &Store, connections: usize) -> Result<()> {
    let mut units = Vec::new();
    for _ in 0..connections {
        let unit = store.begin_write(&scope(ADA)).await?;
        unit.repository::<Habit>().count(&Query::all()).await?;
        units.push(unit);
    }
    for unit in units {
        unit.rollback().await?;
    }
    Ok(())
}

/// One of them is tested before a write. Its silence condemns the others.
#[tokio::test]
async fn forgotten_connections_are_replaced_within_the_acquire_timeout() -> Result<()> {
    let (_db, proxy) = behind_a_proxy().await?;
    let acquire_timeout = limit() * 10;
    let options = StoreOptions::new(proxy.url()).connections(4);
    let store = options.acquire_timeout(acquire_timeout).open().await?;
    warm(&store, 4).await?;
    assert_eq!(proxy.connections(), 4);
    // A write does not trust a connection that was idle for longer.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    proxy.forget();
    let begun = Instant::now();
    habit_of(&store, ADA, "after").await?;
    assert!(begun.elapsed() < acquire_timeout, "{:?}", begun.elapsed());
    let begun = Instant::now();
    let habits = store.repository::<Habit>(&scope(ADA));
    let all = Query::all();
    for counted in join_all((0..4).map(|_| habits.count(&all))).await {
        assert_eq!(counted?, 1);
    }
    assert!(begun.elapsed() < acquire_timeout, "{:?}", begun.elapsed());
    assert_eq!(proxy.connections(), 8, "none of the old ones is used");
    Ok(())
}

/// No other server responds either.
#[tokio::test]
async fn idle_connections_to_a_silent_server_take_one_acquire_timeout_together() -> Result<()> {
    let (_db, proxy) = behind_a_proxy().await?;
    let acquire_timeout = limit() * 4;
    let options = StoreOptions::new(proxy.url()).connections(4);
    let store = options.acquire_timeout(acquire_timeout).open().await?;
    warm(&store, 4).await?;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    proxy.set(Wire::Silent);
    for _ in 0..2 {
        let begun = Instant::now();
        let habits = store.repository::<Habit>(&scope(ADA));
        let kind = refused(habits.insert(HabitDraft::new("lost", "daily")).await);
        let waited = begun.elapsed();
        assert!(matches!(kind, ErrorKind::Unavailable { .. }), "{kind:?}");
        assert!(waited < acquire_timeout * 3 / 2, "{waited:?}");
    }
    proxy.set(Wire::Whole);
    habit_of(&store, ADA, "after").await?;
    Ok(())
}

/// The time that a call waits for its turn counts as well.
#[tokio::test]
async fn waiting_and_connecting_share_one_acquire_timeout() -> Result<()> {
    let (db, proxy) = behind_a_proxy().await?;
    let acquire_timeout = limit() * 4;
    let options = StoreOptions::new(proxy.url()).connections(1);
    let store = options.acquire_timeout(acquire_timeout).open().await?;
    let unit = store.begin_write(&scope(ADA)).await?;
    unit.repository::<Habit>().count(&Query::all()).await?;
    let waiting = tokio::spawn({
        let store = store.clone();
        async move {
            let begun = Instant::now();
            let kind = refused(habit_of(&store, ADA, "waits").await);
            (kind, begun.elapsed())
        }
    });
    tokio::time::sleep(acquire_timeout * 3 / 4).await;
    // Then the only connection is lost, and its place is free for a new one.
    let outside = Observer::of(&db).await;
    let end = "SELECT pg_terminate_backend(pid, 5000)::text FROM pg_stat_activity \
         WHERE datname = current_database() AND state = 'idle in transaction'";
    assert_eq!(outside.texts(end).await, ["true"]);
    let lost = unit.repository::<Habit>().count(&Query::all()).await;
    assert_eq!(refused(lost), ErrorKind::ConnectionLost);
    proxy.set(Wire::Silent);
    drop(unit);
    let (kind, waited) = waiting.await.expect("no panic");
    assert!(matches!(kind, ErrorKind::Unavailable { .. }), "{kind:?}");
    assert!(waited >= acquire_timeout, "{waited:?}");
    assert!(waited < acquire_timeout * 3 / 2, "{waited:?}");
    Ok(())
}

/// Drops a call after it was sent to a server that no longer answers.
async fn drop_a_call(unit: &Unit, proxy: &Proxy) -> Result<()> {
    proxy.set(Wire::Silent);
    let habits = unit.repository::<Habit>();
    let call = habits.insert(HabitDraft::new("dropped", "daily"));
    let answer = drop_after_polls(call, 1, Duration::ZERO).await;
    assert!(answer.is_none(), "{answer:?}");
    Err(ErrorKind::NoRow.into())
}

/// The response of a dropped call is waited for before a rollback, and once, also where savepoints are open.
#[tokio::test]
async fn the_end_of_a_unit_waits_once_for_a_silent_server() -> Result<()> {
    let (_db, proxy) = behind_a_proxy().await?;
    let options = StoreOptions::new(proxy.url()).connections(1);
    let options = options.statement_timeout(limit()).lock_timeout(limit());
    let store = options.open().await?;
    // As long as a response is waited for.
    let one_response = limit() * 2 + Duration::from_secs(5);
    for nested in [false, true] {
        let unit = store.begin_write(&scope(ADA)).await?;
        let habits = unit.repository::<Habit>();
        habits.insert(HabitDraft::new("lost", "daily")).await?;
        let begun = Instant::now();
        let ended = match nested {
            false => drop_a_call(&unit, &proxy).await,
            true => {
                let inner = async |unit: &Unit| drop_a_call(unit, &proxy).await;
                unit.savepoint(async |unit: &Unit| unit.savepoint(inner).await)
                    .await
            }
        };
        assert_eq!(refused(ended), ErrorKind::NoRow);
        unit.rollback().await?;
        let waited = begun.elapsed();
        assert!(waited >= one_response, "nested: {nested}, {waited:?}");
        assert!(
            waited < one_response * 3 / 2,
            "nested: {nested}, {waited:?}"
        );
        proxy.set(Wire::Whole);
    }
    let habits = store.repository::<Habit>(&scope(ADA));
    assert_eq!(habits.count(&Query::all()).await?, 0);
    Ok(())
}

/// A machine without power answers nothing, so that only a time limit ends the try.
#[tokio::test]
async fn a_host_that_does_not_respond_is_passed_over() -> Result<()> {
    let (db, proxy) = behind_a_proxy().await?;
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let silent = silent.local_addr().expect("an address");
    let mut url = Url::parse(proxy.url()).expect("a URL");
    url.set_host(Some("HOSTS")).expect("a host");
    url.set_port(None).expect("a port");
    let live = Url::parse(proxy.url()).expect("a URL").port();
    let hosts = format!("{silent},127.0.0.1:{}", live.unwrap_or(5432));
    let url = url
        .as_str()
        .replace("hosts", &hosts)
        .replace("HOSTS", &hosts);
    let store = StoreOptions::new(&url).connections(2).open().await?;
    habit_of(&store, ADA, "written").await?;
    let pending = catamaran::migrate::pending::<migration::History>(&url).await;
    assert_eq!(pending.expect("a history"), Vec::<String>::new());
    drop(db);
    Ok(())
}

/// The error of the dropped statement is not one of its connection.
#[tokio::test]
async fn a_dropped_call_that_fails_later_does_not_cost_its_connection() -> Result<()> {
    let (_db, proxy) = behind_a_proxy().await?;
    let options = StoreOptions::new(proxy.url()).connections(1);
    let store = options.statement_timeout(limit()).open().await?;
    let slow = store.native::<Habit>(&scope(ADA));
    warm(&store, 1).await?;
    let dropped = drop_after_polls(slow::alone(&slow), 2, Duration::from_millis(20)).await;
    assert!(dropped.is_none(), "{dropped:?}");
    let habits = store.repository::<Habit>(&scope(ADA));
    assert_eq!(habits.count(&Query::all()).await?, 0);
    assert_eq!(proxy.connections(), 1);
    Ok(())
}
