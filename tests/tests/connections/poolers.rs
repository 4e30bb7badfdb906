//! Behind pgbouncer a store works in its safe mode, or says why it does not. It never gives another query's
//! rows, and leaves nothing behind on the server's connections, which other clients get next.

use std::collections::BTreeSet;
use std::time::Duration;

use catamaran::testing::{Target, TwinDatabase};
use catamaran::{
    AnyRepository, ErrorKind, Expected, IdSource, PageRequest, PostgresRepository, Query, Result,
    Store, StoreOptions, Unit, Upsert, UuidV7, Value,
};
use entity::{Device, Entry, EntryDraft, Habit, HabitDraft, HabitPatch, Reminder};
use sea_orm::sqlx::{self, Connection, Executor, PgConnection, Row};
use suite::cross_owner::{Through, assert_no_access};
use suite::login::Role;
use suite::observer::{Observer, texts_in};
use suite::pace::{PLENTY, limit};
use suite::pgbouncer::{Mode, PgBouncer, Setup};
use suite::sample::day;
use suite::users::{ADA, BOB, everyone, scope};
use uuid::Uuid;

async fn postgres() -> TwinDatabase {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    made.expect("a database on Postgres")
}

/// The options of a store behind the pooler, in its safe mode.
fn pooled(pooler: &PgBouncer, direct: &str) -> StoreOptions {
    StoreOptions::new(pooler.url(direct)).transaction_pooler(true)
}

/// The reason why a store does not open.
async fn refusal(options: StoreOptions) -> String {
    let refused = options.open().await.expect_err("a pooler stands between");
    match refused.kind() {
        ErrorKind::Pooler { reason } => reason.to_string(),
        kind => panic!("{kind:?}: {:?}", refused.driver_message()),
    }
}

#[tokio::test]
async fn a_pooler_that_drops_startup_options_is_refused() {
    let db = postgres().await;
    for mode in [Mode::Transaction, Mode::Session] {
        let setup = Setup {
            mode,
            ignored: "extra_float_digits,options",
            ..Setup::default()
        };
        let pooler = PgBouncer::start(&setup, &[db.url()]);
        let reason = refusal(StoreOptions::new(pooler.url(db.url()))).await;
        assert!(reason.contains("transaction_pooler(true)"), "{reason}");
    }
}

#[tokio::test]
async fn a_pooler_that_refuses_startup_options_is_named() {
    let db = postgres().await;
    let pooler = PgBouncer::start(&Setup::default(), &[db.url()]);
    let reason = refusal(StoreOptions::new(pooler.url(db.url()))).await;
    assert!(reason.contains("unsupported startup parameter"), "{reason}");
    assert!(reason.contains("transaction_pooler(true)"), "{reason}");
}

#[tokio::test]
async fn options_in_the_url_are_refused_by_name_in_the_safe_mode() {
    let db = postgres().await;
    let pooler = PgBouncer::start(&Setup::default(), &[db.url()]);
    let url = format!("{}?options=-c%20search_path=public", pooler.url(db.url()));
    let reason = refusal(StoreOptions::new(url).transaction_pooler(true)).await;
    assert!(reason.contains("unsupported startup parameter"), "{reason}");
    assert!(reason.contains("a URL without options"), "{reason}");
}

#[tokio::test]
async fn the_safe_mode_works_without_a_pooler() -> Result<()> {
    let db = postgres().await;
    let store = StoreOptions::new(db.url())
        .transaction_pooler(true)
        .open()
        .await?;
    assert_no_access::<Habit>(&db, &store, [ADA, BOB], Through::Store).await
}

