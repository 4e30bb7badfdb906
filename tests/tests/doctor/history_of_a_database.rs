//! What a database that is there has of the migrations, and what its cluster has of the role.

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor};
use catamaran::testing::{DatabaseOptions, PostgresServer};
use sea_orm::{ConnectOptions, ConnectionTrait, Database};

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
        // As the mends say: the older application's history, and its pending migration.
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

/// On a server of its own, since a role belongs to all of its databases.
#[tokio::test]
async fn a_role_that_policies_do_not_bind_is_told() {
    let server = tokio::task::spawn_blocking(PostgresServer::start).await;
    let server = server.expect("a task").expect("a server");
    let options = DatabaseOptions::new();
    let database = options
        .postgres_on::<migration::Migrator>(&server)
        .await
        .expect("a database");
    let mut connect = ConnectOptions::new(database.url());
    connect.sqlx_logging(false);
    let db = Database::connect(connect).await.expect("a connection");
    let doctor = Doctor::new(&entity::DOMAIN).database(database.url());
    db.execute_unprepared("ALTER ROLE catamaran_app BYPASSRLS")
        .await
        .expect("a statement");
    let report = doctor.check().await;
    let [finding] = report.findings.as_slice() else {
        panic!("{report}");
    };
    assert_eq!(finding.code, Code::RoleUnbound);
    for sql in report.statements(Engine::Postgres) {
        db.execute_unprepared(&sql).await.expect("a mend");
    }
    let report = doctor.check().await;
    assert!(report.is_clean(), "{report}");
    let report = doctor.application_role("somebody_else").check().await;
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.code == Code::RoleMissing),
        "{report}"
    );
    db.close().await.expect("a connection that ends");
    database.close().await.expect("a database that goes");
}
