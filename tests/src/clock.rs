//! A clock that a test sets by hand.

use std::sync::{Arc, Mutex, PoisonError};

use catamaran::Clock;
use chrono::{DateTime, Utc};

/// Parses an instant in RFC 3339.
///
/// # Panics
/// If it names none.
pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant in RFC 3339")
}

/// A clock that stands still until it is set.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock that stands at that instant.
    pub fn at(now: &str) -> Self {
        ManualClock(Arc::new(Mutex::new(instant(now))))
    }

    /// Sets the clock.
    pub fn set(&self, now: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = instant(now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
