//! Reads the schema of a real database from its catalogs. Read-only, and needs no right to change anything.
//!
//! One statement reads everything. On Postgres the statement before it pins the search path. SQLite has no SQL that
//! reads a table which may not exist, so there further statements of the same transaction read the applied migrations.
//!
//! A statement sees one snapshot, but Postgres prints expressions by the catalogs of the moment. If a table changes
//! between the two, an expression cannot be printed, and the database is read again.

pub(crate) mod equivalent;
mod fields;
mod history;
mod orphans;
mod postgres;
#[cfg_attr(
    not(feature = "doctor"),
    allow(dead_code, reason = "the doctor also makes sample rows")
)]
pub(crate) mod samples;
mod source;
mod sqlite;
mod sqlite_conflict;
mod sqlite_text;

use sea_orm::{DatabaseConnection, DbErr};

use super::schema::Schema;
use crate::migrate::{HistoryTable, database_message};
use crate::model::engine::Engine;
use crate::model::error::{Error, ErrorKind};
pub(crate) use history::{Applied, OddRow, Recorded, not_permitted};
use source::Snapshot;
pub(crate) use source::{Source, StorePool};

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{}", database_message(.0))]
    Database(#[from] DbErr),
    #[error(transparent)]
    Store(#[from] Error),
    #[error("the catalog returned an unexpected row: {0}")]
    Catalog(String),
    #[error("the CREATE statement of {name} cannot be parsed: {reason}")]
    Text { name: String, reason: String },
    #[error("the search path names no schema that exists")]
    NoSchema,
    #[error("the database is neither SQLite nor Postgres")]
    OtherEngine,
}

impl From<Unreadable> for Error {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Store(error) => error,
            other => {
                let reason = other.to_string();
                ErrorKind::SchemaDiffers { reason }.into()
            }
        }
    }
}

/// The engine of a connection.
pub(crate) fn engine_of(db: &DatabaseConnection) -> Result<Engine, Unreadable> {
    Engine::of_backend(db.get_database_backend()).ok_or(Unreadable::OtherEngine)
}

/// What the reading of a database needs to know of the application.
#[derive(Clone, Copy)]
pub(crate) struct Application<'a> {
    /// Its role on Postgres.
    pub(crate) role: &'a str,
    /// The table of its migrations, which is no part of the schema.
    pub(crate) history: HistoryTable,
}

/// The contents of a database.
pub(crate) struct Seen {
    pub(crate) schema: Schema,
    pub(crate) applied: Applied,
    /// What was not checked, with the reason.
    pub(crate) unchecked: Vec<String>,
}

/// As [`database`], and also finds rows whose foreign key has no parent. This reads the rows of every table with foreign
/// keys.
pub(crate) async fn with_rows(
    source: &impl Source,
    application: Application<'_>,
    wanted: Option<&Schema>,
) -> Result<Seen, Unreadable> {
    let mut seen = database(source, application, wanted).await?;
    orphans::find(source, wanted, &mut seen).await?;
    Ok(seen)
}

/// Reads a database: on Postgres the first schema of the search path, and the privileges of the application's role.
/// With `wanted`, [equivalent expressions](equivalent::adopt) get the wanted spelling.
pub(crate) async fn database(
    source: &impl Source,
    application: Application<'_>,
    wanted: Option<&Schema>,
) -> Result<Seen, Unreadable> {
    let mut seen = once(source, application).await?;
    for _ in 1..MOST_READS {
        if !seen.was_changed() {
            break;
        }
        seen = once(source, application).await?;
    }
    if let Some(wanted) = wanted {
        equivalent::adopt(source, wanted, &mut seen.schema).await;
    }
    Ok(seen)
}

/// The most reads of a database whose schema changes meanwhile.
const MOST_READS: usize = 3;

impl Seen {
    /// Whether a table changed during the read.
    fn was_changed(&self) -> bool {
        self.schema.engine == Engine::Postgres && !self.schema.unread.is_empty()
    }
}

async fn once(source: &impl Source, application: Application<'_>) -> Result<Seen, Unreadable> {
    let engine = source.engine()?;
    let mut snapshot = source.begin().await?;
    let seen = within(&mut snapshot, engine, application).await;
    let ended = snapshot.rollback().await;
    let seen = seen?;
    ended.map(|()| seen)
}

/// Reads within one transaction. On Postgres its search path is pinned.
async fn within(
    snapshot: &mut impl Snapshot,
    engine: Engine,
    application: Application<'_>,
) -> Result<Seen, Unreadable> {
    let (catalog, parameters) = match engine {
        Engine::Sqlite => (sqlite::CATALOG, Vec::new()),
        Engine::Postgres => {
            let schema = snapshot.lines(postgres::PIN).await?.concat();
            (postgres::CATALOG, vec![application.role.to_owned(), schema])
        }
    };
    let table = application.history;
    let catalog = history::with_table(catalog, table);
    let rows = snapshot.rows(&catalog, parameters).await?;
    let mut applied = match history::in_catalog(&rows)? {
        Some(applied) => applied,
        None => {
            let names = history::with_table(history::NAMES, table);
            history::recorded(&snapshot.lines(&names).await?)
        }
    };
    let checksums = rows.iter().find(|row| row.kind == "checksums");
    if let (Applied::Rows(recorded), Some(row)) = (&mut applied, checksums) {
        let lines = match engine {
            Engine::Sqlite => {
                let sql = history::with_table(history::CHECKSUMS, table);
                snapshot.lines(&sql).await?
            }
            Engine::Postgres => row.texts(0)?,
        };
        recorded.checksums = history::checksums(&lines);
    }
    let mut schema = match engine {
        Engine::Sqlite => sqlite::schema(rows)?,
        Engine::Postgres => postgres::schema(rows)?,
    };
    schema.history = table;
    Ok(Seen {
        schema,
        applied,
        unchecked: Vec::new(),
    })
}

/// Reads the schema alone, as [`database`] does.
pub(crate) async fn schema(
    source: &impl Source,
    application: Application<'_>,
    wanted: Option<&Schema>,
) -> Result<Schema, Unreadable> {
    Ok(database(source, application, wanted).await?.schema)
}
