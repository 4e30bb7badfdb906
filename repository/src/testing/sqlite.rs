//! SQLite files for tests: copies of a template that is migrated once in each process.

use std::{
    collections::HashMap,
    fs,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{TestError, folder, template};
use crate::driver::sqlite::url_of;
use crate::migrate::History;

/// The bytes of a migrated file. A template on disk would outlive the process.
type Template = Arc<OnceCell<Vec<u8>>>;

static TEMPLATES: LazyLock<Mutex<HashMap<String, Template>>> = LazyLock::new(Mutex::default);

/// Creates a migrated file in a new directory; returns the directory and the URL of the file.
pub(super) async fn create<H: History>(
    contents: Option<&str>,
) -> Result<(TempDir, String), TestError> {
    let key = template::key::<H>(contents, "sqlite");
    let template = {
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(templates.entry(key).or_default())
    };
    let image = template.get_or_try_init(migrated::<H>).await?;
    let directory = directory()?;
    let file = directory.path().join("database.sqlite");
    fs::write(&file, image).map_err(TestError::io("writing a SQLite file"))?;
    let url = url_of(&file);
    Ok((directory, url))
}

/// Migrates a scratch file and returns its bytes.
async fn migrated<H: History>() -> Result<Vec<u8>, TestError> {
    let directory = directory()?;
    let file = directory.path().join("template.sqlite");
    fs::write(&file, []).map_err(TestError::io("creating a SQLite file"))?;
    template::migrate::<H, _>(&url_of(&file), async |connection| {
        // A migration may have switched to WAL. The checkpoint writes all changes to the file that is copied.
        connection
            .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
            .await?;
        Ok(())
    })
    .await?;
    fs::read(&file).map_err(TestError::io("reading the SQLite template"))
}

fn directory() -> Result<TempDir, TestError> {
    folder::in_first_usable(|folder| {
        let mut builder = tempfile::Builder::new();
        builder.prefix("catamaran-sqlite-").tempdir_in(folder)
    })
}
