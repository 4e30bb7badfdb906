//! Indexes that a failed statement leaves on Postgres.

use catamaran::migrate::{MigrateError, Migrator, Script, up};
use sea_orm_migration::MigratorTrait;

use super::{alone, recorded, table};
use crate::support::given::{Given, given, step};
use crate::support::{PostgresDatabase, connect, eventually, run, texts};

#[tokio::test]
async fn postgres_a_failed_index_is_named_with_the_statement_that_drops_it() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let outside = Script::new()
        .sql("SET lock_timeout = '1h'")
        .sql("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"ux; a\" ON public.a (x)")
        .outside_transaction();
    given([
        step(
            "m1",
            Script::new()
                .sql("CREATE TABLE a (x int)")
                .sql("INSERT INTO a VALUES (1), (1)"),
        ),
        step("m2", outside),
    ]);
    let drop = "DROP INDEX CONCURRENTLY public.\"ux; a\"";
    let db = connect(&url).await;
    let message = up::<Given>(&url).await.expect_err("duplicates").to_string();
    assert!(
        message.contains("statement 2 of 2 failed: ") && message.contains(drop),
        "{message}"
    );
    run(&db, "DELETE FROM a WHERE ctid = '(0,1)'").await;
    // Postgres would accept the invalid index.
    let error = up::<Given>(&url)
        .await
        .expect_err("an invalid index is left");
    assert!(
        matches!(
            error,
            MigrateError::Unfinished {
                finished: 1,
                source: None,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains(drop), "{error}");
    run(&db, drop).await;
    up::<Given>(&url).await.expect("up");
    let valid =
        "SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'public.\"ux; a\"'::regclass";
    assert_eq!(texts(&db, valid).await, ["true"]);
    assert_eq!(recorded(&url).await, ["m1", "m2"]);
}

#[tokio::test]
async fn postgres_a_lost_connection_outside_is_reported_and_up_goes_on() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let steps = [
        step("m1", table("a")),
        step("m2", Script::new().sql(alone(&url)).outside_transaction()),
    ];
    given(steps);
    Migrator::<Given>::up(&connect(&url).await, Some(1))
        .await
        .expect("the table");
    let db = connect(&url).await;
    let blocker = connect(&url).await;
    run(&blocker, "BEGIN; INSERT INTO a VALUES (1)").await;
    let migrator = up::<Given>(&url);
    let killer = async {
        let building = "SELECT pid || '' FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' \
             AND wait_event_type = 'Lock' AND datname = current_database()";
        eventually("the index is built", async || {
            texts(&db, building).await.len() == 1
        })
        .await;
        run(&db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND datname = current_database()").await;
    };
    let (outcome, ()) = tokio::join!(migrator, killer);
    let error = outcome.expect_err("terminated");
    let drop = "DROP INDEX CONCURRENTLY public.ix_a__x";
    assert!(error.to_string().contains(drop), "{error}");
    run(&blocker, "COMMIT").await;
    run(&db, drop).await;
    assert_eq!(up::<Given>(&url).await.expect("up").applied, ["m2"]);
}
