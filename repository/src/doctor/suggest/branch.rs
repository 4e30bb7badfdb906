//! One engine's branch of a suggested migration.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionOptions};

use super::retyped::Retyped;
use crate::doctor::Doctor;
use crate::doctor::report::Report;
use crate::doctor::scratch::{Migrations, Scratch};
use crate::doctor::steps;
use crate::doctor::steps::Step;
use crate::fingerprint::finding::Finding;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::schema::Schema;
use crate::fingerprint::{compare, read, suppression};
use crate::migrate::begin;
use crate::model::domain::Place;
use crate::model::engine::Engine;

/// The statements of one engine, up and down.
#[derive(Clone, Debug, Default)]
pub(in crate::doctor) struct Branch {
    pub(in crate::doctor) up: Way,
    pub(in crate::doctor) down: Way,
    /// What the statements do not fix.
    pub(super) left: Vec<String>,
}

/// The steps of one direction.
#[derive(Clone, Debug, Default)]
pub(in crate::doctor) struct Way {
    pub(in crate::doctor) steps: Vec<Step>,
    /// All their statements.
    pub(in crate::doctor) statements: Vec<String>,
    /// The columns of another type, after they were renamed.
    pub(super) retyped: Vec<Retyped>,
}

impl Way {
    /// The columns whose values the steps convert.
    fn converting(retyped: &[Retyped]) -> Self {
        Way {
            retyped: retyped.to_vec(),
            ..Way::default()
        }
    }
}

/// How many rounds of fixes are tried: one fix may reveal another difference.
const ROUNDS: usize = 4;

impl Doctor {
    /// The branch for an engine; empty if the report has nothing for a migration of it. On SQLite it also converts the
    /// columns whose type changes on Postgres.
    pub(super) async fn branch(
        &self,
        report: &Report,
        engine: Engine,
        on_postgres: &Branch,
    ) -> Branch {
        let place = Place::Migrations(engine);
        let is_fixed =
            |finding: &Finding| finding.place == place && !matches!(finding.fix, Fix::Rust { .. });
        let (Some(migrations), true) = (
            self.migrations.clone(),
            report.findings.iter().any(is_fixed) || !on_postgres.up.retyped.is_empty(),
        ) else {
            return Branch::default();
        };
        self.announce(place);
        match self.tried(engine, migrations, on_postgres).await {
            Ok(branch) => branch,
            Err(reason) => Branch {
                left: vec![format!("nothing could be tried on {engine}: {reason}")],
                ..Branch::default()
            },
        }
    }

    /// Runs the branch up, down and up again.
    async fn tried(
        &self,
        engine: Engine,
        migrations: Migrations,
        on_postgres: &Branch,
    ) -> Result<Branch, String> {
        let place = Place::Migrations(engine);
        let Some(wanted) = self.requirements().schema(place) else {
            return Ok(Branch::default());
        };
        let scratch = self.scratch(engine, migrations).await?;
        let before = self.read(&scratch.db, None).await?;
        let up = Way::converting(&on_postgres.up.retyped);
        let (up, mut left) = self.towards(&scratch.db, &wanted, true, up).await?;
        let down = Way::converting(&on_postgres.down.retyped);
        let (down, lacks) = self.towards(&scratch.db, &before, false, down).await?;
        let again = run(&scratch.db, &up.statements).await;
        scratch.close().await?;
        let lacks = lacks.into_iter();
        left.extend(lacks.map(|what| format!("the way back on {engine} lacks: {what}")));
        if let Err((_, error)) = again {
            left.push(format!(
                "after the way back on {engine} it cannot be applied again: {error}"
            ));
        }
        Ok(Branch { up, down, left })
    }

    /// A scratch database that all migrations were applied to, as the next one finds it.
    pub(in crate::doctor) async fn scratch(
        &self,
        engine: Engine,
        migrations: Migrations,
    ) -> Result<Scratch, String> {
        let scratch = migrations.open(engine, self.given_server()).await?;
        if engine == Engine::Sqlite {
            // As while a migration runs.
            let off = scratch.db.execute_unprepared("PRAGMA foreign_keys = OFF");
            off.await.map_err(|error| error.to_string())?;
        }
        Ok(scratch)
    }

    pub(in crate::doctor) async fn read(
        &self,
        db: &DatabaseConnection,
        wanted: Option<&Schema>,
    ) -> Result<Schema, String> {
        let schema = read::schema(db, self.application(), wanted).await;
        schema.map_err(|error| error.to_string())
    }

