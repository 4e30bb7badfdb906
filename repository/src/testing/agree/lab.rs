//! Runs steps on both engines, and compares.

use std::sync::Arc;

use futures_util::future::join;

use super::model::{Broken, Model};
use super::operation::{Asked, Call, Filter, Method, Step, Who};
use super::outcome::{Answer, Outcome};
use super::shape::Shape;
use super::side::{Entry, Records, Side};
use super::source::Source;
use super::summary::Summary;
use crate::migrate::History;
use crate::model::domain::Domain;
use crate::model::error::{Error, Result};
use crate::model::query::Visibility;
use crate::store::StoreOptions;
use crate::testing::{Target, TestError, TwinDatabase};

/// After how many steps all rows are read and compared.
const AUDIT_EVERY: usize = 20;

/// A pair of databases, one of each engine.
pub(super) struct Lab {
    sqlite: Side,
    postgres: Side,
    domain: &'static Domain,
    shapes: Arc<[Shape]>,
    /// Whether no step has run since the databases were made.
    clean: bool,
}

/// What went wrong.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The method.
    pub(super) what: &'static str,
    pub(super) sqlite: Outcome,
    pub(super) postgres: Outcome,
    pub(super) broken: Option<Broken>,
}

impl Failure {
    /// Equal for failures that may have the same cause.
    pub(super) fn class(&self) -> String {
        match &self.broken {
            Some(broken) => format!("{}: {}", self.what, broken.rule),
            None => {
                let (sqlite, postgres) = (self.sqlite.name(), self.postgres.name());
                format!("{}: {sqlite} on SQLite, {postgres} on Postgres", self.what)
            }
        }
    }
}

/// The configuration of both databases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Targets {
    pub(super) sqlite: Target,
    pub(super) postgres: Target,
    pub(super) connections: usize,
}

impl Lab {
    pub(super) async fn new<H: History>(
        domain: &'static Domain,
        shapes: Arc<[Shape]>,
        records: Records,
        targets: Targets,
    ) -> Result<Self, TestError> {
        let side = async |target| -> Result<Side, TestError> {
            let source = Source::new();
            let adapt = |options: StoreOptions| {
                let options = options.domain(domain);
                let options = options.clock(source.clone()).ids(source.clone());
                let options = options.synchronous(crate::driver::Synchronous::Normal);
                options
                    .connections(targets.connections)
                    .readers(targets.connections)
            };
            let database = TwinDatabase::create_with::<H>(target, adapt).await?;
            Ok(Side {
                database,
                source,
                records: records.clone(),
            })
        };
        Ok(Lab {
            sqlite: side(targets.sqlite).await?,
            postgres: side(targets.postgres).await?,
            domain,
            shapes,
            clean: true,
        })
    }

    pub(super) async fn remove(self) -> Result<(), TestError> {
        let sqlite = self.sqlite.database.remove().await;
        self.postgres.database.remove().await?;
        sqlite
    }

    /// Runs steps until there are no more, or one fails. Begins with empty tables.
    ///
    /// # Errors
    /// An error of emptying or reading the tables. A failed step is `Ok(Some(..))`.
    pub(super) async fn play(
        &mut self,
        mut next: impl FnMut(&Model) -> Option<Step>,
        summary: &mut Summary,
    ) -> Result<Option<Failure>> {
        if !std::mem::take(&mut self.clean) {
            let (sqlite, postgres) = join(
                self.sqlite.wipe(self.domain),
                self.postgres.wipe(self.domain),
            )
            .await;
            sqlite.and(postgres)?;
        }
        let mut model = Model::new(self.shapes.clone());
        let mut steps = 0;
        while let Some(step) = next(&model) {
            let (sqlite, postgres) = join(self.sqlite.run(&step), self.postgres.run(&step)).await;
            for entry in &sqlite {
                let outcome = &entry.outcome;
                summary.count(entry.what, outcome.name(), outcome.calls());
            }
            if let Some(failure) = differs(&sqlite, &postgres) {
                return Ok(Some(failure));
            }
            let outcomes = sqlite.iter().map(|entry| &entry.outcome).collect();
            if let Err((at, broken)) = model.step(&step, outcomes) {
                return Ok(Some(broke(&sqlite, at, broken)));
            }
            steps += 1;
            if (model.uncertain || steps % AUDIT_EVERY == 0)
                && let Some(failure) = self.audit(&mut model).await
            {
                return Ok(Some(failure));
            }
        }
        Ok(self.audit(&mut model).await)
    }

    /// Reads every row on both engines.
    async fn audit(&self, model: &mut Model) -> Option<Failure> {
        for table in 0..self.shapes.len() {
            let everything = Call {
                table,
                method: Method::Stream(Asked {
                    filter: Filter::All,
                    order: Vec::new(),
                    visibility: Visibility::All,
                }),
            };
            let (sqlite, postgres) = join(
                self.sqlite.outside(Who::System, &everything),
                self.postgres.outside(Who::System, &everything),
            )
            .await;
            let entry = |outcome| Entry {
                what: "all rows",
                outcome,
            };
            let (sqlite, postgres) = (vec![entry(sqlite)], vec![entry(postgres)]);
            if let Some(failure) = differs(&sqlite, &postgres) {
                return Some(failure);
            }
            let rows = match &sqlite[0].outcome.0 {
                Ok(Answer::Rows(rows)) => rows.clone(),
                _ => Vec::new(),
            };
            if let Err(broken) = model.audit(table, rows) {
                return Some(broke(&sqlite, 0, broken));
            }
        }
        model.audited();
        None
    }
}

/// The first outcome in which the engines differ.
fn differs(sqlite: &[Entry], postgres: &[Entry]) -> Option<Failure> {
    let missing = Outcome(Err(crate::model::error::ErrorKind::Internal));
    let at = (0..sqlite.len().max(postgres.len())).find(|at| {
        let outcome = |side: &[Entry]| side.get(*at).map(|entry| entry.outcome.clone());
        outcome(sqlite) != outcome(postgres)
    })?;
    let outcome = |side: &[Entry]| {
        let entry = side.get(at).map(|entry| entry.outcome.clone());
        entry.unwrap_or_else(|| missing.clone())
    };
    let what = sqlite
        .get(at)
        .or(postgres.get(at))
        .map_or("", |entry| entry.what);
    Some(Failure {
        what,
        sqlite: outcome(sqlite),
        postgres: outcome(postgres),
        broken: None,
    })
}

/// A rule that the outcome at this position broke.
fn broke(entries: &[Entry], at: usize, broken: Broken) -> Failure {
    let entry = entries.get(at).or(entries.last());
    let outcome = entry.map(|entry| entry.outcome.clone());
    let outcome = outcome.unwrap_or(Outcome(Ok(Answer::Done)));
    Failure {
        what: entry.map_or("", |entry| entry.what),
        sqlite: outcome.clone(),
        postgres: outcome,
        broken: Some(broken),
    }
}

/// An error of the run itself.
pub(super) fn interrupted(error: Error) -> TestError {
    TestError::open(error)
}
