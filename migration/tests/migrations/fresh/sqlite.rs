//! A SQLite file.

use catamaran::migrate::Migrator;
use sea_orm::TransactionTrait;
use sea_orm_migration::MigratorTrait;

use super::{fresh, notes};
use crate::support::history::{Given, given, step};
use crate::support::{SqliteFile, connect, run, schema, texts};

/// What people and programs leave in a file.
const IN_A_FILE: &[&str] = &[
    "CREATE TABLE loud (id INTEGER PRIMARY KEY AUTOINCREMENT, other INTEGER REFERENCES quiet (id))",
    "CREATE TABLE quiet (id INTEGER PRIMARY KEY, other INTEGER REFERENCES loud (id))",
    "INSERT INTO loud (other) VALUES (1)",
    "INSERT INTO quiet VALUES (1, 1)",
    "CREATE VIEW v AS SELECT 1 AS x",
    "CREATE VIEW w AS SELECT x FROM v",
    "CREATE VIEW \"broken\" AS SELECT y FROM nowhere",
    "CREATE TRIGGER on_loud AFTER DELETE ON loud BEGIN DELETE FROM quiet; END",
    "CREATE TRIGGER on_v INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE words USING fts5(body)",
    "INSERT INTO words VALUES ('one two')",
    "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)",
    "CREATE TABLE \"of \"\"Ünicode\"\" 'names'\" (\"a b\" PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE \"select\" (g, h AS (g + 1))",
    "CREATE UNIQUE INDEX ix ON \"select\" (lower(g)) WHERE g",
    "ANALYZE",
    "PRAGMA user_version = 7",
];

#[tokio::test]
async fn sqlite_starts_anew_whatever_is_in_the_file() {
    notes();
    let empty = SqliteFile::new();
    let expected = {
        let db = connect(&format!("{}?mode=rwc", empty.url())).await;
        Migrator::<Given>::up(&db, None).await.expect("up");
        schema(&db).await
    };
    let file = SqliteFile::new();
    let db = connect(&format!("{}?mode=rwc", file.url())).await;
    run(&db, "PRAGMA foreign_keys = OFF").await;
    for sql in IN_A_FILE {
        run(&db, sql).await;
    }
    for time in ["the first time", "again", "and again"] {
        fresh(&db).await.expect(time);
        let mut left = schema(&db).await;
        // SQLite keeps these two once they are there. They are empty.
        left.retain(|line| !line.contains("sqlite_sequence") && !line.contains("sqlite_stat"));
        assert_eq!(left, expected, "{time}");
        assert_eq!(
            texts(&db, "SELECT name FROM sqlite_sequence").await,
            [""; 0]
        );
    }
}

#[tokio::test]
async fn sqlite_a_failure_after_the_drop_leaves_everything() {
    let file = SqliteFile::new();
    let db = connect(&format!("{}?mode=rwc", file.url())).await;
    run(&db, "PRAGMA foreign_keys = OFF").await;
    for sql in IN_A_FILE {
        run(&db, sql).await;
    }
    let before = schema(&db).await;
    given(&[step(
        "m1_fails",
        &["CREATE TABLE half (id INTEGER)", "SELECT nonsense"],
    )]);
    let error = fresh(&db).await.expect_err("nonsense");
    assert!(error.contains("m1_fails"), "{error}");
    assert_eq!(schema(&db).await, before);
    assert_eq!(
        texts(&db, "SELECT body FROM words WHERE words MATCH 'two'").await,
        ["one two"]
    );
    // A row without a parent after `fresh` is new, although the same was there before.
    given(&[step(
        "m1_orphan",
        &[
            "CREATE TABLE quiet (id INTEGER PRIMARY KEY)",
            "CREATE TABLE loud (other INTEGER REFERENCES quiet (id))",
            "INSERT INTO loud VALUES (9)",
        ],
    )]);
    run(&db, "INSERT INTO loud (other) VALUES (9)").await;
    let error = fresh(&db).await.expect_err("an orphan");
    assert!(error.contains("1 row(s) without a parent"), "{error}");
}

#[tokio::test]
async fn sqlite_a_virtual_table_whose_module_is_missing_is_named() {
    notes();
    let file = SqliteFile::new();
    let db = connect(&format!("{}?mode=rwc", file.url())).await;
    run(&db, "CREATE TABLE kept (id INTEGER)").await;
    run(&db, "PRAGMA writable_schema = ON").await;
    run(
        &db,
        "INSERT INTO sqlite_schema VALUES ('table', 'far', 'far', 0, 'CREATE VIRTUAL TABLE far USING missing_module(a)')",
    )
    .await;
    db.close().await.expect("close");
    let db = connect(&file.url()).await;
    let error = fresh(&db).await.expect_err("no module");
    assert!(
        error.contains("`fresh` cannot drop virtual table far, so nothing was changed")
            && error.contains("no such module: missing_module"),
        "{error}"
    );
    assert_eq!(
        texts(&db, "SELECT name FROM sqlite_schema").await,
        ["kept", "far"]
    );
}

#[tokio::test]
async fn sqlite_a_database_in_memory_and_a_transaction_of_the_caller_start_anew() {
    notes();
    let db = connect("sqlite::memory:").await;
    Migrator::<Given>::up(&db, None).await.expect("up");
    run(&db, "CREATE VIEW extra AS SELECT 1 AS x").await;
    fresh(&db).await.expect("fresh");
    let views = "SELECT name FROM sqlite_schema WHERE type = 'view'";
    assert_eq!(texts(&db, views).await, ["note_view"]);

    let file = SqliteFile::new();
    let db = connect(&format!("{}?mode=rwc", file.url())).await;
    run(&db, "PRAGMA foreign_keys = OFF").await;
    run(&db, "CREATE VIEW extra AS SELECT 1 AS x").await;
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is about a transaction of the caller's"
    )]
    let tx = db.begin().await.expect("begin");
    Migrator::<Given>::fresh(&tx).await.expect("fresh");
    tx.commit().await.expect("commit");
    assert_eq!(texts(&db, views).await, ["note_view"]);
}
