//! Runs workloads one after another until the time is over.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use catamaran::Engine;
use fastrand::Rng;

use crate::soak::progress::Progress;
use crate::soak::tally::{Figures, Tally};
use crate::soak::workload::{Site, Workload};

/// How long a soak is, and from which seed it draws.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For each engine; they run side by side.
    pub time: Duration,
    /// The seed of the random choices. Runs with the same seed make the same choices; how tasks interleave differs.
    pub seed: u64,
    /// Set to end the soak after the operations under way.
    pub stop: Arc<AtomicBool>,
}

/// One workload on one engine.
#[derive(Clone, Debug)]
pub struct Row {
    /// The engine.
    pub engine: Engine,
    /// The workload.
    pub workload: Workload,
    /// What it did.
    pub figures: Figures,
}

/// Runs an engine's workloads in turn; the one that had the least of its share comes next.
///
/// # Errors
/// If its databases cannot be had.
pub async fn soak(
    engine: Engine,
    plan: Plan,
    progress: Progress,
) -> Result<Vec<Row>, Box<dyn Error + Send + Sync>> {
    progress.say("making databases");
    let site = Site::make(engine).await?;
    let begun = Instant::now();
    let mut rng = Rng::with_seed(plan.seed);
    let mut shares: Vec<(Workload, Tally, Duration)> = Workload::of(engine)
        .into_iter()
        .map(|workload| (workload, Tally::default(), Duration::ZERO))
        .collect();
    while begun.elapsed() < plan.time && !plan.stop.load(Ordering::Relaxed) {
        let had =
            |(workload, _, spent): &(Workload, Tally, Duration)| spent.div_f64(workload.share());
        let next = shares.iter_mut().min_by_key(|share| had(share));
        let Some((workload, tally, spent)) = next else {
            break;
        };
        let (workload, tally, begin) = (*workload, tally.clone(), Instant::now());
        if let Err(error) = site.run(workload, &mut rng, &tally).await {
            tally.violated(format!("{} ended early: {error:?}", workload.name()));
        }
        *spent += begin.elapsed();
        let all: Vec<Figures> = shares.iter().map(|(_, tally, _)| tally.figures()).collect();
        progress.show(begun.elapsed(), workload.name(), &all);
    }
    site.remove();
    progress.end();
    Ok(shares
        .into_iter()
        .map(|(workload, tally, _)| Row {
            engine,
            workload,
            figures: tally.figures(),
        })
        .collect())
}
