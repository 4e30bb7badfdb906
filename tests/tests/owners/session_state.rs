//! Session state that custom SQL sets ends with its unit of work. No forged claim or role shows another owner's rows.

use catamaran::testing::{Target, TwinDatabase, twin_test};
use catamaran::{
    AnyRepository, Engine, Error, ErrorKind, PostgresRepository, Result, Scope, Store,
    StoreOptions, Unit, Value,
};
use entity::Habit;
use suite::login::Role;
use suite::observer::{Observer, texts_in};
use suite::pgbouncer::{PgBouncer, Setup};
use suite::raw::{execute_in, rows_in};
use suite::users::{ADA, BOB, OwnerRows, everyone, everything, habit_of, scope};

async fn postgres() -> TwinDatabase {
    let made = TwinDatabase::create::<migration::Migrator>(Target::Postgres).await;
    made.expect("a database on Postgres")
}

/// All session state of a Postgres connection.
async fn state(store: &Store) -> Vec<String> {
    const STATE: &str = "SELECT unnest(ARRAY[current_user::text, session_user::text, \
         coalesce(current_setting('request.jwt.claims', true), ''), \
         coalesce(current_setting('application.mark', true), ''), \
         current_setting('search_path'), current_setting('statement_timeout'), \
         current_setting('lock_timeout'), current_setting('TimeZone'), current_setting('DateStyle'), \
         current_setting('client_encoding'), current_setting('application_name'), \
         current_setting('work_mem'), current_setting('default_transaction_read_only'), \
         (SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), \
         (SELECT count(*)::text FROM pg_listening_channels()), \
         (SELECT count(*)::text FROM pg_cursors WHERE is_holdable), \
         (SELECT count(*)::text FROM pg_prepared_statements WHERE from_sql AND name NOT LIKE 'catamaran%'), \
         (SELECT count(*)::text FROM pg_class WHERE relnamespace = pg_my_temp_schema())])";
    let unit = store.begin_write(&everyone()).await.expect("a unit");
    let state = texts_in(&unit, STATE).await.expect("the state");
    unit.rollback().await.expect("its end");
    state
}

async fn backend(store: &Store) -> String {
    let unit = store.begin_read(&everyone()).await.expect("a unit");
    let pid = texts_in(&unit, "SELECT pg_backend_pid()::text")
        .await
        .expect("a pid");
    pid[0].clone()
}

/// Statements in the system's scope that change session state, one by one.
const MARKS: [&str; 12] = [
    "SET search_path = pg_catalog",
    "SET statement_timeout = 77",
    "SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German, DMY'",
    "SET application.mark = 'mine'; SET work_mem = '1MB'",
    "SELECT set_config('request.jwt.claims', '{\"sub\":\"00000000-0000-0000-0000-000000000001\"}', false)",
    "SELECT set_config('role', 'catamaran_app', false)",
    "SELECT pg_advisory_lock(4711), pg_advisory_lock_shared(4712)",
    "CREATE TEMP TABLE habits (id uuid, user_id uuid); CREATE TEMP SEQUENCE numbers",
    "LISTEN anything",
    "DECLARE kept CURSOR WITH HOLD FOR SELECT 1",
    "SET default_transaction_read_only = on",
    "DO $$ BEGIN PERFORM set_config('role', 'catamaran_app', false); \
     PERFORM set_config('lock_timeout', '1', false); PERFORM pg_advisory_lock(9); END $$",
];

/// Runs each statement in units with each kind of end. Afterwards the connections are in their initial state.
async fn nothing_stays(store: &Store, url: &str) -> Result<()> {
    let fresh = state(store).await;
    let before = backend(store).await;
    for mark in MARKS {
        for end in ["committed", "rolled back", "dropped", "failed"] {
            let unit = store.begin_write(&everyone()).await?;
            execute_in(&unit, mark).await.unwrap_or_else(|error| {
                panic!("{mark}: {error:?} {:?}", error.driver_message());
            });
            match end {
                "committed" => unit.commit().await?,
                "rolled back" => unit.rollback().await?,
                "dropped" => drop(unit),
                _ => {
                    let failed = execute_in(&unit, "SELECT 1 / 0").await;
                    failed.expect_err("a division by zero");
                    let ended = unit.commit().await.expect_err("the unit is over");
                    assert!(
                        matches!(ended.kind(), ErrorKind::UnitEnded { .. }),
                        "{ended:?}"
                    );
                }
            }
            assert_eq!(state(store).await, fresh, "{mark}, {end}, {url}");
            // Scoped work still works.
            habit_of(store, ADA, "run").await?;
        }
    }
    assert_eq!(
        backend(store).await,
        before,
        "another connection proves nothing"
    );
    Ok(())
}

