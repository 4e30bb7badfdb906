//! What only SQLite has: settings of a file, and foreign keys that are off meanwhile.

use catamaran::migrate::{MigrateError, Migrator, Script, up};
use sea_orm_migration::MigratorTrait;

use super::table;
use crate::support::given::{Given, given, step};
use crate::support::{SqliteFile, connect, texts};

#[tokio::test]
async fn sqlite_settings_of_the_file_are_changed_outside_of_a_transaction() {
    let file = SqliteFile::new();
    let outside = Script::new()
        .sql("PRAGMA auto_vacuum = FULL")
        .sql("VACUUM")
        .outside_transaction();
    given([
        step("m1", table("a")),
        step("m2", outside),
        step("m3", table("b")),
    ]);
    up::<Given>(&file.url()).await.expect("up");
    let db = connect(&file.url()).await;
    assert_eq!(
        texts(&db, "SELECT auto_vacuum || '' FROM pragma_auto_vacuum").await,
        ["1"]
    );

    // A database in memory has only the connection of its pool.
    let memory = connect("sqlite::memory:").await;
    Migrator::<Given>::up(&memory, None).await.expect("up");
    assert_eq!(
        texts(
            &memory,
            "SELECT foreign_keys || '' FROM pragma_foreign_keys"
        )
        .await,
        ["1"]
    );
    let names = "SELECT version FROM seaql_migrations ORDER BY 1";
    assert_eq!(texts(&memory, names).await, ["m1", "m2", "m3"]);
}

#[tokio::test]
async fn sqlite_a_statement_outside_must_not_orphan_rows() {
    let file = SqliteFile::new();
    let family = Script::new()
        .sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        .sql("CREATE TABLE child (id INTEGER REFERENCES parent (id))")
        .sql("INSERT INTO parent VALUES (1)")
        .sql("INSERT INTO child VALUES (1)");
    let outside = Script::new()
        .sql("DELETE FROM parent")
        .outside_transaction();
    given([step("m1", family), step("m2", outside)]);
    let error = up::<Given>(&file.url()).await.expect_err("an orphan");
    let MigrateError::PartlyCommitted { source, .. } = &error else {
        panic!("{error}");
    };
    assert!(
        matches!(**source, MigrateError::Unfinished { finished: 0, .. }),
        "{error}"
    );
    for words in [
        "statement 1 of 1 failed: the migrations leave 1 row(s) without a parent",
        "child (rowid 1) -> parent",
        "run `up` again",
    ] {
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let db = connect(&file.url()).await;
    assert_eq!(texts(&db, "SELECT count(*) || '' FROM parent").await, ["1"]);
}
