//! Which connections keep statements that were prepared before the schema changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often a connection of the pool found that its prepared statements no longer fit the schema.
#[derive(Clone, Debug, Default)]
pub(super) struct SchemaChanges(Arc<AtomicU64>);

impl SchemaChanges {
    /// The plans of a connection that has none yet.
    pub(super) fn plans(&self) -> Plans {
        Plans {
            made_after: self.0.load(Ordering::Acquire),
            changes: self.clone(),
        }
    }
}

/// The age of the statements that a connection keeps prepared.
#[derive(Debug)]
pub(super) struct Plans {
    changes: SchemaChanges,
    made_after: u64,
}

impl Plans {
    /// Records that a statement no longer fits the schema. The same may be true of every connection of the pool.
    pub(super) fn record_change(&self) {
        let (before, after) = (self.made_after, self.made_after + 1);
        // If it fails, another connection has recorded a change since.
        let _recorded =
            self.changes
                .0
                .compare_exchange(before, after, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Whether a change was recorded after the statements were prepared.
    pub(super) fn are_old(&self) -> bool {
        self.made_after != self.changes.0.load(Ordering::Acquire)
    }

    /// Records that the statements are about to be removed.
    pub(super) fn renew(&mut self) {
        self.made_after = self.changes.0.load(Ordering::Acquire);
    }
}
