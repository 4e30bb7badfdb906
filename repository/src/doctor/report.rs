//! The result of a check.

use super::steps::{self, Step};
use crate::fingerprint::code::Severity;
use crate::fingerprint::finding::Finding;
use crate::fingerprint::text;
use crate::model::domain::{Place, Suppression};
use crate::model::engine::Engine;

/// The result of a check: findings, what was checked and skipped, and the steps that fix it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The differences, place by place.
    pub findings: Vec<Finding>,
    /// The differences that DOMAIN suppresses, each with its suppression.
    pub suppressed: Vec<(Finding, &'static Suppression)>,
    /// The places that were checked.
    pub checked: Vec<Place>,
    /// The places that were skipped in whole or in part, each with its reason.
    pub skipped: Vec<Skipped>,
    /// The steps that fix the findings. Run them in this order, each as a whole.
    pub steps: Vec<Step>,
}

/// A place that was not checked, or only in part: for example because a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The place.
    pub place: Place,
    /// The reason.
    pub reason: String,
}

/// The overall result of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All places agree.
    Clean,
    /// At least one place differs.
    Drift,
    /// No checked place differs, but at least one was skipped.
    Skipped,
}

impl Verdict {
    /// The exit code of the command line: 0 for clean, 1 for drift, 2 if something was skipped.
    pub const fn exit_code(self) -> u8 {
        match self {
            Verdict::Clean => 0,
            Verdict::Drift => 1,
            Verdict::Skipped => 2,
        }
    }
}

impl From<Vec<Finding>> for Report {
    /// Builds a report of these findings, with their steps.
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
    pub(super) fn numbers(&self, finding: usize) -> Vec<usize> {
        let steps = self.steps.iter().enumerate();
        let steps = steps.filter(|(_, step)| step.findings.contains(&finding));
        steps.map(|(place, _)| place + 1).collect()
    }

    /// The number of a step, counted from 1.
    pub(super) fn number(&self, step: &Step) -> Option<usize> {
        let place = self.steps.iter().position(|other| other == step);
        place.map(|place| place + 1)
    }

    /// The findings that a step fixes, each as `CAT030 habits: ix_habits__user_id_updated_at`.
    pub(super) fn subjects(&self, step: &Step) -> Vec<String> {
        let findings = step.findings.iter();
        let findings = findings.filter_map(|place| self.findings.get(*place));
        let subjects = findings.map(|finding| {
            let subject = text::on_one_line(&finding.subject());
            format!("{} {subject}", finding.code)
        });
        subjects.collect()
    }

    /// The steps that fix a finding of this report. More than one if names have to change first.
    pub fn steps_of(&self, finding: &Finding) -> impl Iterator<Item = &Step> {
        let place = self.findings.iter().position(|other| other == finding);
        let steps = self.steps.iter();
        steps.filter(move |step| place.is_some_and(|place| step.findings.contains(&place)))
    }

    /// The overall result.
    pub fn verdict(&self) -> Verdict {
        match (self.findings.is_empty(), self.skipped.is_empty()) {
            (false, _) => Verdict::Drift,
            (true, false) => Verdict::Skipped,
            (true, true) => Verdict::Clean,
        }
    }

    /// Whether every finding is a warning at most.
    pub fn is_free_of_errors(&self) -> bool {
        let mut findings = self.findings.iter();
        !findings.any(|finding| finding.severity() == Severity::Error)
    }

    /// Whether every place was checked and all agree.
    pub fn is_clean(&self) -> bool {
        self.verdict() == Verdict::Clean
    }

    /// The statements of an engine's [steps](Self::steps), in order: those for the migration history, or, if the history
    /// lacks nothing, those for the first database that differs. [`Doctor::suggest`](super::Doctor::suggest) tries the
    /// statements for a history before it suggests them.
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
