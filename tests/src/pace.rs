//! How slow this machine is, so that no test fails because the machine is busy.
//!
//! A test waits for a condition where it can. Where it has to choose a time limit, it takes [`limit`] for one that
//! ordinary calls must keep, [`PLENTY`] for one that nothing may reach, and [`scaled`] for the rest.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Longer than anything takes on the slowest machine. What takes longer hangs.
pub const PLENTY: Duration = Duration::from_secs(15 * 60);

/// How often the probe runs; the slowest run counts.
const RUNS: usize = 4;

/// How many steps the probe takes: enough for the scheduler to take the core away on a busy machine.
const STEPS: u64 = 2_000_000;

/// One run of the probe in a debug build on a free core of an ordinary machine.
const NOMINAL: Duration = Duration::from_millis(15);

/// The largest factor, so that a probe that was suspended does not stop the tests.
const MOST: f64 = 40.0;

/// The time limit of a store under test, in whole milliseconds, as both engines count. A test can wait until it has
/// passed, and ordinary calls do not reach it.
#[must_use]
pub fn limit() -> Duration {
    let limit = scaled(Duration::from_millis(500));
    Duration::from_secs(limit.as_secs()) + Duration::from_millis(limit.subsec_millis().into())
}

/// A duration that suits an idle machine, multiplied by how much slower this one is.
#[must_use]
pub fn scaled(duration: Duration) -> Duration {
    duration.mul_f64(factor())
}

/// At least 1. Measured once in each process, when it is first asked for.
fn factor() -> f64 {
    static FACTOR: OnceLock<f64> = OnceLock::new();
    *FACTOR.get_or_init(|| {
        let slowest = (0..RUNS).map(|_| probe()).max().unwrap_or_default();
        (slowest.as_secs_f64() / NOMINAL.as_secs_f64()).clamp(1.0, MOST)
    })
}

/// Work for one core, which takes longer on a slow machine and on a busy one.
fn probe() -> Duration {
    let begun = Instant::now();
    let mut state = 1_u64;
    for step in 0..STEPS {
        state = black_box(state.rotate_left(5) ^ step);
    }
    begun.elapsed()
}
