//! What a check says in the end.

mod github;
mod human;
mod json;
mod sarif;
mod source;
mod suggest;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::finding::Finding;
use crate::domain::{Exception, Place};
use crate::engine::Engine;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The differences, place by place.
    pub findings: Vec<Finding>,
    /// The differences that DOMAIN excepts, each with its exception.
    pub excepted: Vec<(Finding, &'static Exception)>,
    /// The places that were looked at.
    pub looked_at: Vec<Place>,
    /// The places that could not be looked at, and why.
    pub unseen: Vec<Unseen>,
    /// How a table of SQLite is made anew as DOMAIN has it, with every change at once.
    pub(super) rebuilds: BTreeMap<(Place, String), Vec<String>>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For machines.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For GitHub Actions: annotations.
    Github,
}

impl FromStr for Format {
    type Err = String;

    /// Reads `human`, `json`, `sarif` or `github`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "human" => Ok(Format::Human),
            "json" => Ok(Format::Json),
            "sarif" => Ok(Format::Sarif),
            "github" => Ok(Format::Github),
            other => Err(format!("{other} is none of human, json, sarif and github")),
        }
    }
}

/// A place that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
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
    Unseen,
}

impl Verdict {
    /// 0 for clean, 1 for drift, 2 where something could not be looked at.
    pub const fn exit_code(self) -> u8 {
        match self {
            Verdict::Clean => 0,
            Verdict::Drift => 1,
            Verdict::Unseen => 2,
        }
    }
}

impl Report {
    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        match (self.findings.is_empty(), self.unseen.is_empty()) {
            (false, _) => Verdict::Drift,
            (true, false) => Verdict::Unseen,
            (true, true) => Verdict::Clean,
        }
    }

    /// Whether every place could be looked at and says the same.
    pub fn is_clean(&self) -> bool {
        self.verdict() == Verdict::Clean
    }

    /// The report in a format; `coloured` is for people, on a terminal.
    pub fn write(&self, format: Format, coloured: bool) -> String {
        match format {
            Format::Human => human::write(self, coloured),
            Format::Json => json::write(self),
            Format::Sarif => sarif::write(self),
            Format::Github => github::write(self),
        }
    }

    /// The statements that mend what statements can mend on an engine, in order, each table of SQLite made anew
    /// once at most: for what the history lacks, or, if it lacks nothing, for a database.
    pub fn statements(&self, engine: Engine) -> Vec<String> {
        suggest::statements(self, engine)
    }

    /// A migration, as the text of its three files, that mends what can be mended by statements: both branches,
    /// each for what the history lacks on its engine, or else a database. `None` where there is nothing of the
    /// kind.
    pub fn suggestion(&self) -> Option<String> {
        suggest::write(self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(human::write(self, false).trim_end())
    }
}
