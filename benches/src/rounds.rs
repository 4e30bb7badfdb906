//! Runs the contestants in turns.

use std::sync::Arc;

use serde::Serialize;

use crate::arguments::Arguments;
use crate::disturbance::{self, Gauge, Load};
use crate::player::Player;
use crate::run::{Amount, Sample};
use crate::stage::Stage;
use crate::workload::Workload;

/// Calls of the warm-up, which also determines how many calls fill a turn.
const FEW: u64 = 48;

/// Turns of each contestant in a round; half as many if a call is long, and one if a turn is. The fastest counts, since
/// other load on the machine only adds time.
const TURNS: usize = 4;

/// What was measured for one workload.
#[derive(Serialize)]
pub struct Row {
    /// The workload.
    pub workload: Workload,
    /// One for each contestant that takes part; the first is the floor's.
    pub cells: Vec<Cell>,
    /// What else the machine did.
    pub load: Option<Load>,
    /// Why this is not to be trusted; empty if it is.
    pub disturbed: Vec<String>,
}

/// What was measured for one contestant.
#[derive(Serialize)]
pub struct Cell {
    /// The contestant.
    pub name: String,
    /// One for each round.
    #[serde(skip)]
    pub samples: Vec<Sample>,
    /// Calls per second in each round.
    pub rates: Vec<f64>,
    /// Rate relative to the floor's of the same round: the median of the rounds.
    pub ratio: f64,
    /// Half the distance from the lowest to the highest of these; of the floor, that of its rates as a share of their
    /// median.
    pub spread: f64,
    /// Processor time of a call relative to the floor's.
    pub cpu: f64,
    /// Messages of errors, and how often.
    pub errors: Vec<(String, u64)>,
    /// By how many microseconds ticks were late: the median, 99 %, 99.9 %, the most.
    pub lateness: Option<[u32; 4]>,
}

/// Measures a workload.
pub async fn measure(
    stage: &Arc<Stage>,
    players: &[Player],
    workload: Workload,
    arguments: &Arguments,
) -> Option<Row> {
    let players: Vec<&Player> = players.iter().filter(|one| one.can(workload)).collect();
    let mut amounts = Vec::new();
    for player in &players {
        amounts.push(warm_up(stage, player, workload, arguments).await);
    }
    let turns = match workload {
        _ if arguments.quick || workload.has_ticker() => 1,
        _ if workload.is_bulk() => TURNS / 2,
        _ => TURNS,
    };
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); players.len()];
    let gauge = Gauge::read();
    for round in 0..arguments.rounds() {
        let mut best: Vec<Sample> = vec![Sample::default(); players.len()];
        for turn in 0..turns {
            for place in 0..players.len() {
                // The order rotates, so that nobody always comes after the same one.
                let index = (round + turn + place) % players.len();
                let sample = players[index].play(stage, workload, amounts[index]).await;
                let before = std::mem::take(&mut best[index]);
                best[index] = before.or_faster(sample);
            }
        }
        for (samples, best) in samples.iter_mut().zip(best) {
            samples.push(best);
        }
    }
    let load = gauge.and_then(|gauge| gauge.load());
    let names = players.iter().map(|player| player.name.clone());
    let floor = samples.first()?.clone();
    let mut cells: Vec<Cell> = names
        .zip(samples)
        .map(|(name, samples)| Cell::new(name, samples, &floor))
        .collect();
    let spread = half_range(&cells[0].rates) / median(&cells[0].rates);
    cells[0].spread = spread;
    Some(Row {
        workload,
        disturbed: disturbance::reasons(load, spread),
        cells,
        load,
    })
}

/// Connects and prepares statements, and finds out how many calls fill a turn.
async fn warm_up(
    stage: &Arc<Stage>,
    player: &Player,
    workload: Workload,
    arguments: &Arguments,
) -> Amount {
    let turn = match workload {
        Workload::Mixture | Workload::MixtureOnOneThread => arguments.mixture(),
        Workload::Scan | Workload::ScanOnOneThread => arguments.scan(),
        _ => arguments.turn(),
    };
    if workload.has_ticker() {
        let short = Amount::For(turn / 10);
        player.play(stage, workload, short).await;
        return Amount::For(turn);
    }
    let mut calls = if workload.is_bulk() { 1 } else { FEW };
    // Twice: the first calls are slow.
    for _ in 0..2 {
        let sample = player.play(stage, workload, Amount::Calls(calls)).await;
        let fit = sample.rate() * turn.as_secs_f64();
        // Not a number if no call succeeded.
        calls = (fit as u64).max(1);
    }
    Amount::Calls(calls)
}

impl Cell {
    fn new(name: String, samples: Vec<Sample>, floor: &[Sample]) -> Self {
        let pairs = || samples.iter().zip(floor);
        let ratios: Vec<f64> = pairs()
            .map(|(own, floor)| own.rate() / floor.rate())
            .collect();
        let cpu = |sample: &Sample| sample.cpu / sample.calls as f64;
        let cpus: Vec<f64> = pairs().map(|(own, floor)| cpu(own) / cpu(floor)).collect();
        let mut errors = std::collections::BTreeMap::new();
        for (error, times) in samples.iter().flat_map(|sample| &sample.errors) {
            *errors.entry(error.clone()).or_default() += times;
        }
        let late = samples.iter().flat_map(|one| one.lateness.clone());
        Cell {
            rates: samples.iter().map(Sample::rate).collect(),
            ratio: median(&ratios),
            spread: half_range(&ratios),
            cpu: median(&cpus),
            errors: errors.into_iter().collect(),
            lateness: percentiles(late.collect()),
            name,
            samples,
        }
    }

    /// Microseconds per call: the median of the rounds.
    pub fn microseconds(&self) -> f64 {
        1e6 / median(&self.rates)
    }
}

/// The median, 99 %, 99.9 % and the most; `None` of nothing.
pub fn percentiles(mut values: Vec<u32>) -> Option<[u32; 4]> {
    values.sort_unstable();
    let last = values.len().checked_sub(1)?;
    let at = |share: f64| values[(last as f64 * share).round() as usize];
    Some([at(0.5), at(0.99), at(0.999), at(1.0)])
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn half_range(values: &[f64]) -> f64 {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (most - least) / 2.0
}
