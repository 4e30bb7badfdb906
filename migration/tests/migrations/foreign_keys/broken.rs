//! Foreign keys that lead to no parent.

use catamaran::migrate::{MigrateError, Migrator};
use sea_orm_migration::MigratorTrait;

use super::{RENAMED_AWAY, counts, family, file, left, then};
use crate::support::history::{Given, given, step};
use crate::support::{connect, schema, texts};

#[tokio::test]
async fn a_rename_that_leaves_children_without_a_parent_table_is_refused() {
    for emptied in [&[][..], &["DELETE FROM child", "DELETE FROM parent"]] {
        let file = file(&[family()], emptied).await;
        let renamed = step("m2_renamed", &RENAMED_AWAY);
        let error = then(&file, &[family()], std::slice::from_ref(&renamed))
            .await
            .expect_err("a broken key");
        let message = error.to_string();
        assert!(
            message.contains("child (parent_id) -> parent_old: there is no table parent_old")
                && message.contains("create the new table under another name"),
            "{message}"
        );
        let columns = "SELECT group_concat(\"notnull\", '') FROM pragma_table_info('parent')";
        assert_eq!(left(&file, columns).await, ["00"]);

        // A later migration of the same batch may repair it.
        let repair = step(
            "m3_repair",
            &[
                "CREATE TABLE child_new (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id)) STRICT",
                "INSERT INTO child_new SELECT * FROM child",
                "DROP TABLE child",
                "ALTER TABLE child_new RENAME TO child",
            ],
        );
        then(&file, &[family()], &[renamed, repair])
            .await
            .expect("both");
        assert_eq!(left(&file, columns).await, ["01"]);
    }
}

#[tokio::test]
async fn a_rename_that_leaves_children_at_the_old_table_is_refused() {
    for emptied in [&[][..], &["DELETE FROM child", "DELETE FROM parent"]] {
        let file = file(&[family()], emptied).await;
        let (last, kept) = RENAMED_AWAY.split_last().expect("statements");
        assert!(last.starts_with("DROP TABLE"), "{last}");
        let renamed = step("m2_renamed", kept);
        let error = then(&file, &[family()], &[renamed])
            .await
            .expect_err("a renamed parent");
        let expected = "child (parent_id) -> parent_old: parent was renamed to parent_old, and parent is another table now";
        let message = error.to_string();
        assert!(message.contains(expected), "{message}");

        // An archive whose children come with it has no new table of the old name.
        let archived = step("m2_archived", &["ALTER TABLE parent RENAME TO parent_old"]);
        then(&file, &[family()], &[archived])
            .await
            .expect("a rename alone");
    }
}

#[tokio::test]
async fn a_rename_that_does_not_follow_references_is_applied_and_its_setting_ends_with_its_script()
{
    let mut statements = vec!["PRAGMA legacy_alter_table = ON"];
    statements.extend(RENAMED_AWAY);
    let steps = [family(), step("m2_renamed", &statements)];
    let setting = "SELECT legacy_alter_table || '' FROM pragma_legacy_alter_table";

    let file = file(&[family()], &[]).await;
    then(&file, &steps[..1], &steps[1..])
        .await
        .expect("children keep their references");
    assert_eq!(
        left(
            &file,
            "SELECT \"table\" FROM pragma_foreign_key_list('child')"
        )
        .await,
        ["parent"]
    );

    given(&steps);
    let db = connect("sqlite::memory:").await;
    Migrator::<Given>::up(&db, None).await.expect("up");
    assert_eq!(texts(&db, setting).await, ["0"]);

    // A rename of the next migration has its effect in one batch as in two.
    let next = step("m3_next", &["ALTER TABLE parent RENAME TO elder"]);
    given(&[&steps[..], &[next]].concat());
    let whole = connect("sqlite::memory:").await;
    Migrator::<Given>::up(&whole, None).await.expect("up");
    let parents = "SELECT \"table\" FROM pragma_foreign_key_list('child')";
    assert_eq!(texts(&whole, parents).await, ["elder"]);

    let fails = step(
        "m3_fails",
        &["PRAGMA ignore_check_constraints = ON", "SELECT nonsense"],
    );
    given(&[&steps[..], &[fails]].concat());
    Migrator::<Given>::up(&db, None)
        .await
        .expect_err("nonsense");
    let setting = "SELECT ignore_check_constraints || '' FROM pragma_ignore_check_constraints";
    assert_eq!(texts(&db, setting).await, ["0"]);
}

