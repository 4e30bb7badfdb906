//! What a check says in the end.

mod github;
mod human;
mod json;
mod sarif;
mod source;

use std::fmt;

pub use source::Sources;

use super::code::Severity;
use super::finding::Finding;
use super::steps::{self, Step};
use super::suggest::Suggestion;
use super::text;
use crate::domain::{Place, Suppression};
use crate::engine::Engine;
use human::Human;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The differences, place by place.
    pub findings: Vec<Finding>,
    /// The differences that DOMAIN suppresses, each with its suppression.
    pub suppressed: Vec<(Finding, &'static Suppression)>,
    /// The places that were checked.
    pub checked: Vec<Place>,
    /// The places that were skipped, as a whole or in part, and why.
    pub skipped: Vec<Skipped>,
    /// How to fix them: run in this order, each step as a whole.
    pub steps: Vec<Step>,
}

/// A place that was not checked, or not in whole: a table of it that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: String,
}

/// What a report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every place says the same.
    Clean,
    /// At least one differs.
    Drift,
    /// None differs of those that were checked, and at least one was skipped.
    Skipped,
}

impl Verdict {
    /// 0 for clean, 1 for drift, 2 where something was skipped.
    pub const fn exit_code(self) -> u8 {
        match self {
            Verdict::Clean => 0,
            Verdict::Drift => 1,
            Verdict::Skipped => 2,
        }
    }
}

impl From<Vec<Finding>> for Report {
    /// A report of these findings, with their steps.
    fn from(findings: Vec<Finding>) -> Self {
        Report {
            steps: steps::of(&findings, &steps::Schemas::new()),
            findings,
            ..Report::default()
        }
    }
}

impl Report {
    /// The numbers of the steps that fix a finding, counted from 1.
    fn numbers(&self, finding: usize) -> Vec<usize> {
        let steps = self.steps.iter().enumerate();
        let steps = steps.filter(|(_, step)| step.findings.contains(&finding));
        steps.map(|(place, _)| place + 1).collect()
    }

    /// The number of a step, counted from 1.
    fn number(&self, step: &Step) -> Option<usize> {
        let place = self.steps.iter().position(|other| other == step);
        place.map(|place| place + 1)
    }

    /// What a step fixes: `CAT030 habits: ix_habits__user_id_updated_at`.
    pub(super) fn subjects(&self, step: &Step) -> Vec<String> {
        let findings = step.findings.iter();
        let findings = findings.filter_map(|place| self.findings.get(*place));
        let subjects = findings.map(|finding| {
            let subject = text::on_one_line(&finding.subject());
            format!("{} {subject}", finding.code)
        });
        subjects.collect()
    }

    /// The steps that fix a finding of this report: one of several where names have to change first.
    pub fn steps_of(&self, finding: &Finding) -> impl Iterator<Item = &Step> {
        let place = self.findings.iter().position(|other| other == finding);
        let steps = self.steps.iter();
        steps.filter(move |step| place.is_some_and(|place| step.findings.contains(&place)))
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        match (self.findings.is_empty(), self.skipped.is_empty()) {
            (false, _) => Verdict::Drift,
            (true, false) => Verdict::Skipped,
            (true, true) => Verdict::Clean,
        }
    }

    /// Whether no finding is more than a warning.
    pub fn is_free_of_errors(&self) -> bool {
        let mut findings = self.findings.iter();
        !findings.any(|finding| finding.severity() == Severity::Error)
    }

    /// Whether every place was checked and says the same.
    pub fn is_clean(&self) -> bool {
        self.verdict() == Verdict::Clean
    }

    /// The statements of the [steps](Self::steps) of an engine, in order: for what the history lacks, or, if it lacks
    /// nothing, for a database, the first that differs. For a history, [`Doctor::suggest`](super::Doctor::suggest) has
    /// tried them.
    pub fn statements(&self, engine: Engine) -> Vec<String> {
        let places = [Place::Migrations(engine), Place::Database(engine)];
        let in_sql = |place: Place| {
            let mut steps = self.steps.iter();
            steps.find(move |step| step.place == place && !step.sql.is_empty())
        };
        let Some(first) = places.into_iter().find_map(in_sql) else {
            return Vec::new();
        };
        let steps = self.steps.iter();
        let steps = steps.filter(|step| step.place == first.place && step.at == first.at);
        steps.flat_map(|step| step.sql.iter().cloned()).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let human = Human {
            report: self,
            suggestion: None,
            styled: false,
        };
        human.fmt(f)
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// For people: by table, side by side.
    #[default]
    Human,
    /// For programs: JSON, as `docs/src/doctor.schema.json` describes it.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For a GitHub workflow: annotations.
    Github,
}

impl Report {
    /// The report in a format; without a line break at its end.
    ///
    /// `sources` finds the files of entities, for formats that point at them. A suggestion is part of
    /// [`Human`](Format::Human) and [`Json`](Format::Json); the others have no place for it. What is for people
    /// has ANSI styles in it, for a stream that strips them where nobody sees them; the report's `Display` has none.
    pub fn written(
        &self,
        format: Format,
        sources: &Sources,
        suggestion: Option<&Suggestion>,
    ) -> String {
        match format {
            Format::Human => Human {
                report: self,
                suggestion,
                styled: true,
            }
            .to_string(),
            Format::Json => json::document(self, sources, suggestion),
            Format::Sarif => sarif::document(self, sources),
            Format::Github => github::annotations(self, sources),
        }
    }
}

fn written(document: &impl serde::Serialize) -> String {
    // Maps with keys that are no texts are what this could fail on, and there are none.
    serde_json::to_string_pretty(document).unwrap_or_default()
}
