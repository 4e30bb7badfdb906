//! The run: its options, its seeds, and the shortening of what it finds.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::call::{Tables, Tested};
use super::generate::{self, Limits};
use super::lab::{Failure, Lab, Targets, interrupted};
use super::model::Model;
use super::operation::{OWNER_COUNT, Step};
use super::shape::Shape;
use super::summary::{Divergence, Summary};
use super::{AgreeError, print, shrink};
use crate::driver::Stored;
use crate::migrate::History;
use crate::model::domain::Domain;
use crate::model::query::Column;
use crate::model::value::Field;
use crate::testing::{Target, TestError};
use crate::unit::idempotency::OPERATION_KEYS;

/// The variable that sets the seed of every run.
pub const SEED_VARIABLE: &str = "CATAMARAN_SEED";

/// The variable that sets the number of operations of every run.
pub const OPERATIONS_VARIABLE: &str = "CATAMARAN_OPERATIONS";

/// The steps that begin with empty tables. A failure is shortened from at most that many.
const STEPS_OF_AN_EPISODE: u32 = 150;

/// Compares the engines with random operations, in the scopes of three owners and of the system. If no record has an
/// owner, only the system's scope is used. [`assert_engines_agree!`](crate::assert_engines_agree) is this in one
/// line.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{Note, domain::DOMAIN, migration::History};
/// use catamaran::testing::EnginesAgree;
///
/// let summary = EnginesAgree::new(&DOMAIN)
///     .record::<Note>()
///     .example(Note::TITLE, ["hull", "deck"])
///     .operations(2_000)
///     .run::<History>();
/// println!("{}", summary.unwrap_or_else(|error| panic!("{error}")));
/// ```
pub struct EnginesAgree {
    domain: &'static Domain,
    shapes: Vec<Shape>,
    records: Vec<Arc<dyn Tested>>,
    /// What is wrong with an example, if anything is.
    unknown_example: Option<String>,
    operations: u64,
    seed: Option<u64>,
    targets: Targets,
    time: Option<Duration>,
    shrink_time: Duration,
}

impl std::fmt::Debug for EnginesAgree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnginesAgree")
            .field("operations", &self.operations)
            .field("seed", &self.seed)
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

impl EnginesAgree {
    /// A run on a domain, of 1,000 operations on a SQLite file and on Postgres.
    pub fn new(domain: &'static Domain) -> Self {
        EnginesAgree {
            domain,
            shapes: Vec::new(),
            records: Vec::new(),
            unknown_example: None,
            operations: 1_000,
            seed: None,
            targets: Targets {
                sqlite: Target::SqliteFile,
                postgres: Target::Postgres,
                connections: 4,
            },
            time: None,
            shrink_time: Duration::from_secs(20),
        }
    }

    /// Adds a record. List the record of a parent before those of its children.
    #[must_use]
    pub fn record<R: Stored>(mut self) -> Self {
        self.shapes.push(Shape::of::<R>());
        self.records.push(Arc::new(Tables::<R>::new()));
        self
    }

    /// Values that most rows have in a column: for one whose check few random values satisfy. The record is added
    /// before.
    #[must_use]
    pub fn example<R: Stored, T: Field, V: Into<T::Base>>(
        mut self,
        column: Column<R, T>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let table = R::TABLE.name;
        let shape = self
            .shapes
            .iter_mut()
            .find(|shape| shape.table.name == table);
        if let Some(shape) = shape {
            let values = values.into_iter().map(|value| value.into().to_value());
            shape.examples[column.index()].extend(values);
        } else {
            let reason = format!("examples for {table}: add its record before them");
            self.unknown_example.get_or_insert(reason);
        }
        self
    }

    /// The number of operations. Default: 1,000. The environment variable `CATAMARAN_OPERATIONS` overrides it.
    #[must_use]
    pub fn operations(mut self, operations: u64) -> Self {
        self.operations = operations;
        self
    }

