//! The output and the exit codes of the `migration` program.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

use sea_orm_migration::MigratorTrait;

use crate::support;

pub fn migration(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migration"))
        .args(args)
        .env_remove("DATABASE_URL")
        .env_remove("DATABASE_SCHEMA")
        .output()
        .expect("the binary runs")
}

pub fn succeeds(args: &[&str]) -> String {
    let output = migration(args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?}: {output:?}");
    text
}

/// Exit code 1 and one line on standard error.
pub fn fails(args: &[&str]) -> String {
    let output = migration(args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

fn every_subcommand(url: &str) {
    for command in [
        "status", "up", "status", "down", "up", "fresh", "refresh", "reset", "status",
    ] {
        succeeds(&[command, "-u", url]);
    }
    assert!(succeeds(&["status", "-u", url]).contains("'m20261122_000006_outbox'... Pending"));
    assert!(
        succeeds(&["up", "-n", "2", "-u", url])
            .contains("'m20261122_000002_habits' has been applied")
    );
    assert!(
        succeeds(&["status", "-u", url]).contains("'m20261122_000003_habit_entries'... Pending")
    );
    let pending = succeeds(&["plan", "--pending", "-u", url]);
    assert!(
        pending.contains("CREATE TABLE habit_entries") && !pending.contains("CREATE TABLE habits")
    );
    assert!(succeeds(&["-u", url]).contains("'m20261122_000006_outbox' has been applied"));
}

#[test]
fn sqlite_every_subcommand_succeeds() {
    let file = support::SqliteFile::new();
    every_subcommand(&format!("{}?mode=rwc", file.url()));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_every_subcommand_succeeds() {
    let database = support::PostgresDatabase::new().await;
    every_subcommand(&database.url());
}

#[test]
fn up_by_no_step_does_not_say_that_nothing_is_pending() {
    let file = support::SqliteFile::new();
    let url = format!("{}?mode=rwc", file.url());
    assert!(!succeeds(&["up", "-n", "0", "-u", &url]).contains("No pending"));
    succeeds(&["up", "-u", &url]);
    assert!(succeeds(&["up", "-n", "0", "-u", &url]).contains("No pending migrations"));
    assert!(!succeeds(&["down", "-n", "0", "-u", &url]).contains("No applied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_database_that_accepts_no_connections_is_said_to_accept_none() {
    let database = support::PostgresDatabase::new().await;
    let url = database.url();
    let (server, _) = url.rsplit_once('/').expect("a path");
    let message = fails(&["up", "-u", &format!("{server}/template0")]);
    assert!(message.contains("does not accept connections"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_schema_other_than_public_is_migrated_by_the_command() {
    let database = support::PostgresDatabase::new().await;
    let url = database.url();
    assert!(
        fails(&["up", "-s", "tenant1", "-u", &url]).contains("schema `tenant1` does not exist")
    );
    let db = support::connect(&url).await;
    support::run(&db, "CREATE SCHEMA tenant1").await;
    succeeds(&["up", "-s", "tenant1", "-u", &url]);
    let tables = "SELECT DISTINCT schemaname::text FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    assert_eq!(support::texts(&db, tables).await, ["tenant1"]);
    assert!(succeeds(&["status", "-u", &url]).contains("'m20261122_000002_habits'... Pending"));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_role_that_may_only_read_gets_its_status() {
    let database = support::PostgresDatabase::new().await;
    let db = support::connect(&database.url()).await;
    let role = support::unique("reader");
    support::run(&db, &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).await;
    let url = database.url_as(&role);

    assert!(succeeds(&["status", "-u", &url]).contains("'m20261122_000002_habits'... Pending"));
    migration::Migrator::up(&db, None).await.expect("up");
    support::run(&db, &format!("GRANT SELECT ON seaql_migrations TO {role}")).await;
    assert!(succeeds(&["status", "-u", &url]).contains("'m20261122_000002_habits'... Applied"));
    succeeds(&["up", "-u", &url]);
    // A missing privilege is an error of one line.
    assert!(fails(&["down", "-u", &url]).contains("must be owner of table"));

    support::run(&db, &format!("DROP OWNED BY {role}")).await;
    support::run(&db, &format!("DROP ROLE {role}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_role_that_may_not_join_is_told_what_a_dba_should_run() {
    let database = support::PostgresDatabase::new().await;
    let db = support::connect(&database.url()).await;
    // So that the role of the application exists already, as after any other database's migration.
    migration::Migrator::up(&db, None).await.expect("up");
    migration::Migrator::fresh(&db).await.expect("fresh");
    migration::Migrator::reset(&db).await.expect("reset");
    let role = support::unique("plain");
    support::run(&db, &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).await;
    support::run(&db, &format!("GRANT CREATE ON SCHEMA public TO {role}")).await;
    let url = database.url_as(&role);

    let message = fails(&["up", "-u", &url]);
    assert!(
        message.contains(&format!("a DBA should run: GRANT catamaran_app TO {role}")),
        "{message}"
    );
    support::run(&db, &format!("GRANT catamaran_app TO {role}")).await;
    succeeds(&["up", "-u", &url]);

    support::run(&db, &format!("DROP OWNED BY {role}")).await;
    support::run(&db, &format!("DROP ROLE {role}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_an_unreachable_server_and_a_missing_database_are_reported_in_one_line() {
    assert!(
        fails(&["up", "-u", "postgres://me:hunter2@127.0.0.1:1/db"])
            .contains("no Postgres server responds at 127.0.0.1:1")
    );
    let database = support::PostgresDatabase::new().await;
    let url = format!("{}_not", database.url());
    assert!(fails(&["up", "-u", &url]).contains("does not exist"));
    let url = database.url_as("nobody_of_that_name");
    let message = fails(&["up", "-u", &url]);
    assert!(
        message.contains("nobody_of_that_name") && !message.contains("secret"),
        "{message}"
    );
}

#[test]
fn a_bad_url_is_reported_in_one_line() {
    assert!(fails(&["up"]).contains("no database URL"));
    assert!(
        fails(&["up", "-u", "mysql://me:hunter2@host/db"]).contains("the scheme mysql: is unknown")
    );
    assert!(fails(&["up", "-u", "nonsense"]).contains("no scheme"));
    let file = support::SqliteFile::new();
    assert!(fails(&["up", "-u", &file.url()]).contains("add ?mode=rwc"));
    assert!(
        fails(&["fresh", "-u", "sqlite:///no/such/folder/x.db?mode=rwc"])
            .contains("the folder /no/such/folder does not exist")
    );
    let garbage = format!("{}.txt", file.path());
    std::fs::write(&garbage, "this is a text file and no database at all").expect("write");
    assert!(
        fails(&["up", "-u", &format!("sqlite://{garbage}")]).contains("is not a SQLite database")
    );
}

#[test]
fn plan_prints_both_engines_and_help_lists_it() {
    let both = succeeds(&["plan"]);
    let sqlite = succeeds(&["plan", "--dialect", "sqlite"]);
    let postgres = succeeds(&["plan", "--dialect", "postgres"]);
    assert_eq!(both, format!("{sqlite}\n{postgres}"));
    assert!(sqlite.contains("STRICT") && postgres.contains("CREATE POLICY"));
    let help = succeeds(&["--help"]);
    assert!(help.contains("plan") && help.contains("DATABASE_URL"));
    assert_eq!(
        migration(&["plan", "--dialect", "mysql"]).status.code(),
        Some(64)
    );
}

/// A pooler for one client, which refuses it.
fn refusing_pooler(code: &str, words: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let body = format!("SFATAL\0C{code}\0M{words}\0\0");
    let length = u32::try_from(body.len() + 4).expect("a short message");
    let refusal = [b"E", &length.to_be_bytes()[..], body.as_bytes()].concat();
    std::thread::spawn(move || -> std::io::Result<()> {
        let (mut client, _) = listener.accept()?;
        // The request for TLS, and the startup message.
        for answer in [b"N", &refusal[..]] {
            let mut length = [0; 4];
            client.read_exact(&mut length)?;
            let rest = u64::from(u32::from_be_bytes(length)) - 4;
            std::io::copy(&mut (&client).take(rest), &mut std::io::sink())?;
            client.write_all(answer)?;
        }
        client.shutdown(std::net::Shutdown::Write)?;
        std::io::copy(&mut client, &mut std::io::sink())?;
        Ok(())
    });
    port
}

#[test]
fn postgres_the_words_of_a_refusal_are_shown_in_one_line() {
    for (code, words, shown) in [
        (
            "08P01",
            "unsupported startup parameter in options: x",
            "in options: x; open",
        ),
        (
            "XX000",
            "Tenant or user not found",
            "Tenant or user not found",
        ),
        (
            "53300",
            "sorry, too many clients already",
            "sorry, too many clients already",
        ),
        ("0A000", "not\nsupported hunter2", "not supported (hidden)"),
    ] {
        let port = refusing_pooler(code, words);
        let url = format!("postgres://me:hunter2@127.0.0.1:{port}/db");
        let message = fails(&["up", "-u", &url]);
        assert!(
            message.contains(shown) && !message.contains("hunter2"),
            "{message}"
        );
    }
}