/// Each answer names its task, its query and its rows, so that a wrong answer is noticed.
async fn ask_in_many_ways(store: Store, task: usize, rounds: usize) -> Result<usize> {
    let owner = Uuid::from_u128(0x7000_8000_0000_0000_0000 + task as u128);
    let mine = scope(owner);
    let habits = store.repository::<Habit>(&mine);
    let mut asked = 0;
    for round in 0..rounds {
        let name = format!("{task} {round}");
        let made = habits.insert(HabitDraft::new(&name, "daily")).await?;
        assert_eq!((made.user_id, &made.name), (owner, &name));
        assert_eq!(habits.get(made.id).await?, made);
        let patch = HabitPatch::new().cadence(format!("every {round}"));
        let patched = habits.patch(made.id, Expected::Version(1), patch).await?;
        assert_eq!(patched.cadence, format!("every {round}"));
        assert_eq!(habits.count(&Query::all()).await?, round as u64 + 1);
        let page = habits.list(&Query::all(), PageRequest::first(100)).await?;
        assert_eq!(page.items.len(), round + 1);
        assert!(page.items.iter().all(|row| row.user_id == owner));

        // Custom SQL in the system's scope: only the answer tells whose it is.
        let echoed = echo(&on_postgres(&store), task, round).await?;
        assert_eq!(echoed, vec![format!("{task}-{round}")]);

        // SeaORM, in a unit with several statements.
        let unit = store.begin_write(&mine).await?;
        for step in 0..3 {
            let sql = format!("SELECT '{task} {round} {step}'::text");
            assert_eq!(
                texts_in(&unit, &sql).await?,
                [format!("{task} {round} {step}")]
            );
        }
        let again = unit.repository::<Habit>().get(made.id).await?;
        assert_eq!(again, patched);
        unit.commit().await?;
        asked += 10;
    }
    Ok(asked)
}

/// A repository for custom SQL, in the system's scope.
fn on_postgres(store: &Store) -> PostgresRepository<Habit> {
    match store.native(&everyone()) {
        AnyRepository::Postgres(habits) => habits,
        AnyRepository::Sqlite(_) => panic!("the database is on Postgres"),
    }
}

/// One of several SQL texts, so that a pooler could mistake the prepared statements of one task for another's.
async fn echo(
    habits: &PostgresRepository<Habit>,
    task: usize,
    round: usize,
) -> Result<Vec<String>> {
    const TEXTS: [&str; 4] = [
        "SELECT $1::int8 || '-' || $2::int8",
        "SELECT concat($1::int8, '-', $2::int8)",
        "SELECT format('%s-%s', $1::int8, $2::int8)",
        "SELECT $1::int8::text || '-' || $2::int8::text",
    ];
    let values = [task, round]
        .map(|number| Value::BigInt(number as i64))
        .into();
    habits
        .query(TEXTS[task % 4], values, |row| row.get(0))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_on_a_few_pooled_servers_get_their_own_answers() {
    const TASKS: usize = 64;
    const ROUNDS: usize = 6;
    for pool_size in [2, 4] {
        let db = postgres().await;
        let setup = Setup {
            pool_size,
            ..Setup::default()
        };
        let pooler = PgBouncer::start(&setup, &[db.url()]);
        let mut stores = Vec::new();
        // Independent clients, like several instances of an application.
        for _ in 0..4 {
            let options = pooled(&pooler, db.url()).connections(16);
            let patient = options.acquire_timeout(PLENTY);
            stores.push(patient.open().await.expect("the safe mode"));
        }
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| tokio::spawn(ask_in_many_ways(stores[task % 4].clone(), task, ROUNDS)))
            .collect();
        let mut asked = 0;
        for task in tasks {
            asked += task.await.expect("a wrong answer").expect("an error");
        }
        assert_eq!(asked, TASKS * ROUNDS * 10);
        let stored = Observer::of(&db).await.count("habits", "version = 2").await;
        assert_eq!(stored, (TASKS * ROUNDS) as u64);
    }
}

