//! The statements that mend a place.

use super::super::mend::Mend;
use super::Report;
use crate::domain::Place;

pub(super) fn of(report: &Report, place: Place) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut done: Vec<&Mend> = Vec::new();
    let findings = report.findings.iter();
    for finding in findings.filter(|finding| finding.place == place) {
        if done.contains(&&finding.mend) {
            continue;
        }
        if let Some(rebuild) = report.rebuild_of(finding) {
            done.extend(&rebuild.instead_of);
            all.extend(rebuild.statements.iter().cloned());
        } else if let Mend::Sql { statements, .. } = &finding.mend {
            done.push(&finding.mend);
            all.extend(statements.iter().cloned());
        }
    }
    all
}
