//! The doctor as a subcommand: what it prints, and what it returns.

mod support;

use std::process::{Command, Output};

use catamaran::testing::PostgresServer;
use serde_json::Value;

fn doctor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migration"))
        .arg("doctor")
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env_remove("DATABASE_SCHEMA")
        .output()
        .expect("the binary runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A migrated file, with a drift.
fn drifted() -> support::SqliteFile {
    let file = support::SqliteFile::new();
    let url = format!("{}?mode=rwc", file.url());
    let up = Command::new(env!("CARGO_BIN_EXE_migration"))
        .args(["up", "-u", &url])
        .output();
    assert!(up.expect("the binary runs").status.success());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        use sea_orm::{ConnectionTrait, Database};
        let db = Database::connect(&url).await.expect("a connection");
        db.execute_unprepared("CREATE INDEX ix_habits__name ON habits (name)")
            .await
            .expect("a drift");
    });
    file
}

#[test]
fn a_clean_application_is_exit_code_0() {
    let server = PostgresServer::find_or_start().expect("a server");
    let output = doctor(&["--server", server.admin_url()]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text.contains("clean; looked at domain, sqlite-entities, postgres-entities, sqlite-migrations, postgres-migrations"));
    // Not on a terminal.
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_drift_is_exit_code_1_in_every_format() {
    let file = drifted();
    let at = |format: &str| {
        let output = doctor(&["--only", "sqlite", "--url", &file.url(), "--format", format]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        told(&output)
    };
    let human = at("human");
    for part in [
        "CAT031",
        "habits: ix_habits__name",
        "DROP INDEX ix_habits__name;",
        "drift: 0 error(s), 1 warning(s)",
    ] {
        assert!(human.contains(part), "no {part:?} in {human}");
    }
    let json: Value = serde_json::from_str(&at("json")).expect("JSON");
    assert_eq!(json["verdict"], "drift");
    let finding = &json["findings"][0];
    assert_eq!(finding["code"], "CAT031");
    assert_eq!(finding["place"], "sqlite-database");
    assert_eq!(
        finding["mend"]["statements"][0],
        "DROP INDEX ix_habits__name"
    );
    let sarif: Value = serde_json::from_str(&at("sarif")).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "CAT031");
    let github = at("github");
    assert!(
        github.starts_with("::warning title=CAT031 habits%3A ix_habits__name%3A"),
        "{github}"
    );
    assert_eq!(github.lines().count(), 1, "{github}");
}

#[test]
fn a_suggestion_has_both_branches() {
    let file = drifted();
    let output = doctor(&[
        "--only",
        "sqlite",
        "--no-scratch",
        "--url",
        &file.url(),
        "--suggest",
    ]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        text.contains(".sql(r\"DROP INDEX ix_habits__name\")"),
        "{text}"
    );
    assert!(
        text.contains("Script::nothing(\"postgres has no such drift\")"),
        "{text}"
    );
    assert!(text.contains("impl TwinMigration for Migration"), "{text}");
}

#[test]
fn what_cannot_be_looked_at_is_exit_code_2_and_said() {
    // Nobody listens there.
    let output = doctor(&["--server", "postgres://nobody@127.0.0.1:1/postgres"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text.contains("could not look at what the migrations build on Postgres"),
        "{text}"
    );
    let file = support::SqliteFile::new();
    let output = doctor(&["--only", "sqlite", "--url", &file.url()]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(told(&output).contains("does not exist"), "{output:?}");
    let json = told(&doctor(&[
        "--only",
        "sqlite",
        "--url",
        &file.url(),
        "--format",
        "json",
    ]));
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["unseen"][0]["place"], "sqlite-database");
}
