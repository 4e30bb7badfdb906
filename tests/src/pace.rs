//! How slow this machine is, so that no test fails because the machine is busy.
//!
//! A test waits for a condition where it can. Where it has to choose a time limit, it takes [`limit`] for one that
//! ordinary calls must keep, [`PLENTY`] for one that nothing may reach, and [`scaled`] for the rest.

use std::hint::black_box;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes on the slowest machine: whatever takes longer hangs.
pub const PLENTY: Duration = Duration::from_secs(15 * 60);

/// How often the probe runs; the slowest run counts.
const RUNS: usize = 8;

/// What one run of the probe takes at most where a core is free, in a debug build.
const NOMINAL: Duration = Duration::from_millis(10);

/// The most that the probe is believed. One that is stopped for a second measures no more than that.
const MOST: f64 = 40.0;

/// The time limit of a store under test: a test can afford to wait for it, and ordinary calls keep it.
#[must_use]
pub fn limit() -> Duration {
    scaled(Duration::from_millis(500))
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

/// A sleep that ends late on a busy machine, and work that is interrupted there.
fn probe() -> Duration {
    let begun = Instant::now();
    thread::sleep(Duration::from_millis(1));
    let mut state = 1_u64;
    for step in 0..200_000_u64 {
        state = black_box(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(step),
        );
    }
    begun.elapsed()
}