#[tokio::test]
async fn session_state_set_by_custom_sql_ends_with_its_unit() -> Result<()> {
    let db = postgres().await;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    nothing_stays(&store, "direct").await
}

#[tokio::test]
async fn session_state_set_by_custom_sql_reaches_no_other_client_of_a_pooler() -> Result<()> {
    let db = postgres().await;
    let setup = Setup {
        pool_size: 1,
        ..Setup::default()
    };
    let pooler = PgBouncer::start(&setup, &[db.url()]);
    let pooled = || StoreOptions::new(pooler.url(db.url())).transaction_pooler(true);
    let store = pooled().connections(1).open().await?;
    nothing_stays(&store, "pooled").await
}

fn on_postgres(store: &Store, scope: &Scope) -> PostgresRepository<Habit> {
    match store.native(scope) {
        AnyRepository::Postgres(habits) => habits,
        AnyRepository::Sqlite(_) => panic!("the database is on Postgres"),
    }
}

#[tokio::test]
async fn session_state_set_by_a_single_query_of_the_system_ends_with_it() -> Result<()> {
    let db = postgres().await;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let fresh = state(&store).await;
    let before = backend(&store).await;
    let habits = on_postgres(&store, &everyone());
    for sql in [
        "SELECT set_config('search_path', 'pg_catalog', false)",
        "SELECT set_config('role', 'catamaran_app', false)",
        "SELECT pg_advisory_lock(1)::text",
    ] {
        let rows = habits.query(sql, Vec::new(), |_| Ok(())).await?;
        assert_eq!(rows.len(), 1);
        assert_eq!(state(&store).await, fresh, "{sql}");
    }
    assert_eq!(backend(&store).await, before);
    Ok(())
}

/// SQL with which Bob would get Ada's claims, or a role that policies do not bind.
fn forgeries() -> Vec<String> {
    let adas = format!("{{\"sub\":\"{ADA}\"}}");
    [
        "SET LOCAL request.jwt.claims = 'CLAIMS'",
        "SET request.jwt.claims TO 'CLAIMS'",
        "set local \"request.jwt.claims\" = 'CLAIMS'",
        "SET LOCAL \"request\".jwt.claims = 'CLAIMS'",
        "/* /* */ */ SET /* */ LOCAL -- \r request.jwt.claims = 'CLAIMS'",
        "SELECT set_config('request.jwt.claims', 'CLAIMS', true)",
        "SELECT pg_catalog.set_config('request.jwt.claims', 'CLAIMS', false)",
        "SELECT \"set_config\"('request.jwt.claims', 'CLAIMS', true)",
        "SELECT U&\"\\0073et_config\"('request.jwt.claims', 'CLAIMS', true)",
        "WITH forged AS MATERIALIZED (SELECT set_config('request.jwt.claims', 'CLAIMS', true)) \
         SELECT name FROM forged, habits",
        "SELECT query_to_xml('SELECT set_' || 'config(''request.jwt.claims'', ''CLAIMS'', true)', true, true, '')",
        "UPDATE pg_settings SET setting = 'CLAIMS' WHERE name = 'request.jwt.claims'",
        "UPDATE pg_catalog.\"pg_settings\" SET setting = 'none' WHERE name = 'role'",
        "SELECT * FROM ts_stat('SELECT to_tsvector(set_' || 'config(''request.jwt.claims'', ''CLAIMS'', true))')",
        "DO $$ BEGIN PERFORM set_config('request.jwt.claims', 'CLAIMS', true); END $$",
        "DO $x$ BEGIN EXECUTE 'RESET ' || 'ROLE'; END $x$",
        "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS $$ SELECT set_config('role', 'none', true) $$",
        "SELECT 1 AS id, user_id INTO TEMP habits FROM public.habits",
        "SELECT 1 insert INTO TEMP habits",
        "EXPLAIN ANALYZE CREATE TEMP TABLE habits AS SELECT 1",
        "RESET ROLE",
        "SET ROLE NONE",
        "SET LOCAL ROLE postgres",
        "SET \"role\" = 'none'",
        "SET SESSION AUTHORIZATION DEFAULT",
        "RESET SESSION AUTHORIZATION",
        "RESET ALL",
        "COMMIT",
        "SELECT 1; COMMIT; SELECT 1",
        ";/*;*/ROLLBACK",
        "/* /* */ x */ COMMIT AND CHAIN",
        "SELECT E'\\''; COMMIT; --'",
        "SELECT E'a'\n'\\''; COMMIT; --'",
        "SELECT $a$ $$ $a$; COMMIT -- $$",
        "ABORT",
        "PREPARE TRANSACTION 'forged'",
        "PREPARE sqlx_s_1 AS SELECT 'forged'",
        "DEALLOCATE ALL",
        "DISCARD ALL",
        "ALTER ROLE CURRENT_USER SET request.jwt.claims = 'CLAIMS'",
        "ALTER TABLE habits DISABLE ROW LEVEL SECURITY",
        "SET LOCAL row_security = off; RESET ROLE",
    ]
    .map(|sql| sql.replace("CLAIMS", &adas))
    .into()
}