/// The control experiment: without the safe mode the test above sees wrong rows. Otherwise it could pass because
/// nothing goes wrong here anyway.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_plain_driver_gets_wrong_rows_behind_the_same_pooler() {
    let db = postgres().await;
    let setup = Setup {
        pool_size: 2,
        ignored: "extra_float_digits",
        ..Setup::default()
    };
    let pooler = PgBouncer::start(&setup, &[db.url()]);
    let tasks: Vec<_> = (0..16_i64)
        .map(|task| {
            let url = pooler.url(db.url());
            tokio::spawn(async move {
                let (mut wrong, mut failed) = (0, 0);
                let mut connection = PgConnection::connect(&url).await.expect("a client");
                for round in 0..40_i64 {
                    let query = sqlx::query_scalar::<_, i64>("SELECT $1::int8 * 1000 + $2::int8");
                    let query = query.bind(task).bind(round).persistent(false);
                    match query.fetch_one(&mut connection).await {
                        Ok(answer) if answer == task * 1000 + round => {}
                        Ok(_) => wrong += 1,
                        Err(_) => {
                            failed += 1;
                            let again = PgConnection::connect(&url).await;
                            connection = again.expect("a client");
                        }
                    }
                    let other = format!("SELECT {task}::int8 + $1::int8 + {round}");
                    let query = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(other));
                    let query = query.bind(0_i64).persistent(false);
                    match query.fetch_one(&mut connection).await {
                        Ok(answer) if answer == task + round => {}
                        Ok(_) => wrong += 1,
                        Err(_) => {
                            failed += 1;
                            let again = PgConnection::connect(&url).await;
                            connection = again.expect("a client");
                        }
                    }
                }
                (wrong, failed)
            })
        })
        .collect();
    let (mut wrong, mut failed) = (0, 0);
    for task in tasks {
        let (others, errors) = task.await.expect("no panic");
        wrong += others;
        failed += errors;
    }
    println!("of 1280 queries {wrong} gave another's rows, {failed} failed");
    assert!(
        wrong > 0,
        "this pooler would not show what the store must not do"
    );
}

/// The user and the session settings of every server connection of the pooler.
async fn left_behind(url: &str, servers: usize) -> BTreeSet<Vec<String>> {
    const STATE: &str = "SELECT current_user::text, coalesce(current_setting('request.jwt.claims', true), ''), \
         current_setting('statement_timeout'), current_setting('lock_timeout'), \
         current_setting('idle_in_transaction_session_timeout'), current_setting('search_path'), \
         (SELECT count(*)::text FROM pg_prepared_statements), \
         (SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), \
         (SELECT count(*)::text FROM pg_listening_channels()), \
         (SELECT count(*)::text FROM pg_cursors WHERE is_holdable), \
         coalesce(nullif(pg_my_temp_schema(), 0)::regnamespace::text, '')";
    // As many transactions at once as there are servers, so that each server is read.
    let mut clients = Vec::new();
    for _ in 0..servers {
        let mut client = PgConnection::connect(url).await.expect("another client");
        client
            .execute(sqlx::raw_sql("BEGIN"))
            .await
            .expect("a transaction");
        clients.push(client);
    }
    let mut states = BTreeSet::new();
    let mut pids = BTreeSet::new();
    for mut client in clients {
        let row = client
            .fetch_one(sqlx::raw_sql(STATE))
            .await
            .expect("a state");
        let text = |index| row.try_get_unchecked::<String, _>(index).expect("a text");
        states.insert((0..row.len()).map(text).collect());
        let pid = client.fetch_one(sqlx::raw_sql("SELECT pg_backend_pid()::text"));
        pids.insert(
            pid.await
                .expect("a pid")
                .try_get::<String, _>(0)
                .expect("a text"),
        );
        client
            .execute(sqlx::raw_sql("ROLLBACK"))
            .await
            .expect("its end");
    }
    assert_eq!(
        pids.len(),
        servers,
        "not every server connection was checked"
    );
    states
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn role_claims_and_settings_of_a_unit_reach_no_other_client() -> Result<()> {
    const SERVERS: usize = 3;
    let db = postgres().await;
    let setup = Setup {
        pool_size: SERVERS,
        ignored: "extra_float_digits",
        ..Setup::default()
    };
    let pooler = PgBouncer::start(&setup, &[db.url()]);
    let fresh = left_behind(&pooler.url(db.url()), SERVERS).await;
    assert_eq!(fresh.len(), 1, "{fresh:?}");

    let options = pooled(&pooler, db.url()).connections(8);
    let options = options.statement_timeout(Duration::from_secs(7));
    let store = options.lock_timeout(Duration::from_secs(2)).open().await?;
    let tasks: Vec<_> = (0..24_u128)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                let owner = scope(Uuid::from_u128(task + 1));
                let habits = store.repository::<Habit>(&owner);
                let habit = habits.insert(HabitDraft::new("run", "daily")).await?;
                let unit = store.begin_write(&owner).await?;
                let inside = texts_in(
                    &unit,
                    "SELECT concat_ws(' ', current_user, \
                     current_setting('request.jwt.claims'), current_setting('statement_timeout'), \
                     current_setting('lock_timeout'))",
                )
                .await?;
                let claims = format!("{{\"sub\":\"{}\"}}", Uuid::from_u128(task + 1));
                assert_eq!(inside, [format!("catamaran_app {claims} 7s 2s")]);
                // Some units are committed, some dropped, and some fail.
                match task % 3 {
                    0 => unit.commit().await?,
                    1 => drop(unit),
                    _ => {
                        let habits = unit.repository::<Habit>();
                        let twice = HabitDraft::new("run", "daily").id(habit.id);
                        habits.insert(twice).await.expect_err("the id is taken");
                    }
                }
                Ok::<_, catamaran::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic")?;
    }
    store.close();
    let after = left_behind(&pooler.url(db.url()), SERVERS).await;
    assert_eq!(after, fresh);
    Ok(())
}

