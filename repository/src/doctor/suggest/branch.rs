//! One engine's half of a suggested migration.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionOptions};

use super::super::finding::Finding;
use super::super::mend::{Mend, rebuild};
use super::super::report::Report;
use super::super::schema::Schema;
use super::super::scratch::{Migrations, Scratch};
use super::super::{Doctor, compare, exception, read};
use crate::domain::Place;
use crate::engine::Engine;
use crate::migrate::begin;

/// What one engine runs, there and back.
#[derive(Clone, Debug, Default)]
pub(super) struct Branch {
    pub(super) up: Way,
    pub(super) down: Way,
    /// What the statements leave undone.
    pub(super) left: Vec<String>,
}

/// Statements in a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) statements: Vec<String>,
    /// What is lost, by the place of the first statement of the mend that loses it.
    pub(super) losses: BTreeMap<usize, String>,
}

impl Way {
    fn of<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Self {
        let mut way = Way::default();
        for step in steps {
            if !step.losses.is_empty() {
                let place = way.statements.len();
                way.losses.insert(place, step.losses.join("; "));
            }
            way.statements.extend(step.statements.iter().cloned());
        }
        way
    }
}

/// A mend that was applied.
#[derive(Clone, Debug)]
struct Step {
    statements: Vec<String>,
    losses: Vec<String>,
}

impl Doctor {
    /// Empty where the report has nothing for a migration of the engine.
    pub(super) async fn branch(&self, report: &Report, engine: Engine) -> Branch {
        let place = Place::Migrations(engine);
        let is_mended = |finding: &Finding| {
            finding.place == place && !matches!(finding.mend, Mend::Rust { .. })
        };
        let (Some(migrations), true) = (self.migrations, report.findings.iter().any(is_mended))
        else {
            return Branch::default();
        };
        self.about_to_look_at(place);
        match self.tried(engine, migrations).await {
            Ok(branch) => branch,
            Err(reason) => Branch {
                left: vec![format!("nothing could be tried on {engine}: {reason}")],
                ..Branch::default()
            },
        }
    }

    async fn tried(&self, engine: Engine, migrations: Migrations) -> Result<Branch, String> {
        let place = Place::Migrations(engine);
        let Some(wanted) = self.expected().schema(place) else {
            return Ok(Branch::default());
        };
        let scratch = self.scratch(engine, migrations).await?;
        let before = self.read(&scratch.db).await?;
        let there = self.towards(&scratch.db, engine, &wanted, true).await?;
        let after = self.read(&scratch.db).await?;
        let back = self.towards(&scratch.db, engine, &before, false).await?;
        scratch.close().await?;

        let mut left: Vec<String> = there.1;
        left.extend(
            back.1
                .into_iter()
                .map(|what| format!("the way back on {engine} lacks: {what}")),
        );
        let (up, down) = (shorter(&there.0), shorter(&back.0));
        let scratch = self.scratch(engine, migrations).await?;
        let same = self
            .leads(&scratch.db, place, &up.statements, &after)
            .await?
            && self
                .leads(&scratch.db, place, &down.statements, &before)
                .await?;
        scratch.close().await?;
        Ok(match same {
            true => Branch { up, down, left },
            false => Branch {
                up: Way::of(&there.0),
                down: Way::of(&back.0),
                left,
            },
        })
    }

    async fn scratch(&self, engine: Engine, migrations: Migrations) -> Result<Scratch, String> {
        let scratch = migrations.open(engine, self.given_server()).await?;
        if engine == Engine::Sqlite {
            // As a migration has it.
            let off = scratch.db.execute_unprepared("PRAGMA foreign_keys = OFF");
            off.await.map_err(|error| error.to_string())?;
        }
        Ok(scratch)
    }

    async fn read(&self, db: &DatabaseConnection) -> Result<Schema, String> {
        let schema = read::schema(db, &self.role).await;
        schema.map_err(|error| error.to_string())
    }

