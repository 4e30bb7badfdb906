//! Another server takes the place of the primary, or the primary becomes read only: the store goes on.

use std::error::Error;
use std::time::Duration;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{
    AnyRepository, Error as Failed, ErrorKind, Query, Retry, Scope, Store, StoreOptions,
};
use entity::{Habit, HabitDraft};
use sea_orm::ConnectionTrait;
use suite::bank::{Account, AccountDraft};
use suite::kind::refused;
use suite::observer::{connect, texts, texts_in};
use suite::pace::{PLENTY, scaled};
use suite::proxy::Proxy;
use suite::soak::failover::{self, Load, Pair};
use suite::soak::tally::Tally;
use suite::standby::Replication;
use suite::users::{ADA, everyone, habit_of, scope};
use url::Url;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_and_a_failover_under_load_lose_no_acknowledged_write() -> Outcome {
    let tally = Tally::default();
    failover::run(ADA, 8, &tally).await?;
    let figures = tally.assert_kept();
    println!("{figures:?}");
    assert_eq!(figures.faults, 3);
    Ok(())
}

/// Without synchronous replication a planned switch-over loses nothing either: the primary sends the rest of its log
/// before it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planned_switch_over_under_load_loses_no_acknowledged_write() -> Outcome {
    let tally = Tally::default();
    let pair = Pair::start(Replication::Asynchronous).await?;
    let store = pair.options().connections(4).open().await?;
    let load = Load::start(&store, ADA, 8, &tally);
    load.goes_on("the beginning").await;
    pair.switch_over().await?;
    load.goes_on("a switch-over").await;
    load.end(pair.standby.admin_url()).await?;
    tally.assert_kept();
    Ok(())
}

/// The former primary goes on for readers. No call fails, and each sees the rows that were written before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_a_former_primary_are_replaced_also_for_reads() -> Outcome {
    let pair = Pair::start(Replication::Synchronous).await?;
    let store = pair.options().connections(4).open().await?;
    let accounts = store.repository::<Account>(&scope(ADA));
    let former = connect(pair.primary.admin_url()).await?;
    former
        .execute_unprepared("ALTER SYSTEM SET default_transaction_read_only = on")
        .await?;
    texts(&former, "SELECT pg_reload_conf()::text").await?;
    let mut units = Vec::new();
    for _ in 0..4 {
        // A process of the server reads a setting some time after it is told to.
        loop {
            let unit = store.begin_read(&everyone()).await?;
            let setting = texts_in(&unit, "SHOW default_transaction_read_only").await?;
            units.push(unit);
            if setting == ["on"] {
                break;
            }
            units.pop();
        }
    }
    drop(units);
    pair.take_over().await?;
    for round in 0..20 {
        let id = match round % 2 {
            0 => accounts.insert(AccountDraft::new(round)).await?.id,
            _ => {
                let work = async |unit: &catamaran::Unit| {
                    let accounts = unit.repository::<Account>();
                    // A unit that reads first, on whatever server.
                    accounts.count(&Query::all()).await?;
                    Ok::<_, Failed>(accounts.insert(AccountDraft::new(round)).await?.id)
                };
                store.writing(&scope(ADA)).run(work).await?
            }
        };
        // On whichever connections.
        let (one, two, three) =
            tokio::join!(accounts.find(id), accounts.find(id), accounts.find(id));
        for found in [one?, two?, three?] {
            assert_eq!(found.map(|found| found.id), Some(id), "round {round}");
        }
    }
    Ok(())
}

async fn on_postgres() -> Outcome<(TwinDatabase, String)> {
    let db = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await?;
    let admin = connect(db.url()).await?;
    let name = texts(&admin, "SELECT quote_ident(current_database())").await?;
    Ok((db, name.concat()))
}

async fn set_read_only(db: &TwinDatabase, database: &str, to: &str) -> Outcome {
    let admin = connect(db.url()).await?;
    // The administrator's own connection may be read only as well.
    admin
        .execute_unprepared("SET default_transaction_read_only = off")
        .await?;
    let set = format!("ALTER DATABASE {database} {to}");
    admin.execute_unprepared(&set).await?;
    admin.close().await?;
    Ok(())
}

/// Makes the store's connections anew.
async fn end_connections(db: &TwinDatabase) -> Outcome {
    let admin = connect(db.url()).await?;
    let end = "SELECT pg_terminate_backend(pid, 5000)::text FROM pg_stat_activity \
         WHERE application_name = 'catamaran' AND datname = current_database()";
    texts(&admin, end).await?;
    Ok(())
}

fn is_read_only(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::ReadOnly { .. })
}

async fn insert_in_unit(store: &Store, caller: &Scope) -> Result<(), Failed> {
    let work = async |unit: &catamaran::Unit| {
        let habits = unit.repository::<Habit>();
        habits.count(&Query::all()).await?;
        habits.insert(HabitDraft::new("unit", "daily")).await
    };
    store.writing(caller).run(work).await.map(drop)
}

