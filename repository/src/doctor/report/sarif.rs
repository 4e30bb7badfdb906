//! For code scanning: SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use serde_json::{Value, json};

use super::Report;
use crate::doctor::code::Code;
use crate::doctor::finding::Finding;

pub(super) fn write(report: &Report) -> String {
    let rules = Code::ALL.iter().map(|code| {
        json!({
            "id": code.id(),
            "shortDescription": {"text": code.title()},
            "fullDescription": {"text": code.meaning()},
            "defaultConfiguration": {"level": code.severity().as_str()},
        })
    });
    let unseen = report.unseen.iter().map(|unseen| {
        let text = format!("could not look at {}: {}", unseen.place, unseen.reason);
        json!({"level": "error", "message": {"text": text}})
    });
    let value = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "catamaran doctor",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "results": report.findings.iter().map(result).collect::<Vec<_>>(),
            "invocations": [{
                "executionSuccessful": report.unseen.is_empty(),
                "toolExecutionNotifications": unseen.collect::<Vec<_>>(),
            }],
        }],
    });
    format!("{value:#}")
}

fn result(finding: &Finding) -> Value {
    let name = format!("{}/{}", finding.place.as_str(), finding.subject());
    let mut location = json!({"logicalLocations": [{"fullyQualifiedName": name}]});
    if let Some(source) = super::source::of(finding) {
        let mut physical = json!({"artifactLocation": {"uri": source.file}});
        if let Some(line) = source.line {
            physical["region"] = json!({"startLine": line});
        }
        location["physicalLocation"] = physical;
    }
    json!({
        "ruleId": finding.code.id(),
        "level": finding.severity().as_str(),
        "message": {"text": finding.to_string()},
        "locations": [location],
    })
}
