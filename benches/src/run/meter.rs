//! Measures time and processor time.

use std::time::{Duration, Instant};

use super::Sample;

/// Sums the times between `start` and `stop`.
#[derive(Default)]
pub(super) struct Meter {
    calls: u64,
    wall: Duration,
    cpu: Duration,
    begin: Option<(Instant, Duration)>,
}

impl Meter {
    pub(super) fn start(&mut self) {
        self.begin = Some((Instant::now(), processor_time()));
    }

    pub(super) fn stop(&mut self, calls: u64) {
        if let Some((instant, cpu)) = self.begin.take() {
            self.wall += instant.elapsed();
            self.cpu += processor_time().saturating_sub(cpu);
            self.calls += calls;
        }
    }

    pub(super) fn sample(self) -> Sample {
        Sample {
            calls: self.calls,
            seconds: self.wall.as_secs_f64(),
            cpu: self.cpu.as_secs_f64(),
            ..Sample::default()
        }
    }
}

/// The processor time of this process so far, of all of its threads.
pub fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanoseconds)
}
