use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::model::engine::Engine;

use super::{MigrateError, Script};

/// One step of the schema's history, written for both engines in both directions.
///
/// No method has a default, so that a migration that forgets an engine or a way back does not compile.
/// Where an engine has nothing to do, say so with [`Script::nothing`].
///
/// Two properties of the runner to know when writing one:
/// - SQLite runs with foreign keys off, so that a table can be rebuilt (create, copy, drop, rename) without
///   its children being cascaded away; every foreign key is checked before the commit.
/// - Postgres runs with `row_security = off`, so that a data change by a table owner whom a forced policy
///   would filter is an error rather than a change of no rows.
pub trait TwinMigration: Send + Sync {
    /// Its name, under which it is recorded: by convention `mYYYYMMDD_HHMMSS_what_it_does`. Never changes.
    fn name(&self) -> &'static str;
    /// What applies it on SQLite.
    fn sqlite_up(&self) -> Script;
    /// What takes it back on SQLite.
    fn sqlite_down(&self) -> Script;
    /// What applies it on Postgres.
    fn postgres_up(&self) -> Script;
    /// What takes it back on Postgres.
    fn postgres_down(&self) -> Script;
}

/// The migrations of one application, oldest first.
pub trait History: Send + Sync + 'static {
    /// Every migration that was ever released, in the order in which they apply.
    fn migrations() -> Vec<Box<dyn TwinMigration>>;
}

/// One migration as one engine sees it.
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
    /// The name and the reason of an empty script are left out: rewording a comment changes nothing.
    pub(super) fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        for (direction, script) in [("up", &self.up), ("down", &self.down)] {
            hash.update(direction);
            for statement in script.statements() {
                // A zero byte cannot occur in SQL text, so that no two different lists hash alike.
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

/// The whole history as one engine sees it, checked.
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
