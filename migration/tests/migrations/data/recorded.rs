//! What a database records of a data migration, and what the doctor builds from it.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor};
use catamaran::migrate::{Plan, pending, up};

use super::*;
use crate::support::given::twins;

twins!(
    an_edited_step_of_an_applied_migration_is_reported,
    a_data_migration_is_pending_until_it_is_applied,
);

async fn an_edited_step_of_an_applied_migration_is_reported(url: &str) {
    given_step("source", |batch| Box::pin(copy(batch)));
    up::<Given>(url).await.expect("up");
    for (source, edited) in [
        ("source", &[][..]),
        ("source\r\n", &[]),
        ("another", &["m3"]),
    ] {
        given_step(source, |batch| Box::pin(copy(batch)));
        let doctor = Doctor::new(&entity::DOMAIN).migrations::<Given>();
        let report = doctor.without_scratch().database(url).check().await;
        assert!(report.skipped.is_empty(), "{report}");
        let findings = report.findings.iter();
        let found = findings.filter(|finding| finding.code == Code::MigrationEdited);
        let names: Vec<_> = found.map(|finding| finding.name.as_str()).collect();
        assert_eq!(names, edited, "{source:?}");
    }
}

async fn a_data_migration_is_pending_until_it_is_applied(url: &str) {
    given_step("source", |batch| Box::pin(copy(batch)));
    let db = connect(url).await;
    Migrator::<Given>::up(&db, Some(2)).await.expect("tables");
    assert_eq!(pending::<Given>(url).await.expect("pending"), ["m3"]);
    let plan = Plan::pending::<Given>(url).await.expect("a plan");
    assert_eq!(plan.names().collect::<Vec<_>>(), ["m3"]);
    Migrator::<Given>::status(&db).await.expect("status");
    up::<Given>(url).await.expect("up");
    assert_eq!(pending::<Given>(url).await.expect("pending"), [""; 0]);
    let recorded = texts(
        &db,
        "SELECT checksum FROM seaql_migrations_checksums WHERE version = 'm3'",
    );
    let engine = match url.starts_with("sqlite") {
        true => Engine::Sqlite,
        false => Engine::Postgres,
    };
    let plan = Plan::of::<Given>(engine).expect("a plan");
    let checksum = plan.checksums().last().expect("three migrations").1;
    assert_eq!(recorded.await, [checksum]);
}

/// The scratch databases have empty tables.
#[tokio::test]
async fn the_doctor_builds_a_history_with_a_data_migration_on_both_engines() {
    given_step("source", |batch| Box::pin(copy(batch)));
    let doctor = Doctor::new(&entity::DOMAIN).migrations::<Given>();
    let report = doctor.check().await;
    assert!(report.skipped.is_empty(), "{report}");

    given_step("source", |_| Box::pin(async { Err(Error::new("not yet")) }));
    let doctor = Doctor::new(&entity::DOMAIN).migrations::<Given>();
    let report = doctor.check().await;
    assert_eq!(report.skipped.len(), 2, "{report}");
    for skipped in &report.skipped {
        assert!(
            skipped.reason.contains("batch 1 failed: not yet"),
            "{}",
            skipped.reason
        );
    }
}

/// The history of a migration that `generate --data` has just written.
struct Generated;

impl History for Generated {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![Box::new(template::Migration)]
    }
}

#[tokio::test]
async fn a_generated_step_fails_until_it_is_written() {
    crate::support::on_both(async |url| {
        let error = up::<Generated>(url).await.expect_err("not written");
        let message = error.to_string();
        assert!(
            message.contains("batch 1 failed: not written yet: write the step in up.rs"),
            "{message}"
        );
        assert_eq!(recorded(url).await, [""; 0]);
    })
    .await;
}
