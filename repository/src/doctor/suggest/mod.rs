//! Suggested migrations: each is tried on a scratch database before it is suggested.
//!
//! Each fix is applied to a scratch database of the engine, then the schema is read and compared again, until no
//! difference with a SQL fix is left. The way down is found in the same manner, towards the schema from before.

mod branch;
mod retyped;
mod skeleton;

use std::fmt;

use branch::Branch;
use retyped::Retyped;
use skeleton::{Branches, Content, Skeleton};

use super::Doctor;
use super::report::Report;
use crate::fingerprint::text;
use crate::model::domain::Place;
use crate::model::engine::Engine;

/// A migration that fixes a report, where one can be derived, and what remains to be done by hand.
#[derive(Clone, Debug, Default)]
pub struct Suggestion {
    skeleton: Option<Skeleton>,
    /// What no migration can do: lines of Rust, decisions, a database that differs from what the migrations build.
    pub by_hand: Vec<String>,
}

impl Suggestion {
    /// The statements that the migration runs up on an engine; empty if there is nothing to fix.
    pub fn up(&self, engine: Engine) -> &[String] {
        self.branch(engine)
            .map_or(&[], |branch| &branch.up.statements)
    }

    /// The statements that the migration runs down on an engine.
    pub fn down(&self, engine: Engine) -> &[String] {
        self.branch(engine)
            .map_or(&[], |branch| &branch.down.statements)
    }

    pub(super) fn branch(&self, engine: Engine) -> Option<&Branch> {
        let Content::Sql(branches) = &self.skeleton.as_ref()?.content else {
            return None;
        };
        Some(match engine {
            Engine::Sqlite => &branches.sqlite,
            Engine::Postgres => &branches.postgres,
        })
    }

    /// The files of the migration: for each its path below `src` of the migration crate, and its text. Empty if there is
    /// nothing to migrate.
    pub fn files(&self) -> Vec<(String, String)> {
        self.skeleton.as_ref().map_or(Vec::new(), Skeleton::files)
    }
}

impl Suggestion {
    /// A migration without statements, to be written by hand. It compiles as it stands.
    pub(super) fn empty(name: &str) -> Self {
        let content = Content::Sql(Box::default());
        Self::to_be_written(name, skeleton::CHANGES, content)
    }

    /// A data migration, to be written by hand. It compiles as it stands, and fails until it is written.
    pub(super) fn data(name: &str) -> Self {
        Self::to_be_written(name, skeleton::ROWS_CHANGE, Content::Data)
    }

    fn to_be_written(name: &str, purpose: &'static str, content: Content) -> Self {
        Suggestion {
            skeleton: Some(Skeleton {
                name: name.to_owned(),
                purpose,
                content,
            }),
            by_hand: Vec::new(),
        }
    }

    /// The same for a change of DOMAIN: its first line does not speak of a drift.
    pub(super) fn of_a_change(mut self) -> Self {
        if let Some(skeleton) = &mut self.skeleton {
            skeleton.purpose = skeleton::CHANGES;
        }
        self
    }

    /// What is left to do by hand, and what the history has to name: all but the files.
    pub fn summary(&self) -> String {
        let mut lines = Vec::new();
        if !self.by_hand.is_empty() {
            lines.push("by hand".to_owned());
        }
        let by_hand = self.by_hand.iter();
        lines.extend(by_hand.map(|words| format!("  {}", text::on_one_line(words))));
        match &self.skeleton {
            Some(skeleton) => lines.extend([
                "suggested migration, tried on a scratch database: up, down, and up again"
                    .to_owned(),
                format!("  in the history: {}", skeleton.list_entry()),
            ]),
            None => lines.push("no migration to suggest".to_owned()),
        }
        lines.join("\n")
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        // Nothing follows the last file, so that each can be cut out of the output.
        for (path, text) in self.files() {
            write!(f, "\n\n// ---- src/{path}\n{}", text.trim_end())?;
        }
        Ok(())
    }
}

impl Doctor {
    /// Derives a migration of that name from a report of [`check`](Self::check), with a branch for each engine.
    pub async fn suggest(&self, report: &Report, name: &str) -> Suggestion {
        let nothing = Branch::default();
        let mut postgres = self.branch(report, Engine::Postgres, &nothing).await;
        let mut by_hand = by_hand(report);
        let unequal = self.unequal(&postgres);
        if !unequal.is_empty() {
            by_hand.extend(unequal);
            by_hand.append(&mut postgres.left);
            return Suggestion {
                skeleton: None,
                by_hand,
            };
        }
        let mut sqlite = self.branch(report, Engine::Sqlite, &postgres).await;
        by_hand.append(&mut sqlite.left);
        by_hand.append(&mut postgres.left);
        let is_needed = !(sqlite.up.statements.is_empty() && postgres.up.statements.is_empty());
        Suggestion {
            skeleton: is_needed.then(|| Skeleton {
                name: name.to_owned(),
                purpose: "Fixes what the doctor found. Say here why the schema changes.",
                content: Content::Sql(Box::new(Branches { sqlite, postgres })),
            }),
            by_hand,
        }
    }
}

impl Doctor {
    /// The columns whose values the engines would not convert to the same ones.
    fn unequal(&self, postgres: &Branch) -> Vec<String> {
        let sqlite = self
            .requirements()
            .schema(Place::Migrations(Engine::Sqlite));
        let Some(sqlite) = sqlite.filter(|_| self.engines().any(|engine| engine == Engine::Sqlite))
        else {
            return Vec::new();
        };
        let retyped = postgres.up.retyped.iter();
        let mut retyped = retyped.filter(|one| one.is_in(&sqlite)).peekable();
        let back = postgres.down.retyped.iter();
        let back = back.filter(|one| one.is_lost_on_the_way_back());
        let back: Vec<String> = match retyped.peek() {
            Some(_) => back.map(Retyped::by_hand).collect(),
            None => Vec::new(),
        };
        let unequal = retyped.filter(|one| one.expression().is_none());
        unequal.map(Retyped::by_hand).chain(back).collect()
    }
}

/// The steps that are not part of the suggested migration.
fn by_hand(report: &Report) -> Vec<String> {
    let steps = report.steps.iter().enumerate();
    // The branches report by themselves what they do not fix.
    let steps = steps.filter(|(_, step)| !matches!(step.place, Place::Migrations(_)));
    let written = steps.map(|(index, step)| {
        let (number, of) = (index + 1, report.subjects(step).join(", "));
        match &step.words {
            Some(words) => format!("step {number}, {of}: {words}"),
            None => format!("step {number}, {of}: run its statements"),
        }
    });
    written.collect()
}
