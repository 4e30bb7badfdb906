//! What a batch did.

use std::fmt;

/// The migrations that a batch applied and reverted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The names of the reverted migrations, in the order in which they were reverted.
    pub reverted: Vec<String>,
    /// The names of the applied migrations, in the order in which they were applied.
    pub applied: Vec<String>,
    /// The names of those that ran outside of a transaction, in order. What ran before each was committed first, and what
    /// ran after it was a transaction of its own.
    pub outside: Vec<String>,
}

impl Report {
    /// Whether nothing was applied or reverted.
    pub fn is_empty(&self) -> bool {
        self.reverted.is_empty() && self.applied.is_empty()
    }

    /// The names, as a message lists them.
    pub(super) fn named(&self) -> String {
        let lists = [("reverted", &self.reverted), ("applied", &self.applied)];
        let done = lists.iter().filter(|(_, names)| !names.is_empty());
        let done: Vec<String> = done
            .map(|(verb, names)| format!("{verb} {}", listed(names)))
            .collect();
        done.join(", ")
    }

    pub(super) fn append(&mut self, later: Self) {
        self.reverted.extend(later.reverted);
        self.applied.extend(later.applied);
        self.outside.extend(later.outside);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (applied, reverted) = (self.applied.len(), self.reverted.len());
        match reverted {
            0 => write!(f, "{applied} applied")?,
            _ => write!(f, "{reverted} reverted, {applied} applied")?,
        }
        match self.outside.len() {
            0 => Ok(()),
            outside => write!(f, ", {outside} of them outside of a transaction"),
        }
    }
}

/// The most names that a message lists.
const MOST_NAMES: usize = 8;

/// The migrations of these names, as a message lists them.
pub(super) fn listed(names: &[String]) -> String {
    let quoted = names.iter().take(MOST_NAMES);
    let quoted = quoted.map(|name| format!("`{}`", name.escape_debug()));
    let mut listed = quoted.collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = names.len().checked_sub(MOST_NAMES) {
        listed.push_str(&format!(" and {more} more"));
    }
    match names {
        [_] => format!("the migration {listed}"),
        _ => format!("the migrations {listed}"),
    }
}
