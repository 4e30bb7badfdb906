use std::{borrow::Cow, fmt, time::Duration};

use sea_orm::DbErr;

use super::Direction;
use crate::driver::UrlError;
use crate::model::engine::Engine;
use crate::model::error::{Error, ErrorKind};

use super::{Report, db_error, report::listed};

/// An error of migrating, or of reading which migrations are pending.
///
/// No message contains a URL, so no message contains a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The database URL cannot be read.
    #[error("the database URL cannot be read: {reason}")]
    InvalidUrl {
        /// What is wrong with it, without repeating it.
        reason: String,
    },

    /// The URL names an engine whose feature is off in this build.
    #[error("this build has no {engine} support: enable catamaran's feature `{engine}`")]
    NotBuilt {
        /// The engine.
        engine: Engine,
    },

    /// The connection is to another engine than SQLite and Postgres, or it is a mock.
    #[error(
        "cannot migrate over this {backend} connection: use a pool or a transaction of SQLite or Postgres"
    )]
    UnsupportedConnection {
        /// SeaORM's name of its backend.
        backend: &'static str,
    },

    /// The database cannot be reached or opened.
    #[error(transparent)]
    Connect(Error),

    /// The SQLite file does not exist and may not be created.
    #[error("there is no SQLite file `{path}`: add ?mode=rwc to the URL to create it")]
    MissingFile {
        /// The path of the file.
        path: String,
    },

    /// The Postgres schema for the tables does not exist, or the role may not use it.
    #[error(
        "the Postgres schema `{search_path}` does not exist, or the role may not use it: run CREATE SCHEMA first, or name another"
    )]
    MissingSchema {
        /// The schema, or the search path of the caller's connection.
        search_path: String,
    },

    /// A migration of the history is invalid, on any database.
    #[error("migration `{migration}`: {reason}")]
    History {
        /// The name of the migration.
        migration: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The table of a history has an invalid name, or the database has another table of that name: see
    /// [`History::table`](super::History::table).
    #[error("`{name}` cannot be the table of the migrations: {reason}")]
    HistoryTable {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The database has migrations that the history lacks, recorded or unfinished. They stay as they are.
    #[error(
        "the database has {} that this program does not have, recorded in {table}: use the version of the program that applied {}, or a newer one; if another program did, give each a table of its own with History::table",
        listed(names),
        them(names)
    )]
    UnknownMigrations {
        /// The table in which they are recorded, as applied or as unfinished.
        table: String,
        /// Their names, in order.
        names: Vec<String>,
    },

    /// Migrations cannot be recorded as applied on a database that was made otherwise. Nothing was recorded.
    #[error("no migration was recorded: {reason}")]
    Baseline {
        /// Why, and what to do.
        reason: String,
    },

    /// Another migrator held the migration lock for too long, or another writer on SQLite.
    #[error(
        "another migrator or writer held the database for longer than {} s, in which this one changed nothing",
        waited.as_secs()
    )]
    Locked {
        /// How long this migrator waited.
        waited: Duration,
        /// The error of the database, if it waited in the database.
        #[source]
        source: Option<DbErr>,
    },

    /// A statement of a migration failed. The transaction of the batch was rolled back.
    #[error(
        "migration `{migration}`, {direction}, statement {statement}{}: {}{}",
        at_line(*line),
        db_error::message(source),
        and_remedy(remedy.as_deref())
    )]
    Statement {
        /// The name of the migration.
        migration: String,
        /// Its direction.
        direction: Direction,
        /// The number of the statement in its script, from 1.
        statement: usize,
        /// The number of its line in the text of a [baseline](super::Script::baseline), from 1.
        line: Option<usize>,
        /// What to do, if that is known.
        remedy: Option<Cow<'static, str>>,
        /// The error of the database.
        #[source]
        source: Box<DbErr>,
    },

    /// The script of a migration ended the transaction of its batch, in a way that is not seen in its text. What the
    /// script did before is committed or rolled back, and the migration is not recorded. The migrations before it are
    /// complete.
    #[error(
        "migration `{migration}`, {direction}: a statement has ended the transaction of the batch, so a part of this \
         migration may be in the database, and it is not recorded; the migrations before it are complete: find out with \
         the doctor what is there, undo it, and remove the statement"
    )]
    TransactionEnded {
        /// The name of the migration.
        migration: String,
        /// Its direction.
        direction: Direction,
    },

    /// A migration that runs outside of a transaction was to be applied or reverted in a transaction of the caller's.
    /// Nothing was changed by it.
    #[error(
        "migration `{migration}` runs outside of a transaction, and cannot run in the caller's: pass a connection \
         instead of a transaction, or call catamaran::migrate::up with the URL"
    )]
    InCallersTransaction {
        /// The name of the migration.
        migration: String,
    },

    /// A migration outside of a transaction has failed, or was interrupted earlier. Its finished statements, or the
    /// batches of a data migration, stay, and the table `seaql_migrations_progress` has their number.
    #[error("migration `{migration}`, {direction}, outside of a transaction: {reason}")]
    Unfinished {
        /// The name of the migration.
        migration: String,
        /// Its direction.
        direction: Direction,
        /// How many of its statements or batches have finished.
        finished: usize,
        /// What happened, what it left, and how to go on.
        reason: String,
        /// The error of the database, if a statement has failed in it.
        #[source]
        source: Option<Box<DbErr>>,
    },

    /// A batch was split by a migration [outside of a transaction](super::Script::outside_transaction), and failed after
    /// a part of it was committed.
    #[error(
        "{source}; an earlier part of the batch is committed: {}{}",
        committed.named(),
        rest(source)
    )]
    PartlyCommitted {
        /// What was committed, and stays.
        committed: Report,
        /// What failed after that.
        source: Box<MigrateError>,
    },

    /// On SQLite the migrations would leave rows without a parent that had one before. The transaction of the
    /// batch was rolled back.
    #[error(
        "the migrations leave {total} row(s) without a parent, so the transaction was rolled back: {}. Correct or delete these rows in the migration{}",
        list(violations),
        beside(*old)
    )]
    ForeignKeys {
        /// The number of these rows.
        total: u64,
        /// The first of them.
        violations: Vec<Violation>,
        /// How many other rows had no parent before the batch either. They are not the reason.
        old: u64,
    },

    /// On SQLite the migrations would leave foreign keys that lead to no parent, so that writes to their tables fail. The
    /// batch was rolled back.
    #[error(
        "the migrations leave foreign keys that lead to no parent, or to a renamed one, so the transaction was rolled back: {}. On SQLite ALTER TABLE .. RENAME TO also renames the table in the REFERENCES of its children: to rebuild a parent, create the new table under another name, copy the rows, drop the old table, and rename the new one",
        list(foreign_keys)
    )]
    BrokenForeignKeys {
        /// These foreign keys.
        foreign_keys: Vec<BrokenForeignKey>,
    },

    /// `fresh` found what another program, or another history, recorded in the database. Nothing was changed.
    #[error(
        "`fresh` would drop what another program made, so nothing was changed: {}. Use a database or a schema of its own. If the other program no longer uses this one, remove what is listed, then run `fresh` again",
        found.join("; ")
    )]
    OtherHistory {
        /// Each history, with the statement that removes it.
        found: Vec<String>,
    },

    /// On Postgres something depends on an object that `fresh` drops, and is not itself among these. Nothing was changed.
    #[error(
        "`fresh` drops only what the role {role} owns in the schema(s) {schemas}, and more depends on it, so nothing was changed: {}. Drop that first, then run `fresh` again",
        objects.join(", ")
    )]
    Dependents {
        /// The migrating role.
        role: String,
        /// The schemas of the search path.
        schemas: String,
        /// What depends on the objects, with the role that owns it.
        objects: Vec<String>,
    },

    /// `fresh` could not drop an object. Nothing was changed.
    #[error(
        "`fresh` cannot drop {object}, so nothing was changed: {}",
        db_error::message(source)
    )]
    Drop {
        /// Its kind and its name.
        object: String,
        /// The error of the database.
        #[source]
        source: DbErr,
    },

    /// On Postgres the role may not create tables in the schema, which has no record of migrations. Nothing was changed.
    #[error(
        "the role {role} may not create tables in the schema {schema}, so nothing was changed: as the owner of the schema, run GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}"
    )]
    MayNotCreate {
        /// The migrating role, quoted where needed.
        role: String,
        /// The schema, quoted where needed.
        schema: String,
    },

    /// The database refused the commit, and rolled the transaction back.
    #[error(
        "the commit failed, so the transaction was rolled back: {}. Constraints that are DEFERRED are checked only then",
        db_error::message(source)
    )]
    Commit {
        /// The error of the database.
        #[source]
        source: DbErr,
    },

    /// The SQLite connection enforces foreign keys, so that a rebuild of a table would delete child rows.
    #[error(
        "cannot migrate SQLite while `PRAGMA foreign_keys` is on: pass a connection instead of a transaction, or turn the setting off before the transaction begins"
    )]
    ForeignKeysOn,

    /// Any other error of the database.
    #[error("{}", db_error::message(.0))]
    Database(#[from] DbErr),
}

