//! A report as annotations of a GitHub workflow
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use super::sarif;
use super::source::Sources;
use crate::doctor::report::Report;
use crate::fingerprint::finding::Finding;
use crate::fingerprint::text::{harmless, on_one_line};

pub(super) fn annotations(report: &Report, sources: &Sources) -> String {
    let findings = report
        .findings
        .iter()
        .map(|finding| annotation(report, finding, sources));
    let skipped = report.skipped.iter().map(|skipped| {
        let text = format!("skipped {}: {}", skipped.place, harmless(&skipped.reason));
        format!("::error title=catamaran doctor::{}", escaped(&text))
    });
    findings.chain(skipped).collect::<Vec<_>>().join("\n")
}

fn annotation(report: &Report, finding: &Finding, sources: &Sources) -> String {
    let file = sources.locate(finding).map_or(String::new(), |at| {
        format!("file={},line={},", property(&at.path), at.line)
    });
    let title = format!("{}: {}", finding.code, on_one_line(&finding.subject()));
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
