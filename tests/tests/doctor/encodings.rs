//! Databases whose texts are kept otherwise than in UTF-8.

use catamaran::doctor::{Code, Doctor, Report};
use catamaran::migrate;
use catamaran::testing::{DatabaseOptions, PostgresServer};
use catamaran::{ErrorKind, Fingerprint, StoreOptions};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("a connection")
}

async fn look(url: &str) -> Report {
    Doctor::new(&entity::DOMAIN).database(url).check().await
}

fn told(report: &Report) -> Vec<(Code, String)> {
    let findings = report.findings.iter();
    findings.map(|one| (one.code, one.subject())).collect()
}

#[tokio::test]
async fn a_file_in_utf_16_is_reported_and_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("wide.db").display()
    );
    let db = connect(&url).await;
    for sql in [
        "PRAGMA encoding = 'UTF-16le'",
        "CREATE TABLE first (id)",
        "DROP TABLE first",
    ] {
        db.execute_unprepared(sql).await.expect("a statement");
    }
    db.close().await.expect("a connection that ends");
    // The migration runner may refuse it too.
    migrate::up::<migration::Migrator>(&url).await.ok();
    let report = look(&url).await;
    let expected = (Code::Encoding, "database: encoding".to_owned());
    assert!(told(&report).contains(&expected), "{report}");
    let options = StoreOptions::new(&url).fingerprint(Fingerprint::of(&entity::DOMAIN));
    options.open().await.expect_err("another encoding");
}

#[tokio::test]
async fn a_postgres_database_in_another_encoding_is_reported_and_refused() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let server = PostgresServer::shared().await.expect("a server");
        let beside = DatabaseOptions::new().empty_postgres_on(server).await;
        let beside = beside.expect("a database");
        let admin = connect(beside.url()).await;
        let name = format!(
            "catamaran_test_{}_{}",
            encoding.to_lowercase(),
            std::process::id()
        );
        let create = format!(
            "CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        );
        admin.execute_unprepared(&create).await.expect("a database");
        let mut url: url::Url = beside.url().parse().expect("a URL");
        url.set_path(&name);
        migrate::up::<migration::Migrator>(url.as_str()).await.ok();
        let report = look(url.as_str()).await;
        let options = StoreOptions::new(url.as_str());
        let opened = options
            .fingerprint(Fingerprint::of(&entity::DOMAIN))
            .open()
            .await;
        let error = opened.map(drop).expect_err("another encoding");
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        admin.execute_unprepared(&drop).await.expect("no database");
        let expected = (Code::Encoding, "database: encoding".to_owned());
        assert!(told(&report).contains(&expected), "{encoding}: {report}");
        assert!(
            !matches!(error.kind(), ErrorKind::ConnectionLost),
            "{error}"
        );
    }
}