impl MigrateError {
    /// The error of a batch of which this was committed before.
    pub(super) fn after(self, committed: Report) -> Self {
        match committed.is_empty() {
            true => self,
            false => MigrateError::PartlyCommitted {
                committed,
                source: Box::new(self),
            },
        }
    }

    /// Whether it is [`UnknownMigrations`](Self::UnknownMigrations), also after a part of the batch was committed.
    fn is_unknown_migrations(&self) -> bool {
        match self {
            MigrateError::UnknownMigrations { .. } => true,
            MigrateError::PartlyCommitted { source, .. } => source.is_unknown_migrations(),
            _ => false,
        }
    }
}

impl From<UrlError> for MigrateError {
    fn from(error: UrlError) -> Self {
        match error {
            UrlError::Invalid(reason) => MigrateError::InvalidUrl { reason },
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            UrlError::NotBuilt(engine) => MigrateError::NotBuilt { engine },
        }
    }
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
            error if error.is_unknown_migrations() => ErrorKind::SchemaDiffers {
                reason: error.to_string(),
            }
            .into(),
            error @ MigrateError::MayNotCreate { .. } => ErrorKind::Permission {
                reason: error.to_string().into(),
            }
            .into(),
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
    /// For SeaORM's interfaces, which return `DbErr`. Keeps the message. [`Error`] restores the kind of
    /// [`UnknownMigrations`](MigrateError::UnknownMigrations); all others become
    /// [`Migration`](ErrorKind::Migration).
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Database(error) => error,
            error if error.is_unknown_migrations() => Error::from(error).into(),
            other => DbErr::Migration(other.to_string()),
        }
    }
}

