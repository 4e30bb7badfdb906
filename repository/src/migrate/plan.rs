use std::fmt;

use crate::model::engine::Engine;

use super::{
    ConnectOptions, History, MigrateError, connect,
    history::{Step, steps},
};

/// The SQL that a history would run on one engine, for review.
///
/// Its `Display` is a script: a header for each migration with the checksum of its text, then its statements.
/// Apply migrations with [`up`](super::up) rather than by hand: it also locks, checks and records them.
#[derive(Clone, Debug)]
pub struct Plan {
    engine: Engine,
    pending_only: bool,
    steps: Vec<Step>,
}

impl Plan {
    /// The plan of every migration, as for an empty database. Touches no database.
    ///
    /// # Errors
    ///
    /// [`MigrateError::History`] when the history contradicts itself.
    pub fn of<H: History>(engine: Engine) -> Result<Self, MigrateError> {
        Ok(Self {
            engine,
            pending_only: false,
            steps: steps::<H>(engine)?,
        })
    }

    /// The plan of the migrations that the database at `url` does not have yet. Reads, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`pending`](super::pending), and as [`Plan::of`].
    pub async fn pending<H: History>(url: &str) -> Result<Self, MigrateError> {
        Self::pending_with::<H>(url, ConnectOptions::default()).await
    }

    /// The same as [`Plan::pending`], over a connection that is opened with `options`.
    ///
    /// # Errors
    ///
    /// As [`Plan::pending`].
    pub async fn pending_with<H: History>(
        url: &str,
        options: ConnectOptions<'_>,
    ) -> Result<Self, MigrateError> {
        let pending = connect::pending_with::<H>(url, options).await?;
        let engine =
            Engine::of_scheme(url).map_err(|reason| MigrateError::InvalidUrl { reason })?;
        let mut steps = steps::<H>(engine)?;
        steps.retain(|step| pending.iter().any(|name| name == step.name));
        Ok(Self {
            engine,
            pending_only: true,
            steps,
        })
    }

    /// The names of the migrations in it, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.name)
    }

    /// Each migration's name and the checksum of its text on this engine: SHA-256 over the statements of both
    /// directions, in lower-case hexadecimal.
    pub fn checksums(&self) -> impl Iterator<Item = (&str, String)> {
        self.steps.iter().map(|step| (step.name, step.checksum()))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (engine, count) = (self.engine, self.steps.len());
        let what = match self.pending_only {
            true => "pending migration(s)",
            false => "migration(s)",
        };
        writeln!(f, "-- {engine}: {count} {what}, in one transaction")?;
        for step in &self.steps {
            writeln!(f, "\n-- {}\n-- sha256 {}", step.name, step.checksum())?;
            for line in step.up.reason().into_iter().flat_map(str::lines) {
                writeln!(f, "-- nothing: {line}")?;
            }
            for statement in step.up.statements() {
                let last = statement.lines().next_back().unwrap_or_default();
                // A semicolon behind a comment would be part of it.
                let end = if last.contains("--") { "\n;" } else { ";" };
                writeln!(f, "\n{statement}{end}")?;
            }
        }
        Ok(())
    }
}