    /// Applies mend after mend, and again those that failed before another did not; returns them, and what differs
    /// at the end.
    async fn towards(
        &self,
        db: &DatabaseConnection,
        engine: Engine,
        wanted: &Schema,
        is_up: bool,
    ) -> Result<(Vec<Step>, Vec<String>), String> {
        let place = Place::Migrations(engine);
        let exceptions = self.domain.exceptions;
        let mut steps: Vec<Step> = Vec::new();
        let mut failed: Vec<(Mend, String)> = Vec::new();
        loop {
            let actual = self.read(db).await?;
            let mut found = compare::compare(place, None, wanted, &actual, exceptions).findings;
            if is_up {
                found = exception::apply(exceptions, &[], found).0;
                found.retain(|finding| finding.place == place);
            } else {
                // Triggers and views from before are no drift of the way back.
                found.retain(|finding| !finding.code.is_of_others());
            }
            let next = found.iter().find_map(|finding| match &finding.mend {
                Mend::Sql { statements, .. }
                    if reason(&failed, &finding.mend).is_none()
                        && !steps.iter().any(|step| step.statements == *statements) =>
                {
                    Some((&finding.mend, statements))
                }
                _ => None,
            });
            let Some((mend, statements)) = next else {
                let left = found.iter().map(|finding| {
                    let why = match (&finding.mend, reason(&failed, &finding.mend)) {
                        (Mend::Words(words), _) => format!(": {words}"),
                        (_, Some(error)) => format!(" on {engine}: {error}"),
                        (_, None) => format!(" on {engine}: it is there again after its mend"),
                    };
                    format!("{} {}{why}", finding.code, finding.subject())
                });
                return Ok((steps, left.collect()));
            };
            match run(db, statements).await {
                Ok(()) => {
                    steps.push(Step {
                        statements: statements.clone(),
                        losses: mend.loses().map(str::to_owned).into_iter().collect(),
                    });
                    // What was in their way may be gone.
                    failed.clear();
                }
                Err(error) => failed.push((mend.clone(), error)),
            }
        }
    }

    /// Whether the statements lead to that schema.
    async fn leads(
        &self,
        db: &DatabaseConnection,
        place: Place,
        statements: &[String],
        to: &Schema,
    ) -> Result<bool, String> {
        if run(db, statements).await.is_err() {
            return Ok(false);
        }
        let actual = self.read(db).await?;
        let exceptions = self.domain.exceptions;
        let mut found = compare::compare(place, None, to, &actual, exceptions).findings;
        found.retain(|finding| !finding.code.is_of_others());
        Ok(found.is_empty())
    }
}

/// Why the mend failed, if it did.
fn reason<'a>(failed: &'a [(Mend, String)], mend: &Mend) -> Option<&'a str> {
    let mut failed = failed.iter();
    failed
        .find(|(other, _)| other == mend)
        .map(|(_, error)| error.as_str())
}

/// All of the statements, or none.
async fn run(db: &DatabaseConnection, statements: &[String]) -> Result<(), String> {
    let all = async {
        let tx = begin(db, TransactionOptions::default()).await?;
        for statement in statements {
            if let Err(error) = tx.execute_unprepared(statement).await {
                tx.rollback().await?;
                return Err(error);
            }
        }
        tx.commit().await
    };
    all.await.map_err(|error| error.to_string())
}

/// The statements in a row. Where SQLite makes a table anew more than once, the last time is enough if it
/// copies the same columns.
fn shorter(steps: &[Step]) -> Way {
    let mut kept: Vec<Step> = Vec::new();
    for step in steps {
        let mut step = step.clone();
        if let Some(copy) = rebuild::copy(&step.statements) {
            let mut earlier = kept.iter();
            let earlier = earlier.rposition(|one| rebuild::copy(&one.statements) == Some(copy));
            if let Some(earlier) = earlier {
                step.losses.splice(0..0, kept.remove(earlier).losses);
            }
        }
        kept.push(step);
    }
    Way::of(&kept)
}
