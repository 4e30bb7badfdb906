//! A migrator that was killed.

use std::process::Child;

use catamaran::migrate::{History, Migrator, Script, TwinMigration, up};
use sea_orm_migration::MigratorTrait;

use super::{recorded, tables};
use crate::support::given::step;
use crate::support::{PostgresDatabase, SqliteFile, child, connect, eventually, kill, run, texts};

const URL: &str = "CATAMARAN_TEST_OUTSIDE_MIGRATOR_URL";

/// The migrations of the process that is killed, and of the next one.
struct Killed;

impl History for Killed {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let script = |alone: &'static str| {
            Script::new()
                .sql("INSERT INTO a VALUES (2)")
                .sql(alone)
                .sql("INSERT INTO a VALUES (3)")
                .outside_transaction()
        };
        vec![
            Box::new(step("m1", Script::new().sql("CREATE TABLE a (x int)"))),
            Box::new(On {
                sqlite: script("VACUUM"),
                postgres: script("CREATE INDEX CONCURRENTLY ix_a__x ON a (x)"),
            }),
        ]
    }
}

/// A migration with a script for each engine.
struct On {
    sqlite: Script,
    postgres: Script,
}

impl TwinMigration for On {
    fn name(&self) -> &'static str {
        "m2"
    }
    fn sqlite_up(&self) -> Script {
        self.sqlite.clone()
    }
    fn sqlite_down(&self) -> Script {
        Script::nothing("not tested here")
    }
    fn postgres_up(&self) -> Script {
        self.postgres.clone()
    }
    fn postgres_down(&self) -> Script {
        Script::nothing("not tested here")
    }
}

#[tokio::test]
async fn migrator_outside() {
    if let Ok(url) = std::env::var(URL) {
        up::<Killed>(&url).await.expect("it is killed before this");
    }
}

fn spawn(url: &str) -> Child {
    child("outside::killed::migrator_outside", URL, url)
}

/// The server goes on with the statement of a killed client.
#[tokio::test]
async fn postgres_up_goes_on_after_a_migrator_was_killed_while_it_built_an_index() {
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let db = connect(&url).await;
    Migrator::<Killed>::up(&db, Some(1))
        .await
        .expect("the table");
    let blocker = connect(&url).await;
    run(&blocker, "BEGIN; INSERT INTO a VALUES (1)").await;
    let child = spawn(&url);
    let building = "SELECT pid || '' FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' \
         AND wait_event_type = 'Lock' AND datname = current_database()";
    eventually("the index is built", async || {
        texts(&db, building).await.len() == 1
    })
    .await;
    kill(child);
    // The next one waits for the lock, which the server process still holds.
    let next = up::<Killed>(&url);
    let release = async {
        let waits = "SELECT pid || '' FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory%' \
             AND datname = current_database() AND pid <> pg_backend_pid()";
        eventually("the next migrator waits", async || {
            !texts(&db, waits).await.is_empty()
        })
        .await;
        run(&blocker, "COMMIT").await;
    };
    let (report, ()) = tokio::join!(next, release);
    assert_eq!(report.expect("up").applied, ["m2"]);
    let rows = texts(&db, "SELECT x || '' FROM a ORDER BY x").await;
    assert_eq!(rows, ["1", "2", "3"]);
    let indexes = "SELECT indexrelid::regclass || ' ' || indisvalid FROM pg_index WHERE indrelid = 'a'::regclass";
    assert_eq!(texts(&db, indexes).await, ["ix_a__x true"]);
    assert_eq!(tables(&url).await, ["a", "seaql_migrations"]);
}

#[tokio::test]
async fn sqlite_up_goes_on_after_a_migrator_was_killed_at_any_moment() {
    for milliseconds in [0, 1, 3, 10, 30] {
        let file = SqliteFile::new();
        let url = format!("{}?mode=rwc", file.url());
        let db = connect(&url).await;
        Migrator::<Killed>::up(&db, Some(1))
            .await
            .expect("the table");
        let mut child = spawn(&url);
        eventually("the first statement has finished", async || {
            texts(&db, "SELECT DISTINCT 2 || '' FROM a").await == ["2"]
        })
        .await;
        tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
        // Perhaps it has just ended.
        child.kill().ok();
        child.wait().expect("reap");
        up::<Killed>(&url).await.expect("up");
        let rows = texts(&db, "SELECT x || '' FROM a ORDER BY x").await;
        assert_eq!(rows, ["2", "3"]);
        assert_eq!(tables(&url).await, ["a", "seaql_migrations"]);
        assert_eq!(recorded(&url).await, ["m1", "m2"]);
    }
}
