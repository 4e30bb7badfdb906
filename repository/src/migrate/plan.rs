//! The SQL of a history, for review.

use std::fmt;

use crate::driver::DatabaseUrl;
use crate::model::engine::Engine;

use super::{
    ConnectOptions, History, MigrateError,
    connect::pending_at,
    history::{Step, steps},
};

/// The SQL that a history would run on one engine, for review.
///
/// `Display` writes a script: for each migration a header with its checksum, then its statements. Do not apply the
/// script by hand; [`up`](super::up) also locks the database, checks the migrations and records them.
#[derive(Clone, Debug)]
pub struct Plan {
    engine: Engine,
    pending_only: bool,
    steps: Vec<Step>,
}

impl Plan {
    /// The plan of every migration, as for an empty database. Opens no database.
    ///
    /// # Errors
    ///
    /// [`MigrateError::History`] if a migration is invalid.
    pub fn of<H: History>(engine: Engine) -> Result<Self, MigrateError> {
        Ok(Self {
            engine,
            pending_only: false,
            steps: steps::<H>(engine)?,
        })
    }

    /// The plan of the pending migrations of the database at `url`. Changes nothing.
    ///
    /// # Errors
    ///
    /// As [`pending`](super::pending), and as [`Plan::of`].
    pub async fn pending<H: History>(url: &str) -> Result<Self, MigrateError> {
        Self::pending_with::<H>(url, ConnectOptions::default()).await
    }

    /// As [`Plan::pending`], over a connection with these options.
    ///
    /// # Errors
    ///
    /// As [`Plan::pending`].
    pub async fn pending_with<H: History>(
        url: &str,
        options: ConnectOptions<'_>,
    ) -> Result<Self, MigrateError> {
        let url = DatabaseUrl::parse(url)?;
        let engine = url.engine();
        let pending = pending_at::<H>(url, options).await?;
        let mut steps = steps::<H>(engine)?;
        steps.retain(|step| pending.iter().any(|name| name == step.name));
        Ok(Self {
            engine,
            pending_only: true,
            steps,
        })
    }

    /// The names of the migrations of the plan, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.name)
    }

    /// The name and the checksum of each migration: SHA-256 over its statements on this engine, in lower-case
    /// hexadecimal. A database records it for each migration that it applies.
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
        let outside = self
            .steps
            .iter()
            .any(|step| step.up.is_outside_transaction());
        let how = match outside {
            true => "in transactions that end at each one outside of a transaction",
            false => "in one transaction",
        };
        writeln!(f, "-- {engine}: {count} {what}, {how}")?;
        for step in &self.steps {
            writeln!(f, "\n-- {}\n-- sha256 {}", step.name, step.checksum())?;
            for line in step.up.reason().into_iter().flat_map(str::lines) {
                writeln!(f, "-- nothing: {line}")?;
            }
            if step.up.is_outside_transaction() {
                writeln!(f, "-- outside of a transaction: each statement by itself")?;
            }
            // The scripts were read when the plan was made.
            for text in step.up.prepared(engine).unwrap_or_default() {
                let last = text.sql.lines().next_back().unwrap_or_default();
                // After a comment, a semicolon on the same line would be part of the comment.
                let end = if last.contains("--") { "\n;" } else { ";" };
                writeln!(f, "\n{}{end}", text.sql)?;
            }
        }
        Ok(())
    }
}
