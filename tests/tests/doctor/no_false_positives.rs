//! A correct schema gives no finding, however it was made and spelled.

use std::io::Write;
use std::process::{Command, Stdio};

use catamaran::Engine;
use catamaran::doctor::{Code, Doctor};
use catamaran::migrate::{self, ConnectOptions, History};
use catamaran::testing::{Collation, DatabaseOptions, EphemeralDatabase, PostgresServer};
use sea_orm_migration::MigratorTrait;
use suite::adversarial;

use crate::databases::Migrated;
use crate::drift::Change;

async fn assert_clean(url: &str) {
    let doctor = Doctor::new(&entity::DOMAIN).database(url);
    let report = doctor.check().await;
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn a_schema_after_up_down_and_up_is_clean() {
    for engine in Engine::ALL {
        let database = Migrated::new(engine).await;
        let url = database.database.url();
        let db = migrate::connect(url, ConnectOptions::default())
            .await
            .expect("a connection");
        migration::Migrator::reset(&db).await.expect("down");
        migration::Migrator::up(&db, None).await.expect("up");
        assert_clean(url).await;
    }
}

/// Runs a program with that on its standard input; returns its standard output.
pub fn pipe(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input).expect("the whole input");
    drop(stdin);
    let output = child.wait_with_output().expect("a program that ends");
    assert!(output.status.success(), "{program}: {output:?}");
    output.stdout
}

#[tokio::test]
async fn a_restored_dump_of_postgres_is_clean() {
    let database = Migrated::new(Engine::Postgres).await;
    let dump = pipe("pg_dump", &[database.database.url()], &[]);
    let server = PostgresServer::shared().await.expect("a server");
    let other = DatabaseOptions::new()
        .empty_postgres_on(server)
        .await
        .expect("a database");
    pipe("psql", &["-q", "-v", "ON_ERROR_STOP=1", other.url()], &dump);
    assert_clean(other.url()).await;
}

#[tokio::test]
async fn a_database_with_another_collation_is_clean() {
    let options = DatabaseOptions::new().collation(Collation::EnUs);
    let database = options
        .postgres::<migration::Migrator>()
        .await
        .expect("a database");
    assert_clean(database.url()).await;
}

#[tokio::test]
async fn a_restored_dump_of_sqlite_is_clean() {
    let database = Migrated::new(Engine::Sqlite).await;
    let file = |url: &str| url.trim_start_matches("sqlite://").to_owned();
    let dump = pipe("sqlite3", &[&file(database.database.url()), ".dump"], &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    pipe("sqlite3", &[&copy.to_string_lossy()], &dump);
    assert_clean(&format!("sqlite://{}", copy.display())).await;
}

/// SQLite ignores the clause of a check and of a column without a constraint. ABORT is the default.
#[tokio::test]
async fn on_conflict_clauses_without_effect_are_clean() {
    for (from, to) in [
        (
            "CHECK (length(platform) BETWEEN 1 AND 64)",
            "CHECK (length(platform) BETWEEN 1 AND 64) ON CONFLICT REPLACE",
        ),
        (
            "last_sync_at TEXT,",
            "last_sync_at TEXT NULL ON CONFLICT IGNORE,",
        ),
        ("PRIMARY KEY (id)", "PRIMARY KEY (id) ON CONFLICT ABORT"),
    ] {
        let database = Migrated::new(Engine::Sqlite).await;
        let change = Change::Written("devices", from, to);
        database.change(change).await.expect("a table");
        assert_clean(database.database.url()).await;
    }
}

/// An index has the collation of its column, so that the collation of the column is the only finding.
#[tokio::test]
async fn the_collation_of_a_column_is_not_reported_again_for_its_index() {
    let database = Migrated::new(Engine::Sqlite).await;
    let change = Change::Written("devices", "platform TEXT", "platform TEXT COLLATE NOCASE");
    database.change(change).await.expect("a table");
    let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
    let report = doctor.check().await;
    let told: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(told, [Code::ColumnCollation], "{report}");
}

#[test]
fn an_adversarial_domain_is_in_sync() {
    catamaran::assert_in_sync!(adversarial::DOMAIN, adversarial::History);
}

/// For an empty database the fixes create every table of the domain.
#[tokio::test]
async fn an_adversarial_domain_built_by_fixes_is_clean() {
    let server = PostgresServer::shared().await.expect("a server");
    let postgres = DatabaseOptions::new()
        .empty_postgres_on(server)
        .await
        .expect("a database");
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("adversarial.db").display()
    );
    for (engine, url) in [
        (Engine::Sqlite, sqlite.as_str()),
        (Engine::Postgres, postgres.url()),
    ] {
        let db = migrate::connect(url, ConnectOptions::default())
            .await
            .expect("a connection");
        let role = <adversarial::History as History>::migrations().remove(0);
        if engine == Engine::Postgres {
            for sql in role.postgres_up().statements(Engine::Postgres) {
                run(&db, &sql).await;
            }
        }
        let look = async || {
            Doctor::new(&adversarial::DOMAIN)
                .database(url)
                .check()
                .await
        };
        let report = look().await;
        assert_eq!(
            report.findings.len(),
            adversarial::DOMAIN.tables.len(),
            "{report}"
        );
        run(&db, &report.statements(engine).join(";\n")).await;
        let report = look().await;
        assert!(report.is_clean(), "{report}");
    }
}

async fn run(db: &sea_orm::DatabaseConnection, sql: &str) {
    use sea_orm::ConnectionTrait;
    if let Err(error) = db.execute_unprepared(sql).await {
        panic!("{error}: {sql}");
    }
}

/// A role that may only connect can read the catalogs.
#[tokio::test]
async fn a_role_without_rights_gets_a_clean_report() {
    let database: EphemeralDatabase = EphemeralDatabase::postgres::<migration::Migrator>()
        .await
        .expect("a database");
    let admin = migrate::connect(database.url(), ConnectOptions::default())
        .await
        .expect("a connection");
    let name = format!("reader_{}", std::process::id());
    run(
        &admin,
        &format!("CREATE ROLE {name} LOGIN PASSWORD 'reads'"),
    )
    .await;
    let mut url: url::Url = database.url().parse().expect("a URL");
    url.set_username(&name).expect("a user");
    url.set_password(Some("reads")).expect("a password");
    // The only finding: it cannot switch to the application's role.
    let doctor = Doctor::new(&entity::DOMAIN).database(url.as_str());
    let report = doctor.check().await;
    let told: Vec<(Code, &str)> = report
        .findings
        .iter()
        .map(|finding| (finding.code, finding.name.as_str()))
        .collect();
    assert_eq!(told, [(Code::NotAMember, name.as_str())], "{report}");
    run(&admin, &format!("GRANT catamaran_app TO {name}")).await;
    assert_clean(url.as_str()).await;
    run(&admin, &format!("DROP ROLE {name}")).await;
}
