//! A migrator that is killed between two statements leaves nothing behind, and the next one succeeds.
//!
//! The child is this test binary itself: `slow_migrator` does nothing unless it is told a URL.

use std::process::Child;

use catamaran::migrate::{History, Script, TwinMigration, up};

use crate::support;

const URL: &str = "CATAMARAN_TEST_SLOW_MIGRATOR_URL";

struct Two {
    slow: bool,
}

impl Two {
    /// Waits long enough to be killed; the other history of the same name does not wait.
    fn between(&self, script: Script, wait: &'static str) -> Script {
        match self.slow {
            true => script.sql(wait),
            false => script,
        }
    }
}

impl TwinMigration for Two {
    fn name(&self) -> &'static str {
        "m20260101_000001_two_tables"
    }
    fn sqlite_up(&self) -> Script {
        let script = Script::new().sql("CREATE TABLE first (id INTEGER) STRICT");
        self.between(
            script,
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000)
             SELECT count(*) FROM n",
        )
        .sql("CREATE TABLE second (id INTEGER) STRICT")
    }
    fn sqlite_down(&self) -> Script {
        Script::new()
            .sql("DROP TABLE second")
            .sql("DROP TABLE first")
    }
    fn postgres_up(&self) -> Script {
        let script = Script::new().sql("CREATE TABLE first (id integer)");
        self.between(script, "SELECT pg_sleep(3600)")
            .sql("CREATE TABLE second (id integer)")
    }
    fn postgres_down(&self) -> Script {
        self.sqlite_down()
    }
}

struct Slow;

impl History for Slow {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(Two { slow: true })]
    }
}

struct Quick;

impl History for Quick {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(Two { slow: false })]
    }
}

#[tokio::test]
async fn slow_migrator() {
    if let Ok(url) = std::env::var(URL) {
        up::<Slow>(&url).await.expect("it is killed before this");
    }
}

fn spawn(url: &str) -> Child {
    support::child("killed::slow_migrator", URL, url)
}

#[tokio::test]
async fn sqlite_the_next_migrator_succeeds_after_one_was_killed() {
    let file = support::SqliteFile::new();
    let url = format!("{}?mode=rwc", file.url());
    let db = support::connect(&url).await;
    support::run(&db, "PRAGMA busy_timeout = 0").await;

    let child = spawn(&url);
    support::eventually("the child's lock", async || {
        match support::try_texts(&db, "BEGIN IMMEDIATE").await {
            Ok(_) => {
                support::run(&db, "ROLLBACK").await;
                false
            }
            Err(_) => true,
        }
    })
    .await;
    // From its lock to its slow statement is a matter of microseconds.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    support::kill(child);

    assert_eq!(support::schema(&db).await, [""; 0], "nothing half applied");
    let report = up::<Quick>(&url).await.expect("the next one");
    assert_eq!(report.applied, ["m20260101_000001_two_tables"]);
    assert_eq!(
        support::texts(
            &db,
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        .await,
        [
            "first",
            "seaql_migrations",
            "seaql_migrations_checksums",
            "second"
        ]
    );
}

#[tokio::test]
async fn postgres_the_next_migrator_succeeds_after_one_was_killed() {
    let database = support::PostgresDatabase::new().await;
    let db = support::connect(&database.url()).await;
    // Otherwise the server notices that its client is gone when it next writes to it, after the sleep.
    support::run(
        &db,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET client_connection_check_interval = 50', \
         current_database()); END $$",
    )
    .await;

    let child = spawn(&database.url());
    support::eventually("the slow statement", async || {
        let running = support::texts(
            &db,
            "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_sleep(3600)'",
        )
        .await;
        running == ["active"]
    })
    .await;
    support::kill(child);

    let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY 1";
    assert_eq!(
        support::texts(&db, tables).await,
        [""; 0],
        "nothing half applied"
    );
    let report = up::<Quick>(&database.url()).await.expect("the next one");
    assert_eq!(report.applied, ["m20260101_000001_two_tables"]);
    assert_eq!(
        support::texts(&db, tables).await,
        [
            "first",
            "seaql_migrations",
            "seaql_migrations_checksums",
            "second"
        ]
    );
}