#[tokio::test]
async fn a_foreign_key_that_leads_to_no_key_is_refused() {
    for (name, statements, fault) in [
        (
            "no table",
            &["CREATE TABLE c (x REFERENCES gone (id))"][..],
            "c (x) -> gone: there is no table gone",
        ),
        (
            "no column",
            &["CREATE TABLE c (x REFERENCES parent (nope))"],
            "c (x) -> parent: parent has no column nope",
        ),
        (
            "not unique",
            &[
                "CREATE TABLE p (a, b)",
                "CREATE UNIQUE INDEX u ON p (a) WHERE b",
                "CREATE TABLE c (x REFERENCES p (a))",
            ],
            "c (x) -> p: p has no primary key or unique index of exactly (a)",
        ),
        (
            "an expression",
            &[
                "CREATE TABLE p (a)",
                "CREATE UNIQUE INDEX u ON p (lower(a))",
                "CREATE TABLE c (x REFERENCES p (a))",
            ],
            "no primary key or unique index of exactly (a)",
        ),
        (
            "another collation",
            &[
                "CREATE TABLE p (a TEXT)",
                "CREATE UNIQUE INDEX u ON p (a COLLATE NOCASE)",
                "CREATE TABLE c (x REFERENCES p (a))",
            ],
            "c (x) -> p: the unique index of p has another collation than its column",
        ),
        (
            "too few columns",
            &["CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES parent)"],
            "c (x, y) -> parent: the primary key of parent has another number of columns",
        ),
        (
            "a view",
            &[
                "CREATE VIEW v AS SELECT 1 AS id",
                "CREATE TABLE c (x REFERENCES v (id))",
            ],
            "there is no table v",
        ),
        (
            "a unique index that a migration drops",
            &[
                "CREATE TABLE p (a TEXT)",
                "CREATE UNIQUE INDEX u ON p (a)",
                "CREATE TABLE c (x REFERENCES p (a))",
                "DROP INDEX u",
            ],
            "exactly (a)",
        ),
        (
            "a parent that a migration drops",
            &["DROP TABLE parent"],
            "child (parent_id) -> parent: there is no table parent",
        ),
    ] {
        let file = file(&[family()], &["DELETE FROM child"]).await;
        let error = then(&file, &[family()], &[step("m2_case", statements)]).await;
        let error = error.expect_err(name);
        assert!(
            matches!(error, MigrateError::BrokenForeignKeys { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(fault), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_foreign_key_that_led_to_nothing_before_stops_no_migration() {
    let broken = &[
        "CREATE TABLE stray (x INTEGER REFERENCES gone (id))",
        "INSERT INTO stray VALUES (1), (2)",
    ];
    let file = file(&[family()], broken).await;
    let index = step("m2_index", &["CREATE INDEX ix_stray ON stray (x)"]);
    then(&file, &[family()], std::slice::from_ref(&index))
        .await
        .expect("it was so before");

    // A migration may repair it, although a row has no parent afterwards.
    let repair = step(
        "m3_repair",
        &[
            "CREATE TABLE gone (id INTEGER PRIMARY KEY)",
            "INSERT INTO gone VALUES (1)",
        ],
    );
    then(
        &file,
        &[family(), index.clone()],
        std::slice::from_ref(&repair),
    )
    .await
    .expect("repaired");
    assert_eq!(
        left(&file, "SELECT rowid || '' FROM pragma_foreign_key_check").await,
        ["2"]
    );
    let worse = step("m4_worse", &["DELETE FROM gone"]);
    let error = then(&file, &[family(), index, repair], &[worse])
        .await
        .expect_err("now it counts");
    assert_eq!(counts(&error), (1, 1));
}

#[tokio::test]
async fn rolling_back_a_parent_before_its_children_is_refused() {
    let child = step(
        "m2_child",
        &["CREATE TABLE kid (id INTEGER PRIMARY KEY, p REFERENCES toy (id))"],
    );
    let parent =
        step("m3_parent", &["CREATE TABLE toy (id INTEGER PRIMARY KEY)"]).down(&["DROP TABLE toy"]);
    let file = file(&[child, parent], &[]).await;
    let db = connect(&file.url()).await;
    let before = schema(&db).await;
    let error = Migrator::<Given>::down(&db, Some(1))
        .await
        .expect_err("kid needs toy");
    assert!(
        error
            .to_string()
            .contains("kid (p) -> toy: there is no table toy"),
        "{error}"
    );
    assert_eq!(schema(&db).await, before);
    Migrator::<Given>::reset(&db)
        .await
        .expect_err("m2_child leaves its table");
}
