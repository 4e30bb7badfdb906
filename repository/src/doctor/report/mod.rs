//! What a check says in the end.

use std::fmt;

use super::finding::Finding;
use crate::domain::{Exception, Place};

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
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looked_at: Vec<&str> = self.looked_at.iter().map(|place| place.as_str()).collect();
        writeln!(f, "looked at: {}", looked_at.join(", "))?;
        for finding in &self.findings {
            writeln!(f, "\n{finding}")?;
        }
        for unseen in &self.unseen {
            writeln!(f, "\ncould not look at {}: {}", unseen.place, unseen.reason)?;
        }
        write!(f, "\n{} finding(s)", self.findings.len())
    }
}
