//! The encoding of a database must be UTF-8, so that both engines store the same texts and count the same characters.

use sea_orm::{ConnectionTrait, Statement};

use crate::model::engine::Engine;
use crate::model::error::ErrorKind;

use super::MigrateError;

/// Refuses a database in another encoding than UTF-8, before anything is created in it.
pub(super) async fn check<C: ConnectionTrait>(db: &C, engine: Engine) -> Result<(), MigrateError> {
    let (name, wanted, sql) = match engine {
        Engine::Sqlite => ("encoding", "UTF-8", "SELECT encoding FROM pragma_encoding"),
        Engine::Postgres => (
            "server_encoding",
            "UTF8",
            "SELECT pg_catalog.current_setting('server_encoding')",
        ),
    };
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    let found: String = match row {
        Some(row) => row.try_get_by_index(0)?,
        None => String::new(),
    };
    if found == wanted {
        return Ok(());
    }
    let kind = ErrorKind::Setting {
        name,
        wanted: wanted.to_owned(),
        found,
    };
    Err(MigrateError::Connect(kind.into()))
}
