//! Another migrator changes the database between two parts of a batch.

use std::sync::atomic::{AtomicBool, Ordering};

use catamaran::migrate::{History, Migrator, Script, TwinMigration, up};
use sea_orm::DatabaseConnection;
use sea_orm_migration::MigratorTrait;

use super::{alone, recorded, tables};
use crate::support::given::{Given, Step, given, step};
use crate::support::{PostgresDatabase, SqliteFile, connect, eventually, run, texts, try_texts};

fn steps(url: &str, first: Script) -> [Step; 2] {
    [
        Step {
            down: Script::new().sql("DROP TABLE a"),
            ..step("m1", first.sql("CREATE TABLE a (x int)"))
        },
        step("m2", Script::new().sql(alone(url)).outside_transaction()),
    ]
}

/// The lock of every migrator: the bytes of "catamara" as a number.
const LOCK: i64 = i64::from_be_bytes(*b"catamara");

async fn waiters(db: &DatabaseConnection, key: i64) -> usize {
    let sql = format!(
        "SELECT pid || '' FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
         AND (classid::bigint << 32 | objid::bigint) = {key} \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    );
    texts(db, &sql).await.len()
}

#[tokio::test]
async fn postgres_what_another_migrator_reverted_between_two_parts_is_applied_again() {
    const GATE: i64 = 42;
    let database = PostgresDatabase::new().await;
    let url = database.url();
    let gate = Script::new().sql(format!("SELECT pg_advisory_xact_lock({GATE})"));
    given(steps(&url, gate));
    let (watch, other) = (connect(&url).await, connect(&url).await);
    let gatekeeper = connect(&url).await;
    run(&gatekeeper, &format!("SELECT pg_advisory_lock({GATE})")).await;
    let reverts = async {
        eventually("m1 waits", async || waiters(&watch, GATE).await == 1).await;
        let take = async {
            // The first to wait is the first to get the lock.
            run(&other, &format!("SELECT pg_advisory_lock({LOCK})")).await;
            Migrator::<Given>::down(&other, Some(1))
                .await
                .expect("down");
            assert_eq!(
                texts(&other, "SELECT version FROM seaql_migrations").await,
                [""; 0]
            );
            run(&other, &format!("SELECT pg_advisory_unlock({LOCK})")).await;
        };
        let open = async {
            eventually("it waits", async || waiters(&watch, LOCK).await == 1).await;
            run(&gatekeeper, &format!("SELECT pg_advisory_unlock({GATE})")).await;
        };
        tokio::join!(take, open);
    };
    let (report, ()) = tokio::join!(up::<Given>(&url), reverts);
    assert_eq!(report.expect("up").applied, ["m1", "m1", "m2"]);
    assert_eq!(recorded(&url).await, ["m1", "m2"]);
    assert_eq!(tables(&url).await, ["a", "seaql_migrations"]);
}

/// The history of a migrator that another one overtakes. The library asks for the name of the table before each part.
struct Overtaken;

thread_local! {
    static FILE: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) };
}

static OVERTOOK: AtomicBool = AtomicBool::new(false);

impl History for Overtaken {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        Given::migrations()
    }

    fn table() -> &'static str {
        if let Some(url) = FILE.with_borrow(Clone::clone) {
            let other = std::thread::spawn(move || revert_once(&url));
            other.join().expect("the other migrator");
        }
        Given::table()
    }
}

/// Reverts `m1` if it is committed and was not reverted before.
#[tokio::main(flavor = "current_thread")]
async fn revert_once(url: &str) {
    let db = connect(url).await;
    let is_committed = try_texts(&db, "SELECT version FROM seaql_migrations").await;
    if !is_committed.is_ok_and(|names| names == ["m1"]) || OVERTOOK.load(Ordering::Relaxed) {
        return;
    }
    given(steps(url, Script::new()));
    Migrator::<Given>::down(&db, Some(1)).await.expect("down");
    OVERTOOK.store(true, Ordering::Relaxed);
}

#[tokio::test]
async fn sqlite_what_another_migrator_reverted_between_two_parts_is_applied_again() {
    let file = SqliteFile::new();
    let url = format!("{}?mode=rwc", file.url());
    given(steps(&url, Script::new()));
    FILE.set(Some(url.clone()));
    let report = up::<Overtaken>(&url).await.expect("up");
    FILE.set(None);
    assert!(OVERTOOK.load(Ordering::Relaxed));
    assert_eq!(report.applied, ["m1", "m1", "m2"]);
    assert_eq!(recorded(&url).await, ["m1", "m2"]);
    assert_eq!(tables(&url).await, ["a", "seaql_migrations"]);
}
