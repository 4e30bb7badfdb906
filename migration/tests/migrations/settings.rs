//! What one script sets reaches neither the next script nor the connection afterwards.

use catamaran::migrate::{Migrator, Script, up};
use sea_orm::{DatabaseConnection, TransactionTrait};
use sea_orm_migration::MigratorTrait;

use crate::support::given::{Given, given, step};
use crate::support::{PostgresDatabase, SqliteFile, connect, run, texts, unique};

/// Notes the settings in a table, so that a test sees what a script saw.
const NOTE: &str = "INSERT INTO public.seen SELECT concat_ws(' ', current_setting('search_path'), \
     current_setting('lock_timeout'), current_setting('row_security'), current_setting('check_function_bodies'), \
     current_setting('default_tablespace'), current_setting('client_min_messages'), \
     coalesce(current_setting('app.tenant', true), ''), current_setting('role'), session_user)";

const NOW: &str = "SELECT concat_ws(' ', current_setting('search_path'), current_setting('lock_timeout'), \
     current_setting('row_security'), current_setting('check_function_bodies'), current_setting('default_tablespace'), \
     current_setting('client_min_messages'), coalesce(current_setting('app.tenant', true), ''), \
     current_setting('role'), session_user)";

async fn seen_by_each_script(settings: &[&'static str], db: &DatabaseConnection) -> Vec<String> {
    given(
        [step(
            "m0",
            Script::new()
                .sql("CREATE TABLE public.seen (x text)")
                .sql(NOTE),
        )]
        .into_iter()
        .chain(settings.iter().enumerate().map(|(index, sql)| {
            let name: &'static str = format!("m{}", index + 1).leak();
            step(name, Script::new().sql(*sql).sql("SELECT 1"))
        }))
        .chain([step(
            "m9",
            Script::new().sql(NOTE).sql("CREATE TABLE last (x int)"),
        )]),
    );
    Migrator::<Given>::up(db, None).await.expect("up");
    texts(db, "SELECT x FROM public.seen").await
}

/// As the first lines of a dump, and more.
const SET: &[&str] = &[
    "SET lock_timeout = 0; SET row_security = on; SET check_function_bodies = false",
    "SELECT pg_catalog.set_config('search_path', '', false)",
    "SET default_tablespace = 'pg_default'; SET SESSION client_min_messages TO error",
    "SET search_path = pg_catalog; RESET lock_timeout",
    "DO $$ BEGIN PERFORM set_config('app.tenant', 'x', false); \
        PERFORM set_config('search_path', 'pg_temp', false); END $$",
    "SET app.tenant = 'y'",
    "RESET ALL",
];

#[tokio::test]
async fn postgres_a_setting_reaches_neither_the_next_script_nor_the_connection() {
    let database = PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    for own in [
        "SET lock_timeout = '7s'",
        "SET client_min_messages = warning",
    ] {
        run(&db, own).await;
    }
    let before = texts(&db, NOW).await;
    let seen = seen_by_each_script(SET, &db).await;
    assert_eq!(seen[0], seen[1], "{seen:#?}");
    assert!(seen[0].contains("10s off on"), "{seen:#?}");
    assert_eq!(texts(&db, NOW).await, before);
    assert_eq!(
        texts(&db, "SELECT to_regclass('public.last')::text").await,
        ["last"]
    );
}

#[tokio::test]
async fn postgres_a_setting_does_not_stay_in_a_transaction_of_the_caller() {
    let database = PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    run(&db, "SET lock_timeout = '7s'").await;
    let before = texts(&db, NOW).await;
    given([
        step("m1", Script::new().sql("CREATE TABLE seen (x text)")),
        step(
            "m2",
            Script::new()
                .sql("SET lock_timeout = '3s'; SELECT set_config('search_path', '', false)"),
        ),
        step("m3", Script::new().sql("CREATE TABLE last (x int)")),
    ]);
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is about a transaction of the caller's"
    )]
    let tx = db.begin().await.expect("begin");
    sea_orm::ConnectionTrait::execute_unprepared(&tx, "SET LOCAL app.tenant = 'mine'")
        .await
        .expect("set");
    Migrator::<Given>::up(&tx, None).await.expect("up");
    let inside = sea_orm::ConnectionTrait::query_one_raw(
        &tx,
        sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, NOW),
    );
    let inside = inside.await.expect("a query").expect("a row");
    let inside: String = inside.try_get_by_index(0).expect("text");
    assert!(
        inside.contains(" 7s ") && inside.contains(" mine "),
        "{inside}"
    );
    tx.commit().await.expect("commit");
    assert_eq!(texts(&db, NOW).await, before);
}

