//! The command `baseline`, on databases that no migrator made.

use catamaran::Engine;
use catamaran::migrate::Plan;
use sea_orm::ConnectionTrait;

use crate::cli::{fails, migration, succeeds};
use crate::support::{self, on_both};

const DEVICES: &str = "m20261122_000005_devices";

/// Runs the SQL of the first migrations by hand, as it is pasted from `plan`.
async fn made_by_hand(url: &str, up_to: &str) -> sea_orm::DatabaseConnection {
    let engine = match url.starts_with("sqlite") {
        true => Engine::Sqlite,
        false => Engine::Postgres,
    };
    let plan = Plan::of::<migration::History>(engine)
        .expect("a plan")
        .to_string();
    let begin = plan
        .find(&format!("-- {up_to}"))
        .expect("the last migration");
    let end = plan[begin..]
        .find("\n\n-- m")
        .map_or(plan.len(), |at| begin + at);
    let db = support::connect(url).await;
    db.execute_unprepared(&plan[..end])
        .await
        .expect("the SQL of the plan");
    db
}

fn baseline(args: &[&str]) -> (Option<i32>, String, String) {
    let output = migration(&[&["baseline"], args].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_made_by_hand_is_recorded_and_migrated_from_there() {
    on_both(async |url| {
        let db = made_by_hand(url, DEVICES).await;
        let text = succeeds(&["baseline", "--up-to", DEVICES, "-u", url]);
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(
            text.starts_with(
                "Migration 'm20261122_000001_application_role' is recorded as applied\n"
            ),
            "{text}"
        );
        assert!(
            text.ends_with("Migration 'm20261122_000005_devices' is recorded as applied\n"),
            "{text}"
        );
        // Their later edits are noticed too.
        let sums = "SELECT version FROM seaql_migrations_checksums";
        assert_eq!(support::texts(&db, sums).await.len(), 5);

        let text = succeeds(&["baseline", "--up-to", DEVICES, "-u", url]);
        assert_eq!(
            text,
            "No migration to record: all up to 'm20261122_000005_devices' are recorded already\n"
        );
        let text = succeeds(&["up", "-u", url]);
        assert_eq!(
            text.matches("has been applied").count(),
            support::migrations() - 5,
            "{text}"
        );
        succeeds(&["doctor", "--no-scratch", "--url", url]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_differs_is_not_recorded_and_the_differences_are_printed() {
    on_both(async |url| {
        let db = made_by_hand(url, DEVICES).await;
        support::run(&db, "DROP INDEX ix_habits__user_id_updated_at").await;
        support::run(&db, "ALTER TABLE devices ADD COLUMN more INTEGER").await;
        let before = support::schema(&db).await;
        let (code, text, error) = baseline(&["--up-to", DEVICES, "-u", url]);
        assert_eq!(code, Some(1), "{text}{error}");
        assert!(text.contains("CAT030") && text.contains("ix_habits__user_id_updated_at"), "{text}");
        assert!(text.contains("CAT011") && text.contains("devices.more"), "{text}");
        assert_eq!(
            error,
            format!(
                "error: no migration was recorded: the database differs from what the migrations up to `{DEVICES}` build\n"
            )
        );
        assert_eq!(support::schema(&db).await, before);
        // Neither a migration earlier nor one later has this schema.
        for up_to in ["m20261122_000004_reminders", "m20261122_000006_outbox"] {
            let (code, text, error) = baseline(&["--up-to", up_to, "-u", url]);
            assert_eq!(code, Some(1), "{up_to}: {text}{error}");
        }
        assert_eq!(support::schema(&db).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_decides_what_a_baseline_may_add() {
    on_both(async |url| {
        let db = made_by_hand(url, DEVICES).await;
        let (code, _, error) = baseline(&["--up-to", "m1", "-u", url]);
        assert_eq!(code, Some(1));
        assert!(error.contains("there is no migration `m1`; the history has `m20261122_000001"), "{error}");

        // A part is recorded, for example by a baseline of an earlier day.
        let first = "m20261122_000001_application_role";
        support::run(&db, "CREATE TABLE seaql_migrations (version varchar NOT NULL PRIMARY KEY, applied_at bigint NOT NULL)").await;
        support::run(&db, &format!("INSERT INTO seaql_migrations VALUES ('{first}', 0)")).await;
        let text = succeeds(&["baseline", "--up-to", DEVICES, "-u", url]);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(!text.contains(first), "{text}");

        // The row of a migration that began outside of a transaction.
        for sql in [
            "DELETE FROM seaql_migrations WHERE version LIKE '%devices'",
            "CREATE TABLE seaql_migrations_progress (migration text NOT NULL PRIMARY KEY, direction text NOT NULL, \
             finished integer NOT NULL, has_begun_next integer NOT NULL, digest text NOT NULL, next_cursor text, \
             rows_written bigint NOT NULL)",
            "INSERT INTO seaql_migrations_progress VALUES ('m20261122_000005_devices', 'up', 1, 0, '', NULL, 0)",
        ] {
            support::run(&db, sql).await;
        }
        let (code, _, error) = baseline(&["--up-to", DEVICES, "-u", url]);
        assert_eq!(code, Some(1));
        assert!(error.contains("`m20261122_000005_devices` is unfinished, with 1 statement(s) finished: run `up` first"), "{error}");
        support::run(&db, "DROP TABLE seaql_migrations_progress").await;
        succeeds(&["baseline", "--up-to", DEVICES, "-u", url]);

        // A later one is recorded, and an earlier one is not.
        support::run(&db, &format!("DELETE FROM seaql_migrations WHERE version = '{first}'")).await;
        let (code, _, error) = baseline(&["--up-to", "m20261122_000002_habits", "-u", url]);
        assert_eq!(code, Some(1));
        assert!(
            error.contains("which comes after `m20261122_000002_habits`, is recorded as applied in seaql_migrations"),
            "{error}"
        );
    })
    .await;
}

#[test]
fn a_baseline_without_a_url_a_name_or_a_file_is_an_error() {
    assert!(fails(&["baseline", "--up-to", DEVICES]).contains("no database URL"));
    assert_eq!(baseline(&["-u", "sqlite://x.db"]).0, Some(64));
    let file = support::SqliteFile::new();
    for mode in ["", "?mode=rwc"] {
        let url = format!("{}{mode}", file.url());
        assert!(
            fails(&["baseline", "--up-to", DEVICES, "-u", &url])
                .contains("there is no SQLite file")
        );
        assert!(
            !std::path::Path::new(&file.path()).exists(),
            "it creates nothing"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_without_a_server_for_the_scratch_database_nothing_is_recorded() {
    let database = support::PostgresDatabase::new().await;
    let url = database.url();
    made_by_hand(&url, DEVICES).await;
    let nobody = "postgres://me:hunter2@127.0.0.1:1/postgres";
    let (code, _, error) = baseline(&["--up-to", DEVICES, "-u", &url, "--server", nobody]);
    assert_eq!(code, Some(2), "{error}");
    assert!(
        error.starts_with(
            "error: no migration was recorded, because the database could not be compared"
        ),
        "{error}"
    );
    assert!(!error.contains("hunter2"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_schema_other_than_public_is_recorded_by_name() {
    let database = support::PostgresDatabase::new().await;
    let db = support::connect(&database.url()).await;
    support::run(&db, "CREATE SCHEMA tenant1").await;
    let mut url = url::Url::parse(&database.url()).expect("a URL");
    url.set_query(Some("options=-c%20search_path%3Dtenant1"));
    made_by_hand(url.as_str(), DEVICES).await;

    let url = database.url();
    let (code, text, _) = baseline(&["--up-to", DEVICES, "-u", &url]);
    assert_eq!(code, Some(1), "public is empty: {text}");
    let text = succeeds(&["baseline", "--up-to", DEVICES, "-u", &url, "-s", "tenant1"]);
    assert_eq!(text.lines().count(), 5, "{text}");
    succeeds(&["up", "-u", &url, "-s", "tenant1"]);
    let public = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(support::texts(&db, public).await, [""; 0]);
}
