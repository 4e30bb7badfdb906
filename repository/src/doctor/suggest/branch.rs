//! One engine's half of a suggested migration.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionOptions};

use super::super::compare::Rebuild;
use super::super::finding::Finding;
use super::super::fix::Fix;
use super::super::report::Report;
use super::super::schema::Schema;
use super::super::scratch::{Migrations, Scratch};
use super::super::{Doctor, compare, read, suppression};
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
    /// What is lost, by the place of the first statement of the fix that loses it.
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

/// A fix that was applied.
#[derive(Clone, Debug)]
struct Step {
    statements: Vec<String>,
    losses: Vec<String>,
}

impl Step {
    /// A fix, or the rebuild of its table, which does every fix of it at once.
    fn of(fix: &Fix, rebuild: Option<&Rebuild>) -> Option<Self> {
        let Fix::Sql { statements, .. } = fix else {
            return None;
        };
        let rebuild = rebuild
            .filter(|rebuild| rebuild.instead_of.contains(fix) && !rebuild.statements.is_empty());
        let (statements, fixes) = match rebuild {
            Some(rebuild) => (&rebuild.statements, rebuild.instead_of.as_slice()),
            None => (statements, std::slice::from_ref(fix)),
        };
        let losses = fixes.iter().filter_map(Fix::loses);
        Some(Step {
            statements: statements.clone(),
            losses: losses.map(str::to_owned).collect(),
        })
    }
}

impl Doctor {
    /// Empty where the report has nothing for a migration of the engine.
    pub(super) async fn branch(&self, report: &Report, engine: Engine) -> Branch {
        let place = Place::Migrations(engine);
        let is_fixed =
            |finding: &Finding| finding.place == place && !matches!(finding.fix, Fix::Rust { .. });
        let (Some(migrations), true) = (
            self.migrations.clone(),
            report.findings.iter().any(is_fixed),
        ) else {
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
        let before = self.read(&scratch.db, None).await?;
        let (up, mut left) = self.towards(&scratch.db, engine, &wanted, true).await?;
        let (down, lacks) = self.towards(&scratch.db, engine, &before, false).await?;
        scratch.close().await?;
        let lacks = lacks.into_iter();
        left.extend(lacks.map(|what| format!("the way back on {engine} lacks: {what}")));
        Ok(Branch {
            up: Way::of(&up),
            down: Way::of(&down),
            left,
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

    async fn read(
        &self,
        db: &DatabaseConnection,
        wanted: Option<&Schema>,
    ) -> Result<Schema, String> {
        let schema = read::schema(db, &self.role, wanted).await;
        schema.map_err(|error| error.to_string())
    }

    /// Applies fix after fix, and again those that failed before another did not; returns them, and what differs
    /// at the end.
    async fn towards(
        &self,
        db: &DatabaseConnection,
        engine: Engine,
        wanted: &Schema,
        is_up: bool,
    ) -> Result<(Vec<Step>, Vec<String>), String> {
        let place = Place::Migrations(engine);
        let suppressions = self.domain.suppressions;
        let mut steps: Vec<Step> = Vec::new();
        let mut failed: Vec<(Fix, String)> = Vec::new();
        loop {
            let actual = self.read(db, Some(wanted)).await?;
            let compared = compare::compare(place, None, wanted, &actual, suppressions);
            let mut found = compared.findings;
            if is_up {
                found = suppression::apply(suppressions, &[], found).0;
                found.retain(|finding| finding.place == place);
            } else {
                // Triggers and views from before are no drift of the way back.
                found.retain(|finding| !finding.code.is_of_others());
            }
            let next = found.iter().find_map(|finding| {
                let rebuild = compared.rebuilds.get(&finding.table);
                let step = Step::of(&finding.fix, rebuild)?;
                let is_new = reason(&failed, &finding.fix).is_none()
                    && !steps
                        .iter()
                        .any(|other| other.statements == step.statements);
                is_new.then_some((&finding.fix, step))
            });
            let Some((fix, step)) = next else {
                let left = found.iter().map(|finding| {
                    let why = match (&finding.fix, reason(&failed, &finding.fix)) {
                        (Fix::Words(words), _) => format!(": {words}"),
                        (_, Some(error)) => format!(" on {engine}: {error}"),
                        (_, None) => format!(" on {engine}: it is there again after its fix"),
                    };
                    format!("{} {}{why}", finding.code, finding.subject())
                });
                return Ok((steps, left.collect()));
            };
            match run(db, &step.statements).await {
                Ok(()) => {
                    steps.push(step);
                    // What was in their way may be gone.
                    failed.clear();
                }
                Err(error) => failed.push((fix.clone(), error)),
            }
        }
    }
}

/// Why the fix failed, if it did.
fn reason<'a>(failed: &'a [(Fix, String)], fix: &Fix) -> Option<&'a str> {
    let mut failed = failed.iter();
    failed
        .find(|(other, _)| other == fix)
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
