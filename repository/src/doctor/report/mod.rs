//! What a check says in the end.

mod github;
mod human;
mod json;
mod sarif;
mod source;
mod statements;

use std::collections::BTreeMap;
use std::fmt;

pub use source::Sources;

use super::compare::Rebuild;
use super::finding::Finding;
use super::fix::Fix;
use super::suggest::Suggestion;
use crate::domain::{Place, Suppression};
use crate::engine::Engine;
use human::Human;
pub(super) use statements::Step;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The differences, place by place.
    pub findings: Vec<Finding>,
    /// The differences that DOMAIN suppresses, each with its suppression.
    pub suppressed: Vec<(Finding, &'static Suppression)>,
    /// The places that were looked at.
    pub checked: Vec<Place>,
    /// The places that could not be looked at, at all or in whole, and why.
    pub skipped: Vec<Skipped>,
    /// How a table of SQLite is made anew with every fix of it at once.
    pub(super) rebuilds: BTreeMap<Of, Rebuild>,
}

/// A table: of which place, and of which of several databases there.
pub(super) type Of = (Place, Option<String>, String);

/// A place that could not be looked at, or not in whole: a table of it that cannot be read.
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
    /// None differs of those that could be looked at, and at least one could not.
    Skipped,
}

impl Verdict {
    /// 0 for clean, 1 for drift, 2 where something could not be looked at.
    pub const fn exit_code(self) -> u8 {
        match self {
            Verdict::Clean => 0,
            Verdict::Drift => 1,
            Verdict::Skipped => 2,
        }
    }
}

impl Report {
    /// How the finding's table of SQLite is made anew, where that fixes it.
    fn rebuild_of(&self, finding: &Finding) -> Option<&Rebuild> {
        let of = (finding.place, finding.at.clone(), finding.table.clone());
        let rebuild = self.rebuilds.get(&of)?;
        rebuild.instead_of.contains(&finding.fix).then_some(rebuild)
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        match (self.findings.is_empty(), self.skipped.is_empty()) {
            (false, _) => Verdict::Drift,
            (true, false) => Verdict::Skipped,
            (true, true) => Verdict::Clean,
        }
    }

    /// Whether every place could be looked at and says the same.
    pub fn is_clean(&self) -> bool {
        self.verdict() == Verdict::Clean
    }

    /// The statements that fix what statements can fix on an engine, in order, each table of SQLite made anew
    /// once at most: for what the history lacks, or, if it lacks nothing, for a database, the first that differs. On SQLite they need
    /// foreign keys off, as a migration has them; a table that has to be made anew, with a view over it that has to
    /// go first or that another fix changes, is left to a second look. For a history,
    /// [`Doctor::suggest`](super::Doctor::suggest) has tried them.
    pub fn statements(&self, engine: Engine) -> Vec<String> {
        let places = [Place::Migrations(engine), Place::Database(engine)];
        let differing = places.into_iter().find_map(|place| {
            let mut findings = self.findings.iter();
            findings
                .find(|finding| finding.place == place && matches!(finding.fix, Fix::Sql { .. }))
        });
        let steps = differing.map_or(Vec::new(), |first| {
            self.steps(first.place, first.at.as_deref())
        });
        steps
            .into_iter()
            .flat_map(|step| step.statements.to_vec())
            .collect()
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
    /// For programs: JSON, as `docs/doctor.schema.json` describes it.
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
