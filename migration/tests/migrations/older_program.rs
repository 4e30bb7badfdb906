//! A program whose history lacks migrations of the database, and the order in which migrations are reverted.

use catamaran::migrate::{
    ConnectOptions, MigrateError, Migrator, Plan, apply, connect, pending, up,
};
use catamaran::{Error, ErrorKind, Fingerprint, StoreOptions};
use sea_orm_migration::MigratorTrait;

use crate::cli::{fails, migration, succeeds};
use crate::history;
use crate::support::{self, Same, on_both};

const ONE: Same = Same("m1_one", "CREATE TABLE one (id INTEGER)", "DROP TABLE one");
const TWO: Same = Same("m2_two", "CREATE TABLE two (id INTEGER)", "DROP TABLE two");
const THREE: Same = Same(
    "m3_three",
    "CREATE TABLE three (id INTEGER)",
    "DROP TABLE three",
);
const LATER: Same = Same(
    "m4_later",
    "CREATE TABLE later (id INTEGER)",
    "DROP TABLE later",
);

history!(Newer: ONE, TWO, THREE);
history!(Older: ONE);
history!(Branch: ONE, THREE);
history!(OtherBranch: ONE, LATER);

const WORDS: &str = "the database has the migrations `m2_two`, `m3_three` that this program does not have, recorded in \
                     seaql_migrations: use the version of the program that applied them, or a newer one; if another \
                     program did, give each a table of its own with History::table";

fn assert_differs(error: impl Into<Error>) {
    let error = error.into();
    let ErrorKind::SchemaDiffers { reason } = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(reason, WORDS);
}

#[tokio::test]
async fn an_older_program_is_told_which_migrations_it_lacks_whatever_it_calls() {
    on_both(async |url| {
        up::<Newer>(url).await.expect("up");
        let error = up::<Older>(url).await.expect_err("m2 and m3 are unknown");
        assert_eq!(error.to_string(), WORDS);
        assert!(matches!(error, MigrateError::UnknownMigrations { .. }));
        assert_differs(error);
        assert_differs(pending::<Older>(url).await.expect_err("pending"));
        assert_differs(Plan::pending::<Older>(url).await.expect_err("plan"));
        let options = StoreOptions::new(url).migrate::<Older>();
        assert_differs(options.open().await.map(drop).expect_err("a store"));

        let db = connect(url, ConnectOptions::default())
            .await
            .expect("a connection");
        assert_differs(apply::<Older>(&db).await.expect_err("apply"));
        type M = Migrator<Older>;
        assert_differs(M::up(&db, None).await.expect_err("up"));
        assert_differs(M::down(&db, None).await.expect_err("down"));
        assert_differs(M::refresh(&db).await.expect_err("refresh"));
        assert_differs(M::reset(&db).await.expect_err("reset"));
        assert_differs(M::status(&db).await.expect_err("status"));
        assert_differs(
            M::get_pending_migrations(&db)
                .await
                .map(drop)
                .expect_err("pending"),
        );
        assert_differs(
            M::get_applied_migrations(&db)
                .await
                .map(drop)
                .expect_err("applied"),
        );
        assert_differs(
            M::get_migration_with_status(&db)
                .await
                .map(drop)
                .expect_err("all"),
        );
        let read_only = M::get_pending_migrations_read_only(&db).await;
        assert_differs(read_only.map(drop).expect_err("pending"));
        // Nothing was changed, not by `reset` either.
        assert_eq!(pending::<Newer>(url).await.expect("pending"), [""; 0]);
    })
    .await;
}

/// Each program has a migration that the other lacks, so neither may go on.
#[tokio::test]
async fn a_program_of_another_branch_applies_nothing() {
    on_both(async |url| {
        up::<Branch>(url).await.expect("up");
        let error = up::<OtherBranch>(url).await.expect_err("m3 is unknown");
        let MigrateError::UnknownMigrations { names, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(names, &["m3_three"]);
        let db = support::connect(url).await;
        assert!(!support::tables(&db).await.contains(&"later".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_names_the_migrations_that_it_lacks() {
    on_both(async |url| {
        succeeds(&["up", "-u", url]);
        let db = support::connect(url).await;
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2999_newer', 0)";
        support::run(&db, newer).await;
        for args in [
            &["up"][..],
            &["down"],
            &["refresh"],
            &["reset"],
            &["status"],
            &["plan", "--pending"],
            &["baseline", "--up-to", "m20261122_000002_habits"],
        ] {
            let text = fails(&[args, &["-u", url]].concat());
            assert!(
                text.starts_with("error: the database has the migration `m2999_newer` that this program does not have")
                    && text.contains("use the version of the program that applied it, or a newer one"),
                "{text}"
            );
        }
        let output = migration(&["status", "-u", url]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("'m20261122_000002_habits'... Applied"), "{text}");
        let output = migration(&["doctor", "--no-scratch", "--url", url]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text.contains("CAT081") && text.contains("m2999_newer"), "{text}");
    })
    .await;
}

/// It lacks a migration, so it could not apply its own.
#[tokio::test]
async fn a_fingerprint_of_another_branch_is_another_schema_and_not_a_pending_migration() {
    on_both(async |url| {
        up::<migration::History>(url).await.expect("up");
        let db = support::connect(url).await;
        for sql in [
            "DELETE FROM seaql_migrations WHERE version LIKE '%devices'",
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2999_newer', 0)",
        ] {
            support::run(&db, sql).await;
        }
        let fingerprint = Fingerprint::of(&entity::DOMAIN).migrations::<migration::History>();
        let opened = StoreOptions::new(url).fingerprint(fingerprint).open().await;
        let error = opened.map(drop).expect_err("a newer database");
        let ErrorKind::SchemaDiffers { reason } = error.kind() else {
            panic!("{error:?}");
        };
        assert!(
            reason.contains("m2999_newer") && reason.contains("m20261122_000005_devices"),
            "{reason}"
        );
    })
    .await;
}

/// `m2_two` was merged later than `m3_three`, with an earlier name and place.
#[tokio::test]
async fn down_reverts_in_the_order_of_the_history_and_not_of_application() {
    on_both(async |url| {
        assert_eq!(
            up::<Branch>(url).await.expect("up").applied,
            ["m1_one", "m3_three"]
        );
        assert_eq!(up::<Newer>(url).await.expect("up").applied, ["m2_two"]);
        let db = support::connect(url).await;
        for left in [&["one", "two"][..], &["one"], &[]] {
            Migrator::<Newer>::down(&db, Some(1)).await.expect("down");
            let mut tables = support::tables(&db).await;
            tables.retain(|table| !table.starts_with("seaql"));
            assert_eq!(tables, left);
        }
    })
    .await;
}
