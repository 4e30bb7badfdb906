//! Counts and violations of one workload.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catamaran::{Error, ErrorKind};
use hdrhistogram::Histogram;

/// The counts of one workload on one engine. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<Figures>>);

/// A snapshot of the counts.
#[derive(Clone)]
pub struct Figures {
    /// How often the workload was run.
    pub runs: u64,
    /// Operations that returned success.
    pub acknowledged: u64,
    /// Futures that were dropped before their end.
    pub drops: u64,
    /// Faults that were injected.
    pub faults: u64,
    /// Operations that were run again.
    pub retries: u64,
    /// Errors that operations gave, by kind.
    pub errors: BTreeMap<String, u64>,
    /// How long acknowledged operations took, retries included, in microseconds.
    pub latency: Histogram<u64>,
    /// The longest time without an acknowledged operation, where that is measured.
    pub longest_pause: Duration,
    /// Violations of what the library promises.
    pub violations: Vec<String>,
}

impl fmt::Debug for Figures {
    /// Without the thousands of counts of the histogram.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures")
            .field("runs", &self.runs)
            .field("acknowledged", &self.acknowledged)
            .field("drops", &self.drops)
            .field("faults", &self.faults)
            .field("retries", &self.retries)
            .field("errors", &self.errors)
            .field("longest", &Duration::from_micros(self.latency.max()))
            .field("longest_pause", &self.longest_pause)
            .field("violations", &self.violations)
            .finish()
    }
}

impl Default for Figures {
    fn default() -> Self {
        Figures {
            runs: 0,
            acknowledged: 0,
            drops: 0,
            faults: 0,
            retries: 0,
            errors: BTreeMap::new(),
            latency: Histogram::new_with_bounds(1, LONGEST, 3).expect("three digits are allowed"),
            longest_pause: Duration::ZERO,
            violations: Vec::new(),
        }
    }
}

impl Figures {
    /// Both counts together.
    #[must_use]
    pub fn and(mut self, other: &Figures) -> Figures {
        self.runs += other.runs;
        self.acknowledged += other.acknowledged;
        self.drops += other.drops;
        self.faults += other.faults;
        self.retries += other.retries;
        for (kind, count) in &other.errors {
            *self.errors.entry(kind.clone()).or_default() += count;
        }
        self.latency += &other.latency;
        self.longest_pause = self.longest_pause.max(other.longest_pause);
        self.violations.extend(other.violations.iter().cloned());
        self
    }
}

/// An hour in microseconds; nothing takes longer.
const LONGEST: u64 = 3_600_000_000;

/// The kind's name, without its evidence.
pub fn kind_name(kind: &ErrorKind) -> String {
    let shown = format!("{kind:?}");
    let end = shown.find([' ', '{', '(']).unwrap_or(shown.len());
    shown[..end].to_owned()
}

impl Tally {
    fn with<T>(&self, change: impl FnOnce(&mut Figures) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The counts until now.
    pub fn figures(&self) -> Figures {
        self.with(|figures| figures.clone())
    }

    /// The workload was run once.
    pub fn ran(&self) {
        self.with(|figures| figures.runs += 1);
    }

    /// An operation was acknowledged after that time.
    pub fn acknowledged(&self, after: Duration) {
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        self.with(|figures| {
            figures.acknowledged += 1;
            figures.latency.saturating_record(micros);
        });
    }

    /// For that long no operation of the workload was acknowledged.
    pub fn paused(&self, pause: Duration) {
        self.with(|figures| figures.longest_pause = figures.longest_pause.max(pause));
    }

    /// Counts an operation that another process acknowledged. It has no latency.
    pub fn acknowledged_elsewhere(&self) {
        self.with(|figures| figures.acknowledged += 1);
    }

    /// A future was dropped before its end.
    pub fn dropped(&self) {
        self.with(|figures| figures.drops += 1);
    }

    /// A fault was injected.
    pub fn broke(&self) {
        self.with(|figures| figures.faults += 1);
    }

    /// An operation is run again.
    pub fn retried(&self) {
        self.with(|figures| figures.retries += 1);
    }

    /// An operation gave that error.
    pub fn failed(&self, error: &Error) {
        let name = kind_name(error.kind());
        self.with(|figures| *figures.errors.entry(name).or_default() += 1);
    }

    /// Records a violation.
    pub fn violated(&self, what: impl Into<String>) {
        self.with(|figures| figures.violations.push(what.into()));
    }

    /// Records a violation unless the condition holds.
    pub fn must(&self, so: bool, otherwise: impl FnOnce() -> String) {
        if !so {
            self.violated(otherwise());
        }
    }

    /// For a test: panics if anything was violated.
    ///
    /// # Panics
    /// So.
    #[track_caller]
    pub fn assert_kept(&self) -> Figures {
        let figures = self.figures();
        let violations = figures.violations.join("\n");
        assert!(violations.is_empty(), "{violations}\n{figures:#?}");
        figures
    }
}