/// What Bob sees of habits without a predicate.
async fn owners_seen(unit: &Unit) -> Result<Vec<String>> {
    Ok(texts_in(unit, "SELECT DISTINCT user_id::text FROM habits").await?)
}

#[tokio::test]
async fn no_forged_claim_or_role_shows_another_owners_rows() -> Result<()> {
    let db = postgres().await;
    let member = Role::member(&db).await;
    let granted = Role::granted(&db).await;
    OwnerRows::<Habit>::make(db.store(), ADA).await?;
    OwnerRows::<Habit>::make(db.store(), BOB).await?;
    let outside = Observer::of(&db).await;
    let before = outside.dump().await;
    for url in [db.url().to_owned(), member.url(), granted.url()] {
        let store = StoreOptions::new(url).connections(1).open().await?;
        for sql in forgeries() {
            let unit = store.begin_write(&scope(BOB)).await?;
            let refused = unit.savepoint(async |unit| execute_in(unit, &sql).await);
            let error = refused.await.expect_err(&sql);
            assert!(
                matches!(error.kind(), ErrorKind::InvalidQuery { .. }),
                "{sql}: {error:?}"
            );
            // It was not sent: the unit goes on with Bob's claims.
            assert_eq!(owners_seen(&unit).await?, [BOB.to_string()], "{sql}");
            unit.commit().await?;
            let habits = store.repository::<Habit>(&scope(BOB));
            assert_eq!(habits.count(&everything()).await?, 2, "{sql}");
        }
    }
    assert_eq!(outside.dump().await, before);
    Ok(())
}

/// A function of the database can set claims without any sign in the application's SQL. Rows
/// written under forged claims are rolled back, and rows that a single query read are withheld.
#[tokio::test]
async fn forged_claims_roll_back_writes_and_withhold_rows() -> Result<()> {
    let db = postgres().await;
    let ada = OwnerRows::<Habit>::make(db.store(), ADA).await?.living;
    OwnerRows::<Habit>::make(db.store(), BOB).await?;
    let admin = suite::observer::connect(db.url()).await?;
    let function = format!(
        "CREATE FUNCTION become_ada() RETURNS text LANGUAGE sql AS \
         $$ SELECT set_config('request.jwt.claims', '{{\"sub\":\"{ADA}\"}}', true) $$; \
         CREATE FUNCTION become_all() RETURNS text LANGUAGE plpgsql AS \
         $$ BEGIN EXECUTE 'RESET ROLE'; RETURN ''; END $$"
    );
    sea_orm::ConnectionTrait::execute_unprepared(&admin, &function).await?;
    let outside = Observer::of(&db).await;
    let before = outside.dump().await;
    let store = StoreOptions::new(db.url()).connections(1).open().await?;
    let fresh = state(&store).await;
    let permission = |error: Error| {
        assert!(
            matches!(error.kind(), ErrorKind::Permission { .. }),
            "{error:?}"
        );
    };
    for forge in ["become_ada()", "become_all()"] {
        let unit = store.begin_write(&scope(BOB)).await?;
        execute_in(&unit, &format!("SELECT {forge}")).await?;
        let stolen = format!("UPDATE habits SET name = 'stolen' WHERE id = '{}'", ada.id);
        execute_in(&unit, &stolen).await?;
        // Calls of a repository have the owner as a predicate too.
        let mine = unit.repository::<Habit>();
        assert_eq!(mine.find(ada.id).await?, None);
        permission(
            unit.commit()
                .await
                .expect_err("the claims are not the unit's"),
        );
        assert_eq!(outside.dump().await, before, "{forge}");
        assert_eq!(state(&store).await, fresh, "{forge}");
    }
    let habits = on_postgres(&store, &scope(BOB));
    let sql = "WITH forged AS MATERIALIZED (SELECT become_ada() AS claims) \
         SELECT name FROM forged, habits WHERE claims IS NOT NULL";
    let read = habits
        .query(sql, Vec::new(), |row| row.get::<String>(0))
        .await;
    permission(read.expect_err("the claims are not the query's"));
    assert_eq!(state(&store).await, fresh);
    Ok(())
}

