//! A report for people: by table, side by side.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};

use super::super::code::Severity;
use super::super::finding::Finding;
use super::super::fix::Fix;
use super::super::suggest::Suggestion;
use super::{Report, Verdict};
use crate::domain::Place;

/// How wide a table may be, in columns of a terminal.
const WIDTH: u16 = 100;

/// A report, as it is shown.
pub(super) struct Human<'a> {
    pub(super) report: &'a Report,
    pub(super) suggestion: Option<&'a Suggestion>,
    /// Whether ANSI styles stand in it.
    pub(super) styled: bool,
}

/// Findings of one subject and one code, of all the places that have them.
type Group<'a> = Vec<&'a Finding>;

/// A table that is made anew for several findings.
enum AtOnce<'a> {
    /// At the first of them: for how many others, and the statements.
    First(usize, &'a [String]),
    /// At a later one.
    Told,
}

impl fmt::Display for Human<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checked(f)?;
        let mut tables: BTreeMap<&str, Vec<Group<'_>>> = BTreeMap::new();
        for finding in &self.report.findings {
            let groups = tables.entry(&finding.table).or_default();
            let same = |group: &&mut Group<'_>| {
                group.first().is_some_and(|first| {
                    first.code == finding.code && first.subject() == finding.subject()
                })
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(finding),
                None => groups.push(vec![finding]),
            }
        }
        for (table, groups) in tables {
            writeln!(
                f,
                "\n{}",
                self.paint(Style::new().bold().underline(), &on_one_line(table))
            )?;
            for group in groups {
                self.group(f, &group)?;
            }
        }
        self.suppressed(f)?;
        self.skipped(f)?;
        if let Some(suggestion) = self.suggestion {
            write!(f, "\n{suggestion}")?;
        }
        self.verdict(f)
    }
}

