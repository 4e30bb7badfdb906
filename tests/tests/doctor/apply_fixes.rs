//! Applies the fixes of a report, and checks that the finding is gone and no other came.

use catamaran::doctor::{Code, Finding, Place, Report};

/// Whether the finding that a drift has to give is there, in its place, and nothing is in another.
///
/// # Errors
/// Says what is there instead.
pub fn found(report: &Report, place: Place, code: Code, subject: &str) -> Result<(), String> {
    if let Some(skipped) = report.skipped.first() {
        return Err(format!("not looked at: {skipped:?}"));
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
    /// By people, whom words tell what to do.
    Words,
}

/// Runs the steps, once and in their order, and checks again.
///
/// # Errors
/// Says what is left.
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
