use std::{fmt, time::Duration};

use sea_orm::DbErr;

use crate::model::engine::Engine;
use crate::model::error::{Error, ErrorKind};

/// Why a migration, or the question of which are pending, failed.
///
/// No message contains a URL, so that none contains a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The database URL cannot be read.
    #[error("the database URL cannot be read: {reason}")]
    InvalidUrl {
        /// What is wrong with it, without repeating it.
        reason: String,
    },

    /// The URL names an engine that this build leaves out.
    #[error("this build has no {engine} support: enable catamaran's feature `{engine}`")]
    NotBuilt {
        /// The engine.
        engine: Engine,
    },

    /// The connection is to an engine that is neither SQLite nor Postgres, or is no real connection.
    #[error(
        "cannot migrate over a {backend} connection of this kind: only SQLite and Postgres pools and transactions"
    )]
    UnsupportedConnection {
        /// What SeaORM calls its backend.
        backend: &'static str,
    },

    /// The database cannot be reached or opened.
    #[error(transparent)]
    Connect(Error),

    /// The SQLite file does not exist and may not be created.
    #[error("there is no SQLite file `{path}`: add ?mode=rwc to the URL to create it")]
    MissingFile {
        /// The file that was looked for.
        path: String,
    },

    /// The Postgres schema for the tables does not exist, or the role may not use it.
    #[error(
        "the Postgres schema `{search_path}` does not exist, or the role may not use it: run CREATE SCHEMA first, or name another"
    )]
    MissingSchema {
        /// The schema, or the search path of a connection that was handed over.
        search_path: String,
    },

    /// The history contradicts itself, whatever the database.
    #[error("migration `{migration}`: {reason}")]
    History {
        /// The migration at fault.
        migration: String,
        /// What is wrong with it.
        reason: String,
    },

    /// Another migrator, or another writer on SQLite, held the lock for too long. Nothing was changed.
    #[error("another migrator or writer held the database for longer than {} s; nothing was changed", waited.as_secs())]
    Locked {
        /// How long this one waited.
        waited: Duration,
        /// What the database said.
        #[source]
        source: DbErr,
    },

    /// A statement of a migration failed. The batch was rolled back.
    #[error("migration `{migration}`, {direction}, statement {statement}: {source}")]
    Statement {
        /// The migration.
        migration: &'static str,
        /// `up` or `down`.
        direction: &'static str,
        /// The number of the statement in its script, counted from one.
        statement: usize,
        /// What the database said.
        #[source]
        source: DbErr,
    },

    /// The migrated SQLite database would hold rows whose parent is missing. The batch was rolled back.
    #[error(
        "foreign keys would not hold after the migration, so it was rolled back: {total} row(s), {}",
        list(violations)
    )]
    ForeignKeys {
        /// How many rows have no parent.
        total: u64,
        /// The first of them.
        violations: Vec<Violation>,
    },

    /// A SQLite transaction of the caller's, or a connection, enforces foreign keys, which a rebuild of a
    /// table would turn into deleted child rows.
    #[error(
        "refusing to migrate SQLite while `PRAGMA foreign_keys` is on: hand over a connection instead of a transaction, or turn it off before the transaction begins"
    )]
    ForeignKeysOn,

    /// Whatever else the database answered.
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl From<MigrateError> for Error {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::InvalidUrl { reason } => ErrorKind::InvalidUrl {
                reason: reason.into(),
            }
            .into(),
            MigrateError::MissingFile { path } => ErrorKind::DatabaseMissing { name: path }.into(),
            MigrateError::Locked { .. } => ErrorKind::LockTimeout.into(),
            MigrateError::Connect(error) => error,
            MigrateError::Database(error) => error.into(),
            other => ErrorKind::Migration {
                reason: other.to_string(),
            }
            .into(),
        }
    }
}

impl From<MigrateError> for DbErr {
    /// For SeaORM's interfaces, which know only `DbErr`: the message is kept, the kind is not.
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Database(error) => error,
            other => DbErr::Migration(other.to_string()),
        }
    }
}

/// A row whose foreign key has no parent, as `PRAGMA foreign_key_check` reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The table that the row is in.
    pub table: String,
    /// Its rowid; `None` in a `WITHOUT ROWID` table.
    pub row: Option<i64>,
    /// The table in which it has no parent.
    pub parent: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, row, parent } = self;
        match row {
            Some(row) => write!(f, "{table} (rowid {row}) -> {parent}"),
            None => write!(f, "{table} -> {parent}"),
        }
    }
}

fn list(violations: &[Violation]) -> String {
    let shown: Vec<String> = violations.iter().map(Violation::to_string).collect();
    shown.join(", ")
}

/// Whether the database gave up waiting for a lock: `lock_not_available` on Postgres (SQLSTATE 55P03),
/// `SQLITE_BUSY` or one of its extended codes on SQLite.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) fn is_locked(error: &DbErr) -> bool {
    use sea_orm::RuntimeErr;
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let Some(code) = error.as_database_error().and_then(|error| error.code()) else {
        return false;
    };
    // SQLITE_BUSY is 5; an extended code carries it in its low byte (https://sqlite.org/rescode.html).
    // A SQLSTATE has five characters, and so 55P03 is no number and never mistaken for one.
    code == "55P03"
        || code
            .parse::<u32>()
            .is_ok_and(|code| code < 10_000 && code & 0xff == 5)
}
