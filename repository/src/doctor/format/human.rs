//! The report for people: by table, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};

use crate::doctor::report::{Report, Verdict};
use crate::doctor::suggest::Suggestion;
use crate::fingerprint::code::Severity;
use crate::fingerprint::finding::Finding;
use crate::fingerprint::text::{harmless, on_one_line};
use crate::model::domain::Place;

/// How wide a table may be, in columns of a terminal.
const WIDTH: u16 = 100;

/// A report, as it is shown.
pub(super) struct Human<'a> {
    pub(super) report: &'a Report,
    pub(super) suggestion: Option<&'a Suggestion>,
    /// Whether it contains ANSI styles.
    pub(super) styled: bool,
}

/// Findings with the same subject and code, from all places, each with its index in the report.
type Group<'a> = Vec<(usize, &'a Finding)>;

impl fmt::Display for Human<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checked(f)?;
        let mut tables: BTreeMap<&str, Vec<Group<'_>>> = BTreeMap::new();
        for (index, finding) in self.report.findings.iter().enumerate() {
            let groups = tables.entry(&finding.table).or_default();
            let same = |group: &&mut Group<'_>| {
                group.first().is_some_and(|(_, first)| {
                    first.code == finding.code && first.subject() == finding.subject()
                })
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push((index, finding)),
                None => groups.push(vec![(index, finding)]),
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
        self.steps(f)?;
        self.verdict(f)?;
        match self.suggestion {
            Some(suggestion) => write!(f, "\n\n{suggestion}"),
            None => Ok(()),
        }
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
        writeln!(f, "{}", self.label("checked"))?;
        for place in &self.report.checked {
            let found = self.report.findings.iter();
            let mut skipped = self.report.skipped.iter();
            let mark = match found.filter(|finding| finding.place == *place).count() {
                0 if skipped.any(|skipped| skipped.place == *place) => {
                    self.severity(Severity::Error, "in part")
                }
                0 => self.paint(AnsiColor::Green.on_default(), "in sync"),
                count => self.severity(Severity::Error, &counted(count, "difference")),
            };
            writeln!(f, "  {place}: {mark}")?;
        }
        Ok(())
    }

    fn group(&self, f: &mut fmt::Formatter<'_>, group: &Group<'_>) -> fmt::Result {
        let Some((_, first)) = group.first() else {
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
        for (_, finding) in group {
            let place = match &finding.at {
                Some(at) => format!("{}\n{at}", finding.place),
                None => finding.place.to_string(),
            };
            table.add_row([&place, &finding.wanted, &finding.found].map(|text| harmless(text)));
        }
        for line in table.lines() {
            writeln!(f, "  {}", line.trim_end())?;
        }
        let numbers = group
            .iter()
            .flat_map(|(index, _)| self.report.numbers(*index));
        let numbers: BTreeSet<usize> = numbers.collect();
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let fix = match numbers.as_slice() {
            [] => return Ok(()),
            [one] => format!("fix: step {one}"),
            several => format!("fix: steps {}", several.join(", ")),
        };
        writeln!(f, "  {}", self.label(&fix))
    }

    /// All steps, in order. Statements start at the beginning of a line, so that they can be pasted.
    fn steps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.report.steps.iter().enumerate() {
            if index == 0 {
                writeln!(f, "\n{}", self.label("how to fix it, in this order"))?;
            }
            let at = step.at.as_deref();
            let at = at.map_or(String::new(), |at| format!(" ({})", on_one_line(at)));
            let whose = match (step.place, step.sql.is_empty()) {
                (Place::Migrations(engine), false) => format!("in a new migration, on {engine}"),
                (Place::Database(engine), false) => format!("in the {engine} database{at}"),
                (place, _) => format!("{place}{at}"),
            };
            let number = self.paint(Style::new().bold(), &format!("step {}", index + 1));
            let subjects = self.report.subjects(step).join(", ");
            writeln!(f, "\n{number}  {whose}: {subjects}")?;
            if let Some(words) = &step.words {
                writeln!(f, "{}", on_one_line(words))?;
            }
            for what in &step.loses {
                let loses = format!("-- It loses {}.", on_one_line(what));
                writeln!(f, "{}", self.severity(Severity::Warning, &loses))?;
            }
            for query in &step.find_rows {
                let query = format!("-- It fails on the rows of: {}", on_one_line(query));
                writeln!(f, "{}", self.label(&query))?;
            }
            for sql in &step.sql {
                writeln!(f, "{sql};")?;
            }
        }
        Ok(())
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
                writeln!(f, "\n{}", self.severity(Severity::Error, "skipped"))?;
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
            count => format!(", {} skipped", counted(count, "place")),
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

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
