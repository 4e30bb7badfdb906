//! A server that restarts, with connections of the store that are idle: the store finds out by itself.

use std::error::Error;

use catamaran::{ErrorKind, Query, Store, StoreOptions};
use entity::{Habit, HabitDraft};
use futures_util::future::{join_all, try_join_all};
use rustix::process::Signal;
use suite::observer::{connect, texts};
use suite::own_server::{OwnServer, backends};
use suite::pgbouncer::{PgBouncer, Setup};
use suite::soak::database::Database;
use suite::users::{ADA, everyone, habit_of, scope};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Opens that number of connections, and leaves them idle.
async fn warm(store: &Store, connections: usize) -> Outcome {
    let units = (0..connections).map(|_| async {
        let unit = store.begin_write(&scope(ADA)).await?;
        unit.repository::<Habit>().count(&Query::all()).await?;
        Ok::<_, catamaran::Error>(unit)
    });
    for unit in try_join_all(units).await? {
        unit.rollback().await?;
    }
    Ok(())
}

/// The first use of a store after a restart.
#[derive(Clone, Copy, Debug)]
enum First {
    Read,
    ReadsAtOnce,
    ReadUnit,
    Unit,
    UnitsAtOnce,
    Write,
}

/// The number of calls that failed. A write that commits itself may be the one that finds out.
async fn failures(store: &Store, first: First, connections: usize) -> Outcome<usize> {
    let caller = scope(ADA);
    let habits = store.repository::<Habit>(&caller);
    let unit = || async {
        let work = async |unit: &catamaran::Unit| {
            let habits = unit.repository::<Habit>();
            habits.insert(HabitDraft::new("unit", "daily")).await
        };
        store.writing(&caller).run(work).await.map(drop)
    };
    let all = Query::all();
    let read = || async { habits.count(&all).await.map(drop) };
    let outcomes = match first {
        First::Read => vec![read().await],
        First::ReadsAtOnce => join_all((0..connections).map(|_| read())).await,
        First::ReadUnit => {
            let begun = store.begin_read(&everyone()).await;
            vec![match begun {
                Ok(unit) => unit.repository::<Habit>().count(&all).await.map(drop),
                Err(error) => Err(error),
            }]
        }
        First::Unit => vec![unit().await],
        First::UnitsAtOnce => join_all((0..connections).map(|_| unit())).await,
        First::Write => {
            let insert = habits.insert(HabitDraft::new("write", "daily")).await;
            vec![insert.map(drop)]
        }
    };
    let mut failed = 0;
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!(
            *error.kind(),
            ErrorKind::CommitUnknown,
            "{first:?}: {error:?}"
        );
        failed += 1;
    }
    // From now on the store knows.
    for round in 0..connections * 2 {
        match round % 3 {
            0 => drop(habits.count(&all).await?),
            1 => drop(habits.insert(HabitDraft::new("later", "daily")).await?),
            _ => unit().await?,
        }
    }
    Ok(failed)
}

async fn survives(
    server: &OwnServer,
    store: &Store,
    connections: usize,
    signal: Signal,
    first: First,
) -> Outcome {
    warm(store, connections).await?;
    server.stop(signal).await;
    server.start_again().await?;
    let failed = failures(store, first, connections).await?;
    let most = usize::from(matches!(first, First::Write));
    assert!(
        failed <= most,
        "{first:?} after {signal:?}: {failed} failed"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_with_idle_connections_fails_at_most_one_write() -> Outcome {
    let server = OwnServer::start().await?;
    let place = server.database::<migration::History>("restarted").await?;
    for (connections, firsts) in [
        (10, vec![First::Read, First::Write, First::ReadUnit]),
        (
            30,
            vec![First::Unit, First::UnitsAtOnce, First::ReadsAtOnce],
        ),
    ] {
        let store = place.options().connections(connections).open().await?;
        for first in firsts {
            // Fast and immediate, as `pg_ctl restart -m` calls them.
            for signal in [Signal::INT, Signal::QUIT] {
                survives(&server, &store, connections, signal, first).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_behind_a_pooler_fails_at_most_one_write() -> Outcome {
    let server = OwnServer::start().await?;
    let place = server.database::<migration::History>("restarted").await?;
    let pooler = PgBouncer::start(&Setup::default(), &[&place.url]);
    let options = StoreOptions::new(pooler.url(&place.url)).transaction_pooler(true);
    let store = options.connections(3).open().await?;
    for first in [First::Read, First::ReadUnit, First::Unit] {
        survives(&server, &store, 3, Signal::INT, first).await?;
    }
    Ok(())
}

/// The server ends every connection, and takes new ones at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_an_administrator_ends_fail_no_unit_and_no_read() -> Outcome {
    let server = OwnServer::start().await?;
    let place = server.database::<migration::History>("ended").await?;
    let admin = connect(server.admin_url()).await?;
    let store = place.options().connections(10).open().await?;
    let end = "SELECT pg_terminate_backend(pid, 5000)::text FROM pg_stat_activity \
         WHERE application_name = 'catamaran'";
    for first in [
        First::Unit,
        First::Read,
        First::ReadUnit,
        First::UnitsAtOnce,
    ] {
        warm(&store, 10).await?;
        assert!(!texts(&admin, end).await?.is_empty());
        assert_eq!(failures(&store, first, 10).await?, 0, "{first:?}");
    }
    Ok(())
}

/// Work that is begun while there is no server waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_waits_for_a_server_that_is_down() -> Outcome {
    let server = OwnServer::start().await?;
    let place = server.database::<migration::History>("down").await?;
    let store = place.options().open().await?;
    habit_of(&store, ADA, "before").await?;
    server.stop(Signal::INT).await;
    let habits = store.repository::<Habit>(&scope(ADA));
    let found = habits.count(&Query::all()).await;
    let kind = found.expect_err("there is no server").kind().clone();
    let is_told = matches!(
        kind,
        ErrorKind::ConnectionLost | ErrorKind::Unavailable { .. }
    );
    assert!(is_told, "{kind:?}");
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            let retry = catamaran::Retry::default().budget(suite::pace::PLENTY);
            let writing = store.writing(&scope(ADA)).retry(retry);
            writing
                .run(async |unit| {
                    let habits = unit.repository::<Habit>();
                    habits.insert(HabitDraft::new("waited", "daily")).await
                })
                .await
        }
    });
    // Longer than the tries after a collision take.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert!(!writing.is_finished());
    server.start_again().await?;
    assert_eq!(writing.await??.name, "waited");
    Ok(())
}

#[tokio::test]
async fn a_connection_is_replaced_at_the_end_of_its_lifetime() -> Outcome {
    let made = catamaran::testing::TwinDatabase::create::<migration::Migrator>(
        catamaran::testing::Target::Postgres,
    )
    .await?;
    made.store().close();
    let place = Database::of(&made);
    for (lifetime, is_replaced) in [
        (Some(std::time::Duration::from_millis(50)), true),
        (None, false),
    ] {
        let name = format!("lifetime {is_replaced}");
        let options = place.options().connections(1).max_lifetime(lifetime);
        let store = options.open().await?;
        let habits = store.repository::<Habit>(&everyone());
        habits.count(&Query::all()).await?;
        let before = backends(&place).await?;
        assert_eq!(before.len(), 1, "{name}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        habits.count(&Query::all()).await?;
        let after = backends(&place).await?;
        assert_eq!(after.contains(&before[0]), !is_replaced, "{name}");
        store.close();
        drop((habits, store));
        // The server lists a connection for a moment after its end.
        while !backends(&place).await?.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    Ok(())
}
