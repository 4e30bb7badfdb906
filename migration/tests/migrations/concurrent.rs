//! Many migrators run at the same time: one applies, all succeed.

use catamaran::migrate::{Report, up};
use catamaran::testing::PostgresServer;
use migration::History;
use sea_orm::ConnectionTrait;

use crate::support;

const MIGRATORS: usize = 16;

/// Every migrator has a connection of its own, like a process.
async fn all_at_once(urls: Vec<String>) -> Vec<Report> {
    let tasks: Vec<_> = urls
        .into_iter()
        .map(|url| tokio::spawn(async move { up::<History>(&url).await }))
        .collect();
    let mut reports = Vec::new();
    for task in tasks {
        reports.push(task.await.expect("no panic").expect("everyone succeeds"));
    }
    reports
}

fn assert_one_applied(reports: &[Report]) {
    let applied: Vec<usize> = reports.iter().map(|report| report.applied.len()).collect();
    assert_eq!(
        applied
            .iter()
            .filter(|count| **count == support::migrations())
            .count(),
        1,
        "{applied:?}"
    );
    assert_eq!(
        applied.iter().sum::<usize>(),
        support::migrations(),
        "{applied:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_of_sixteen_migrators_of_a_missing_file_one_applies_and_all_succeed() {
    let file = support::SqliteFile::new();
    assert_one_applied(&all_at_once(vec![file.url(); MIGRATORS]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_of_sixteen_migrators_of_a_wal_file_one_applies_and_all_succeed() {
    let file = support::SqliteFile::new();
    let db = support::connect(&format!("{}?mode=rwc", file.url())).await;
    support::run(&db, "PRAGMA journal_mode = WAL").await;
    assert_one_applied(&all_at_once(vec![file.url(); MIGRATORS]).await);
    assert_eq!(support::texts(&db, "PRAGMA journal_mode").await, ["wal"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_of_sixteen_migrators_one_applies_and_all_succeed() {
    let database = support::PostgresDatabase::new().await;
    assert_one_applied(&all_at_once(vec![database.url(); MIGRATORS]).await);
}

/// The role belongs to the server, and is not covered by the lock of a database.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_sixteen_databases_of_one_server_are_migrated_at_once() {
    let mut databases = Vec::new();
    for _ in 0..MIGRATORS {
        databases.push(support::PostgresDatabase::new().await);
    }
    // A role that is no superuser has to become a member of the application's role, in each of them at once.
    let db = support::connect(&databases[0].url()).await;
    let role = support::unique("migrator");
    support::create_migrator(&db, &role).await;
    for database in &databases {
        let db = support::connect(&database.url()).await;
        support::run(&db, &format!("GRANT CREATE ON SCHEMA public TO {role}")).await;
    }

    let urls = databases
        .iter()
        .map(|database| database.url_as(&role))
        .collect();
    let reports = all_at_once(urls).await;
    assert!(
        reports
            .iter()
            .all(|report| report.applied.len() == support::migrations()),
        "{reports:?}"
    );
    let member = format!("SELECT pg_has_role('{role}', 'catamaran_app', 'MEMBER')::text");
    assert_eq!(support::texts(&db, &member).await, ["true"]);

    for database in databases {
        let db = support::connect(&database.url()).await;
        support::run(&db, &format!("DROP OWNED BY {role}")).await;
        drop(database);
    }
    let server = PostgresServer::shared().await.expect("the server again");
    let admin = support::connect(server.admin_url()).await;
    admin
        .execute_unprepared(&format!("DROP ROLE {role}"))
        .await
        .expect("nothing is left of it");
}
