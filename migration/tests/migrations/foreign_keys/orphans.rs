//! Rows without a parent.

use catamaran::migrate::{Migrator, up};
use sea_orm_migration::MigratorTrait;

use super::{counts, family, file, left, then};
use crate::support::history::{Given, given, step};
use crate::support::{SqliteFile, connect, run, texts};

#[tokio::test]
async fn an_orphan_from_before_does_not_stop_later_migrations() {
    let file = file(&[family()], &["INSERT INTO child VALUES (30, 99)"]).await;
    let index = step("m2_index", &["CREATE INDEX ix_child ON child (parent_id)"])
        .down(&["DROP INDEX ix_child"]);
    then(&file, &[family()], &[index])
        .await
        .expect("the orphan is old");
    let indexes = "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'ix%'";
    assert_eq!(left(&file, indexes).await, ["ix_child"]);

    let db = connect(&file.url()).await;
    Migrator::<Given>::down(&db, Some(1)).await.expect("down");
    assert_eq!(texts(&db, indexes).await, [""; 0]);
    assert_eq!(texts(&db, "SELECT count(*) || '' FROM child").await, ["3"]);
}

#[tokio::test]
async fn a_new_orphan_is_refused_and_told_from_the_old_ones() {
    let file = file(
        &[family()],
        &["INSERT INTO child VALUES (30, 99), (31, 99)"],
    )
    .await;
    let lossy = step("m2_lossy", &["DELETE FROM parent WHERE id = 2"]);
    let error = then(&file, &[family()], &[lossy])
        .await
        .expect_err("a new orphan");
    assert_eq!(
        error.to_string(),
        "the migrations leave 1 row(s) without a parent, so the transaction was rolled back: child (rowid 20) -> parent. \
         Correct or delete these rows in the migration. 2 other row(s) had no parent before the migrations either, and \
         are not the reason"
    );
    assert_eq!(left(&file, "SELECT id || '' FROM parent").await, ["1", "2"]);
}

#[tokio::test]
async fn an_old_orphan_does_not_excuse_a_new_one() {
    let file = file(&[family()], &["INSERT INTO child VALUES (30, 99)"]).await;
    let exchanged = step(
        "m2_exchanged",
        &[
            "DELETE FROM child WHERE id = 30",
            "DELETE FROM parent WHERE id = 2",
        ],
    );
    let error = then(&file, &[family()], &[exchanged])
        .await
        .expect_err("a new orphan");
    assert_eq!(counts(&error), (1, 0));
    let copied = step("m2_copied", &["INSERT INTO child VALUES (31, 99)"]);
    let error = then(&file, &[family()], &[copied])
        .await
        .expect_err("one more");
    assert_eq!(counts(&error), (1, 1));
}

#[tokio::test]
async fn an_orphan_is_recognised_after_its_table_changed() {
    let written = &[
        "INSERT INTO child VALUES (30, 99)",
        "CREATE TABLE tag (label TEXT, parent_id INTEGER REFERENCES parent (id))",
        "INSERT INTO tag VALUES ('a', 1), ('b', 98), ('c', NULL), ('d', 97)",
        "DELETE FROM tag WHERE label = 'a'",
        "CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID",
        "CREATE TABLE of_pair (a INTEGER, b TEXT, PRIMARY KEY (b, a), FOREIGN KEY (a, b) REFERENCES pair) WITHOUT ROWID",
        "INSERT INTO of_pair VALUES (1, 'x'), (2, 'y')",
    ];
    for (name, change) in [
        (
            "new rowids",
            &[
                "CREATE TABLE tag_new (label TEXT NOT NULL, parent_id INTEGER REFERENCES parent (id))",
                "INSERT INTO tag_new SELECT * FROM tag ORDER BY label DESC",
                "DROP TABLE tag",
                "ALTER TABLE tag_new RENAME TO tag",
            ][..],
        ),
        (
            "another name of the child",
            &["ALTER TABLE tag RENAME TO label"],
        ),
        (
            "another name of the parent",
            &["ALTER TABLE parent RENAME TO elder"],
        ),
        (
            "other names of both",
            &[
                "ALTER TABLE parent RENAME TO elder",
                "ALTER TABLE child RENAME TO kid",
            ],
        ),
        (
            "another name of the column",
            &["ALTER TABLE child RENAME parent_id TO elder_id"],
        ),
        (
            "keys that are texts",
            &[
                "CREATE TABLE parent_new (id TEXT PRIMARY KEY, code TEXT UNIQUE) STRICT",
                "INSERT INTO parent_new SELECT id, code FROM parent",
                "CREATE TABLE child_new (id INTEGER PRIMARY KEY, parent_id TEXT REFERENCES parent_new (id)) STRICT",
                "INSERT INTO child_new SELECT id, parent_id FROM child",
                "DROP TABLE child",
                "DROP TABLE tag",
                "DROP TABLE parent",
                "ALTER TABLE parent_new RENAME TO parent",
                "ALTER TABLE child_new RENAME TO child",
            ],
        ),
    ] {
        let file = file(&[family()], written).await;
        let done = then(&file, &[family()], &[step("m2_change", change)]).await;
        assert!(done.is_ok(), "{name}: {done:?}");
    }
}

