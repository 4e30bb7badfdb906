//! Faults of opening a store.

use std::fs;

use catamaran::doctor::Fingerprint;
use catamaran::testing::{PostgresServer, Target};
use catamaran::{Engine, IdSource, Result, Store, StoreOptions, UuidV7};
use sea_orm::ConnectionTrait;
use suite::login::Role;
use suite::observer::connect;
use suite::raw;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{Fault, MARKER, Provoked, faults, habits, library, told};

pub(super) fn faults() -> Vec<Fault> {
    faults! {
        InvalidUrl: "The URL has a parameter that is unknown" by unknown_parameter;
        DatabaseMissing: "There is no such database" by missing;
        Authentication: "The password is wrong" by wrong_password;
        NotADatabase: "The file is no database" by no_database;
        NotMigrated: "The schema lacks a column of the domain" by not_migrated;
        Setting: "The texts of the database are not in UTF-8" by another_encoding;
        NotMigrated: "There is no schema of that name" by no_schema;
        SchemaDiffers: "The schema is not the one that the application was built for" by another_schema;
        Migration: "A migration fails on what is there already" by failing_migration;
        Unavailable: "Nothing responds: no server, or a folder instead of a file" by no_server;
        Unavailable: "The server closes the connection at once, or is not Postgres" by stranger;
        Unavailable: "The server has no connection left" by too_many;
    }
}

async fn unknown_parameter(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let url = format!("{}?speed={MARKER}", db.url());
    told(Store::open(url).await)
}

async fn missing(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    let url = format!("{}_that_is_not_there", db.url());
    told(Store::open(url).await)
}

async fn wrong_password(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    if db.engine() == Engine::Sqlite {
        return Ok(Provoked::Not("a file has no users"));
    }
    let role = Role::member(&db).await;
    let mut url: url::Url = role.url().parse().expect("the role's URL");
    url.set_password(Some(MARKER)).expect("a URL with a host");
    told(Store::open(url).await)
}

async fn no_database(at: Target) -> Result<Provoked> {
    if at != Target::SqliteFile {
        return Ok(Provoked::Not("a server is no file"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("habits.db");
    fs::write(&file, MARKER.repeat(500)).expect("a file");
    told(Store::open(format!("sqlite://{}", file.display())).await)
}

async fn not_migrated(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    let sql = "ALTER TABLE rooms RENAME COLUMN name TO title";
    raw::execute(db.store(), sql).await?;
    let options = StoreOptions::new(db.url());
    told(options.domain(&crate::library::DOMAIN).open().await)
}

async fn another_encoding(at: Target) -> Result<Provoked> {
    if at == Target::SqliteFile {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/habits.db?mode=rwc", folder.path().display());
        let connection = connect(&url).await?;
        let sql = "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a)";
        connection.execute_unprepared(sql).await?;
        connection.close().await?;
        return told(Store::open(url).await);
    }
    let server = PostgresServer::shared().await.expect("a server");
    let admin = connect(server.admin_url()).await?;
    let name = format!("encoding_{}", UuidV7.next_id().simple());
    let create = format!(
        "CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    );
    admin.execute_unprepared(&create).await?;
    let opened = Store::open(server.url(&name)).await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    admin.execute_unprepared(&drop).await?;
    told(opened)
}

async fn no_schema(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    if db.engine() == Engine::Sqlite {
        return Ok(Provoked::Not("a file has no schemas"));
    }
    told(
        StoreOptions::new(db.url())
            .schemas(["nowhere"])
            .open()
            .await,
    )
}

async fn another_schema(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    raw::execute(db.store(), "DROP INDEX ix_habits__user_id_updated_at").await?;
    let fingerprint = Fingerprint::of(&entity::DOMAIN).migrations::<migration::Migrator>();
    told(
        StoreOptions::new(db.url())
            .fingerprint(fingerprint)
            .open()
            .await,
    )
}

async fn failing_migration(at: Target) -> Result<Provoked> {
    let db = library(at).await;
    let sql = "DELETE FROM seaql_migrations";
    raw::execute(db.store(), sql).await?;
    let options = StoreOptions::new(db.url());
    told(options.migrate::<crate::library::History>().open().await)
}

/// As if a server ends at that moment.
async fn stranger(at: Target) -> Result<Provoked> {
    if at != Target::Postgres {
        return Ok(Provoked::Not("a file does not respond"));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let hang_up = tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            // Unread data would reset the connection.
            let mut request = [0; 8];
            drop(peer.read_exact(&mut request).await);
        }
    });
    let opened = Store::open(format!("postgres://me:{MARKER}@127.0.0.1:{port}/habits")).await;
    hang_up.abort();
    told(opened)
}

async fn no_server(at: Target) -> Result<Provoked> {
    match at {
        Target::SqliteFile | Target::SqliteMemory => {
            let folder = tempfile::tempdir().expect("a folder");
            told(Store::open(format!("sqlite://{}", folder.path().display())).await)
        }
        Target::Postgres | Target::PostgresEnUs | Target::PostgresIcu => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = listener.local_addr().expect("its address").port();
            drop(listener);
            let url = format!("postgres://ann:{MARKER}@127.0.0.1:{port}/habits");
            told(Store::open(url).await)
        }
    }
}

async fn too_many(at: Target) -> Result<Provoked> {
    let db = habits(at).await;
    if db.engine() == Engine::Sqlite {
        return Ok(Provoked::Not("a file has no limit of connections"));
    }
    let role = Role::make(
        &db,
        &["CREATE ROLE {role} LOGIN PASSWORD 'secret' CONNECTION LIMIT 0 IN ROLE catamaran_app"],
    )
    .await;
    told(role.options().open().await)
}