#[tokio::test]
async fn custom_sql_cannot_make_a_read_unit_writable() -> Result<()> {
    let db = postgres().await;
    for who in [scope(ADA), everyone()] {
        for sql in [
            "SET TRANSACTION READ WRITE",
            "SET LOCAL transaction_read_only = off",
            "SET transaction_read_only TO off",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        ] {
            let unit = db.store().begin_read(&who).await?;
            let refused = execute_in(&unit, sql).await.expect_err(sql);
            assert!(
                matches!(refused.kind(), ErrorKind::InvalidQuery { .. }),
                "{sql}: {refused:?}"
            );
        }
    }
    Ok(())
}

/// On SQLite a connection with changed settings is closed.
#[twin_test(migration::Migrator)]
async fn sqlite_settings_of_custom_sql_end_with_its_unit(db: &TwinDatabase) -> Result<()> {
    let Unit::Sqlite(_) = db.store().begin_read(&everyone()).await? else {
        // The test above is for Postgres.
        return Ok(());
    };
    let asked = async || -> Result<Vec<String>> {
        let unit = db.store().begin_write(&everyone()).await?;
        let mut seen = Vec::new();
        for sql in [
            "SELECT CAST(foreign_keys AS text) FROM pragma_foreign_keys",
            "SELECT CAST(ignore_check_constraints AS text) FROM pragma_ignore_check_constraints",
            "SELECT CAST(count(*) AS text) FROM pragma_database_list WHERE name NOT IN ('main', 'temp')",
            "SELECT CAST(count(*) AS text) FROM sqlite_temp_master",
            "SELECT CAST(recursive_triggers AS text) FROM pragma_recursive_triggers",
        ] {
            seen.extend(texts_in(&unit, sql).await?);
        }
        Ok(seen)
    };
    let fresh = asked().await?;
    for mark in [
        "PRAGMA ignore_check_constraints = ON",
        "PRAGMA recursive_triggers(ON)",
        "CREATE TEMP TABLE habits (id, user_id)",
        "CREATE TEMPORARY VIEW habits AS SELECT 1 AS id",
        "CREATE TEMP TRIGGER t AFTER INSERT ON habits BEGIN SELECT 1; END",
    ] {
        for commit in [true, false] {
            let unit = db.store().begin_write(&everyone()).await?;
            execute_in(&unit, mark).await?;
            match commit {
                true => unit.commit().await?,
                false => drop(unit),
            }
            assert_eq!(asked().await?, fresh, "{mark}");
            habit_of(db.store(), ADA, "run").await?;
        }
    }
    Ok(())
}

/// SQL that is not about rows is refused on SQLite too, which has no policies.
#[twin_test(migration::Migrator, everywhere)]
async fn custom_sql_in_an_owners_scope_is_limited_to_rows(db: &TwinDatabase) -> Result<()> {
    let outside = Observer::of(db).await;
    habit_of(db.store(), ADA, "run").await?;
    let before = outside.dump().await;
    for sql in [
        "DROP TABLE habits",
        "ALTER TABLE habits RENAME TO gone",
        "CREATE TABLE mine (id text)",
        "SELECT 1; DROP TABLE habits",
        "COMMIT",
        "END",
        "SELECT 1 /* */ ; -- done\n rollback",
    ] {
        let unit = db.store().begin_write(&scope(ADA)).await?;
        let refused = execute_in(&unit, sql).await.expect_err(sql);
        assert!(
            matches!(refused.kind(), ErrorKind::InvalidQuery { .. }),
            "{sql}: {refused:?}"
        );
        drop(unit);
        assert_eq!(outside.dump().await, before, "{sql}");
    }
    Ok(())
}

