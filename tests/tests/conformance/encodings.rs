//! A database whose texts are not in UTF-8 is refused before anything is written to it.

use catamaran::doctor::Fingerprint;
use catamaran::migrate::{MigrateError, Migrator, up};
use catamaran::testing::PostgresServer;
use catamaran::{ErrorKind, IdSource, Result, StoreOptions, UuidV7};
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use suite::kind::refused;
use suite::observer::{connect, texts};

type Habits = migration::Migrator;

/// The options of a store: plain, with the fingerprint, and one that would migrate.
fn options(url: &str) -> [StoreOptions; 3] {
    let plain = || StoreOptions::new(url);
    let fingerprint = Fingerprint::of(&entity::DOMAIN).migrations::<Habits>();
    [
        plain(),
        plain().fingerprint(fingerprint),
        plain().migrate::<Habits>(),
    ]
}

/// The store and each migrator refuse, say what to do, and create nothing.
async fn is_refused(url: &str, setting: &str, encoding: &str, advice: &str) -> Result<()> {
    let before = objects(url).await;
    for options in options(url) {
        let kind = refused(options.open().await);
        let ErrorKind::Setting { name, found, .. } = &kind else {
            panic!("{kind:?}");
        };
        assert_eq!((*name, found.as_str()), (setting, encoding));
        assert!(kind.to_string().contains(advice), "{kind}");
    }
    let error = up::<Habits>(url).await.expect_err("another encoding");
    assert!(matches!(error, MigrateError::Connect(_)), "{error:?}");
    assert!(error.to_string().contains(advice), "{error}");
    // By SeaORM's own interfaces.
    let connection = connect(url).await?;
    for told in [
        Migrator::<Habits>::up(&connection, None).await.err(),
        Migrator::<Habits>::fresh(&connection).await.err(),
    ] {
        let told = told.expect("another encoding").to_string();
        assert!(told.contains(encoding), "{told}");
    }
    assert_eq!(objects(url).await, before);
    Ok(())
}

/// The tables of the database.
async fn objects(url: &str) -> Vec<String> {
    let connection = connect(url).await.expect("a connection");
    let sql = match url.starts_with("sqlite") {
        true => "SELECT name FROM sqlite_schema",
        false => "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    };
    texts(&connection, sql).await.expect("the objects")
}

#[tokio::test]
async fn a_file_in_utf_16_is_refused() -> Result<()> {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/habits.db?mode=rwc", folder.path().display());
        let connection = connect(&url).await?;
        let sql = format!("PRAGMA encoding = '{encoding}'; CREATE TABLE t (a); DROP TABLE t");
        connection.execute_unprepared(&sql).await?;
        connection.close().await?;
        is_refused(&url, "encoding", encoding, ".dump | sqlite3 new.db").await?;
    }
    Ok(())
}

/// A database that was migrated by other means.
#[tokio::test]
async fn a_migrated_file_in_utf_16_is_refused() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/habits.db?mode=rwc", folder.path().display());
    let connection = connect(&url).await?;
    connection
        .execute_unprepared("PRAGMA encoding = 'UTF-16'; CREATE TABLE seaql_migrations (version TEXT, applied_at INTEGER)")
        .await?;
    for migration in Habits::migrations() {
        let sql = format!(
            "INSERT INTO seaql_migrations VALUES ('{}', 0)",
            migration.name()
        );
        connection.execute_unprepared(&sql).await?;
    }
    connection.close().await?;
    is_refused(&url, "encoding", "UTF-16le", ".dump | sqlite3 new.db").await
}

#[tokio::test]
async fn a_database_in_another_encoding_than_utf8_is_refused() -> Result<()> {
    let server = PostgresServer::shared().await.expect("a server");
    let admin = connect(server.admin_url()).await?;
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = format!("encoding_{}", UuidV7.next_id().simple());
        let create = format!(
            "CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        );
        admin.execute_unprepared(&create).await?;
        let url = server.url(&name);
        let refused = is_refused(&url, "server_encoding", encoding, "ENCODING 'UTF8'").await;
        let pooled = StoreOptions::new(&url)
            .transaction_pooler(true)
            .open()
            .await;
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        admin.execute_unprepared(&drop).await?;
        refused?;
        let kind = pooled.err().map(|error| error.kind().clone());
        assert!(matches!(kind, Some(ErrorKind::Setting { .. })), "{kind:?}");
    }
    Ok(())
}
