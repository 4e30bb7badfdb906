//! A report as SARIF 2.1.0, which code scanning reads
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use serde_json::{Value, json};

use super::source::Sources;
use crate::doctor::report::Report;
use crate::fingerprint::code::{Code, Severity};
use crate::fingerprint::finding::Finding;
use crate::fingerprint::text::{harmless, on_one_line};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The fallback location: every project has this file.
const MANIFEST: &str = "Cargo.toml";

/// The longest statements, in bytes, that are part of a message.
const LONGEST: usize = 500;

pub(super) fn document(report: &Report, sources: &Sources) -> String {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| rule(*code)).collect();
    let suppressed = report.suppressed.iter().map(|(finding, suppression)| {
        let mut result = result(report, finding, sources);
        // A suppressed difference stays visible and fails nothing.
        result["suppressions"] =
            json!([{ "kind": "inSource", "justification": suppression.reason }]);
        result
    });
    let findings = report
        .findings
        .iter()
        .map(|finding| result(report, finding, sources));
    let skipped = report.skipped.iter().map(|skipped| {
        json!({
            "level": "error",
            "message": { "text": format!("skipped {}: {}", skipped.place, harmless(&skipped.reason)) },
        })
    });
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "catamaran doctor",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": report.skipped.is_empty(),
                "exitCode": report.verdict().exit_code(),
                "toolExecutionNotifications": skipped.collect::<Vec<_>>(),
            }],
            "results": findings.chain(suppressed).collect::<Vec<_>>(),
        }],
    });
    super::written(&document)
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": code.meaning() },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn result(report: &Report, finding: &Finding, sources: &Sources) -> Value {
    let mut location = json!({
        "logicalLocations": [{
            "name": on_one_line(&finding.subject()),
            "fullyQualifiedName": format!("{}/{}", finding.place.as_str(), on_one_line(&finding.subject())),
        }],
    });
    // GitHub's code scanning refuses a result without a location
    // (https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning).
    let (path, line) = match sources.locate(finding) {
        Some(at) => (at.path, at.line),
        None => (MANIFEST.to_owned(), 1),
    };
    location["physicalLocation"] = json!({
        "artifactLocation": { "uri": path, "uriBaseId": "%SRCROOT%" },
        "region": { "startLine": line },
    });
    json!({
        "ruleId": finding.code.id(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
        "level": level(finding.severity()),
        "message": { "text": message(report, finding) },
        "locations": [location],
        // Identifies the finding across runs, whatever its line.
        "partialFingerprints": {
            "catamaran/v1": format!("{}:{}:{}", finding.code.id(), finding.place.as_str(), finding.subject()),
        },
    })
}

/// One finding in a few lines without styles, with the steps that fix it.
pub(super) fn message(report: &Report, finding: &Finding) -> String {
    let at = finding.at.as_ref();
    let at = at.map_or(String::new(), |at| format!(" ({})", on_one_line(at)));
    let steps = report.steps_of(finding).map(|step| match step.to_string() {
        // The statements that rebuild a table are too long for an annotation.
        text if text.len() > LONGEST => {
            let number = report.number(step).unwrap_or_default();
            let loses = step.loses.iter();
            let loses = loses.map(|what| format!("; it loses {}", on_one_line(what)));
            let loses: String = loses.collect();
            format!("\nfix: step {number} of the report for people{loses}")
        }
        text => format!("\nfix: {}", text.trim_end()),
    });
    format!(
        "{}: {} in {}{at}\nwanted: {}\nfound: {}{}",
        on_one_line(&finding.subject()),
        finding.code.title(),
        finding.place,
        harmless(&finding.wanted),
        harmless(&finding.found),
        steps.collect::<String>(),
    )
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
