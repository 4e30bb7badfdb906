//! A migration that fixes what the migrations build, tried before it is suggested.
//!
//! On a scratch database of the engine each fix is applied, and the schema is read and compared again, until
//! no difference with a fix in SQL is left. The way back is found in the same manner, towards the schema
//! from before. What is suggested has therefore run.

mod branch;
mod skeleton;

use std::fmt;

use branch::Branch;
use skeleton::Skeleton;

use super::Doctor;
use super::fix::Fix;
use super::report::{Report, Step};
use crate::domain::Place;
use crate::engine::Engine;

/// What fixes a report: a migration where one can be derived, and what is left to somebody.
#[derive(Clone, Debug, Default)]
pub struct Suggestion {
    skeleton: Option<Skeleton>,
    /// What no migration does: lines of Rust, decisions, a database that differs from what the migrations
    /// build.
    pub by_hand: Vec<String>,
}

impl Suggestion {
    /// What the migration runs on an engine, up; nothing if there is nothing to fix there.
    pub fn up(&self, engine: Engine) -> &[String] {
        self.branch(engine)
            .map_or(&[], |branch| &branch.up.statements)
    }

    /// What the migration runs on an engine, down.
    pub fn down(&self, engine: Engine) -> &[String] {
        self.branch(engine)
            .map_or(&[], |branch| &branch.down.statements)
    }

    fn branch(&self, engine: Engine) -> Option<&Branch> {
        let skeleton = self.skeleton.as_ref()?;
        Some(match engine {
            Engine::Sqlite => &skeleton.sqlite,
            Engine::Postgres => &skeleton.postgres,
        })
    }

    /// The files of the migration, each a path from the `src` of the migrations and its text; none if there
    /// is nothing to migrate.
    pub fn files(&self) -> Vec<(String, String)> {
        self.skeleton.as_ref().map_or(Vec::new(), Skeleton::files)
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.skeleton {
            Some(skeleton) => writeln!(f, "suggested migration, tried on a scratch database")
                .and_then(|()| writeln!(f, "  in the history: {}", skeleton.list_entry()))?,
            None => writeln!(f, "no migration to suggest")?,
        }
        for (path, text) in self.files() {
            write!(f, "\n// ---- src/{path}\n{text}")?;
        }
        if !self.by_hand.is_empty() {
            writeln!(f, "\nby hand")?;
        }
        for words in &self.by_hand {
            writeln!(f, "  {}", words.replace('\n', "\n    "))?;
        }
        Ok(())
    }
}

impl Doctor {
    /// Derives from a report of [`check`](Self::check) a migration of that name, with a branch for each engine.
    pub async fn suggest(&self, report: &Report, name: &str) -> Suggestion {
        let mut sqlite = self.branch(report, Engine::Sqlite).await;
        let mut postgres = self.branch(report, Engine::Postgres).await;
        let mut by_hand = by_hand(report);
        by_hand.append(&mut sqlite.left);
        by_hand.append(&mut postgres.left);
        let is_needed = !(sqlite.up.statements.is_empty() && postgres.up.statements.is_empty());
        Suggestion {
            skeleton: is_needed.then(|| Skeleton {
                name: name.to_owned(),
                sqlite,
                postgres,
            }),
            by_hand,
        }
    }
}

/// The statements of a fix, each on a line, under what they lose.
fn commented(step: &Step<'_>) -> String {
    let losses = step.losses.iter();
    let losses = losses.map(|what| format!("\n-- Loses {what}. Make sure that nobody needs that."));
    let statements = step.statements.iter().map(|sql| format!("\n{sql};"));
    losses.chain(statements).collect()
}

fn by_hand(report: &Report) -> Vec<String> {
    let has_migration = |engine: Engine| {
        let place = Place::Migrations(engine);
        let mut findings = report.findings.iter();
        findings.any(|finding| finding.place == place && matches!(finding.fix, Fix::Sql { .. }))
    };
    let mut all = Vec::new();
    for finding in &report.findings {
        let head = format!("{} {}", finding.code, finding.subject());
        let words = match (&finding.fix, finding.place) {
            (Fix::Rust { what, line }, _) => format!("{head}: {what}:\n{line}"),
            // What was tried tells by itself what it leaves.
            (Fix::Words(_) | Fix::Sql { .. }, Place::Migrations(_)) => continue,
            (Fix::Words(words), _) => format!("{head}: {words}"),
            (Fix::Sql { .. }, Place::Database(engine)) => {
                let at = finding.at.as_deref().unwrap_or("the database");
                match has_migration(engine) {
                    true => format!("{at}: look again after the migration"),
                    false => {
                        let steps = report.steps(finding.place, finding.at.as_deref());
                        let sql: String = steps.iter().map(commented).collect();
                        format!("{at} is not what the migrations build; run there:{sql}")
                    }
                }
            }
            (Fix::Sql { .. }, _) => continue,
        };
        if !all.contains(&words) {
            all.push(words);
        }
    }
    all
}
