//! Generates the migration from what the history builds to DOMAIN, and tries it with rows in the tables.

mod kept;
mod live;
mod questions;
mod review;
mod rows;
mod trial;
mod written;

use super::Doctor;
use super::report::Report;
use super::suggest::Suggestion;
use crate::fingerprint::code::{Code, Severity};
use crate::fingerprint::finding::Finding;
use crate::fingerprint::text;
use crate::model::domain::Place;
use crate::model::engine::Engine;
pub use kept::{Kept, Unfilled};
pub use questions::Question;
pub use review::{Cost, Reviewed};
pub use trial::{Filling, Trial};

/// A migration from what the history builds to DOMAIN.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Its name.
    pub name: String,
    /// Its files, and what they leave to do by hand.
    pub suggestion: Suggestion,
    /// What each statement costs, up.
    pub review: Vec<(Engine, Vec<Reviewed>)>,
    /// What the way up loses on an engine, and the queries for the rows on which it fails.
    pub warnings: Vec<(Engine, String)>,
    /// What came of running it with rows in the tables, for each engine. Empty for a migration without statements.
    pub trials: Vec<Trial>,
}

/// Why no migration was generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// DOMAIN contradicts itself or the records.
    #[error("DOMAIN contradicts itself or the records: first fix what `doctor` reports")]
    Code {
        /// The contradictions.
        report: Box<Report>,
    },
    /// An entity differs from DOMAIN, so that one of them is wrong, and no migration can be right for both.
    #[error(
        "entities differ from DOMAIN, so no migration was written: first change them, or DOMAIN, until `doctor` reports none \
         of these differences"
    )]
    Entities {
        /// The differences.
        report: Box<Report>,
    },
    /// A table or a column may have been renamed, or dropped while another one was added.
    #[error("{}", listed(questions))]
    Undecided {
        /// What to decide.
        questions: Vec<Question>,
    },
    /// A rename or a drop that there is not.
    #[error("{reason}")]
    Unused {
        /// Which.
        reason: String,
    },
    /// A database that was given differs from what the history builds.
    #[error(
        "{database} differs from what the migrations build: bring it up to date first, or generate from a history that \
         built it"
    )]
    DatabaseDiffers {
        /// The database.
        database: String,
        /// The differences. In its texts DOMAIN stands for what the migrations build.
        report: Box<Report>,
    },
    /// Something could not be found out: no server for the scratch database, a database that cannot be read.
    #[error("{reason}")]
    Skipped {
        /// Why.
        reason: String,
    },
    /// The migration does not run on a scratch database with empty tables.
    #[error("the migration fails on {engine}: {reason}")]
    Fails {
        /// The engine.
        engine: Engine,
        /// Its error.
        reason: String,
    },
}

impl GenerateError {
    /// The differences because of which nothing was generated.
    pub fn report(&self) -> Option<&Report> {
        match self {
            GenerateError::Code { report }
            | GenerateError::Entities { report }
            | GenerateError::DatabaseDiffers { report, .. } => Some(report),
            GenerateError::Undecided { .. }
            | GenerateError::Unused { .. }
            | GenerateError::Skipped { .. }
            | GenerateError::Fails { .. } => None,
        }
    }
}

fn listed(questions: &[Question]) -> String {
    let questions: Vec<String> = questions.iter().map(Question::to_string).collect();
    questions.join("\n")
}

impl Generated {
    /// A migration without statements, to be written by hand. It compiles as it stands.
    pub fn empty(name: &str) -> Self {
        Self::to_be_written(name, Suggestion::empty(name))
    }

    /// A [data migration](crate::migrate::data::v1), to be written by hand. It compiles as it stands, and fails until it is
    /// written.
    pub fn data(name: &str) -> Self {
        Self::to_be_written(name, Suggestion::data(name))
    }

    fn to_be_written(name: &str, suggestion: Suggestion) -> Self {
        Generated {
            name: name.to_owned(),
            suggestion,
            review: Vec::new(),
            warnings: Vec::new(),
            trials: Vec::new(),
        }
    }
}

impl Doctor {
    /// Says that a table (`notes`) or a column (`notes.body`) has another name now. A comparison alone cannot know that:
    /// it takes an old name for renamed only if it fits one new name, and the reverse. The new name of a column may have
    /// its table before it.
    #[must_use]
    pub fn renamed(mut self, old: &str, new: &str) -> Self {
        self.decisions.rename(old, new);
        self
    }

