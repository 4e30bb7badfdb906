//! A report for programs. `docs/doctor.schema.json` says what is in it.

use serde::Serialize;

use super::super::finding::{Finding, Part};
use super::super::fix::Fix;
use super::super::suggest::Suggestion;
use super::source::Sources;
use super::{Report, Verdict};

/// It grows when a field is added, and changes its meaning never.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    verdict: &'static str,
    exit_code: u8,
    checked: Vec<&'static str>,
    skipped: Vec<Skipped<'a>>,
    findings: Vec<Described<'a>>,
    suppressed: Vec<Suppressed<'a>>,
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
    fix: Fixed<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Fixed<'a> {
    Sql {
        engine: &'static str,
        statements: &'a [String],
        loses: Option<&'a str>,
    },
    Rust {
        what: &'a str,
        line: &'a str,
    },
    Words {
        words: &'a str,
    },
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

pub(super) fn document(
    report: &Report,
    sources: &Sources,
    suggestion: Option<&Suggestion>,
) -> String {
    let document = Document {
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
            .map(|finding| described(finding, sources))
            .collect(),
        suppressed: report
            .suppressed
            .iter()
            .map(|(finding, suppression)| Suppressed {
                reason: suppression.reason,
                finding: described(finding, sources),
            })
            .collect(),
        suggestion: suggestion.map(suggested),
    };
    super::written(&document)
}

fn described<'a>(finding: &'a Finding, sources: &Sources) -> Described<'a> {
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
        fix: match &finding.fix {
            Fix::Sql {
                engine,
                statements,
                loses,
            } => Fixed::Sql {
                engine: engine.as_str(),
                statements,
                loses: loses.as_deref(),
            },
            Fix::Rust { what, line } => Fixed::Rust { what, line },
            Fix::Words(words) => Fixed::Words { words },
        },
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
