//! The SQL of a history, for review.

use std::fmt;

use sea_orm::DatabaseConnection;

use crate::driver::DatabaseUrl;
use crate::model::engine::Engine;

use super::{
    ConnectOptions, Direction, History, MigrateError, applied,
    connect::read,
    history::{Step, steps},
    table::HistoryTable,
    unfinished::{self, Unfinished},
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
    /// What has begun outside of a transaction.
    unfinished: Vec<Unfinished>,
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
            unfinished: Vec::new(),
        })
    }

    /// The plan of the pending migrations of the database at `url`. Changes nothing.
    ///
    /// If a migration [outside of a transaction](super::Script::outside_transaction) has begun, a comment says how many
    /// of its statements have finished.
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
        let (mut steps, table) = (steps::<H>(engine)?, HistoryTable::of::<H>()?);
        let recorded = async |db: &DatabaseConnection| {
            let applied = applied::names::<H, _>(db).await?;
            let unfinished = unfinished::rows(db, table, &applied).await?;
            Ok((applied, unfinished))
        };
        let (applied, unfinished) = read(url, options, recorded).await?;
        steps.retain(|step| !applied.contains(step.name));
        Ok(Self {
            engine,
            pending_only: true,
            steps,
            unfinished,
        })
    }

    /// What has finished of a migration, if it has begun.
    fn finished(&self, step: &Step) -> Option<String> {
        let mut rows = self.unfinished.iter();
        let row = rows.find(|row| row.migration == step.name && row.direction == Direction::Up)?;
        Some(match step.up.script.step() {
            Some(_) => row.what_finished(),
            None => {
                let count = step.up.texts.len();
                format!("{} of {count} statement(s) have finished", row.finished)
            }
        })
    }

    /// The names of the migrations of the plan, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.name)
    }

    /// The name and the checksum of each migration: SHA-256 over its statements on this engine, or over the source of a
    /// data migration, in lower-case hexadecimal. A database records it for each migration that it applies.
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
            .any(|step| step.up.script.is_outside_transaction());
        let how = match outside {
            true => "in transactions that end at each one outside of a transaction",
            false => "in one transaction",
        };
        writeln!(f, "-- {engine}: {count} {what}, {how}")?;
        for step in &self.steps {
            writeln!(f, "\n-- {}\n-- sha256 {}", step.name, step.checksum())?;
            for line in step.up.script.reason().into_iter().flat_map(str::lines) {
                writeln!(f, "-- nothing: {line}")?;
            }
            match step.up.script.step() {
                Some(_) => writeln!(
                    f,
                    "-- outside of a transaction: Rust, in batches of one transaction each; the checksum is that of its source"
                )?,
                None if step.up.script.is_outside_transaction() => {
                    writeln!(f, "-- outside of a transaction: each statement by itself")?;
                }
                None => {}
            }
            if let Some(finished) = self.finished(step) {
                writeln!(f, "-- unfinished: {finished}; `up` goes on after them")?;
            }
            for text in &step.up.texts {
                let last = text.sql.lines().next_back().unwrap_or_default();
                // After a comment, a semicolon on the same line would be part of the comment.
                let end = if last.contains("--") { "\n;" } else { ";" };
                writeln!(f, "\n{}{end}", text.sql)?;
            }
        }
        Ok(())
    }
}
