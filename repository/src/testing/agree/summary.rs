//! What a run has done, and what it found.

use std::collections::BTreeMap;
use std::fmt;

/// What a run has done: how many operations, and which outcomes they had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The seed. The same seed on the same code gives the same operations.
    pub seed: u64,
    /// The number of operations: calls, and beginnings and ends of units, each on both engines.
    pub operations: u64,
    /// How often each method had each outcome: `("insert", "Unique")`. The outcome is `Ok`, or the
    /// [`name`](crate::ErrorKind::name) of the error's kind.
    pub outcomes: BTreeMap<(&'static str, &'static str), u64>,
}

impl Summary {
    /// Counts one outcome of this number of calls: several for a walk over pages.
    pub(super) fn count(&mut self, method: &'static str, outcome: &'static str, calls: u64) {
        self.operations += calls;
        *self.outcomes.entry((method, outcome)).or_default() += calls;
    }

    /// How often each outcome was reached, whatever the method.
    pub fn kinds(&self) -> BTreeMap<&'static str, u64> {
        let mut kinds = BTreeMap::new();
        for ((_, outcome), times) in &self.outcomes {
            *kinds.entry(*outcome).or_default() += times;
        }
        kinds
    }

    /// Adds the operations of another run.
    pub fn add(&mut self, other: &Summary) {
        self.operations += other.operations;
        for (outcome, times) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += times;
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {} operations on both engines",
            self.seed, self.operations
        )?;
        for (kind, times) in self.kinds() {
            write!(f, ", {kind} {times}")?;
        }
        Ok(())
    }
}

/// The shortest sequence of operations that was found after which the engines answer differently, or an answer that
/// cannot be right on either.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// The seed with which a run begins with this divergence.
    pub seed: u64,
    /// A short name, equal for divergences that may have the same cause.
    pub class: String,
    /// The operations, as Rust code that can be pasted into a test.
    pub code: String,
    /// What SQLite answered to the last operation.
    pub sqlite: String,
    /// What Postgres answered.
    pub postgres: String,
    /// The broken rule, if both engines answered the same.
    pub rule: Option<String>,
    /// How many steps the sequence had before it was shortened, and has now.
    pub steps: (usize, usize),
    /// What the run had done until then.
    pub summary: Summary,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            None => writeln!(f, "the engines answer differently ({}):", self.class)?,
            Some(rule) => writeln!(f, "an answer breaks a rule: {rule}")?,
        }
        writeln!(f, "  SQLite:   {}", self.sqlite)?;
        writeln!(f, "  Postgres: {}", self.postgres)?;
        let (before, after) = self.steps;
        writeln!(
            f,
            "after {after} steps, of {before} that ran. CATAMARAN_SEED={} runs them again. As a test:\n\n{}",
            self.seed, self.code
        )?;
        write!(f, "\n{}", self.summary)
    }
}
