//! Runs a workload for one turn of one contestant.

mod meter;
mod single;
mod tasks;
mod ticker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use meter::processor_time;
pub(crate) use single::half_changed;

use crate::contestant::{Contestant, Outcome};
use crate::contestants;
use crate::stage::Stage;
use crate::workload::Workload;

/// How long a turn is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Amount {
    /// So many calls.
    Calls(u64),
    /// As many calls as fit.
    For(Duration),
}

/// What a turn measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sample {
    /// Calls that succeeded.
    pub calls: u64,
    /// Seconds of all calls.
    pub seconds: f64,
    /// Seconds of processor time of this process meanwhile.
    pub cpu: f64,
    /// Messages of calls that failed, and how often.
    pub errors: BTreeMap<String, u64>,
    /// By how many microseconds each tick was late.
    pub lateness: Vec<u32>,
}

impl Sample {
    /// Calls per second; NaN if none succeeded.
    pub fn rate(&self) -> f64 {
        match self.calls {
            0 => f64::NAN,
            calls => calls as f64 / self.seconds,
        }
    }

    /// A turn that failed.
    pub fn failed(error: &str) -> Self {
        let mut sample = Sample::default();
        sample.count(error);
        sample
    }

    /// The faster one of two turns, with the errors of both.
    pub fn or_faster(self, other: Sample) -> Self {
        let (mut faster, slower) = match other.rate() > self.rate() || self.calls == 0 {
            true => (other, self),
            false => (self, other),
        };
        for (error, times) in slower.errors {
            *faster.errors.entry(error).or_default() += times;
        }
        faster
    }

    fn count(&mut self, error: &str) {
        let line = error.lines().next().unwrap_or_default();
        *self.errors.entry(line.to_owned()).or_default() += 1;
    }
}

/// Runs a turn. Rows that it inserts are removed afterwards, outside of the measured time.
///
/// Everything runs in spawned tasks of a runtime with several threads, as it does in an application. The future of
/// `block_on` itself runs on a thread that is not one of the runtime's: each wake-up of it crosses threads, and a call
/// that blocks in place there takes no thread from the runtime.
///
/// # Errors
/// If the rows cannot be removed. Errors of the contestant are part of the sample.
pub async fn run(
    stage: &Arc<Stage>,
    contestant: &Arc<dyn Contestant>,
    workload: Workload,
    amount: Amount,
) -> Outcome<Sample> {
    let (staged, one) = (stage.clone(), contestant.clone());
    let sample = match workload {
        Workload::Mixture => tokio::spawn(tasks::mixture(staged, one, amount)).await?,
        Workload::Scan => tokio::spawn(tasks::scan(one, amount)).await?,
        Workload::Inserters => tokio::spawn(tasks::inserters(one, amount)).await?,
        Workload::MixtureOnOneThread | Workload::ScanOnOneThread => {
            let name = contestant.name();
            let run = move || on_one_thread(staged, name, workload, amount);
            tokio::task::spawn_blocking(run).await?
        }
        _ => tokio::spawn(single::run(staged, one, workload, amount)).await?,
    };
    stage.tidy().await?;
    Ok(sample.unwrap_or_else(|error| Sample::failed(&error.to_string())))
}

/// By how many microseconds each tick is late while nothing else runs. The timer itself is as coarse as a millisecond.
///
/// # Errors
/// If the ticker fails.
pub async fn idle(time: Duration) -> Outcome<Vec<u32>> {
    let ticker = ticker::Ticker::start();
    tokio::time::sleep(time).await;
    ticker.stop().await
}

/// Runs tasks on a runtime with one thread, over connections that belong to it.
fn on_one_thread(
    stage: Arc<Stage>,
    name: &'static str,
    workload: Workload,
    amount: Amount,
) -> Outcome<Sample> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = stage.address();
        let one = contestants::connect_one(address.setting, &address.url, name).await?;
        match workload {
            Workload::ScanOnOneThread => tasks::scan(one, amount).await,
            _ => tasks::mixture(stage.clone(), one, amount).await,
        }
    })
}
