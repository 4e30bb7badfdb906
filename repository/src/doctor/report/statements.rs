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
        // A table of SQLite that has to be made anew is made so once.
        let rebuild = report.rebuilds.get(&(place, finding.table.clone()));
        let rebuild = rebuild.filter(|rebuild| rebuild.instead_of.contains(&finding.mend));
        if let Some(rebuild) = rebuild {
            done.extend(&rebuild.instead_of);
            all.extend(rebuild.statements.iter().cloned());
        } else if let Mend::Sql { statements, .. } = &finding.mend {
            done.push(&finding.mend);
            all.extend(statements.iter().cloned());
        }
    }
    all
}
