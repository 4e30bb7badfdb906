//! Foreign keys of a SQLite file before and after a batch: what was wrong before does not stop it, and what is wrong
//! only after it does.

mod broken;
mod orphans;

use catamaran::migrate::{MigrateError, Migrator, up};
use sea_orm::{DatabaseConnection, TransactionTrait};
use sea_orm_migration::MigratorTrait;

use crate::cli::succeeds;
use crate::support::history::{Given, Step, given, step};
use crate::support::{SqliteFile, connect, run, texts};

fn family() -> Step {
    step(
        "m1_family",
        &[
            "CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT UNIQUE) STRICT",
            "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id)) STRICT",
            "INSERT INTO parent VALUES (1, 'one'), (2, 'two')",
            "INSERT INTO child VALUES (10, 1), (20, 2)",
        ],
    )
    .down(&["DROP TABLE child", "DROP TABLE parent"])
}

/// A file with the migrations, and what another program wrote while foreign keys were off.
async fn file(steps: &[Step], written: &[&str]) -> SqliteFile {
    let file = SqliteFile::new();
    given(steps);
    up::<Given>(&file.url()).await.expect("up");
    write(&file, written).await;
    file
}

async fn write(file: &SqliteFile, statements: &[&str]) {
    let db = connect(&file.url()).await;
    run(&db, "PRAGMA foreign_keys = OFF").await;
    for sql in statements {
        run(&db, sql).await;
    }
    db.close().await.expect("close");
}

/// Applies the migrations after those that the file has.
async fn then(file: &SqliteFile, first: &[Step], next: &[Step]) -> Result<(), MigrateError> {
    given(&[first, next].concat());
    up::<Given>(&file.url()).await.map(drop)
}

async fn left(file: &SqliteFile, sql: &str) -> Vec<String> {
    let db = connect(&file.url()).await;
    let left = texts(&db, sql).await;
    db.close().await.expect("close");
    left
}

/// The number of new rows without a parent, and of old ones.
fn counts(error: &MigrateError) -> (u64, u64) {
    match error {
        MigrateError::ForeignKeys { total, old, .. } => (*total, *old),
        other => panic!("{other}"),
    }
}

/// What people write who rename the old table away first.
const RENAMED_AWAY: [&str; 4] = [
    "ALTER TABLE parent RENAME TO parent_old",
    "CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE) STRICT",
    "INSERT INTO parent SELECT * FROM parent_old",
    "DROP TABLE parent_old",
];

#[tokio::test]
async fn a_transaction_of_the_caller_has_the_same_checks() {
    let file = file(&[family()], &["INSERT INTO child VALUES (30, 99)"]).await;
    let db = connect(&file.url()).await;
    run(&db, "PRAGMA foreign_keys = OFF").await;
    for (statements, is_refused) in [
        (&["CREATE INDEX ix_child ON child (parent_id)"][..], false),
        (&["DELETE FROM parent WHERE id = 1"], true),
        (&RENAMED_AWAY, true),
    ] {
        given(&[family(), step("m2_case", statements)]);
        let refused = inside(&db).await;
        assert_eq!(refused, is_refused, "{statements:?}");
    }
}

async fn inside(db: &DatabaseConnection) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is about a transaction of the caller's"
    )]
    let tx = db.begin().await.expect("begin");
    let outcome = Migrator::<Given>::up(&tx, None).await;
    tx.rollback().await.expect("rollback");
    outcome.is_err()
}

#[test]
fn the_command_tells_of_rows_that_had_no_parent_before() {
    let file = SqliteFile::new();
    let url = format!("{}?mode=rwc", file.url());
    succeeds(&["up", "-n", "5", "-u", &url]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(write(
        &file,
        &[
            "CREATE TABLE tag (habit_id TEXT REFERENCES habits (id), \"of\" INTEGER REFERENCES gone)",
            "INSERT INTO tag (habit_id) VALUES ('a'), ('b')",
        ],
    ));
    let output = succeeds(&["up", "-u", &url]);
    let query = "SELECT c.* FROM tag c WHERE c.habit_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM habits p WHERE p.id = +c.habit_id)";
    for said in [
        "Warning: 2 row(s) of tag have no parent in habits. They had none before these migrations, and do not stop them.",
        query,
        "Warning: the foreign key tag (of) -> gone: there is no table gone. It was so before these migrations",
    ] {
        assert!(output.contains(said), "{said}: {output}");
    }
    let rows = format!("SELECT count(*) || '' FROM ({query})");
    assert_eq!(runtime.block_on(left(&file, &rows)), ["2"]);
}
