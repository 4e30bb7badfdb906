//! The report for programs. `docs/src/doctor.schema.json` describes it.

use serde::Serialize;

use super::source::Sources;
use crate::doctor::report::{Report, Verdict};
use crate::doctor::steps::Step;
use crate::doctor::suggest::Suggestion;
use crate::fingerprint::finding::{Finding, Part};

/// The version of the format. Raised when a field is added, renamed or removed.
const FORMAT: u32 = 2;

/// A report as JSON.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    format: u32,
    verdict: &'static str,
    exit_code: u8,
    checked: Vec<&'static str>,
    skipped: Vec<Skipped<'a>>,
    findings: Vec<Described<'a>>,
    suppressed: Vec<Suppressed<'a>>,
    steps: Vec<Numbered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<Suggested<'a>>,
}

#[derive(Serialize)]
struct Skipped<'a> {
    place: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Suppressed<'a> {
    reason: &'static str,
    finding: Described<'a>,
}

#[derive(Serialize)]
struct Described<'a> {
    code: &'static str,
    severity: &'static str,
    title: &'static str,
    meaning: &'static str,
    place: &'static str,
    at: Option<&'a str>,
    file: Option<String>,
    line: Option<usize>,
    table: &'a str,
    part: &'static str,
    name: Option<&'a str>,
    subject: String,
    wanted: &'a str,
    found: &'a str,
    /// The numbers of the steps that fix it; empty for a suppressed finding.
    steps: Vec<usize>,
}

#[derive(Serialize)]
struct Numbered<'a> {
    number: usize,
    place: &'static str,
    at: Option<&'a str>,
    words: Option<&'a str>,
    sql: &'a [String],
    atomic: bool,
    loses: &'a [String],
    find_rows: &'a [String],
}

#[derive(Serialize)]
struct Suggested<'a> {
    files: Vec<File>,
    by_hand: Vec<&'a str>,
}

#[derive(Serialize)]
struct File {
    path: String,
    text: String,
}

pub(super) fn document<'a>(
    report: &'a Report,
    sources: &Sources,
    suggestion: Option<&'a Suggestion>,
) -> Document<'a> {
    Document {
        format: FORMAT,
        verdict: report.verdict().as_str(),
        exit_code: report.verdict().exit_code(),
        checked: report.checked.iter().map(|at| at.as_str()).collect(),
        skipped: report
            .skipped
            .iter()
            .map(|skipped| Skipped {
                place: skipped.place.as_str(),
                reason: &skipped.reason,
            })
            .collect(),
        findings: report
            .findings
            .iter()
            .enumerate()
            .map(|(index, finding)| described(finding, report.numbers(index), sources))
            .collect(),
        suppressed: report
            .suppressed
            .iter()
            .map(|(finding, suppression)| Suppressed {
                reason: suppression.reason,
                finding: described(finding, Vec::new(), sources),
            })
            .collect(),
        steps: report.steps.iter().enumerate().map(numbered).collect(),
        suggestion: suggestion.map(suggested),
    }
}

fn described<'a>(finding: &'a Finding, steps: Vec<usize>, sources: &Sources) -> Described<'a> {
    let location = sources.locate(finding);
    Described {
        code: finding.code.id(),
        severity: finding.severity().as_str(),
        title: finding.code.title(),
        meaning: finding.code.meaning(),
        place: finding.place.as_str(),
        at: finding.at.as_deref(),
        file: location.as_ref().map(|location| location.path.clone()),
        line: location.map(|location| location.line),
        table: &finding.table,
        part: match finding.part {
            Part::Table => "table",
            Part::Column => "column",
            Part::Named => "named",
        },
        name: (finding.part != Part::Table).then_some(finding.name.as_str()),
        subject: finding.subject(),
        wanted: &finding.wanted,
        found: &finding.found,
        steps,
    }
}

fn numbered((index, step): (usize, &Step)) -> Numbered<'_> {
    Numbered {
        number: index + 1,
        place: step.place.as_str(),
        at: step.at.as_deref(),
        words: step.words.as_deref(),
        sql: &step.sql,
        atomic: step.atomic,
        loses: &step.loses,
        find_rows: &step.find_rows,
    }
}

fn suggested(suggestion: &Suggestion) -> Suggested<'_> {
    let files = suggestion.files().into_iter();
    Suggested {
        files: files.map(|(path, text)| File { path, text }).collect(),
        by_hand: suggestion.by_hand.iter().map(String::as_str).collect(),
    }
}

impl Verdict {
    /// `clean`, `drift` or `skipped`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Clean => "clean",
            Verdict::Drift => "drift",
            Verdict::Skipped => "skipped",
        }
    }
}
