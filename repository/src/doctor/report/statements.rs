//! The statements that mend a place.

use super::super::finding::Finding;
use super::super::mend::Mend;
use super::Report;
use crate::domain::Place;

/// A mend, or all that one rebuild of a table of SQLite does.
pub(in super::super) struct Step<'a> {
    pub(in super::super) statements: &'a [String],
    pub(in super::super) losses: Vec<&'a str>,
}

impl Report {
    /// What mends a place, in order; `at` is one of several databases there.
    pub(in super::super) fn steps(&self, place: Place, at: Option<&str>) -> Vec<Step<'_>> {
        let mut steps: Vec<Step<'_>> = Vec::new();
        let mut done: Vec<&Mend> = Vec::new();
        let is_there = |finding: &&Finding| finding.place == place && finding.at.as_deref() == at;
        for finding in self.findings.iter().filter(is_there) {
            if done.contains(&&finding.mend) {
                continue;
            }
            if let Some(rebuild) = self.rebuild_of(finding) {
                done.extend(&rebuild.instead_of);
                steps.push(Step {
                    statements: &rebuild.statements,
                    losses: rebuild.instead_of.iter().filter_map(Mend::loses).collect(),
                });
            } else if let Mend::Sql { statements, .. } = &finding.mend {
                done.push(&finding.mend);
                steps.push(Step {
                    statements,
                    losses: finding.mend.loses().into_iter().collect(),
                });
            }
        }
        steps
    }
}
