//! Runs a generated migration up, down and up again, with rows in the tables.

use sea_orm::DatabaseConnection;

use super::kept::{Kept, Snapshot, Unfilled};
use super::rows;
use crate::doctor::Doctor;
use crate::doctor::scratch::Migrations;
use crate::doctor::suggest::Suggestion;
use crate::fingerprint::schema::Schema;
use crate::migrate::{Direction, Script, run_draft};
use crate::model::engine::Engine;

/// The rows that the tables of a scratch database have before the migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// Two rows each; one of them has NULL in every column that accepts it.
    RowsWithNulls,
    /// Two rows each, without NULL.
    Rows,
    /// None.
    Empty,
}

impl Filling {
    const ALL: [Filling; 3] = [Filling::RowsWithNulls, Filling::Rows, Filling::Empty];

    /// In words: `rows with NULL`, `rows without NULL`, `empty tables`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Filling::RowsWithNulls => "rows with NULL",
            Filling::Rows => "rows without NULL",
            Filling::Empty => "empty tables",
        }
    }
}

/// What came of running a migration on one engine, on a scratch database with all earlier migrations.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The engine.
    pub engine: Engine,
    /// The fullest tables on which it ran up.
    pub filling: Filling,
    /// Why it failed on fuller ones, the fullest first.
    pub failed_on: Vec<(Filling, String)>,
    /// The tables for which no sample row was found.
    pub unfilled: Vec<Unfilled>,
    /// What became of the rows on the way up.
    pub up: Kept,
    /// What became of them after the way down, or why that failed.
    pub down: Result<Kept, String>,
    /// Why it could not be applied again; `None` if it could, or if the way down failed.
    pub again: Option<String>,
}

impl Trial {
    /// What is left to be done before the migration can run on a database with rows.
    pub(super) fn left_to_do(&self) -> Option<String> {
        let engine = self.engine;
        if let (Filling::Empty, Some((_, error))) = (self.filling, self.failed_on.first()) {
            return Some(format!(
                "on {engine} the migration runs only on empty tables: give the rows what it needs first, or write its \
                 statements by hand: {error}"
            ));
        }
        let error = self.again.as_ref()?;
        Some(format!(
            "on {engine} the migration cannot be applied again after its way down: correct its way down: {error}"
        ))
    }
}

impl Doctor {
    /// Runs the migration on the fullest tables on which it runs.
    ///
    /// # Errors
    /// Why there is no scratch database, or why the migration runs not even on empty tables.
    pub(super) async fn try_with_rows(
        &self,
        suggestion: &Suggestion,
        name: &str,
        engine: Engine,
        migrations: &Migrations,
    ) -> Result<Trial, String> {
        let scripts = Scripts {
            engine,
            name,
            up: script(suggestion.up(engine)),
            down: script(suggestion.down(engine)),
        };
        let mut failed_on = Vec::new();
        for filling in Filling::ALL {
            let scratch = self.scratch(engine, migrations.clone()).await?;
            let trial = self.tried_with(&scripts, filling, &scratch.db).await;
            scratch.close().await?;
            match trial? {
                Ok(trial) => {
                    return Ok(Trial { failed_on, ..trial });
                }
                Err(error) => failed_on.push((filling, error)),
            }
        }
        let last = failed_on.pop().map(|(_, error)| error);
        Err(last.unwrap_or_default())
    }

    /// The trial, or the error of the way up.
    async fn tried_with(
        &self,
        scripts: &Scripts<'_>,
        filling: Filling,
        db: &DatabaseConnection,
    ) -> Result<Result<Trial, String>, String> {
        let mut schema = self.read(db, None).await?;
        readable(&mut schema);
        let unfilled = match filling {
            Filling::Empty => Vec::new(),
            Filling::Rows => rows::fill(db, &schema, false).await.map_err(text)?,
            Filling::RowsWithNulls => rows::fill(db, &schema, true).await.map_err(text)?,
        };
        let before = Snapshot::read(db, &schema, "before").await.map_err(text)?;
        if let Err(error) = scripts.run(db, Direction::Up).await {
            return Ok(Err(error));
        }
        let mut changed = self.read(db, None).await?;
        readable(&mut changed);
        let after = Snapshot::read(db, &changed, "after").await.map_err(text)?;
        let up = before.compare(&after, &self.decisions);
        let mut trial = Trial {
            engine: scripts.engine,
            filling,
            failed_on: Vec::new(),
            unfilled,
            up,
            down: Ok(Kept::default()),
            again: None,
        };
        match scripts.run(db, Direction::Down).await {
            Ok(()) => {
                let back = Snapshot::read(db, &schema, "back").await.map_err(text)?;
                let same = crate::fingerprint::decisions::Decisions::default();
                trial.down = Ok(before.compare(&back, &same));
                trial.again = scripts.run(db, Direction::Up).await.err();
            }
            Err(error) => trial.down = Err(error),
        }
        Ok(Ok(trial))
    }
}

/// Leaves out the tables that cannot be read.
fn readable(schema: &mut Schema) {
    let unread = std::mem::take(&mut schema.unread);
    schema.tables.retain(|name, _| !unread.contains_key(name));
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

struct Scripts<'a> {
    engine: Engine,
    name: &'a str,
    up: Script,
    down: Script,
}

impl Scripts<'_> {
    async fn run(&self, db: &DatabaseConnection, direction: Direction) -> Result<(), String> {
        let script = match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        };
        let ran = run_draft(db, self.engine, self.name, direction, script).await;
        ran.map_err(text)
    }
}

fn script(statements: &[String]) -> Script {
    match statements.is_empty() {
        true => Script::nothing("nothing to do on this engine"),
        false => statements
            .iter()
            .cloned()
            .fold(Script::new(), |script, sql| script.sql(sql)),
    }
}