/// Both tables of each case are created, filled, and compared with what SQLite finds.
#[tokio::test]
async fn the_rows_without_a_parent_are_those_that_sqlite_finds() {
    for (parent, child, rows) in [
        (
            "(k TEXT PRIMARY KEY)",
            "(k INTEGER REFERENCES p)",
            &[
                "INSERT INTO p VALUES ('01'), ('2')",
                "INSERT INTO c VALUES (1), (2)",
            ][..],
        ),
        (
            "(k INTEGER PRIMARY KEY)",
            "(k TEXT REFERENCES p)",
            &[
                "INSERT INTO p VALUES (1)",
                "INSERT INTO c VALUES ('1'), ('01'), ('x'), ('1.0')",
            ],
        ),
        (
            "(k NUMERIC UNIQUE)",
            "(k REFERENCES p (k))",
            &[
                "INSERT INTO p VALUES (1.5), ('a')",
                "INSERT INTO c VALUES ('1.5'), ('a'), (x'61'), (2)",
            ],
        ),
        (
            "(k BLOB UNIQUE)",
            "(k TEXT REFERENCES p (k))",
            &[
                "INSERT INTO p VALUES (x'61'), ('a')",
                "INSERT INTO c VALUES ('a'), ('b')",
            ],
        ),
        (
            "(k TEXT COLLATE NOCASE PRIMARY KEY)",
            "(k TEXT REFERENCES p (k))",
            &[
                "INSERT INTO p VALUES ('A')",
                "INSERT INTO c VALUES ('a'), ('ä')",
            ],
        ),
        (
            "(k TEXT PRIMARY KEY)",
            "(k TEXT COLLATE NOCASE REFERENCES p (k))",
            &[
                "INSERT INTO p VALUES ('A')",
                "INSERT INTO c VALUES ('a'), ('A')",
            ],
        ),
        (
            "(a, b, UNIQUE (b, a))",
            "(x, y, FOREIGN KEY (x, y) REFERENCES p (a, b))",
            &[
                "INSERT INTO p VALUES (1, 2)",
                "INSERT INTO c VALUES (1, 2), (2, 1), (1, NULL), (NULL, 9)",
            ],
        ),
        (
            "(\"a \"\"b\" PRIMARY KEY)",
            "(\"ü 'k\" REFERENCES \"P\" (\"A \"\"B\"))",
            &[
                "INSERT INTO p VALUES (1)",
                "INSERT INTO c VALUES (1), (2), (3)",
            ],
        ),
        (
            "(rowid INTEGER PRIMARY KEY)",
            "(rowid TEXT, oid TEXT, _rowid_ INTEGER REFERENCES p)",
            &["INSERT INTO c VALUES ('a', 'b', 3)"],
        ),
        (
            "(k, g GENERATED ALWAYS AS (k + 1) UNIQUE)",
            "(k REFERENCES p (g))",
            &[
                "INSERT INTO p (k) VALUES (1)",
                "INSERT INTO c VALUES (1), (2)",
            ],
        ),
        (
            "(id INTEGER PRIMARY KEY, up REFERENCES p)",
            "(k REFERENCES c (k) UNIQUE)",
            &[
                "INSERT INTO p VALUES (1, 1), (2, 3)",
                "INSERT INTO c VALUES (1), (NULL)",
            ],
        ),
    ] {
        let file = SqliteFile::new();
        let create = [
            format!("CREATE TABLE p {parent}"),
            format!("CREATE TABLE c {child}"),
        ];
        let statements: Vec<&str> = create
            .iter()
            .map(String::as_str)
            .chain(rows.iter().copied())
            .collect();
        let expected = {
            let db = connect("sqlite::memory:").await;
            run(&db, "PRAGMA foreign_keys = OFF").await;
            for sql in &statements {
                run(&db, sql).await;
            }
            texts(&db, "SELECT count(*) || '' FROM pragma_foreign_key_check").await
        };
        given(&[step("m1_case", &statements)]);
        let found = match up::<Given>(&file.url()).await {
            Ok(_) => 0,
            Err(error) => counts(&error).0,
        };
        assert_eq!([found.to_string()], expected[..], "{statements:?}");
    }
}