/// What became of the part that failed, if its error does not say it.
const fn rest(source: &MigrateError) -> &'static str {
    match source {
        MigrateError::Statement { .. }
        | MigrateError::ForeignKeys { .. }
        | MigrateError::BrokenForeignKeys { .. } => "; the rest was rolled back",
        _ => "",
    }
}

const fn them(names: &[String]) -> &'static str {
    match names {
        [_] => "it",
        _ => "them",
    }
}

/// A row without a parent, as reported by `PRAGMA foreign_key_check`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The table of the row.
    pub table: String,
    /// The rowid; `None` in a `WITHOUT ROWID` table.
    pub row: Option<i64>,
    /// The referenced table.
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

/// A foreign key of SQLite that leads to no parent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenForeignKey {
    /// The table that has the foreign key.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it names.
    pub parent: String,
    /// What is wrong: the parent, its column or its unique key does not exist.
    pub fault: String,
}

impl fmt::Display for BrokenForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            columns,
            parent,
            fault,
        } = self;
        write!(f, "{table} ({}) -> {parent}: {fault}", columns.join(", "))
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    let shown: Vec<String> = items.iter().map(T::to_string).collect();
    shown.join(", ")
}

fn beside(old: u64) -> String {
    match old {
        0 => String::new(),
        _ => format!(
            ". {old} other row(s) had no parent before the migrations either, and are not the reason"
        ),
    }
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(" (line {line})"))
        .unwrap_or_default()
}

fn and_remedy(remedy: Option<&str>) -> String {
    remedy
        .map(|remedy| format!("; {remedy}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_awaited_in_vain_after_a_part_is_not_said_to_have_changed_nothing() {
        let committed = Report {
            reverted: vec!["m2".to_owned()],
            applied: vec!["m1".to_owned(), "m2".to_owned()],
            outside: Vec::new(),
        };
        let locked = || MigrateError::Locked {
            waited: Duration::from_secs(60),
            source: None,
        };
        let words = "another migrator or writer held the database for longer than 60 s, in which this one changed nothing";
        assert_eq!(locked().after(Report::default()).to_string(), words);
        assert_eq!(
            locked().after(committed).to_string(),
            format!(
                "{words}; an earlier part of the batch is committed: reverted the migration `m2`, applied the \
                 migrations `m1`, `m2`"
            )
        );
    }
}
