//! A report for people: by table, side by side.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};

use super::super::code::Severity;
use super::super::finding::Finding;
use super::super::mend::Mend;
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
        self.looked_at(f)?;
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
        self.excepted(f)?;
        self.unseen(f)?;
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

    fn looked_at(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.label("looked at"))?;
        for place in &self.report.looked_at {
            let found = self.report.findings.iter();
            let mut unseen = self.report.unseen.iter();
            let mark = match found.filter(|finding| finding.place == *place).count() {
                0 if unseen.any(|unseen| unseen.place == *place) => {
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
        let mut told: Vec<&Mend> = Vec::new();
        for finding in group {
            if !told.contains(&&finding.mend) {
                told.push(&finding.mend);
                self.mend(f, finding)?;
            }
        }
        Ok(())
    }

    fn mend(&self, f: &mut fmt::Formatter<'_>, finding: &Finding) -> fmt::Result {
        let mut text = String::new();
        let what = match &finding.mend {
            Mend::Sql {
                engine, statements, ..
            } => {
                let whose = match finding.place {
                    Place::Database(_) => format!("mend on {engine}"),
                    _ => format!("mend on {engine}, in a new migration"),
                };
                let (whose, statements) = match self.at_once(finding) {
                    Some(AtOnce::Told) => (
                        format!("mend on {engine}: the table is made anew, as above"),
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
            Mend::Rust { what, line } => {
                text.clone_from(line);
                format!("mend: {what}")
            }
            Mend::Words(words) => format!("mend: {}", on_one_line(words)),
        };
        writeln!(f, "  {}", self.label(&what))?;
        if let Some(loses) = finding.mend.loses() {
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
            is_here && rebuild.instead_of.contains(&other.mend)
        })?;
        match rebuild.instead_of.len() {
            0 | 1 => None,
            _ if rebuild.statements.is_empty() => None,
            _ if first.mend != finding.mend => Some(AtOnce::Told),
            all => Some(AtOnce::First(all - 1, &rebuild.statements)),
        }
    }

    fn excepted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (finding, exception)) in self.report.excepted.iter().enumerate() {
            if index == 0 {
                writeln!(f, "\n{}", self.label("excepted in DOMAIN"))?;
            }
            let (code, place) = (finding.code, finding.place);
            let subject = on_one_line(&finding.subject());
            writeln!(f, "  {code} {subject} in {place}: {}", exception.reason)?;
        }
        Ok(())
    }

    fn unseen(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, unseen) in self.report.unseen.iter().enumerate() {
            if index == 0 {
                writeln!(
                    f,
                    "\n{}",
                    self.severity(Severity::Error, "could not look at")
                )?;
            }
            let reason = harmless(unseen.reason.trim_end()).replace('\n', "\n    ");
            writeln!(f, "  {}: {reason}", unseen.place)?;
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
        let unseen = match self.report.unseen.len() {
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
                write!(f, "\n{drift}: {errors}, {warnings}{unseen}")
            }
            Verdict::Unseen => {
                let unknown = self.severity(Severity::Warning, "unknown");
                write!(f, "\n{unknown}: no difference found{unseen}")
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