    /// Says that a table (`notes`) or a column (`notes.body`) is dropped, even if something like it is added.
    #[must_use]
    pub fn dropped(mut self, what: &str) -> Self {
        self.decisions.drop(what);
        self
    }

    /// Generates the migration of that name from what the [`migrations`](Self::migrations) build to DOMAIN, for both engines;
    /// `None` if there is nothing to change.
    ///
    /// It has run up, down and up again on scratch databases, with rows in the tables where it could
    /// ([`Generated::trials`]). It never guesses a rename: see [`renamed`](Self::renamed) and [`dropped`](Self::dropped).
    ///
    /// # Errors
    /// - [`GenerateError::Skipped`] without [`migrations`](Self::migrations), and if an engine has no scratch database.
    /// - [`GenerateError::DatabaseDiffers`] if a [`database`](Self::database) that was given differs from what the
    ///   migrations build.
    /// - [`GenerateError::Code`], [`GenerateError::Entities`], [`GenerateError::Undecided`], [`GenerateError::Unused`],
    ///   [`GenerateError::Fails`].
    pub async fn generate(&self, name: &str) -> Result<Option<Generated>, GenerateError> {
        let Some(migrations) = self.migrations.clone() else {
            return Err(skipped("there are no migrations"));
        };
        for database in &self.databases {
            Box::pin(self.refuse_another(database, &migrations)).await?;
        }
        let mut of_the_history = self.clone();
        of_the_history.databases.clear();
        let report = Box::pin(of_the_history.check()).await;
        if let Some(skipped) = report.skipped.first() {
            let reason = format!("{}: {}", skipped.place, skipped.reason);
            return Err(GenerateError::Skipped { reason });
        }
        let errors = |is_one: fn(&Finding) -> bool| {
            let errors = report
                .findings
                .iter()
                .filter(|one| one.severity() == Severity::Error);
            let errors: Vec<_> = errors.filter(|one| is_one(one)).cloned().collect();
            (!errors.is_empty()).then(|| Box::new(Report::from(errors)))
        };
        if let Some(report) = errors(|one| one.place == Place::Domain) {
            return Err(GenerateError::Code { report });
        }
        // A table may do without entities, or get them after its migration.
        let of_entities = |one: &Finding| {
            matches!(one.place, Place::Entities(_)) && one.code != Code::TableMissing
        };
        if let Some(report) = errors(of_entities) {
            return Err(GenerateError::Entities { report });
        }
        let questions = questions::open(&report.findings, &self.decisions);
        if !questions.is_empty() {
            return Err(GenerateError::Undecided { questions });
        }
        if let Some(reason) = questions::unused(&report.findings, &self.decisions) {
            return Err(GenerateError::Unused { reason });
        }
        let suggestion = Box::pin(of_the_history.suggest(&report, name)).await;
        let mut generated = Generated {
            suggestion: suggestion.of_a_change(),
            ..Generated::empty(name)
        };
        let is_needed = !generated.suggestion.files().is_empty();
        if !is_needed && generated.suggestion.by_hand.is_empty() {
            return Ok(None);
        }
        for engine in self.engines().filter(|_| is_needed) {
            generated.add_review(engine);
            let trial =
                Box::pin(self.try_with_rows(&generated.suggestion, name, engine, &migrations));
            let trial = trial.await;
            let trial = trial.map_err(|reason| GenerateError::Fails { engine, reason })?;
            generated.suggestion.by_hand.extend(trial.left_to_do());
            generated.trials.push(trial);
        }
        Ok(Some(generated))
    }
}

impl Generated {
    /// Reviews the statements of an engine.
    fn add_review(&mut self, engine: Engine) {
        let branch = self.suggestion.branch(engine);
        let steps = branch.map_or(&[][..], |branch| &branch.up.steps).iter();
        let statements: Vec<_> = steps.clone().flat_map(|step| &step.statements).collect();
        let reviewed = review::review(engine, &statements);
        self.review.push((engine, reviewed));
        let warnings = steps.flat_map(|step| {
            let loses = step.loses.iter();
            let loses = loses.map(|what| format!("loses {}", text::on_one_line(what)));
            let rows = step.find_rows.iter();
            let rows =
                rows.map(|query| format!("fails on the rows of: {}", text::on_one_line(query)));
            loses.chain(rows)
        });
        let warnings: Vec<_> = warnings.map(|warning| (engine, warning)).collect();
        self.warnings.extend(warnings);
    }
}

fn skipped(reason: impl ToString) -> GenerateError {
    GenerateError::Skipped {
        reason: reason.to_string(),
    }
}
