//! A report as annotations of a GitHub workflow
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use super::super::finding::Finding;
use super::source::Sources;
use super::{Report, sarif};

pub(super) fn annotations(report: &Report, sources: &Sources) -> String {
    let findings = report
        .findings
        .iter()
        .map(|finding| annotation(report, finding, sources));
    let skipped = report.skipped.iter().map(|skipped| {
        let text = format!("could not look at {}: {}", skipped.place, skipped.reason);
        format!("::error title=catamaran doctor::{}", escaped(&text))
    });
    findings.chain(skipped).collect::<Vec<_>>().join("\n")
}

fn annotation(report: &Report, finding: &Finding, sources: &Sources) -> String {
    let file = sources.locate(finding).map_or(String::new(), |at| {
        format!("file={},line={},", property(&at.path), at.line)
    });
    let title = format!("{}: {}", finding.code, finding.subject());
    format!(
        "::{} {file}title={}::{}",
        finding.severity(),
        property(&title),
        escaped(&sarif::message(report, finding)),
    )
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
