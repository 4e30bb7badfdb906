//! When a statement has to be over. SQLite has no clock of its own, but asks between two steps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The moment by which the statement of one connection has to be over.
#[derive(Debug)]
pub(super) struct Deadline {
    /// Moments are counted from here.
    base: Instant,
    /// In microseconds.
    at: AtomicU64,
}

impl Default for Deadline {
    fn default() -> Self {
        Deadline {
            base: Instant::now(),
            at: AtomicU64::new(u64::MAX),
        }
    }
}

impl Deadline {
    fn now(&self) -> u64 {
        // Half a million years of microseconds.
        u64::try_from(self.base.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The statement that begins now, or that is running, may go on for as long.
    pub(super) fn set(&self, timeout: Duration) {
        let timeout = u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX);
        self.at
            .store(self.now().saturating_add(timeout), Ordering::Relaxed);
    }

    /// Nothing is running.
    pub(super) fn clear(&self) {
        self.at.store(u64::MAX, Ordering::Relaxed);
    }

    /// What SQLite asks: whether to go on. See <https://www.sqlite.org/c3ref/progress_handler.html>.
    pub(super) fn handler(self: &std::sync::Arc<Self>) -> impl FnMut() -> bool + Send + 'static {
        let deadline = self.clone();
        move || deadline.now() < deadline.at.load(Ordering::Relaxed)
    }
}