impl Human<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        match self.styled {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }

    fn severity(&self, severity: Severity, text: &str) -> String {
        let color = match severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
        };
        self.paint(color.on_default().bold(), text)
    }

    fn label(&self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    fn checked(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.label("looked at"))?;
        for place in &self.report.checked {
            let found = self.report.findings.iter();
            let mut skipped = self.report.skipped.iter();
            let mark = match found.filter(|finding| finding.place == *place).count() {
                0 if skipped.any(|skipped| skipped.place == *place) => {
                    self.severity(Severity::Error, "not in whole")
                }
                0 => self.paint(AnsiColor::Green.on_default(), "in sync"),
                count => self.severity(Severity::Error, &counted(count, "difference")),
            };
            writeln!(f, "  {place}: {mark}")?;
        }
        Ok(())
    }

    fn group(&self, f: &mut fmt::Formatter<'_>, group: &[&Finding]) -> fmt::Result {
        let Some(first) = group.first() else {
            return Ok(());
        };
        let (code, severity) = (first.code, first.severity());
        let head = self.severity(severity, &format!("{code} {severity}"));
        writeln!(
            f,
            "\n{head}  {}  {}",
            on_one_line(&first.subject()),
            code.title()
        )?;
        writeln!(f, "  {}", self.label(code.meaning()))?;
        let mut table = Table::new();
        table
            .load_preset(presets::UTF8_BORDERS_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH)
            .set_header(["where", "wanted", "found"]);
        for finding in group {
            let place = match &finding.at {
                Some(at) => format!("{}\n{at}", finding.place),
                None => finding.place.to_string(),
            };
            table.add_row([&place, &finding.wanted, &finding.found].map(|text| harmless(text)));
        }
        for line in table.lines() {
            writeln!(f, "  {}", line.trim_end())?;
        }
        let mut told: Vec<&Fix> = Vec::new();
        for finding in group {
            if !told.contains(&&finding.fix) {
                told.push(&finding.fix);
                self.fix(f, finding)?;
            }
        }
        Ok(())
    }

    fn fix(&self, f: &mut fmt::Formatter<'_>, finding: &Finding) -> fmt::Result {
        let mut text = String::new();
        let what = match &finding.fix {
            Fix::Sql {
                engine, statements, ..
            } => {
                let whose = match finding.place {
                    Place::Database(_) => format!("fix on {engine}"),
                    _ => format!("fix on {engine}, in a new migration"),
                };
                let (whose, statements) = match self.at_once(finding) {
                    Some(AtOnce::Told) => (
                        format!("fix on {engine}: the table is made anew, as above"),
                        &[][..],
                    ),
                    Some(AtOnce::First(all, statements)) => (
                        format!("{whose}, with {all} other differences of the table"),
                        statements,
                    ),
                    None => (whose, statements.as_slice()),
                };
                for statement in statements {
                    writeln!(text, "{statement};")?;
                }
                whose
            }
            Fix::Rust { what, line } => {
                text.clone_from(line);
                format!("fix: {what}")
            }
            Fix::Words(words) => format!("fix: {}", on_one_line(words)),
        };
        writeln!(f, "  {}", self.label(&what))?;
        if let Some(loses) = finding.fix.loses() {
            let loses = self.severity(
                Severity::Warning,
                &format!("it loses {}", on_one_line(loses)),
            );
            writeln!(f, "    {loses}")?;
        }
        for line in harmless(&text).lines() {
            writeln!(f, "    {line}")?;
        }
        Ok(())
    }

    /// Where SQLite makes the table anew for more than one finding: it does so once.
    fn at_once(&self, finding: &Finding) -> Option<AtOnce<'_>> {
        let rebuild = self.report.rebuild_of(finding)?;
        let mut findings = self.report.findings.iter();
        let first = findings.find(|other| {
            let is_here = other.place == finding.place
                && other.at == finding.at
                && other.table == finding.table;
            is_here && rebuild.instead_of.contains(&other.fix)
        })?;
        match rebuild.instead_of.len() {
            0 | 1 => None,
            _ if rebuild.statements.is_empty() => None,
            _ if first.fix != finding.fix => Some(AtOnce::Told),
            all => Some(AtOnce::First(all - 1, &rebuild.statements)),
        }
    }

    fn suppressed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (finding, suppression)) in self.report.suppressed.iter().enumerate() {
            if index == 0 {
                writeln!(f, "\n{}", self.label("suppressed in DOMAIN"))?;
            }
            let (code, place) = (finding.code, finding.place);
            let subject = on_one_line(&finding.subject());
            writeln!(f, "  {code} {subject} in {place}: {}", suppression.reason)?;
        }
        Ok(())
    }

    fn skipped(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, skipped) in self.report.skipped.iter().enumerate() {
            if index == 0 {
                writeln!(
                    f,
                    "\n{}",
                    self.severity(Severity::Error, "could not look at")
                )?;
            }
            let reason = harmless(skipped.reason.trim_end()).replace('\n', "\n    ");
            writeln!(f, "  {}: {reason}", skipped.place)?;
        }
        Ok(())
    }

    fn verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let findings = &self.report.findings;
        let errors = findings
            .iter()
            .filter(|finding| finding.severity() == Severity::Error)
            .count();
        let (errors, warnings) = (
            counted(errors, "error"),
            counted(findings.len() - errors, "warning"),
        );
        let skipped = match self.report.skipped.len() {
            0 => String::new(),
            count => format!(", {} could not be looked at", counted(count, "place")),
        };
        match self.report.verdict() {
            Verdict::Clean => {
                let clean = self.paint(AnsiColor::Green.on_default().bold(), "clean");
                write!(f, "\n{clean}: every place says the same")
            }
            Verdict::Drift => {
                let drift = self.severity(Severity::Error, "drift");
                write!(f, "\n{drift}: {errors}, {warnings}{skipped}")
            }
            Verdict::Skipped => {
                let unknown = self.severity(Severity::Warning, "unknown");
                write!(f, "\n{unknown}: no difference found{skipped}")
            }
        }
    }
}

/// The text without what a terminal would obey.
fn harmless(text: &str) -> String {
    escaped(text, |c| c.is_control() && c != '\n' && c != '\t')
}

/// A text that no name in it breaks.
fn on_one_line(text: &str) -> String {
    escaped(text, char::is_control)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match is_escaped(c) {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    escaped
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
