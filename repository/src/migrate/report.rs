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
