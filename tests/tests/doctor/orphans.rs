//! Rows of a live database whose foreign key has no parent.

use std::time::Duration;

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Fix, Report};
use entity::DOMAIN;
use sea_orm::ConnectionTrait;
use suite::observer;

use crate::databases::Migrated;
use crate::sqlite_file::{File, the};

macro_rules! row {
    () => {
        "INSERT INTO reminders (id, user_id, habit_id, time_local, days_of_week, timezone, is_enabled, created_at, \
         updated_at, version) VALUES ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002', \
         '00000000-0000-4000-8000-000000000003', '08:00', 1, 'UTC', TRUE, '2026-01-01T00:00:00.000000Z', \
         '2026-01-01T00:00:00.000000Z', 1)"
    };
}

/// A reminder of a habit that does not exist.
pub const ROW: &str = row!();

/// The same, as a program writes it that restores rows with triggers off.
pub const ROW_ON_POSTGRES: &str = concat!(
    "SET session_replication_role = replica; ",
    row!(),
    "; RESET session_replication_role"
);

const KEY: &str = "reminders: fk_reminders__user_id_habit_id";

/// The query of the fix.
fn query(report: &Report, subject: &str) -> String {
    match &the(report, Code::Orphans, subject).fix {
        Fix::Words(words) => words.split_once(": ").expect("a query").1.to_owned(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn rows_without_a_parent_are_found_and_listed_by_a_query() {
    for (engine, row) in [(Engine::Sqlite, ROW), (Engine::Postgres, ROW_ON_POSTGRES)] {
        let database = Migrated::new(engine).await;
        let doctor = Doctor::new(&DOMAIN).database(database.database.url());
        let report = doctor.check().await;
        assert!(report.is_clean(), "{report}");
        database.run(row).await.expect("a row");
        let report = doctor.check().await;
        let finding = the(&report, Code::Orphans, KEY);
        assert_eq!(finding.found, "1 row(s) without one in habits");
        assert_eq!(report.findings.len(), 1, "{report}");
        assert!(report.skipped.is_empty(), "{report}");

        let query = query(&report, KEY);
        assert!(report.to_string().contains(&query), "{report}");
        let listed = format!("SELECT CAST(id AS text) FROM ({query}) listed");
        let ids = observer::texts(&database.connection, &listed)
            .await
            .expect("ids");
        assert_eq!(ids, ["00000000-0000-4000-8000-000000000001"]);
        database
            .run("DELETE FROM reminders")
            .await
            .expect("deleted");
        let report = doctor.check().await;
        assert!(report.is_clean(), "{report}");
    }
}

/// Validating the constraint fails on these rows, so both are said.
#[tokio::test]
async fn postgres_rows_that_a_constraint_was_not_checked_for_are_found() {
    let database = Migrated::new(Engine::Postgres).await;
    for sql in [
        "ALTER TABLE reminders DISABLE TRIGGER ALL",
        ROW,
        "ALTER TABLE reminders ENABLE TRIGGER ALL",
        "ALTER TABLE reminders DROP CONSTRAINT fk_reminders__user_id_habit_id",
        "ALTER TABLE reminders ADD CONSTRAINT fk_reminders__user_id_habit_id FOREIGN KEY (user_id, habit_id) \
         REFERENCES habits (user_id, id) ON DELETE CASCADE NOT VALID",
    ] {
        database.run(sql).await.expect("a change");
    }
    let report = Doctor::new(&DOMAIN)
        .check_connection(&database.connection)
        .await;
    the(&report, Code::Orphans, KEY);
    the(&report, Code::NotValid, KEY);
}

/// Row level security hides rows from the tables' owner too, so what it does not see is neither reported nor skipped.
#[tokio::test]
async fn postgres_a_login_that_does_not_see_every_row_gets_no_answer_about_them() {
    let database = Migrated::new(Engine::Postgres).await;
    database.run(ROW_ON_POSTGRES).await.expect("a row");
    let doctor = Doctor::new(&DOMAIN);
    database
        .run("SET ROLE catamaran_app")
        .await
        .expect("a role");
    let report = doctor.check_connection(&database.connection).await;
    assert!(report.is_clean(), "{report}");
    database.run("RESET ROLE").await.expect("no role");
    let report = doctor.check_connection(&database.connection).await;
    the(&report, Code::Orphans, KEY);
}

/// A foreign table that inherits from the table cannot be read here.
#[tokio::test]
async fn postgres_a_table_whose_rows_cannot_be_read_is_skipped_with_the_query() {
    let database = Migrated::new(Engine::Postgres).await;
    for sql in [
        "CREATE FOREIGN DATA WRAPPER nowhere",
        "CREATE SERVER away FOREIGN DATA WRAPPER nowhere",
        "CREATE FOREIGN TABLE far () INHERITS (reminders) SERVER away",
    ] {
        database.run(sql).await.expect("an object");
    }
    let doctor = Doctor::new(&DOMAIN).database(database.database.url());
    let report = doctor.check().await;
    let [skipped] = report.skipped.as_slice() else {
        panic!("{report}");
    };
    assert!(
        skipped
            .reason
            .contains("reminders: fk_reminders__user_id_habit_id: its rows were not checked: ")
            && skipped
                .reason
                .contains("List those without a parent: SELECT c.* FROM public.reminders c WHERE"),
        "{}",
        skipped.reason
    );
}

/// The text of an extension's type is compared by its own operator, which the search path may not have.
#[tokio::test]
async fn postgres_a_key_of_an_extensions_type_is_not_compared_as_text() {
    let database = Migrated::new(Engine::Postgres).await;
    database
        .run("CREATE SCHEMA extensions")
        .await
        .expect("a schema");
    let created = database
        .run("CREATE EXTENSION citext SCHEMA extensions")
        .await;
    if created.is_err_and(|error| error.to_string().contains("is not available")) {
        // A server without the extensions of its package, as the newest one of the comparison.
        return;
    }
    for sql in [
        "CREATE TABLE tag (label extensions.citext PRIMARY KEY)",
        "CREATE TABLE tagged (label extensions.citext REFERENCES tag)",
        "INSERT INTO tag VALUES ('A')",
        "INSERT INTO tagged VALUES ('a')",
    ] {
        database.run(sql).await.expect("an object");
    }
    let report = Doctor::new(&DOMAIN)
        .check_connection(&database.connection)
        .await;
    let mut codes = report.findings.iter().map(|finding| finding.code);
    assert!(codes.all(|code| code == Code::TableExtra), "{report}");
}

#[tokio::test]
async fn sqlite_rows_of_any_table_are_found_and_large_numbers_are_bounded() {
    let file = File::with(&[
        "CREATE TABLE \"Old One\" (\"a b\" TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE kids (x INTEGER REFERENCES \"old one\", y REFERENCES gone (id), z REFERENCES kids (x))",
        "INSERT INTO \"Old One\" VALUES ('1')",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) INSERT INTO kids (x) SELECT i FROM n",
    ])
    .await;
    let report = file.look(&DOMAIN).await;
    let finding = the(&report, Code::Orphans, "kids: x");
    assert_eq!(
        finding.found,
        "more than 1000 row(s) without one in Old One"
    );
    let query = query(&report, "kids: x");
    let listed = format!("SELECT count(*) || '' FROM ({query})");
    assert_eq!(file.texts(&listed).await, ["1499"]);
    let finding = the(&report, Code::ForeignKeyTarget, "kids: y");
    assert_eq!(finding.found, "gone, which does not exist");
}

/// It reads a snapshot, so a writer does not wait for it, nor it for a writer.
#[tokio::test]
async fn sqlite_rows_are_read_beside_an_open_write() {
    let database = Migrated::new(Engine::Sqlite).await;
    database
        .run("PRAGMA journal_mode = WAL")
        .await
        .expect("a mode");
    database.run(ROW).await.expect("a row");
    database
        .run("BEGIN IMMEDIATE; DELETE FROM reminders")
        .await
        .expect("a write");
    let doctor = Doctor::new(&DOMAIN).database(database.database.url());
    let report = doctor
        .lock_timeout(Duration::from_millis(100))
        .check()
        .await;
    the(&report, Code::Orphans, KEY);
    assert!(report.skipped.is_empty(), "{report}");
    let ended = database.connection.execute_unprepared("COMMIT").await;
    ended.expect("the writer commits");
}
