//! A drift is found where it is, and only there; its fixes, applied one after the other, leave nothing.

use catamaran::doctor::{Code, Finding, Fix, Place, Report};

/// How often a fix may lead to a further one.
const ROUNDS: usize = 8;

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

/// Applies fixes until nothing is found any more; `look` looks again.
///
/// # Errors
/// Says what is left.
pub async fn fixed(
    mut report: Report,
    mut apply: impl AsyncFnMut(&[String]) -> Result<(), String>,
    mut look: impl AsyncFnMut() -> Report,
) -> Result<(), String> {
    for _ in 0..ROUNDS {
        let Some(finding) = report.findings.first() else {
            return match report.is_clean() {
                true => Ok(()),
                false => Err(format!("fixed, and still {report}")),
            };
        };
        let Fix::Sql { statements, .. } = &finding.fix else {
            return Err(format!("no statements: {finding}"));
        };
        apply(statements)
            .await
            .map_err(|error| format!("the fix fails: {error}\n{finding}"))?;
        report = look().await;
    }
    Err(format!("fixed {ROUNDS} times, and still {report}"))
}
