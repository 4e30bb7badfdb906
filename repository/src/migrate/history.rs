//! Migrations, and their order in a history.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::model::engine::Engine;

use super::{MigrateError, Script};

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
}

/// The scripts of one migration for one engine.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) up: Script,
    pub(super) down: Script,
}

impl Step {
    pub(super) fn of(migration: &dyn TwinMigration, engine: Engine) -> Self {
        let (up, down) = match engine {
            Engine::Sqlite => (migration.sqlite_up(), migration.sqlite_down()),
            Engine::Postgres => (migration.postgres_up(), migration.postgres_down()),
        };
        Self {
            name: migration.name(),
            up,
            down,
        }
    }

    /// SHA-256 over the statements of both directions, in lower-case hexadecimal.
    ///
    /// Without the name and the reason of an empty script: a change of them does not change the checksum.
    pub(super) fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        for (direction, script) in [("up", &self.up), ("down", &self.down)] {
            hash.update(direction);
            for statement in script.statements() {
                // SQL text contains no zero byte, so different lists of statements have different input.
                hash.update([0]);
                hash.update(statement);
            }
            hash.update([0, 0]);
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The scripts of the whole history for one engine, checked.
pub(super) fn steps<H: History>(engine: Engine) -> Result<Vec<Step>, MigrateError> {
    let steps: Vec<Step> = H::migrations()
        .iter()
        .map(|migration| Step::of(migration.as_ref(), engine))
        .collect();

    let mut seen = BTreeSet::new();
    for step in &steps {
        let fault = |reason: String| MigrateError::History {
            migration: step.name.escape_default().to_string(),
            reason,
        };
        if step.name.is_empty() || step.name.contains(char::is_control) {
            return Err(fault("its name is empty or not printable".to_owned()));
        }
        if !seen.insert(step.name) {
            return Err(fault("its name occurs twice".to_owned()));
        }
        for (direction, script) in [("up", &step.up), ("down", &step.down)] {
            if let Some(reason) = script.fault() {
                return Err(fault(format!("{engine}_{direction}: {reason}")));
            }
        }
    }
    Ok(steps)
}
