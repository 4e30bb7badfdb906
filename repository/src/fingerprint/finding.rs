//! A finding: a difference, its place, and its fix.

use std::fmt;

use super::code::{Code, Severity};
use super::fix::Fix;
use crate::model::domain::Place;

/// The kind of object that a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The table itself.
    Table,
    /// A column.
    Column,
    /// An object with its own name: a key, an index, a check, a policy.
    Named,
}

/// A difference between what DOMAIN requires and what a place has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The kind of difference.
    pub code: Code,
    /// The place that was checked.
    pub place: Place,
    /// The exact location in the place, if known: a module of entities, or the URL of a database without its secrets.
    pub at: Option<String>,
    /// The table.
    pub table: String,
    /// The kind of object.
    pub part: Part,
    /// The name of the column or constraint; empty for the table itself.
    pub name: String,
    /// What DOMAIN and the records require.
    pub wanted: String,
    /// What the place has.
    pub found: String,
    /// How to fix it.
    pub fix: Fix,
}

impl Finding {
    /// The severity of its code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The object: `habits.color`, `habits: ix_habits__user_id_updated_at`, or `habits`.
    pub fn subject(&self) -> String {
        self.part.subject(&self.table, &self.name)
    }
}

impl Part {
    pub(crate) fn subject(self, table: &str, name: &str) -> String {
        match self {
            Part::Table => table.to_owned(),
            Part::Column => format!("{table}.{name}"),
            Part::Named => format!("{table}: {name}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, severity, title) = (self.code, self.severity(), self.code.title());
        writeln!(f, "{code} {severity}: {}: {title}", self.subject())?;
        match &self.at {
            Some(at) => writeln!(f, "  in {} ({at})", self.place)?,
            None => writeln!(f, "  in {}", self.place)?,
        }
        writeln!(f, "  wanted: {}", self.wanted)?;
        writeln!(f, "  found:  {}", self.found)?;
        write!(f, "  fix:   {}", self.fix)
    }
}