    /// The seed. Default: a new one for each run. The environment variable `CATAMARAN_SEED` overrides it.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The kinds of databases. Default: a SQLite file, and Postgres with the collation `C`.
    #[must_use]
    pub fn targets(mut self, sqlite: Target, postgres: Target) -> Self {
        self.targets = Targets {
            sqlite,
            postgres,
            ..self.targets
        };
        self
    }

    /// The number of connections of each store. Default: 4.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.targets.connections = connections.max(1);
        self
    }

    /// Ends the run after this time, even if operations are left. Default: none.
    #[must_use]
    pub fn time_limit(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// How long a divergence is shortened. Default: 20 seconds.
    #[must_use]
    pub fn shrink_time(mut self, time: Duration) -> Self {
        self.shrink_time = time;
        self
    }

    /// Runs until a divergence, or until all operations are done.
    ///
    /// It runs on its own thread with its own runtime, so that a test with or without a runtime can call it.
    ///
    /// # Errors
    /// [`AgreeError::Diverged`], or [`AgreeError::Test`] if a database is missing or cannot be created.
    pub fn run<H: History>(self) -> Result<Summary, AgreeError> {
        let (summary, mut divergences) = self.survey_until::<H>(1)?;
        match divergences.pop() {
            None => Ok(summary),
            Some(divergence) => Err(AgreeError::Diverged(Box::new(divergence))),
        }
    }

    /// Runs all operations, and returns one divergence of each class, at most `most` of them.
    ///
    /// # Errors
    /// [`AgreeError::Setup`] if the run cannot compare what was asked; [`AgreeError::Test`] if a database is missing or
    /// cannot be created.
    pub fn survey<H: History>(self, most: usize) -> Result<(Summary, Vec<Divergence>), AgreeError> {
        self.survey_until::<H>(most)
    }

    fn survey_until<H: History>(
        mut self,
        most: usize,
    ) -> Result<(Summary, Vec<Divergence>), AgreeError> {
        if let Some(seed) = number(SEED_VARIABLE)? {
            self.seed = Some(seed);
        }
        if let Some(operations) = number(OPERATIONS_VARIABLE)? {
            self.operations = operations;
        }
        if let Some(reason) = self.unknown_example {
            return Err(AgreeError::Setup { reason });
        }
        super::setup::check(self.domain, &self.shapes, self.targets, self.operations)?;
        let run = Run {
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000)),
            domain: self.domain,
            shapes: self.shapes.into(),
            records: self.records.into(),
            operations: self.operations,
            targets: self.targets,
            deadline: self.time.map(|time| Instant::now() + time),
            shrink_time: self.shrink_time,
        };
        blocking(async || run.all::<H>(most).await.map_err(AgreeError::Test))
    }
}

/// A number of the environment; `None` if the variable is not set, or empty.
fn number(variable: &'static str) -> Result<Option<u64>, AgreeError> {
    match std::env::var(variable) {
        Err(_) => Ok(None),
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(AgreeError::Variable { variable }),
        },
    }
}

/// A run whose options are settled.
struct Run {
    seed: u64,
    domain: &'static Domain,
    shapes: Arc<[Shape]>,
    records: Arc<[Arc<dyn Tested>]>,
    operations: u64,
    targets: Targets,
    deadline: Option<Instant>,
    shrink_time: Duration,
}

impl Run {
    async fn all<H: History>(&self, most: usize) -> Result<(Summary, Vec<Divergence>), TestError> {
        let mut summary = Summary {
            seed: self.seed,
            ..Summary::default()
        };
        let mut divergences: Vec<Divergence> = Vec::new();
        let mut lab = self.lab::<H>().await?;
        for episode in 0.. {
            let in_time = self
                .deadline
                .is_none_or(|deadline| Instant::now() < deadline);
            if summary.operations >= self.operations || !in_time {
                break;
            }
            let seed = self.seed.wrapping_add(episode);
            let left = self.operations - summary.operations;
            let mut steps = Vec::new();
            let failure = self
                .episode(&mut lab, seed, left, &mut steps, &mut summary)
                .await?;
            let Some(failure) = failure else {
                continue;
            };
            // A failure may leave a unit open, or a state that the tables do not show.
            lab.remove().await?;
            let known = divergences
                .iter()
                .any(|known| known.class == failure.class());
            if !known {
                divergences.push(self.shorten::<H>(seed, steps, failure, &summary).await?);
            }
            lab = self.lab::<H>().await?;
            if divergences.len() >= most {
                break;
            }
        }
        lab.remove().await?;
        Ok((summary, divergences))
    }

