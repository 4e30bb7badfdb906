//! The migrations that a database has recorded.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor};

use crate::databases::Migrated;

const LAST: &str = "m20261122_000008_operation_keys";

#[tokio::test]
async fn a_missing_or_unknown_migration_is_reported() {
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<migration::Migrator>()
            .only(engine)
            .database(database.database.url());
        for sql in [
            "DROP TABLE catamaran_operation_keys",
            &format!("DELETE FROM seaql_migrations WHERE version = '{LAST}'"),
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2999_later', 0)",
        ] {
            database.run(sql).await.expect("a statement");
        }
        let report = doctor.check().await;
        let told: Vec<(Code, String)> = report
            .findings
            .iter()
            .map(|finding| (finding.code, finding.subject()))
            .collect();
        let expected = [
            (Code::MigrationMissing, format!("seaql_migrations: {LAST}")),
            (
                Code::MigrationUnknown,
                "seaql_migrations: m2999_later".to_owned(),
            ),
            (Code::TableMissing, "catamaran_operation_keys".to_owned()),
        ];
        assert_eq!(told, expected, "{report}");
        // As the fixes say: the older application's history, and its pending migration.
        database
            .run("DELETE FROM seaql_migrations WHERE version = 'm2999_later'")
            .await
            .expect("a statement");
        catamaran::migrate::up::<migration::Migrator>(database.database.url())
            .await
            .expect("up");
        let report = doctor.check().await;
        assert!(report.is_clean(), "{report}");
    }
}

/// The table exists only while a migration outside of a transaction is unfinished.
#[tokio::test]
async fn the_table_of_an_unfinished_migration_is_no_drift() {
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let table = "CREATE TABLE seaql_migrations_progress (migration text NOT NULL PRIMARY KEY, \
             direction text NOT NULL, finished integer NOT NULL, has_begun_next integer NOT NULL, digest text NOT NULL, \
             next_cursor text, rows_written bigint NOT NULL)";
        database.run(table).await.expect("a statement");
        let report = Doctor::new(&entity::DOMAIN)
            .migrations::<migration::Migrator>()
            .without_scratch()
            .only(engine)
            .database(database.database.url())
            .check()
            .await;
        assert!(report.is_clean(), "{report}");
    }
}

/// Checking names needs no scratch database, and one odd row does not hide others.
#[tokio::test]
async fn odd_rows_of_the_history_are_reported_and_the_rest_is_checked() {
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<migration::Migrator>()
            .without_scratch()
            .database(database.database.url());
        let odd: &[&str] = match engine {
            Engine::Sqlite => &[
                "INSERT INTO seaql_migrations VALUES ('', 0)",
                "INSERT INTO seaql_migrations VALUES (x'ff00', 0)",
                "INSERT INTO seaql_migrations VALUES ('m2999_later', 0)",
                "CREATE INDEX ix_more ON habits (name)",
            ],
            Engine::Postgres => &[
                "ALTER TABLE seaql_migrations DROP CONSTRAINT seaql_migrations_pkey, ALTER version DROP NOT NULL",
                "INSERT INTO seaql_migrations VALUES ('', 0), (NULL, 0), ('m2999_later', 0), ('m2999_later', 0)",
                "CREATE INDEX ix_more ON habits (name)",
            ],
        };
        for sql in odd {
            database.run(sql).await.expect("a statement");
        }
        let report = doctor.check().await;
        assert!(report.skipped.is_empty(), "{report}");
        let mut told: Vec<(Code, String)> = report
            .findings
            .iter()
            .map(|finding| (finding.code, finding.name.clone()))
            .collect();
        told.sort();
        let mut expected = vec![
            (Code::IndexExtra, "ix_more"),
            (Code::MigrationUnknown, "m2999_later"),
            (Code::HistoryRow, "''"),
        ];
        expected.extend(match engine {
            Engine::Sqlite => vec![(Code::HistoryRow, "bFF00")],
            Engine::Postgres => vec![
                (Code::HistoryRow, "NULL"),
                (Code::HistoryRow, "m2999_later"),
                (Code::HistoryWritable, "PRIMARY KEY"),
            ],
        });
        let expected: Vec<(Code, String)> = expected
            .into_iter()
            .map(|(code, name)| (code, name.to_owned()))
            .collect();
        assert_eq!(told, expected, "{report}");
    }
}

/// To run the migration again would fail.
#[tokio::test]
async fn a_lost_row_of_the_history_is_restored_by_its_fix() {
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let doctor = Doctor::new(&entity::DOMAIN)
            .migrations::<migration::Migrator>()
            .without_scratch()
            .database(database.database.url());
        let devices = "DELETE FROM seaql_migrations WHERE version LIKE '%devices%'";
        database.run(devices).await.expect("a statement");
        let report = doctor.check().await;
        let [finding] = report.findings.as_slice() else {
            panic!("one row is lost: {report}");
        };
        assert_eq!(finding.code, Code::MigrationMissing, "{report}");
        let fix = finding.fix.to_string();
        let insert = fix.find("INSERT INTO").expect("the statement");
        let end = fix.find("; otherwise").expect("its end");
        database.run(&fix[insert..end]).await.expect("the row");
        let report = doctor.check().await;
        assert!(report.is_clean(), "{report}");
    }
}
