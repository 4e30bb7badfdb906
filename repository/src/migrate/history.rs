//! Migrations, and their order in a history.

use std::collections::BTreeSet;

use crate::model::engine::Engine;
use crate::store::history_table::HISTORY;

use super::{Direction, MigrateError, Script, hash, script::Prepared, table::HistoryTable};

/// One migration, with a script for each engine and direction.
///
/// No method has a default, so a migration without a script for an engine or a direction does not compile. If an engine
/// has nothing to do, return [`Script::nothing`].
///
/// Two rules apply while a script runs:
/// - On SQLite foreign keys are off. So a rebuild of a table (create, copy, drop, rename) does not delete child rows.
///   Every foreign key is checked before the commit.
/// - On Postgres `row_security` is off. So a statement whose rows a policy would filter fails, and does not silently
///   change fewer rows.
pub trait TwinMigration: Send + Sync {
    /// The name, which databases record. It must never change. By convention `mYYYYMMDD_HHMMSS_what_it_does`.
    fn name(&self) -> &'static str;
    /// Applies the migration on SQLite.
    fn sqlite_up(&self) -> Script;
    /// Reverts the migration on SQLite.
    fn sqlite_down(&self) -> Script;
    /// Applies the migration on Postgres.
    fn postgres_up(&self) -> Script;
    /// Reverts the migration on Postgres.
    fn postgres_down(&self) -> Script;
}

/// The migrations of one application, oldest first.
pub trait History: Send + Sync + 'static {
    /// Every migration that was ever released, in the order in which they are applied.
    fn migrations() -> Vec<Box<dyn TwinMigration>>;

    /// The table in which a database records the applied migrations. Default: `seaql_migrations`, SeaORM's own.
    ///
    /// Two programs with tables in one database, or in one schema of Postgres, need one table each, so that each sees
    /// only its own migrations. Like the name of a migration, it must never change after a release.
    ///
    /// The name has lower-case letters, digits and `_`, at most 53 of them, and begins with a letter or `_`. A second
    /// table, whose name has `_checksums` after it, has the checksum of each migration.
    fn table() -> &'static str {
        HISTORY
    }
}

impl HistoryTable {
    /// The table of a history.
    ///
    /// # Errors
    /// [`MigrateError::HistoryTable`] if its name is invalid.
    pub(crate) fn of<H: History>() -> Result<Self, MigrateError> {
        Self::named(H::table())
    }
}

/// The scripts of one migration for one engine, read.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    engine: Engine,
    pub(super) up: ReadScript,
    pub(super) down: ReadScript,
}

/// A script, and the texts that it sends to the database.
#[derive(Clone, Debug)]
pub(super) struct ReadScript {
    pub(super) script: Script,
    pub(super) texts: Vec<Prepared>,
}

impl Step {
    /// Reads the scripts of a migration.
    ///
    /// # Errors
    /// [`MigrateError::History`] if one of them is invalid.
    pub(super) fn of(
        migration: &dyn TwinMigration,
        engine: Engine,
        table: HistoryTable,
    ) -> Result<Self, MigrateError> {
        let (up, down) = match engine {
            Engine::Sqlite => (migration.sqlite_up(), migration.sqlite_down()),
            Engine::Postgres => (migration.postgres_up(), migration.postgres_down()),
        };
        let name = migration.name();
        let read = |direction: Direction, script: Script| match script.prepared(engine, table) {
            Ok(texts) => Ok(ReadScript { script, texts }),
            Err(reason) => Err(invalid(name, format!("{engine}_{direction}: {reason}"))),
        };
        Ok(Self {
            name,
            engine,
            up: read(Direction::Up, up)?,
            down: read(Direction::Down, down)?,
        })
    }

    /// The script of a direction.
    pub(super) fn script(&self, direction: Direction) -> &ReadScript {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// SHA-256 over the statements of the way up, or over its source in Rust, in lower-case hexadecimal.
    ///
    /// The same whether its files have CRLF or LF, and with or without a byte order mark. Without the name, the reason
    /// of an empty script, and the way down, which no database has run.
    pub(super) fn checksum(&self) -> String {
        hash::of_statements(self.up.script.statements(self.engine))
    }
}

/// The scripts of the whole history for one engine, checked. Reads every text, so a command calls it once.
pub(super) fn steps<H: History>(engine: Engine) -> Result<Vec<Step>, MigrateError> {
    let table = HistoryTable::of::<H>()?;
    let mut seen = BTreeSet::new();
    let migrations = H::migrations();
    let steps = migrations.iter().map(|migration| {
        let name = migration.name();
        if name.is_empty() || name.contains(char::is_control) {
            return Err(invalid(
                name,
                "its name is empty or not printable".to_owned(),
            ));
        }
        if !seen.insert(name) {
            return Err(invalid(name, "its name occurs twice".to_owned()));
        }
        Step::of(migration.as_ref(), engine, table)
    });
    steps.collect()
}

fn invalid(name: &str, reason: String) -> MigrateError {
    MigrateError::History {
        migration: name.escape_default().to_string(),
        reason,
    }
}

/// The name and the checksum of each migration on an engine; nothing of an invalid history.
#[cfg(feature = "doctor")]
pub(crate) fn checksums<H: History>(engine: Engine) -> Vec<(&'static str, String)> {
    let steps = steps::<H>(engine).unwrap_or_default();
    let pairs = steps.iter().map(|step| (step.name, step.checksum()));
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(up: Script, down: &'static str) -> String {
        let read = |script| ReadScript {
            script,
            texts: Vec::new(),
        };
        let step = Step {
            name: "m1",
            engine: Engine::Sqlite,
            up: read(up),
            down: read(Script::new().sql(down)),
        };
        step.checksum()
    }

    #[test]
    fn line_ends_byte_order_mark_and_the_way_down_change_no_checksum() {
        let one = checksum(Script::new().sql("SELECT 1,\n2"), "SELECT 3");
        for same in [
            "\u{feff}SELECT 1,\r\n2;\r\n",
            "\r\n\u{feff}\r\nSELECT 1,\n2 ;;",
            "SELECT 1,\n\u{feff}2",
        ] {
            assert_eq!(
                checksum(Script::new().sql(same), "SELECT 4"),
                one,
                "{same:?}"
            );
        }
        for other in ["SELECT 1,\n3", "SELECT 1, 2", "SELECT 1,\n2; SELECT 5"] {
            assert_ne!(
                checksum(Script::new().sql(other), "SELECT 3"),
                one,
                "{other:?}"
            );
        }
    }
}
