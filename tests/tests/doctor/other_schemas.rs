//! Names in another case, objects in other schemas, and objects that change during the check.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor, Verdict};

use crate::databases::Migrated;

async fn told(database: &Migrated) -> Vec<(Code, String)> {
    let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
    let report = doctor.check().await;
    assert!(report.skipped.is_empty(), "{report}");
    let findings = report.findings.iter();
    findings
        .map(|finding| (finding.code, finding.subject()))
        .collect()
}

#[tokio::test]
async fn a_table_with_inheritance_is_reported_as_another_kind() {
    let kind = [(Code::TableOptions, "devices".to_owned())];
    for changes in [
        &[
            "CREATE SCHEMA kin",
            "CREATE TABLE kin.child () INHERITS (public.devices)",
        ][..],
        &[
            "CREATE SCHEMA kin",
            "CREATE TABLE kin.parent (platform text COLLATE \"C\" NOT NULL)",
            "ALTER TABLE devices INHERIT kin.parent",
        ],
    ] {
        let database = Migrated::new(Engine::Postgres).await;
        for sql in changes {
            database.run(sql).await.expect("a change");
        }
        assert_eq!(told(&database).await, kind);
    }
    let database = Migrated::new(Engine::Postgres).await;
    for sql in [
        "ALTER TABLE devices RENAME TO whole",
        "CREATE TABLE devices (LIKE whole INCLUDING ALL) PARTITION BY HASH (id)",
        "DROP TABLE whole",
    ] {
        database.run(sql).await.expect("a change");
    }
    let told = told(&database).await;
    assert!(told.contains(&kind[0]), "{told:?}");
}

/// SQLite ignores the case of ASCII letters in names.
#[tokio::test]
async fn the_case_of_a_name_is_ignored_on_sqlite() {
    let database = Migrated::new(Engine::Sqlite).await;
    for (from, to) in [
        ("platform TEXT", "Platform TEXT"),
        ("length(platform)", "length(PLATFORM)"),
        ("STRICT", "/* always (so) */ STRICT"),
        (
            "CREATE TABLE devices",
            "CREATE TABLE Devices /* of (some) people */",
        ),
    ] {
        database
            .rewrite("devices", from, to)
            .await
            .expect("a table");
    }
    database
        .rewrite(
            "reminders",
            "REFERENCES habits (user_id, id)",
            "REFERENCES Habits (USER_ID, Id)",
        )
        .await
        .expect("a table");
    assert_eq!(told(&database).await, []);
}

/// A database that is not checked is not called clean.
#[tokio::test]
async fn a_database_of_an_engine_that_is_not_checked_is_reported() {
    let database = Migrated::new(Engine::Sqlite).await;
    let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
    let report = doctor.only(Engine::Postgres).check().await;
    assert_eq!(report.verdict(), Verdict::Skipped, "{report}");
}

/// Tables of others are created and dropped during the check.
#[tokio::test]
async fn objects_of_others_that_change_during_the_check_are_no_drift() {
    let database = Migrated::new(Engine::Postgres).await;
    let churn = async {
        for round in 0..200 {
            let create = format!(
                "CREATE TABLE other_{round} (a text CHECK (a <> 'x'), b text DEFAULT lower('B'))"
            );
            database.run(&create).await.expect("a table");
            database
                .run(&format!("DROP TABLE other_{round}"))
                .await
                .expect("no table");
        }
    };
    let look = async {
        for _ in 0..20 {
            let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
            let report = doctor.check().await;
            let ours = report
                .findings
                .iter()
                .filter(|finding| !finding.table.starts_with("other_"));
            assert_eq!(ours.count(), 0, "{report}");
            let skipped = report
                .skipped
                .iter()
                .filter(|skipped| !skipped.reason.contains("other_"));
            assert_eq!(skipped.count(), 0, "{report}");
        }
    };
    tokio::join!(churn, look);
}
