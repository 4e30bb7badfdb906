//! Applies the fixes of a report, and checks that the finding is gone and no other came.

use catamaran::doctor::{Code, Finding, Place, Report};

/// Checks that a drift is reported in its place, and that no other place has a finding.
///
/// # Errors
/// The findings that were reported instead.
pub fn found(report: &Report, place: Place, code: Code, subject: &str) -> Result<(), String> {
    if let Some(skipped) = report.skipped.first() {
        return Err(format!("skipped: {skipped:?}"));
    }
    let is_it = |finding: &&Finding| {
        finding.place == place && finding.code == code && finding.subject() == subject
    };
    if !report.findings.iter().any(|finding| is_it(&finding)) {
        return Err(format!("{code} {subject} is not there; {report}"));
    }
    if let Some(other) = report
        .findings
        .iter()
        .find(|finding| finding.place != place)
    {
        return Err(format!("in another place: {other}"));
    }
    Ok(())
}

/// How a finding is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// By the steps, run once.
    Sql,
    /// By the user, whom the text tells what to do.
    Words,
}

/// Runs the steps once, in order, and checks again.
///
/// # Errors
/// The findings that are left.
pub async fn fixed(
    report: Report,
    mut apply: impl AsyncFnMut(&[String]) -> Result<(), String>,
    mut look: impl AsyncFnMut() -> Report,
) -> Result<Repair, String> {
    if report.steps.iter().any(|step| step.sql.is_empty()) {
        return Ok(Repair::Words);
    }
    for step in &report.steps {
        apply(&step.sql)
            .await
            .map_err(|error| format!("a step fails: {error}\n{report}"))?;
    }
    let left = look().await;
    match left.is_clean() {
        true => Ok(Repair::Sql),
        false => Err(format!("fixed, and still {left}\n{report}")),
    }
}
