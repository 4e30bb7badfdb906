//! What a real database has, by its catalogs alone: read-only, in one statement and so in one snapshot,
//! without any right to change it.

mod fields;
mod postgres;
mod sqlite;
mod sqlite_text;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::schema::Schema;
use crate::engine::Engine;
pub(super) use fields::Row;
pub(super) use postgres::CATALOG as POSTGRES_CATALOG;
pub(super) use sqlite::CATALOG as SQLITE_CATALOG;

/// The names of the migrations that SeaORM has recorded.
pub(super) const APPLIED: &str = "SELECT version FROM seaql_migrations ORDER BY version";

/// One row where SeaORM has recorded migrations, none where it has no table for them.
pub(super) const fn has_history(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE name = 'seaql_migrations'",
        Engine::Postgres => "SELECT 'yes' WHERE to_regclass('seaql_migrations') IS NOT NULL",
    }
}

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("a catalog gave what was not asked for: {0}")]
    Catalog(String),
    #[error("the text of {name} cannot be read: {reason}")]
    Text { name: String, reason: String },
    #[error("the search path names no schema that exists")]
    NoSchema,
    #[error("it is neither SQLite nor Postgres")]
    OtherEngine,
}

/// The engine of a connection.
pub(super) fn engine_of(db: &DatabaseConnection) -> Result<Engine, Unreadable> {
    Engine::of_backend(db.get_database_backend()).ok_or(Unreadable::OtherEngine)
}

/// The schema of a database: on Postgres the first schema of the search path, with the privileges of the
/// application's role.
pub(super) async fn schema(db: &DatabaseConnection, role: &str) -> Result<Schema, Unreadable> {
    let engine = engine_of(db)?;
    let statement = match engine {
        Engine::Sqlite => Statement::from_string(DbBackend::Sqlite, SQLITE_CATALOG),
        Engine::Postgres => {
            let role = [role.into()];
            Statement::from_sql_and_values(DbBackend::Postgres, POSTGRES_CATALOG, role)
        }
    };
    of_rows(engine, rows(db, statement).await?)
}

/// The schema that the rows of an engine's catalog tell.
pub(super) fn of_rows(engine: Engine, rows: Vec<Row>) -> Result<Schema, Unreadable> {
    match engine {
        Engine::Sqlite => sqlite::schema(rows),
        Engine::Postgres => postgres::schema(rows),
    }
}

async fn rows<C: ConnectionTrait>(db: &C, statement: Statement) -> Result<Vec<Row>, Unreadable> {
    let mut rows = Vec::new();
    for row in db.query_all_raw(statement).await? {
        let kind: String = row.try_get_by_index(0)?;
        let table: String = row.try_get_by_index(1)?;
        let data: String = row.try_get_by_index(3)?;
        rows.push(Row::new(kind, table, &data)?);
    }
    Ok(rows)
}

/// The names of the migrations that SeaORM has recorded; `None` where it has no table for them.
pub(super) async fn applied(db: &DatabaseConnection) -> Result<Option<Vec<String>>, Unreadable> {
    let backend = db.get_database_backend();
    let exists = Statement::from_string(backend, has_history(engine_of(db)?));
    if db.query_one_raw(exists).await?.is_none() {
        return Ok(None);
    }
    let rows = db
        .query_all_raw(Statement::from_string(backend, APPLIED))
        .await?;
    let names = rows.iter().map(|row| row.try_get_by_index(0));
    Ok(Some(names.collect::<Result<_, DbErr>>()?))
}
