//! What a database that is there has of the migrations.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor};

use crate::databases::Migrated;

const LAST: &str = "m20261122_000008_operation_keys";

#[tokio::test]
async fn a_migration_that_is_missing_or_unknown_is_told() {
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
