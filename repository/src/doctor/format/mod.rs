//! A report in each of the formats that it is printed in.

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

/// How a report is written.
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
    /// The report in a format; without a line break at its end.
    ///
    /// `sources` finds the files of entities, for formats that point at them. A suggestion is part of
    /// [`Human`](Format::Human) and [`Json`](Format::Json); the others have no place for it. What is for people
    /// has ANSI styles in it, for a stream that strips them where nobody sees them; the report's `Display` has none.
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
            Format::Json => json::document(self, sources, suggestion),
            Format::Sarif => sarif::document(self, sources),
            Format::Github => github::annotations(self, sources),
        }
    }
}

fn written(document: &impl serde::Serialize) -> String {
    // Maps with keys that are no texts are what this could fail on, and there are none.
    serde_json::to_string_pretty(document).unwrap_or_default()
}
