//! A report as SARIF 2.1.0, which code scanning reads
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use serde_json::{Value, json};

use super::super::code::{Code, Severity};
use super::super::finding::Finding;
use super::super::fix::Fix;
use super::Report;
use super::source::Sources;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// How long the statements of a fix may be to be part of a message, in bytes.
const LONGEST: usize = 500;

pub(super) fn document(report: &Report, sources: &Sources) -> String {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| rule(*code)).collect();
    let suppressed = report.suppressed.iter().map(|(finding, suppression)| {
        let mut result = result(finding, sources);
        // A difference that is meant stays visible, and fails nothing.
        result["suppressions"] =
            json!([{ "kind": "inSource", "justification": suppression.reason }]);
        result
    });
    let findings = report
        .findings
        .iter()
        .map(|finding| result(finding, sources));
    let skipped = report.skipped.iter().map(|skipped| {
        json!({
            "level": "error",
            "message": { "text": format!("could not look at {}: {}", skipped.place, skipped.reason) },
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

fn result(finding: &Finding, sources: &Sources) -> Value {
    let mut location = json!({
        "logicalLocations": [{
            "name": finding.subject(),
            "fullyQualifiedName": format!("{}/{}", finding.place.as_str(), finding.subject()),
        }],
    });
    if let Some(at) = sources.locate(finding) {
        location["physicalLocation"] = json!({
            "artifactLocation": { "uri": at.path },
            "region": { "startLine": at.line },
        });
    }
    json!({
        "ruleId": finding.code.id(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
        "level": level(finding.severity()),
        "message": { "text": message(finding) },
        "locations": [location],
    })
}

/// One finding in a few lines, without styles.
pub(super) fn message(finding: &Finding) -> String {
    let at = finding
        .at
        .as_ref()
        .map_or(String::new(), |at| format!(" ({at})"));
    let fix = match &finding.fix {
        Fix::Sql {
            engine, statements, ..
        } => match statements.join("; ") {
            // A table made anew is too long for an annotation.
            sql if sql.len() > LONGEST => {
                format!("on {engine}; the report for people has the statements")
            }
            sql => format!("on {engine}: {sql};"),
        },
        Fix::Rust { what, line } => format!("{what}: {line}"),
        Fix::Words(words) => words.clone(),
    };
    let loses = finding.fix.loses();
    let loses = loses.map_or(String::new(), |what| format!("\nit loses {what}"));
    format!(
        "{}: {} in {}{at}\nwanted: {}\nfound: {}\nfix: {fix}{loses}",
        finding.subject(),
        finding.code.title(),
        finding.place,
        finding.wanted,
        finding.found,
    )
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
