//! The formats that a report is printed in.

mod generated;
mod github;
mod human;
mod json;
mod sarif;
mod source;

use std::fmt;

pub use source::Sources;

use super::report::Report;
use super::suggest::Suggestion;
use human::Human;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let human = Human {
            report: self,
            suggestion: None,
            styled: false,
        };
        human.fmt(f)
    }
}

/// The format of a printed report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// For people: by table, side by side.
    #[default]
    Human,
    /// For programs: JSON, as `docs/src/doctor.schema.json` describes it.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For a GitHub workflow: annotations.
    Github,
}

impl Report {
    /// The report in a format, without a trailing line break.
    ///
    /// `sources` locates source files, for formats that point at them. A suggestion is printed in
    /// [`Human`](Format::Human) and [`Json`](Format::Json) only. [`Human`](Format::Human) contains ANSI styles: write it
    /// to a stream that strips them where they are not shown. The report's `Display` has none.
    pub fn written(
        &self,
        format: Format,
        sources: &Sources,
        suggestion: Option<&Suggestion>,
    ) -> String {
        match format {
            Format::Human => Human {
                report: self,
                suggestion,
                styled: true,
            }
            .to_string(),
            Format::Json => written(&json::document(self, sources, suggestion)),
            Format::Sarif => sarif::document(self, sources),
            Format::Github => github::annotations(self, sources),
        }
    }
}

fn written(document: &impl serde::Serialize) -> String {
    // Serialization fails only for maps whose keys are not strings; there are none.
    serde_json::to_string_pretty(document).unwrap_or_default()
}
