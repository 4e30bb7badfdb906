//! For people: grouped by place and table, coloured if they like, the sides beside each other where they fit.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{Report, Verdict};
use crate::doctor::code::Severity;
use crate::doctor::finding::Finding;
use crate::doctor::mend::Mend;

/// What fits beside the other side.
const HALF: usize = 46;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();

/// The report as text.
pub(super) fn write(report: &Report, coloured: bool) -> String {
    let mut page = Page {
        text: String::new(),
        coloured,
    };
    page.places(report);
    page.unseen(report);
    page.excepted(report);
    page.summary(report);
    page.text
}

struct Page {
    text: String,
    coloured: bool,
}

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref().trim_end());
        self.text.push('\n');
    }

    fn styled(&self, style: Style, text: &str) -> String {
        match self.coloured {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }

    fn places(&mut self, report: &Report) {
        let mut place = None;
        for finding in &report.findings {
            let here = (
                finding.place,
                finding.place.is_database().then(|| finding.at.clone()),
            );
            if place.as_ref() != Some(&here) {
                let mut head = finding.place.to_string();
                if let (_, Some(Some(at))) = &here {
                    let _ = write!(head, " {at}");
                }
                let head = self.styled(BOLD, &head);
                self.line(format!("\n{head}"));
                place = Some(here);
            }
            self.finding(finding);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let style = match finding.severity() {
            Severity::Error => RED,
            Severity::Warning => YELLOW,
        };
        let code = self.styled(style, finding.code.id());
        let subject = self.styled(BOLD, &finding.subject());
        self.line(format!("\n  {code} {subject}: {}", finding.code.title()));
        if let (Some(at), false) = (&finding.at, finding.place.is_database()) {
            self.field("at", at);
        }
        let (wanted, found) = (&finding.wanted, &finding.found);
        let fits = |side: &str| side.chars().count() <= HALF && !side.contains('\n');
        if fits(wanted) && fits(found) {
            let (label, other) = (self.styled(DIM, "wanted"), self.styled(DIM, "found"));
            self.line(format!("    {label}  {wanted:<HALF$}  {other}  {found}"));
        } else {
            self.field("wanted", wanted);
            self.field("found", found);
        }
        self.mend(&finding.mend);
    }

    fn field(&mut self, label: &str, text: &str) {
        let label = self.styled(DIM, &format!("{label:<6}"));
        let text = text.replace('\n', "\n            ");
        self.line(format!("    {label}  {text}"));
    }

    fn mend(&mut self, mend: &Mend) {
        match mend {
            Mend::Sql { statements, .. } => {
                self.field("mend", &format!("{};", statements.join(";\n")))
            }
            Mend::Rust { what, line } => self.field("mend", &format!("{what}:\n{line}")),
            Mend::Words(words) => self.field("mend", words),
        }
    }

    fn unseen(&mut self, report: &Report) {
        for unseen in &report.unseen {
            let head = self.styled(YELLOW, "could not look at");
            self.line(format!("\n{head} {}: {}", unseen.place, unseen.reason));
        }
    }

    fn excepted(&mut self, report: &Report) {
        for (finding, exception) in &report.excepted {
            let what = format!(
                "{} {}: {}",
                exception.code,
                finding.subject(),
                exception.reason
            );
            let what = self.styled(DIM, &format!("excepted: {what}"));
            self.line(format!("\n{what}"));
        }
    }

    fn summary(&mut self, report: &Report) {
        let looked_at: Vec<&str> = report
            .looked_at
            .iter()
            .map(|place| place.as_str())
            .collect();
        let errors = report
            .findings
            .iter()
            .filter(|f| f.severity() == Severity::Error)
            .count();
        let warnings = report.findings.len() - errors;
        let verdict = match report.verdict() {
            Verdict::Clean => self.styled(GREEN, "clean"),
            Verdict::Drift => self.styled(
                RED,
                &format!("drift: {errors} error(s), {warnings} warning(s)"),
            ),
            Verdict::Unseen => self.styled(YELLOW, "not everything could be looked at"),
        };
        self.line(format!("\n{verdict}; looked at {}", looked_at.join(", ")));
    }
}