    /// Runs the steps towards a schema and leaves out those that fail. Returns the steps and what still differs.
    async fn towards(
        &self,
        db: &DatabaseConnection,
        wanted: &Schema,
        is_up: bool,
        mut way: Way,
    ) -> Result<(Way, Vec<String>), String> {
        let engine = wanted.engine;
        let place = Place::Migrations(engine);
        let suppressions = self.domain.suppressions;
        let decisions = match is_up {
            true => self.decisions.clone(),
            false => self.decisions.reversed(),
        };
        let mut unconverted = way.retyped.clone();
        unconverted.retain(|one| engine == Engine::Sqlite && one.changes_values());
        let mut failed: Vec<(Fix, String)> = Vec::new();
        for _ in 0..ROUNDS {
            let actual = self.read(db, Some(wanted)).await?;
            let mut converting = wanted.clone();
            for one in &unconverted {
                one.convert(&mut converting);
            }
            let mut found =
                compare::compare(place, None, &converting, &actual, suppressions, &decisions);
            if is_up {
                found = suppression::apply(suppressions, &[], found).0;
                found.retain(|finding| finding.place == place);
            }
            if engine == Engine::Postgres {
                for one in Retyped::among(&found) {
                    if !way.retyped.contains(&one) {
                        way.retyped.push(one);
                    }
                }
            }
            let Some(step) = tried(db, &found, &way, &mut failed).await else {
                let mut left = left(engine, &found, &failed);
                let unconverted = unconverted.iter().filter(|one| one.is_in(&actual));
                left.extend(unconverted.map(Retyped::by_hand));
                return Ok((way, left));
            };
            unconverted.retain(|one| !one.is_done_by(&step.sql));
            way.statements.extend(step.sql.iter().cloned());
            way.steps.push(step);
        }
        Err(format!("{ROUNDS} rounds of fixes did not converge"))
    }
}

/// Runs the SQL step and leaves out the fixes whose statements fail. `None` if nothing new is left to run.
async fn tried(
    db: &DatabaseConnection,
    found: &[Finding],
    way: &Way,
    failed: &mut Vec<(Fix, String)>,
) -> Option<Step> {
    loop {
        let fixable: Vec<Finding> = found
            .iter()
            .filter(|finding| !failed.iter().any(|(fix, _)| *fix == finding.fix))
            .cloned()
            .collect();
        let steps = steps::of(&fixable, &steps::Schemas::new());
        let step = steps.into_iter().find(|step| !step.sql.is_empty())?;
        if way.steps.iter().any(|other| other.sql == step.sql) {
            return None;
        }
        let Err((statement, error)) = run(db, &step.sql).await else {
            return Some(step);
        };
        let has_it = |fix: &Fix| match fix {
            Fix::Sql(change) => change.statements.iter().any(|one| one.sql == statement),
            Fix::Rust { .. } | Fix::Words(_) => false,
        };
        let before = failed.len();
        let fixes = fixable.into_iter().map(|finding| finding.fix);
        failed.extend(fixes.filter(has_it).map(|fix| (fix, error.clone())));
        if failed.len() == before {
            return None;
        }
    }
}

fn left(engine: Engine, found: &[Finding], failed: &[(Fix, String)]) -> Vec<String> {
    let left = found.iter().map(|finding| {
        let mut failed = failed.iter();
        let error = failed.find(|(fix, _)| *fix == finding.fix);
        let why = match (&finding.fix, error) {
            (Fix::Words(words), _) => format!(": {words}"),
            (_, Some((_, error))) => format!(" on {engine}: {error}"),
            (_, None) => format!(" on {engine}: the difference is still there after its fix"),
        };
        format!("{} {}{why}", finding.code, finding.subject())
    });
    left.collect()
}

/// Runs all of the statements or none. Returns the one that fails, with the error.
async fn run(db: &DatabaseConnection, statements: &[String]) -> Result<(), (String, String)> {
    let failed = |statement: &str, error: DbErr| (statement.to_owned(), error.to_string());
    let tx = begin(db, TransactionOptions::default()).await;
    let tx = tx.map_err(|error| failed("BEGIN", error))?;
    for statement in statements {
        if let Err(error) = tx.execute_unprepared(statement).await {
            let rolled_back = tx.rollback().await;
            rolled_back.map_err(|error| failed("ROLLBACK", error))?;
            return Err(failed(statement, error));
        }
    }
    let committed = tx.commit().await;
    committed.map_err(|error| failed("COMMIT", error))
}