    async fn lab<H: History>(&self) -> Result<Lab, TestError> {
        let (shapes, records) = (self.shapes.clone(), self.records.clone());
        Lab::new::<H>(self.domain, shapes, records, self.targets).await
    }

    fn limits(&self) -> Limits {
        // SQLite in memory has one connection for everything.
        let memory = [self.targets.sqlite, self.targets.postgres].contains(&Target::SqliteMemory);
        Limits {
            outside: self.targets.connections > 1 && !memory,
            owners: self
                .shapes
                .iter()
                .any(|shape| shape.managed.owner.is_some()),
            keys: self.domain.table(OPERATION_KEYS.name).is_some(),
        }
    }

    /// Runs one episode, which leaves its steps in `steps`.
    async fn episode(
        &self,
        lab: &mut Lab,
        seed: u64,
        operations: u64,
        steps: &mut Vec<Step>,
        summary: &mut Summary,
    ) -> Result<Option<Failure>, TestError> {
        let mut left = operations;
        let limits = self.limits();
        let next = |model: &Model| {
            let number = u32::try_from(steps.len()).unwrap_or(u32::MAX) + 1;
            if left == 0 || number > STEPS_OF_AN_EPISODE {
                return None;
            }
            let rng = Rng::with_seed(mixed(seed, number));
            let step = generate::step(rng, model, limits, number);
            left = left.saturating_sub(step.action.operations() as u64);
            steps.push(step.clone());
            Some(step)
        };
        lab.play(next, summary).await.map_err(interrupted)
    }

    async fn shorten<H: History>(
        &self,
        seed: u64,
        steps: Vec<Step>,
        failure: Failure,
        summary: &Summary,
    ) -> Result<Divergence, TestError> {
        let (class, before) = (failure.class(), steps.len());
        let until = Instant::now() + self.shrink_time;
        let mut lab = self.lab::<H>().await?;
        let mut last = failure;
        let fails = async |steps: &[Step]| {
            let mut rest = steps.iter().cloned();
            let mut unused = Summary::default();
            let played = lab.play(|_| rest.next(), &mut unused).await;
            match played {
                Ok(Some(failure)) if failure.class() == class => {
                    last = failure;
                    true
                }
                _ => false,
            }
        };
        let steps = shrink::shrink(&self.shapes, steps, fails, || Instant::now() < until).await;
        lab.remove().await?;
        Ok(Divergence {
            seed,
            class,
            code: print::test(&self.shapes, seed, &steps),
            sqlite: last.sqlite.to_string(),
            postgres: last.postgres.to_string(),
            rule: last
                .broken
                .map(|broken| format!("{} ({})", broken.rule, broken.detail)),
            steps: (before, steps.len()),
            summary: summary.clone(),
        })
    }
}

/// The seed of one step. Neighbouring numbers give unrelated seeds (splitmix64).
fn mixed(seed: u64, number: u32) -> u64 {
    let mut mixed = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(u64::from(number).wrapping_mul(0xd1b5_4a32_d192_ed03));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The future of a long sequence of calls is large without optimisation.
const STACK: usize = 64 * 1024 * 1024;

/// Runs work to its end on a thread of its own.
pub(super) fn blocking<T: Send, F: Future<Output = Result<T, E>>, E: Send + From<TestError>>(
    work: impl FnOnce() -> F + Send,
) -> Result<T, E> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(TestError::io("starting a runtime"))?;
        runtime.block_on(work())
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let started = thread.spawn_scoped(scope, run);
        let started = started.map_err(TestError::io("starting a thread"))?;
        // A panic of the work is a panic of its caller.
        let ended = started.join();
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

const _: () = assert!(OWNER_COUNT > 1, "isolation needs several owners");
