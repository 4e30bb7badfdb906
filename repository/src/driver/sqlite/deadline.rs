//! The time limit of statements. SQLite has none, but calls a progress handler between two steps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The deadline of the running statement of one connection.
#[derive(Debug)]
pub(super) struct Deadline {
    /// The origin of `at`.
    base: Instant,
    /// In microseconds since `base`. `u64::MAX` for none.
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
        // `u64` holds half a million years of microseconds.
        u64::try_from(self.base.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The deadline of a statement that starts now, for [`set_at`](Self::set_at).
    pub(super) fn after(&self, timeout: Duration) -> u64 {
        let timeout = u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX);
        self.now().saturating_add(timeout)
    }

    /// Sets the deadline of the statement that starts next.
    pub(super) fn set_at(&self, at: u64) {
        self.at.store(at, Ordering::Relaxed);
    }

    /// Sets the remaining time of the statement that starts now or is running.
    pub(super) fn set(&self, timeout: Duration) {
        self.set_at(self.after(timeout));
    }

    /// Removes the deadline.
    pub(super) fn clear(&self) {
        self.at.store(u64::MAX, Ordering::Relaxed);
    }

    /// The progress handler, which returns whether to continue: <https://www.sqlite.org/c3ref/progress_handler.html>.
    pub(super) fn handler(self: &std::sync::Arc<Self>) -> impl FnMut() -> bool + Send + 'static {
        let deadline = self.clone();
        move || deadline.now() < deadline.at.load(Ordering::Relaxed)
    }
}
