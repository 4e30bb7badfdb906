//! For machines: the shape is `docs/doctor-report.schema.json`.

use serde_json::{Value, json};

use super::{Report, Verdict};
use crate::doctor::finding::Finding;
use crate::doctor::mend::Mend;

pub(super) fn write(report: &Report) -> String {
    let verdict = match report.verdict() {
        Verdict::Clean => "clean",
        Verdict::Drift => "drift",
        Verdict::Unseen => "unseen",
    };
    let excepted = report.excepted.iter().map(|(of, exception)| {
        let mut excepted = finding(of);
        excepted["reason"] = json!(exception.reason);
        excepted
    });
    let value = json!({
        "version": 1,
        "verdict": verdict,
        "looked_at": report.looked_at.iter().map(|place| place.as_str()).collect::<Vec<_>>(),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "excepted": excepted.collect::<Vec<_>>(),
        "unseen": report
            .unseen
            .iter()
            .map(|unseen| json!({"place": unseen.place.as_str(), "reason": unseen.reason}))
            .collect::<Vec<_>>(),
    });
    format!("{value:#}")
}

fn finding(finding: &Finding) -> Value {
    let source = super::source::of(finding);
    json!({
        "code": finding.code.id(),
        "severity": finding.severity().as_str(),
        "title": finding.code.title(),
        "place": finding.place.as_str(),
        "at": finding.at,
        "file": source.as_ref().map(|source| source.file.clone()),
        "line": source.as_ref().and_then(|source| source.line),
        "table": finding.table,
        "subject": finding.subject(),
        "wanted": finding.wanted,
        "found": finding.found,
        "mend": match &finding.mend {
            Mend::Sql { engine, statements } => {
                json!({"kind": "sql", "engine": engine.as_str(), "statements": statements})
            }
            Mend::Rust { what, line } => json!({"kind": "rust", "what": what, "line": line}),
            Mend::Words(words) => json!({"kind": "words", "what": words}),
        },
    })
}