#[tokio::test]
async fn the_timeouts_of_the_store_hold_behind_a_pooler() -> Result<()> {
    let db = postgres().await;
    let pooler = PgBouncer::start(&Setup::default(), &[db.url()]);
    let options = pooled(&pooler, db.url()).statement_timeout(limit());
    let store = options.open().await?;
    let habits = on_postgres(&store);
    let slept = habits.query("SELECT 1::int4 FROM pg_sleep(600)", Vec::new(), |row| {
        row.get::<i32>(0)
    });
    let error = slept.await.expect_err("it takes too long");
    assert_eq!(*error.kind(), ErrorKind::StatementTimeout);
    Ok(())
}

#[tokio::test]
async fn a_store_behind_a_pooler_behaves_like_any_store() -> Result<()> {
    let db = postgres().await;
    let member = Role::member(&db).await;
    let pooler = PgBouncer::start(&Setup::default(), &[db.url(), &member.url()]);
    for url in [db.url().to_owned(), member.url()] {
        let store = pooled(&pooler, &url).domain(&entity::DOMAIN).open().await?;
        let owner = scope(UuidV7.next_id());
        let entries = store.repository::<Entry>(&owner);
        let habit = store.repository::<Habit>(&owner);
        let habit = habit.insert(HabitDraft::new("run", "daily")).await?;
        let drafts = (0..40)
            .map(|nth| EntryDraft::new(habit.id, day(nth)))
            .collect();
        let made = entries.insert_many(drafts).await?;
        let mut changed = made[0].clone();
        changed.amount = 7;
        let changed = entries.update(changed).await?;
        assert_eq!((changed.amount, changed.version), (7, 2));
        let upserted = entries.upsert_many(vec![
            Upsert::seen(Entry {
                amount: 8,
                ..changed
            }),
            Upsert::new(EntryDraft::new(habit.id, day(40))),
        ]);
        assert_eq!(upserted.await?.len(), 2);
        let error = entries.insert(EntryDraft::new(habit.id, day(3))).await;
        let error = error.expect_err("the day is taken");
        assert!(
            matches!(error.kind(), ErrorKind::Unique { .. }),
            "{error:?}"
        );
        assert_eq!(entries.count(&Query::all()).await?, 41);
        for through in [Through::Store, Through::Unit] {
            let owners = || [UuidV7.next_id(), UuidV7.next_id()];
            assert_no_access::<Habit>(&db, &store, owners(), through).await?;
            assert_no_access::<Entry>(&db, &store, owners(), through).await?;
            assert_no_access::<Reminder>(&db, &store, owners(), through).await?;
            assert_no_access::<Device>(&db, &store, owners(), through).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_pooler_without_a_free_server_is_a_pool_timeout() -> Result<()> {
    let db = postgres().await;
    let setup = Setup {
        pool_size: 1,
        wait_timeout: 1,
        ..Setup::default()
    };
    let pooler = PgBouncer::start(&setup, &[db.url()]);
    let store = pooled(&pooler, db.url()).open().await?;
    let unit: Unit = store.begin_write(&scope(ADA)).await?;
    let waited = store.repository::<Habit>(&scope(BOB)).find(BOB).await;
    let error = waited.expect_err("the only server is taken");
    assert_eq!(*error.kind(), ErrorKind::PoolTimeout);
    unit.commit().await?;
    store.repository::<Habit>(&scope(BOB)).find(BOB).await?;
    Ok(())
}
