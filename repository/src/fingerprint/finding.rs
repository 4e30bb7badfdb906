//! What is wrong, where, and how to fix it.

use std::fmt;

use super::code::{Code, Severity};
use super::fix::Fix;
use crate::model::domain::Place;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The table itself.
    Table,
    /// A column.
    Column,
    /// A key, an index, a check, a policy: something with a name of its own.
    Named,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of difference.
    pub code: Code,
    /// Where.
    pub place: Place,
    /// More exactly where, if that is known: a module of entities, a database without its secrets.
    pub at: Option<String>,
    /// The table.
    pub table: String,
    /// What it is about.
    pub part: Part,
    /// The column or constraint; empty for the table itself.
    pub name: String,
    /// What DOMAIN and the records say.
    pub wanted: String,
    /// What the place says.
    pub found: String,
    /// How to fix it.
    pub fix: Fix,
}

impl Finding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// `habits.color`, `habits: ix_habits__user_id_updated_at`, or `habits`.
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
