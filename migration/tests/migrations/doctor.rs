//! The `doctor` command of the `migration` program.

use std::process::{Command, Output};

use catamaran::testing::EphemeralDatabase;
use migration::Migrator;
use serde_json::Value;

use crate::support;

/// The exit code for arguments that make no sense.
const USAGE: i32 = 64;

const SCHEMA: &str = include_str!("../../../docs/src/doctor.schema.json");

fn doctor(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migration"))
        .arg("doctor")
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env_remove("DATABASE_URL")
        .env_remove("DATABASE_SCHEMA")
        .env_remove("NO_COLOR")
        .output()
        .expect("the binary runs")
}

fn ends_with(code: i32, args: &[&str]) -> String {
    let output = doctor(args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The report as JSON, validated against the schema.
fn json(code: i32, args: &[&str]) -> Value {
    let text = ends_with(code, &[args, &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON schema");
    let errors: Vec<String> = validator
        .iter_errors(&report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{report:#}");
    assert_eq!(report["exit_code"], code);
    report
}

/// As [`json`], where the exit code is not that of the verdict.
fn json_with(code: i32, verdict: i32, args: &[&str]) {
    let text = ends_with(code, &[args, &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["exit_code"], verdict);
}

/// Code, place and subject of each finding.
fn found(report: &Value) -> Vec<[&str; 3]> {
    let findings = report["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|finding| {
            ["code", "place", "subject"].map(|key| finding[key].as_str().expect("a text"))
        })
        .collect()
}

async fn postgres() -> EphemeralDatabase {
    EphemeralDatabase::postgres::<Migrator>()
        .await
        .expect("a Postgres server: these tests do not skip")
}

async fn sqlite() -> EphemeralDatabase {
    EphemeralDatabase::sqlite_file::<Migrator>()
        .await
        .expect("a SQLite file")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_url_code_and_scratch_databases_are_checked_and_clean() {
    let server = postgres().await;
    let report = json(0, &["--server", server.url()]);
    assert_eq!(report["verdict"], "clean");
    assert_eq!(
        report["checked"],
        serde_json::json!([
            "domain",
            "sqlite-entities",
            "postgres-entities",
            "sqlite-migrations",
            "postgres-migrations"
        ])
    );
}

#[test]
fn doctor_finds_or_starts_a_postgres_server() {
    let text = ends_with(0, &[]);
    assert!(
        text.contains("what the migrations build on Postgres: in sync"),
        "{text}"
    );
    assert!(
        text.ends_with("clean: every place says the same\n"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_drift_of_a_file_is_reported_with_code_and_place() {
    let server = postgres().await;
    let database = sqlite().await;
    let args = ["--server", server.url(), "--url", database.url()];
    assert_eq!(json(0, &args)["checked"][5], "sqlite-database");

    let db = support::connect(database.url()).await;
    support::run(&db, "DROP INDEX ix_habits__user_id_updated_at").await;
    support::run(&db, "ALTER TABLE devices ADD COLUMN nickname TEXT").await;
    db.close().await.expect("closed");
    assert_eq!(
        found(&json(1, &args)),
        [
            ["CAT011", "sqlite-database", "devices.nickname"],
            [
                "CAT030",
                "sqlite-database",
                "habits: ix_habits__user_id_updated_at"
            ],
        ]
    );
    let text = ends_with(1, &args);
    assert!(
        text.contains("CAT030 error  habits: ix_habits__user_id_updated_at"),
        "{text}"
    );
    assert!(text.ends_with("drift: 2 errors, 0 warnings\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_drift_of_a_database_is_reported_with_code_and_place() {
    let database = postgres().await;
    let args = ["--server", database.url(), "--url", database.url()];
    assert_eq!(json(0, &args)["checked"][5], "postgres-database");

    let db = support::connect(database.url()).await;
    support::run(&db, "ALTER TABLE habits DISABLE ROW LEVEL SECURITY").await;
    support::run(
        &db,
        "CREATE POLICY everyone ON reminders FOR SELECT USING (true)",
    )
    .await;
    let down = "DELETE FROM seaql_migrations WHERE version = 'm20261122_000006_outbox'";
    support::run(&db, down).await;
    db.close().await.expect("closed");
    assert_eq!(
        found(&json(1, &args)),
        [
            [
                "CAT080",
                "postgres-database",
                "seaql_migrations: m20261122_000006_outbox"
            ],
            ["CAT060", "postgres-database", "habits"],
            ["CAT064", "postgres-database", "reminders: everyone"],
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_read_only_role_can_run_the_doctor_and_nothing_is_written() {
    let database = postgres().await;
    let db = support::connect(database.url()).await;
    let role = support::unique("reader");
    support::run(&db, &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).await;
    support::run(&db, &format!("GRANT USAGE ON SCHEMA public TO {role}")).await;
    support::run(&db, &format!("GRANT SELECT ON seaql_migrations TO {role}")).await;
    support::run(&db, "REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    let mut url = url::Url::parse(database.url()).expect("a URL");
    url.set_username(&role).expect("a user");
    url.set_password(Some("secret")).expect("a password");
    let before = support::schema(&db).await;

    let args = ["--server", database.url(), "--url", url.as_str()];
    assert_eq!(found(&json(0, &args)), [[""; 3]; 0]);
    support::run(&db, "DROP INDEX ix_habits__user_id_updated_at").await;
    let report = json(1, &args);
    assert_eq!(
        found(&report),
        [[
            "CAT030",
            "postgres-database",
            "habits: ix_habits__user_id_updated_at"
        ]]
    );
    assert!(!report.to_string().contains("secret"), "{report:#}");
    let create = "CREATE INDEX ix_habits__user_id_updated_at ON habits (user_id, updated_at)";
    support::run(&db, create).await;
    assert_eq!(support::schema(&db).await, before);

    support::run(&db, &format!("DROP OWNED BY {role}")).await;
    support::run(&db, &format!("DROP ROLE {role}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_schema_other_than_public_is_checked_by_name() {
    let database = postgres().await;
    let db = support::connect(database.url()).await;
    support::run(&db, "CREATE SCHEMA tenant1").await;
    let args = [
        "--server",
        database.url(),
        "--url",
        database.url(),
        "--schema",
        "tenant1",
    ];
    let report = json(1, &args);
    let missing = ["CAT001", "postgres-database", "habits"];
    assert!(found(&report).contains(&missing), "{report:#}");
}

#[test]
fn without_a_postgres_server_the_skipped_checks_are_reported() {
    let nobody = ["--server", "postgres://me:hunter2@127.0.0.1:1/postgres"];
    let report = json(2, &nobody);
    assert_eq!(report["verdict"], "skipped");
    assert_eq!(report["skipped"][0]["place"], "postgres-migrations");
    assert_eq!(found(&report), [[""; 3]; 0]);
    let text = ends_with(2, &nobody);
    assert!(
        text.contains("skipped\n  what the migrations build on Postgres: "),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    // The environment is ignored too.
    let output = Command::new(env!("CARGO_BIN_EXE_migration"))
        .arg("doctor")
        .env(
            "CATAMARAN_TEST_POSTGRES_URL",
            "postgres://me@127.0.0.1:1/postgres",
        )
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_reported_as_skipped() {
    let server = postgres().await;
    let missing = format!("{}_not", server.url());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("none.db");
    let sqlite = format!("sqlite://{}", file.display());
    for (url, place) in [
        (missing.as_str(), "postgres-database"),
        ("postgres://me:hunter2@127.0.0.1:1/db", "postgres-database"),
        (&sqlite, "sqlite-database"),
    ] {
        let report = json(2, &["--server", server.url(), "--url", url]);
        assert_eq!(report["skipped"][0]["place"], place, "{report:#}");
        assert!(!report.to_string().contains("hunter2"), "{report:#}");
    }
    assert!(!file.exists(), "a check created the file");
}

#[test]
fn a_url_of_an_unknown_kind_of_database_is_a_usage_error() {
    for (url, why) in [
        ("mysql://me:hunter2@host/db", "the scheme mysql: is unknown"),
        ("", "it has no scheme"),
    ] {
        let output = doctor(&["--no-scratch", "--url", url]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(USAGE), "{output:?}");
        assert!(
            error.contains(why) && !error.contains("DATABASE_URL"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_url_in_the_environment_is_not_checked() {
    let server = postgres().await;
    let output = Command::new(env!("CARGO_BIN_EXE_migration"))
        .args(["doctor", "--server", server.url()])
        .env("DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/db")
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_alone_or_no_scratch_databases_need_no_server() {
    let file = sqlite().await;
    let report = json(0, &["--only", "sqlite", "--url", file.url()]);
    let places = [
        "domain",
        "sqlite-entities",
        "sqlite-migrations",
        "sqlite-database",
    ];
    assert_eq!(report["checked"], serde_json::json!(places));
    let report = json(0, &["--no-scratch", "--url", file.url()]);
    let places = [
        "domain",
        "sqlite-entities",
        "postgres-entities",
        "sqlite-database",
    ];
    assert_eq!(report["checked"], serde_json::json!(places));
}

#[test]
fn colours_are_written_only_on_request() {
    let nobody = ["--server", "postgres://me@127.0.0.1:1/postgres"];
    let with = |more: &[&str]| ends_with(2, &[&nobody, more].concat());
    assert!(!with(&[]).contains('\x1b'));
    assert!(!with(&["--color", "never"]).contains('\x1b'));
    assert!(with(&["--color", "always"]).contains("\x1b[1m\x1b[31mskipped\x1b[0m"));
    let json = with(&["--color", "always", "--format", "json"]);
    assert!(!json.contains('\x1b'), "{json}");
}

#[test]
fn a_suggestion_in_sarif_or_github_format_is_a_usage_error() {
    for format in ["sarif", "github"] {
        let output = doctor(&["--suggest", "--format", format]);
        assert_eq!(output.status.code(), Some(USAGE), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
    assert_eq!(doctor(&["--format", "xml"]).status.code(), Some(USAGE));
}

#[test]
fn the_name_and_the_folder_of_a_suggestion_need_suggest_and_a_name_is_a_modules() {
    for args in [
        &["--name", "m20260131_000001_notes"][..],
        &["--write", "migration"],
        &["--suggest", "--name", "../notes"],
    ] {
        let output = doctor(args);
        assert_eq!(output.status.code(), Some(USAGE), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_databases_are_checked_in_one_run() {
    let (one, other) = (sqlite().await, sqlite().await);
    let db = support::connect(other.url()).await;
    support::run(&db, "CREATE INDEX ix_more ON devices (version)").await;
    db.close().await.expect("closed");
    let urls = ["--no-scratch", "--url", one.url(), "--url", other.url()];
    let report = json(1, &urls);
    assert_eq!(
        found(&report),
        [["CAT031", "sqlite-database", "devices: ix_more"]]
    );
    let places = report["checked"].as_array().expect("places").iter();
    assert_eq!(
        places.filter(|place| *place == "sqlite-database").count(),
        2
    );
    // With the option, warnings alone do not fail.
    json_with(0, 1, &[&urls[..], &["--fail-on", "error"]].concat());
    // The commands that change a database take one.
    let output = Command::new(env!("CARGO_BIN_EXE_migration"))
        .args(["up", "--url", one.url(), "--url", other.url()])
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_is_skipped_after_the_lock_timeout() {
    let database = postgres().await;
    let db = support::connect(database.url()).await;
    support::run(
        &db,
        "BEGIN; LOCK TABLE pg_catalog.pg_policy, habits IN ACCESS EXCLUSIVE MODE",
    )
    .await;
    let args = [
        "--no-scratch",
        "--lock-timeout",
        "1",
        "--url",
        database.url(),
    ];
    let report = json(2, &args);
    let reason = report["skipped"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("lock timeout"), "{report:#}");
}

/// Drift of a database alone is no reason for a migration.
#[tokio::test(flavor = "multi_thread")]
async fn drift_of_one_database_alone_suggests_no_migration() {
    let server = postgres().await;
    let file = sqlite().await;
    let db = support::connect(file.url()).await;
    support::run(&db, "DROP INDEX ix_habits__user_id_updated_at").await;
    db.close().await.expect("closed");
    let text = ends_with(
        1,
        &["--server", server.url(), "--url", file.url(), "--suggest"],
    );
    assert!(
        text.contains("by hand\n  step 1, CAT030 habits: "),
        "{text}"
    );
    assert!(text.ends_with("no migration to suggest\n"), "{text}");
}