#[tokio::test]
async fn postgres_a_role_that_a_script_sets_is_set_back() {
    let database = PostgresDatabase::new().await;
    let db = connect(&database.url()).await;
    let role: &'static str = unique("group_role").leak();
    run(
        &db,
        &format!("CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role}"),
    )
    .await;
    let before = texts(&db, NOW).await;
    for (index, set) in ["SET ROLE", "SET SESSION AUTHORIZATION"].iter().enumerate() {
        let table = format!("of_group{index}");
        let script = Script::new()
            .sql(format!("{set} {role}"))
            .sql(format!("CREATE TABLE {table} (x int)"));
        let more = Script::new().sql(format!("CREATE TABLE after{index} (x int)"));
        given([step("m0", script.clone()), step("m1", more.clone())]);
        Migrator::<Given>::up(&db, None).await.expect(set);
        let owner = |table: String| {
            format!("SELECT tableowner::text FROM pg_tables WHERE tablename = '{table}'")
        };
        assert_eq!(texts(&db, &owner(table)).await, [role]);
        assert_ne!(texts(&db, &owner(format!("after{index}"))).await, [role]);
        assert_eq!(texts(&db, NOW).await, before);
        run(
            &db,
            &format!("DROP TABLE seaql_migrations, of_group{index}, after{index}"),
        )
        .await;
    }
    run(&db, &format!("DROP OWNED BY {role}")).await;
    run(&db, &format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn postgres_settings_that_change_how_a_script_is_read_are_refused() {
    let database = PostgresDatabase::new().await;
    for (sql, words) in [
        ("SET standard_conforming_strings = off", "PGOPTIONS"),
        ("SET client_encoding = 'LATIN1'", "--encoding=UTF8"),
        ("SET NAMES 'LATIN1'", "--encoding=UTF8"),
        (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "remove it",
        ),
        ("DISCARD ALL", "remove it"),
        ("\\connect other", "psql"),
        (
            "COPY a FROM stdin;\nit's\n\\.\n",
            "is COPY .. FROM stdin, whose rows only psql can send",
        ),
    ] {
        given([step("m1", Script::new().sql(sql))]);
        let message = up::<Given>(&database.url())
            .await
            .expect_err(sql)
            .to_string();
        assert!(message.contains(words), "{message}");
    }
    given([step(
        "m1",
        Script::new().sql(
            "SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET NAMES 'utf-8'",
        ),
    )]);
    up::<Given>(&database.url())
        .await
        .expect("the same as before");
}

#[tokio::test]
async fn sqlite_a_pragma_reaches_neither_the_next_script_nor_the_connection() {
    const PRAGMAS: &str = "SELECT (SELECT * FROM pragma_legacy_alter_table) || (SELECT * FROM pragma_writable_schema) \
         || (SELECT * FROM pragma_defer_foreign_keys) || (SELECT * FROM pragma_ignore_check_constraints) \
         || (SELECT * FROM pragma_recursive_triggers) || (SELECT * FROM pragma_query_only) \
         || (SELECT * FROM pragma_foreign_keys)";
    let db = connect("sqlite::memory:").await;
    let before = texts(&db, PRAGMAS).await;
    given([
        step("m1", Script::new().sql(format!("CREATE TABLE seen AS {PRAGMAS} AS x"))),
        step(
            "m2",
            Script::new().sql(
                "PRAGMA legacy_alter_table = ON; PRAGMA writable_schema = ON; PRAGMA defer_foreign_keys = ON; \
                 PRAGMA ignore_check_constraints = ON; PRAGMA recursive_triggers = ON; PRAGMA foreign_keys = ON; \
                 PRAGMA user_version = 5; PRAGMA application_id = 6; PRAGMA query_only = ON",
            ),
        ),
        step("m3", Script::new().sql(format!("INSERT INTO seen {PRAGMAS}"))),
    ]);
    Migrator::<Given>::up(&db, None).await.expect("up");
    let seen = texts(&db, "SELECT x || '' FROM seen").await;
    assert_eq!(seen[0], seen[1]);
    assert_eq!(texts(&db, PRAGMAS).await, before);
    // These belong to the file.
    let kept = "SELECT user_version || ' ' || application_id FROM pragma_user_version, pragma_application_id";
    assert_eq!(texts(&db, kept).await, ["5 6"]);

    // Also after a failure.
    given([
        step("m1", Script::nothing("old")),
        step("m2", Script::nothing("old")),
        step("m3", Script::nothing("old")),
        step(
            "m4",
            Script::new().sql("PRAGMA legacy_alter_table = ON; SELECT nonsense"),
        ),
    ]);
    Migrator::<Given>::up(&db, None)
        .await
        .expect_err("nonsense");
    assert_eq!(texts(&db, PRAGMAS).await, before);
}

#[tokio::test]
async fn sqlite_pragmas_without_an_effect_or_a_way_back_are_refused() {
    let file = SqliteFile::new();
    for (sql, words) in [
        ("PRAGMA encoding = 'UTF-16'", "has no effect"),
        ("PRAGMA case_sensitive_like = ON", "GLOB"),
    ] {
        given([step("m1", Script::new().sql(sql))]);
        let message = up::<Given>(&file.url()).await.expect_err(sql).to_string();
        assert!(message.contains(words), "{message}");
    }
}
