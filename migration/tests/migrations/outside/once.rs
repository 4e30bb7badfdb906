//! A statement that no transaction may contain runs once.

use catamaran::migrate::{Script, up};

use super::{recorded, table};
use crate::support::given::{Given, given, step};
use crate::support::{PostgresDatabase, SqliteFile, connect, texts};

#[tokio::test]
async fn postgres_a_procedure_or_block_that_commits_runs_once() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let insert = |x: u8| format!("BEGIN INSERT INTO a VALUES ({x}); COMMIT; END");
    let procedure = format!(
        "CREATE PROCEDURE add_one() LANGUAGE plpgsql AS '{}'",
        insert(1)
    );
    let outside = Script::new()
        .sql("CALL add_one()")
        .sql(format!("DO '{}'", insert(2)))
        .sql("REINDEX TABLE a")
        .sql("VACUUM a")
        .outside_transaction();
    given([step("m1", table("a").sql(procedure)), step("m2", outside)]);
    up::<Given>(&url).await.expect("up");
    let rows = texts(&connect(&url).await, "SELECT x || '' FROM a ORDER BY x").await;
    assert_eq!(rows, ["1", "2"]);
}

/// The second time it would fail, as the partition is none any more.
#[tokio::test]
async fn postgres_a_partition_is_detached_concurrently() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let partitions = Script::new()
        .sql("CREATE TABLE whole (x int) PARTITION BY LIST (x)")
        .sql("CREATE TABLE part PARTITION OF whole FOR VALUES IN (1)");
    let outside = Script::new()
        .sql("ALTER TABLE whole DETACH PARTITION part CONCURRENTLY")
        .outside_transaction();
    given([step("m1", partitions), step("m2", outside)]);
    up::<Given>(&url).await.expect("up");
    let parts = "SELECT count(*) || '' FROM pg_inherits WHERE inhparent = 'whole'::regclass";
    assert_eq!(texts(&connect(&url).await, parts).await, ["0"]);
    assert_eq!(recorded(&url).await, ["m1", "m2"]);
}

/// Each `VACUUM` adds one to the version of the schema.
#[tokio::test]
async fn sqlite_vacuum_runs_once() {
    let mut versions = Vec::new();
    for statement in ["VACUUM", "INSERT INTO a VALUES (1)"] {
        let file = SqliteFile::new();
        let url = format!("{}?mode=rwc", file.url());
        let outside = Script::new().sql(statement).outside_transaction();
        given([step("m1", table("a")), step("m2", outside)]);
        up::<Given>(&url).await.expect("up");
        let version = "SELECT schema_version || '' FROM pragma_schema_version";
        let version = texts(&connect(&url).await, version).await;
        versions.push(version[0].parse::<i64>().expect("a number"));
    }
    assert_eq!(versions[0], versions[1] + 1);
}
