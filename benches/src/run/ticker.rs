//! A task that is due every millisecond, and notes how late it runs.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::contestant::Outcome;

/// What a task of an application expects of its runtime: to run soon after it can.
pub(super) struct Ticker {
    end: Arc<OnceLock<Instant>>,
    task: JoinHandle<Vec<u32>>,
}

impl Ticker {
    pub(super) fn start() -> Self {
        let end = Arc::new(OnceLock::new());
        let until = end.clone();
        // The times are fixed in advance. A task that waits anew after each tick would hide a long stall in one tick.
        let mut due = Instant::now();
        let task = tokio::spawn(async move {
            let mut lateness = Vec::new();
            loop {
                due += Duration::from_millis(1);
                if until.get().is_some_and(|end| due > *end) {
                    return lateness;
                }
                sleep_until(due).await;
                let late = due.elapsed().as_micros();
                lateness.push(u32::try_from(late).unwrap_or(u32::MAX));
            }
        });
        Ticker { end, task }
    }

    /// By how many microseconds each tick was late.
    pub(super) async fn stop(self) -> Outcome<Vec<u32>> {
        self.end.get_or_init(Instant::now);
        Ok(self.task.await?)
    }
}
