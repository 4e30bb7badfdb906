//! The statements that mend a place.

use super::super::mend::Mend;
use super::Report;
use crate::domain::Place;

pub(super) fn of(report: &Report, place: Place) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut rebuilt: Vec<&str> = Vec::new();
    let findings = report
        .findings
        .iter()
        .filter(|finding| finding.place == place);
    for finding in findings {
        let Mend::Sql { statements, .. } = &finding.mend else {
            continue;
        };
        // A table of SQLite that has to be made anew is made so once, with everything that it needs; it
        // has its new names by then.
        let is_rename = statements.iter().all(|sql| sql.contains(" RENAME "));
        match report.rebuilds.get(&(place, finding.table.clone())) {
            Some(rebuild) if !is_rename => {
                if !rebuilt.contains(&finding.table.as_str()) {
                    rebuilt.push(&finding.table);
                    all.extend(rebuild.iter().cloned());
                }
            }
            _ => all.extend(
                statements
                    .iter()
                    .filter(|sql| !all.contains(sql))
                    .cloned()
                    .collect::<Vec<_>>(),
            ),
        }
    }
    all
}
