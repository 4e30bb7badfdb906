//! The statements that fix a place.

use super::super::finding::Finding;
use super::super::fix::Fix;
use super::Report;
use crate::domain::Place;

/// A fix, or all that one rebuild of a table of SQLite does.
pub(in super::super) struct Step<'a> {
    pub(in super::super) statements: &'a [String],
    pub(in super::super) losses: Vec<&'a str>,
}

impl Report {
    /// What fixes a place, in order; `at` is one of several databases there.
    pub(in super::super) fn steps(&self, place: Place, at: Option<&str>) -> Vec<Step<'_>> {
        let mut steps: Vec<Step<'_>> = Vec::new();
        let mut done: Vec<&Fix> = Vec::new();
        let is_there = |finding: &&Finding| finding.place == place && finding.at.as_deref() == at;
        for finding in self.findings.iter().filter(is_there) {
            if done.contains(&&finding.fix) {
                continue;
            }
            if let Some(rebuild) = self.rebuild_of(finding) {
                done.extend(&rebuild.instead_of);
                steps.push(Step {
                    statements: &rebuild.statements,
                    losses: rebuild.instead_of.iter().filter_map(Fix::loses).collect(),
                });
            } else if let Fix::Sql { statements, .. } = &finding.fix {
                done.push(&finding.fix);
                steps.push(Step {
                    statements,
                    losses: finding.fix.loses().into_iter().collect(),
                });
            }
        }
        steps
    }
}
