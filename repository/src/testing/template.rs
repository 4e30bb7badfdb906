//! The key of a template database, and its migration.

use std::{env, fs, time::UNIX_EPOCH};

use sea_orm::DatabaseConnection;
use sea_orm_migration::MigratorTrait;
use sha2::{Digest, Sha256};

use super::TestError;
use crate::migrate::{ConnectOptions, History, Migrator, connect, hexadecimal};

/// The key of a template. Equal keys mean equal migrations.
///
/// It is a hash of the names of the migrations and of the caller's text of their contents. Without that text it includes
/// the running executable, because an edited migration changes the executable. Then two test binaries do not share a
/// template.
pub(super) fn key<H: History>(contents: Option<&str>, locale: &str) -> String {
    let mut hash = Sha256::new();
    let mut feed = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    feed(locale);
    match contents {
        Some(text) => feed(text),
        None => feed(&executable()),
    }
    feed(H::table());
    for migration in H::migrations() {
        feed(migration.name());
    }
    let digest = hash.finalize();
    hexadecimal(&digest[..10])
}

/// The path, size and time of the running executable. Without what cannot be read; more executables then share a key.
fn executable() -> String {
    let Ok(path) = env::current_exe() else {
        return String::new();
    };
    let built = fs::metadata(&path).ok().and_then(|metadata| {
        let age = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some((metadata.len(), age.as_nanos()))
    });
    format!("{} {built:?}", path.display())
}

/// Connects, applies every migration, lets `finish` work on the connection, and closes it.
pub(super) async fn migrate<H, F>(url: &str, finish: F) -> Result<(), TestError>
where
    H: History,
    F: AsyncFnOnce(&DatabaseConnection) -> Result<(), sea_orm::DbErr>,
{
    let failed = |source| TestError::Migrate { source };
    let connection = connect(url, ConnectOptions::default()).await;
    let connection = connection.map_err(|error| failed(error.into()))?;
    let outcome = match Migrator::<H>::up(&connection, None).await {
        Ok(()) => finish(&connection).await,
        Err(error) => Err(error),
    };
    let closed = connection.close().await;
    outcome.and(closed).map_err(failed)
}
