//! What a migration leaves behind.

use catamaran::migrate::{MigrateError, Script, up};

use crate::support::given::{Given, given, step};
use crate::support::{PostgresDatabase, connect, run, texts};

/// An index with the name of an unfinished one of `REINDEX CONCURRENTLY`, which something else has left.
async fn leave_invalid(db: &sea_orm::DatabaseConnection, table: &str) {
    run(db, &format!("INSERT INTO {table} (x) VALUES (1), (1)")).await;
    let sql = format!("CREATE UNIQUE INDEX CONCURRENTLY theirs_ccnew ON {table} (x)");
    sea_orm::ConnectionTrait::execute_unprepared(db, &sql)
        .await
        .expect_err("duplicates");
    run(db, &format!("DELETE FROM {table}")).await;
}

/// The statements that the message says to run.
fn drops(error: &MigrateError) -> Vec<String> {
    let message = error.to_string();
    let after = message.split_once("so run: ").expect(&message).1;
    let (drops, _) = after.split_once("; then").expect(&message);
    drops.split("; ").map(str::to_owned).collect()
}

#[tokio::test]
async fn postgres_a_reindex_reports_only_the_indexes_that_it_has_left() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let db = connect(&url).await;
    run(
        &db,
        "CREATE TABLE a (x int, body text); CREATE INDEX ix_a__x ON a (x); \
         CREATE TABLE p (x int) PARTITION BY RANGE (x); CREATE INDEX ix_p__x ON p (x); \
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9); \
         CREATE SCHEMA others; CREATE TABLE others.a (x int)",
    )
    .await;
    leave_invalid(&db, "others.a").await;
    for (statement, table, left) in [
        (
            "REINDEX INDEX CONCURRENTLY ix_a__x",
            "a",
            "public.ix_a__x_ccnew",
        ),
        ("REINDEX TABLE CONCURRENTLY a", "a", "public.ix_a__x_ccnew"),
        (
            "REINDEX (VERBOSE) SCHEMA CONCURRENTLY public",
            "a",
            "public.ix_a__x_ccnew",
        ),
        (
            "REINDEX INDEX CONCURRENTLY ix_p__x",
            "p",
            "public.p1_x_idx_ccnew",
        ),
        ("REINDEX TABLE CONCURRENTLY p", "p", "public.p1_x_idx_ccnew"),
    ] {
        if table == "a" {
            leave_invalid(&db, "a").await;
        }
        let script = Script::new()
            .sql("SET lock_timeout = '200ms'")
            .sql(statement)
            .outside_transaction();
        given([step("m1", script)]);
        // The statement waits for older snapshots once it has built its indexes.
        let blocker = connect(&url).await;
        run(&blocker, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await;
        let error = up::<Given>(&url).await.expect_err("a lock");
        let reported = drops(&error);
        let wanted = format!("DROP INDEX CONCURRENTLY {left}");
        assert!(reported.contains(&wanted), "{error}");
        let theirs = |drop: &&String| drop.contains("theirs_ccnew");
        assert_eq!(reported.iter().filter(theirs).count(), 0, "{error}");
        run(&blocker, "ROLLBACK").await;

        // Which attempt has left the others of the same table is not known any more.
        let error = up::<Given>(&url).await.expect_err("what is left");
        let reported = drops(&error);
        assert!(reported.contains(&wanted), "{error}");
        assert!(
            !reported.iter().any(|drop| drop.contains("others.")),
            "{error}"
        );
        for drop in &reported {
            run(&db, drop).await;
        }
        assert_eq!(up::<Given>(&url).await.expect(statement).applied, ["m1"]);
        run(
            &db,
            "DROP TABLE seaql_migrations, seaql_migrations_checksums",
        )
        .await;
    }
}

#[tokio::test]
async fn postgres_a_reindex_succeeds_beside_the_invalid_indexes_of_others() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let db = connect(&url).await;
    run(
        &db,
        "CREATE TABLE a (x int); CREATE SCHEMA others; CREATE TABLE others.a (x int)",
    )
    .await;
    leave_invalid(&db, "others.a").await;
    leave_invalid(&db, "a").await;
    let reindex = |statement: &'static str| Script::new().sql(statement).outside_transaction();
    given([
        step("m1", reindex("REINDEX TABLE CONCURRENTLY a")),
        step("m2", reindex("REINDEX SCHEMA CONCURRENTLY public")),
    ]);
    let report = up::<Given>(&url).await.expect("up");
    assert_eq!(report.applied, ["m1", "m2"]);
}

#[tokio::test]
async fn postgres_a_statement_outside_that_succeeds_runs_once() {
    let database = PostgresDatabase::new().await;
    let outside = Script::new()
        .sql("DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; END $$")
        .sql("INSERT INTO a VALUES (2)");
    given([
        step("m1", Script::new().sql("CREATE TABLE a (x int)")),
        step("m2", outside.outside_transaction()),
    ]);
    up::<Given>(&database.url()).await.expect("up");
    let db = connect(&database.url()).await;
    let rows = texts(&db, "SELECT x || '' FROM a ORDER BY x").await;
    assert_eq!(rows, ["1", "2"]);
}