/// Runs custom SQL in Ada's scope, outside of a unit.
async fn execute_own(db: &TwinDatabase, sql: &'static str, values: Vec<Value>) -> Result<u64> {
    match db.store().native::<Habit>(&scope(ADA)) {
        AnyRepository::Sqlite(habits) => habits.execute(sql, values).await,
        AnyRepository::Postgres(habits) => habits.execute(sql, values).await,
    }
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_prepared_text_of_several_statements_is_refused(db: &TwinDatabase) -> Result<()> {
    const SEVERAL: &str =
        "UPDATE habits SET name = 'swim'; UPDATE habits SET sort_order = sort_order / 0";
    habit_of(db.store(), ADA, "run").await?;
    let outside = Observer::of(db).await;
    let before = outside.dump().await;
    let refused = execute_own(db, SEVERAL, Vec::new()).await;
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let by_seaorm = rows_in(&unit, SEVERAL).await;
    for error in [
        refused.expect_err("two statements"),
        by_seaorm.expect_err("two statements"),
    ] {
        assert!(
            matches!(error.kind(), ErrorKind::InvalidQuery { .. }),
            "{error:?}"
        );
    }
    unit.commit().await?;
    assert_eq!(outside.dump().await, before);
    let one = "; UPDATE habits SET name = 'swim' /* ; */ ;";
    assert_eq!(execute_own(db, one, Vec::new()).await?, 1);
    // Unprepared SQL runs inside the unit's transaction.
    let unit = db.store().begin_write(&scope(ADA)).await?;
    execute_in(
        &unit,
        "UPDATE habits SET name = 'a'; UPDATE habits SET name = 'b'",
    )
    .await?;
    unit.commit().await
}

#[twin_test(migration::Migrator, everywhere)]
async fn a_wrong_number_of_values_is_refused(db: &TwinDatabase) -> Result<()> {
    habit_of(db.store(), ADA, "run").await?;
    let outside = Observer::of(db).await;
    let before = outside.dump().await;
    let sql = match db.store().engine() {
        Engine::Sqlite => "UPDATE habits SET color = ?2 WHERE name = ?1",
        Engine::Postgres => "UPDATE habits SET color = $2 WHERE name = $1",
    };
    let text = |text: &str| Value::Text(text.to_owned());
    for given in [0, 1, 3] {
        let values = vec![text("run"); given];
        let error = execute_own(db, sql, values).await.expect_err("two values");
        let ErrorKind::InvalidQuery { reason } = error.kind() else {
            panic!("{given}: {error:?}");
        };
        assert_eq!(
            reason.as_ref(),
            format!("{given} values for a statement with 2 parameters")
        );
        assert_eq!(outside.dump().await, before, "{given}");
    }
    let unit = db.store().begin_write(&scope(ADA)).await?;
    let error = rows_in(&unit, sql).await.expect_err("no values");
    assert!(
        matches!(error.kind(), ErrorKind::InvalidQuery { .. }),
        "{error:?}"
    );
    unit.commit().await?;
    let values = vec![text("run"), text("red")];
    assert_eq!(execute_own(db, sql, values).await?, 1);
    Ok(())
}

/// SQL in which the two engines end a token at different positions.
#[twin_test(migration::Migrator, everywhere)]
async fn a_commit_hidden_in_custom_sql_is_refused(db: &TwinDatabase) -> Result<()> {
    habit_of(db.store(), ADA, "run").await?;
    let outside = Observer::of(db).await;
    let before = outside.dump().await;
    for sql in [
        "SELECT $1('); COMMIT; --'",
        "SELECT :a::b(\"); COMMIT; --\"",
        "SELECT 1 AS \u{a0}$$; COMMIT; --$$",
        "SELECT 1;\u{feff}COMMIT",
    ] {
        let unit = db.store().begin_write(&everyone()).await?;
        execute_in(&unit, "UPDATE habits SET name = 'swim'").await?;
        // The other engine reports a syntax error.
        execute_in(&unit, sql).await.expect_err(sql);
        unit.rollback().await?;
        assert_eq!(outside.dump().await, before, "{sql}");
    }
    Ok(())
}
