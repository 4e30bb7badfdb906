//! For GitHub Actions: workflow commands, which become annotations
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use std::fmt::Write;

use super::Report;

pub(super) fn write(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let mut at = String::new();
        if let Some(source) = super::source::of(finding) {
            let _ = write!(at, "file={},", property(&source.file));
            if let Some(line) = source.line {
                let _ = write!(at, "line={line},");
            }
        }
        let title = format!(
            "{} {}: {}",
            finding.code,
            finding.subject(),
            finding.code.title()
        );
        let (kind, title) = (finding.severity(), property(&title));
        let _ = writeln!(
            text,
            "::{kind} {at}title={title}::{}",
            data(&finding.to_string())
        );
    }
    for unseen in &report.unseen {
        let words = format!("could not look at {}: {}", unseen.place, unseen.reason);
        let _ = writeln!(text, "::error title=catamaran doctor::{}", data(&words));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
