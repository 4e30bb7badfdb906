//! What a real database has, by its catalogs alone: read-only, in one statement behind the one that pins the search path,
//! without any right to change it.
//!
//! A statement sees one snapshot, but Postgres prints expressions by its catalogs of the moment. A table that changed in
//! between is known by what could not be printed, and the database is read again.

pub(crate) mod equivalent;
mod fields;
mod history;
mod postgres;
mod samples;
mod sqlite;
mod sqlite_conflict;
mod sqlite_text;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, Statement,
    TransactionOptions,
};

use super::schema::Schema;
use crate::migrate::begin;
use crate::model::engine::Engine;
pub(crate) use fields::Row;
pub(crate) use history::{Applied, NAMES, NOT_PERMITTED, Odd, Recorded, recorded, told};
pub(crate) use postgres::PIN;

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
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
pub(crate) fn engine_of(db: &DatabaseConnection) -> Result<Engine, Unreadable> {
    Engine::of_backend(db.get_database_backend()).ok_or(Unreadable::OtherEngine)
}

/// What a database has.
pub(crate) struct Seen {
    pub(crate) schema: Schema,
    pub(crate) applied: Applied,
}

/// Looks at a database: on Postgres at the first schema of the search path, and at the privileges of the
/// application's role. What is wanted stands in it in the words that it is wanted in, wherever Postgres reads these as
/// those that were found.
pub(crate) async fn database(
    db: &DatabaseConnection,
    role: &str,
    wanted: Option<&Schema>,
) -> Result<Seen, Unreadable> {
    let mut seen = once(db, role).await?;
    for _ in 1..LOOKS {
        if !seen.was_changed() {
            break;
        }
        seen = once(db, role).await?;
    }
    if let Some(wanted) = wanted {
        equivalent::settle(db, wanted, &mut seen.schema).await;
    }
    Ok(seen)
}

/// How often a database is read whose schema changes meanwhile.
pub(crate) const LOOKS: usize = 3;

impl Seen {
    /// Whether a table changed while it was read.
    pub(crate) fn was_changed(&self) -> bool {
        self.schema.engine == Engine::Postgres && !self.schema.unread.is_empty()
    }
}

async fn once(db: &DatabaseConnection, role: &str) -> Result<Seen, Unreadable> {
    let engine = engine_of(db)?;
    let read_only = TransactionOptions {
        access_mode: (engine == Engine::Postgres).then_some(AccessMode::ReadOnly),
        ..TransactionOptions::default()
    };
    let tx = begin(db, read_only).await?;
    let seen = within(&tx, engine, role).await;
    tx.rollback().await?;
    seen
}

/// In one transaction, whose search path is pinned.
async fn within(tx: &DatabaseTransaction, engine: Engine, role: &str) -> Result<Seen, Unreadable> {
    let backend = tx.get_database_backend();
    let values = match engine {
        Engine::Sqlite => Vec::new(),
        Engine::Postgres => {
            let schema = texts(tx, PIN).await?.pop().unwrap_or_default();
            vec![role.into(), schema.into()]
        }
    };
    let statement = Statement::from_sql_and_values(backend, catalog(engine), values);
    let rows = rows(tx, statement).await?;
    let applied = match told(&rows)? {
        Some(applied) => applied,
        None => recorded(&texts(tx, NAMES).await?),
    };
    let schema = interpret(engine, rows)?;
    Ok(Seen { schema, applied })
}

async fn texts(tx: &DatabaseTransaction, sql: &str) -> Result<Vec<String>, Unreadable> {
    let statement = Statement::from_string(tx.get_database_backend(), sql);
    let rows = tx.query_all_raw(statement).await?;
    let texts = rows.iter().map(|row| row.try_get_by_index(0));
    Ok(texts.collect::<Result<_, DbErr>>()?)
}

/// The schema alone.
pub(crate) async fn schema(
    db: &DatabaseConnection,
    role: &str,
    wanted: Option<&Schema>,
) -> Result<Schema, Unreadable> {
    Ok(database(db, role, wanted).await?.schema)
}

/// The statement that reads everything; on Postgres after [`PIN`], whose answer is parameter 2, and parameter 1 is the
/// application's role. Its columns: kind, table, place, and facts as JSON.
pub(crate) const fn catalog(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => sqlite::CATALOG,
        Engine::Postgres => postgres::CATALOG,
    }
}

/// The schema that the rows of the [`catalog`] tell.
pub(crate) fn interpret(engine: Engine, rows: Vec<Row>) -> Result<Schema, Unreadable> {
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
