//! A drift is found where it is, and only there; its mends, applied one after the other, leave nothing.

use catamaran::doctor::{Code, Finding, Mend, Place, Report};

/// How often a mend may lead to a further one.
const ROUNDS: usize = 8;

/// Whether the finding that a drift has to give is there, in its place, and nothing is in another.
///
/// # Errors
/// Says what is there instead.
pub fn found(report: &Report, place: Place, code: Code, subject: &str) -> Result<(), String> {
    if let Some(unseen) = report.unseen.first() {
        return Err(format!("not looked at: {unseen:?}"));
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

/// Applies mends until nothing is found any more; `look` looks again.
///
/// # Errors
/// Says what is left.
pub async fn mended(
    mut report: Report,
    mut apply: impl AsyncFnMut(&[String]) -> Result<(), String>,
    mut look: impl AsyncFnMut() -> Report,
) -> Result<(), String> {
    for _ in 0..ROUNDS {
        let Some(finding) = report.findings.first() else {
            return match report.is_clean() {
                true => Ok(()),
                false => Err(format!("mended, and still {report}")),
            };
        };
        let Mend::Sql { statements, .. } = &finding.mend else {
            return Err(format!("no statements: {finding}"));
        };
        apply(statements)
            .await
            .map_err(|error| format!("the mend fails: {error}\n{finding}"))?;
        report = look().await;
    }
    Err(format!("mended {ROUNDS} times, and still {report}"))
}