/// The setting is that of an operator. When it is taken back, writes go on without a failed call.
#[tokio::test]
async fn a_database_that_was_read_only_for_a_while_is_written_again() -> Outcome {
    let (db, database) = on_postgres().await?;
    let store = StoreOptions::new(db.url()).connections(3).open().await?;
    for has_noticed in [true, false] {
        set_read_only(&db, &database, "SET default_transaction_read_only = on").await?;
        end_connections(&db).await?;
        let habits = store.repository::<Habit>(&scope(ADA));
        habits.count(&Query::all()).await?;
        if has_noticed {
            for _ in 0..3 {
                let kind = refused(habits.insert(HabitDraft::new("refused", "daily")).await);
                assert!(is_read_only(&kind), "{kind:?}");
                let error = insert_in_unit(&store, &scope(ADA)).await;
                assert!(is_read_only(&refused(error)));
                let serializable = store.writing(&scope(ADA)).serializable();
                let error = serializable
                    .run(async |unit| {
                        let habits = unit.repository::<Habit>();
                        habits.insert(HabitDraft::new("refused", "daily")).await
                    })
                    .await;
                assert!(is_read_only(&refused(error)));
            }
        }
        set_read_only(&db, &database, "RESET default_transaction_read_only").await?;
        habit_of(&store, ADA, "written").await?;
        insert_in_unit(&store, &scope(ADA)).await?;
        let everybodys = store.repository::<Habit>(&everyone());
        everybodys.count(&Query::all()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_database_that_stays_read_only_costs_a_write_one_connection_and_reads_none() -> Outcome {
    let (db, database) = on_postgres().await?;
    let habit = habit_of(db.store(), ADA, "run").await?;
    set_read_only(&db, &database, "SET default_transaction_read_only = on").await?;
    let proxy = Proxy::start(db.url()).await;
    let store = StoreOptions::new(proxy.url()).connections(4).open().await?;
    let habits = store.repository::<Habit>(&scope(ADA));
    let mut units = Vec::new();
    for _ in 0..4 {
        units.push(store.begin_read(&scope(ADA)).await?);
    }
    drop(units);
    for _ in 0..5 {
        let before = proxy.connections();
        let kind = refused(habits.insert(HabitDraft::new("refused", "daily")).await);
        assert!(is_read_only(&kind), "{kind:?}");
        let after = proxy.connections();
        assert!(after <= before + 1, "{} connections", after - before);
        let reads = (0..4).map(|_| habits.get(habit.id));
        for read in futures_util::future::join_all(reads).await {
            assert_eq!(read?, habit);
        }
        assert_eq!(proxy.connections(), after);
    }
    Ok(())
}

/// A standby is open for reads, and for writes once it is promoted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_on_a_standby_writes_when_it_is_promoted() -> Outcome {
    let pair = Pair::start(Replication::Asynchronous).await?;
    pair.proxy.lead_to(pair.standby.admin_url());
    let store = pair.options().open().await?;
    let accounts = store.repository::<Account>(&scope(ADA));
    assert_eq!(accounts.count(&Query::all()).await?, 0);
    let kind = refused(accounts.insert(AccountDraft::new(1)).await);
    assert!(is_read_only(&kind), "{kind:?}");
    let serializable = store.writing(&scope(ADA)).serializable();
    let error = serializable
        .run(async |unit| unit.repository::<Account>().count(&Query::all()).await)
        .await;
    let kind = refused(error);
    assert!(is_read_only(&kind), "{kind:?}");
    pair.primary.kill_all();
    pair.standby.promote().await?;
    accounts.insert(AccountDraft::new(1)).await?;
    Ok(())
}

/// A procedure may commit a part of its work, and meet a database that cannot be written after that.
#[tokio::test]
async fn custom_sql_that_committed_a_part_of_its_work_is_not_sent_again() -> Outcome {
    let (db, _) = on_postgres().await?;
    let admin = connect(db.url()).await?;
    admin
        .execute_unprepared(
            "CREATE TABLE calls (number bigint GENERATED ALWAYS AS IDENTITY); \
             CREATE PROCEDURE call_twice() LANGUAGE plpgsql AS $$ BEGIN \
             INSERT INTO calls DEFAULT VALUES; COMMIT; SET TRANSACTION READ ONLY; \
             INSERT INTO calls DEFAULT VALUES; END $$",
        )
        .await?;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let AnyRepository::Postgres(habits) = store.native::<Habit>(&everyone()) else {
        panic!("the database is on Postgres");
    };
    // The connection is not new then.
    let all = store.repository::<Habit>(&everyone());
    all.count(&Query::all()).await?;
    let kind = refused(habits.execute("CALL call_twice()", Vec::new()).await);
    assert!(is_read_only(&kind), "{kind:?}");
    let calls = texts(&admin, "SELECT number::text FROM calls").await?;
    assert_eq!(calls, ["1"]);
    Ok(())
}

/// Both hosts are in the URL, and no proxy leads to the right one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_waits_until_one_of_its_hosts_can_be_written() -> Outcome {
    let pair = Pair::start(Replication::Synchronous).await?;
    let [primary, standby] = [&pair.primary.admin_url(), &pair.standby.admin_url()]
        .map(|url| Url::parse(url).map(|url| url.port().unwrap_or(5432)));
    let mut url = Url::parse(pair.primary.admin_url())?;
    url.set_path("bank");
    let (primary, standby) = (primary?, standby?);
    // The standby is asked last, and only reads.
    let hosts = format!("@127.0.0.1:{primary},127.0.0.1:{standby}/");
    let (before, _) = url.as_str().split_once('@').unwrap_or_default();
    let url = format!("{before}{hosts}bank?target_session_attrs=read-write");
    let store = StoreOptions::new(&url).connections(2).open().await?;
    let insert = async |unit: &catamaran::Unit| {
        let accounts = unit.repository::<Account>();
        accounts.insert(AccountDraft::new(1)).await
    };
    store.writing(&scope(ADA)).run(insert).await?;
    pair.primary.kill_all();
    let written = store.writing(&scope(ADA));
    let written = written.retry(Retry::default().budget(PLENTY)).run(insert);
    let promoted = async {
        // The unit has met the standby by then.
        tokio::time::sleep(scaled(Duration::from_millis(500))).await;
        pair.standby.promote().await
    };
    let (written, promoted) = tokio::join!(written, promoted);
    promoted?;
    written?;
    let accounts = store.repository::<Account>(&scope(ADA));
    assert_eq!(accounts.count(&Query::all()).await?, 2);
    Ok(())
}
