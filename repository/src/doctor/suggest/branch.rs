//! One engine's half of a suggested migration.

use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionOptions};

use super::super::code::Code;
use super::super::finding::Finding;
use super::super::mend::Mend;
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
    pub(super) up: Vec<String>,
    pub(super) down: Vec<String>,
    /// What the statements leave undone.
    pub(super) left: Vec<String>,
}

/// The statements that were applied one after another, each mend's together.
type Steps = Vec<Vec<String>>;

impl Doctor {
    /// Empty where the report has nothing for a migration of the engine.
    pub(super) async fn branch(&self, report: &Report, engine: Engine) -> Branch {
        let place = Place::Migrations(engine);
        let is_mended =
            |finding: &Finding| finding.place == place && matches!(finding.mend, Mend::Sql { .. });
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
        let same = self.leads(&scratch.db, place, &up, &after).await?
            && self.leads(&scratch.db, place, &down, &before).await?;
        scratch.close().await?;
        Ok(match same {
            true => Branch { up, down, left },
            false => Branch {
                up: there.0.concat(),
                down: back.0.concat(),
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

    /// Applies mend after mend; returns them, and what differs at the end.
    async fn towards(
        &self,
        db: &DatabaseConnection,
        engine: Engine,
        wanted: &Schema,
        is_up: bool,
    ) -> Result<(Steps, Vec<String>), String> {
        let place = Place::Migrations(engine);
        let mut steps = Steps::new();
        let mut left = Vec::new();
        let mut tried: Vec<Vec<String>> = Vec::new();
        loop {
            let actual = self.read(db).await?;
            let mut found = compare::compare(place, None, wanted, &actual).findings;
            if is_up {
                found = exception::apply(self.domain.exceptions, &[], found).0;
                found.retain(|finding| finding.place == place);
            } else {
                // Triggers and views from before are no drift of the way back.
                found.retain(|finding| finding.code != Code::Unknown);
            }
            let next = found
                .into_iter()
                .find_map(|finding| match finding.mend.clone() {
                    Mend::Sql { statements, .. } if !tried.contains(&statements) => {
                        Some((finding, statements))
                    }
                    _ => None,
                });
            let Some((finding, statements)) = next else {
                break;
            };
            tried.push(statements.clone());
            match run(db, &statements).await {
                Ok(()) => steps.push(statements),
                Err(error) => left.push(format!(
                    "{} {} on {engine}: {error}",
                    finding.code,
                    finding.subject()
                )),
            }
        }
        Ok((steps, left))
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
        let mut found = compare::compare(place, None, to, &self.read(db).await?).findings;
        found.retain(|finding| finding.code != Code::Unknown);
        Ok(found.is_empty())
    }
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
fn shorter(steps: &Steps) -> Vec<String> {
    let rebuild = |step: &[String]| {
        let is = step
            .first()
            .is_some_and(|sql| sql.starts_with("CREATE TABLE"))
            && step
                .get(1)
                .is_some_and(|sql| sql.starts_with("INSERT INTO"));
        is.then(|| step.get(1).cloned()).flatten()
    };
    let repeated = |index: usize| {
        let copies = rebuild(&steps[index]);
        copies.is_some()
            && steps[index + 1..]
                .iter()
                .any(|later| rebuild(later) == copies)
    };
    let kept = (0..steps.len()).filter(|index| !repeated(*index));
    kept.flat_map(|index| steps[index].clone()).collect()
}
