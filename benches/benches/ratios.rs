//! Runs the contestants in turns and compares each with hand-written sqlx in the same round.
//!
//! `cargo bench -p benches --bench ratios [-- FILTER]` prints a table for each engine: medians of five
//! rounds. A filter is a part of `engine operation`, such as `sqlite page`.

use std::time::Duration;

use benches::{Contestant, Operation, Outcome, Stage, verify};
use catamaran::Engine;
use tokio::runtime::Runtime;

const ROUNDS: usize = 5;

/// Turns of each contestant in a round. The fastest counts, since other load on the machine only adds time.
const TURNS: usize = 5;

/// The length of a turn. One call of a bulk operation takes longer.
const TURN: Duration = Duration::from_millis(25);

/// Calls for the warm-up, which also determines how many calls fill a turn.
const FEW: u64 = 30;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` passes --bench; `cargo test` only checks that the benchmarks run.
    let benches = arguments.iter().any(|argument| argument == "--bench");
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    Runtime::new()?.block_on(async {
        for engine in Engine::ALL {
            let stage = Stage::set(engine).await?;
            verify(&stage).await?;
            if benches {
                print(&stage, filter.map_or("", String::as_str)).await?;
            }
        }
        Ok(())
    })
}

async fn print(stage: &Stage, filter: &str) -> Outcome<()> {
    let is_wanted = |operation: &Operation| {
        let name = format!("{} {}", stage.engine(), operation.name());
        name.contains(filter)
    };
    let operations: Vec<Operation> = Operation::ALL.into_iter().filter(is_wanted).collect();
    if operations.is_empty() {
        return Ok(());
    }
    println!("\n{}", stage.settings());
    println!("rate relative to hand-written sqlx in the same run, median of {ROUNDS} rounds\n");
    let names: Vec<&str> = stage.contestants().iter().map(|one| one.name()).collect();
    println!("| | {} | sqlx, µs a call |", names.join(" | "));
    println!("|{}", " --- |".repeat(names.len() + 2));
    for operation in operations {
        let row = Row::measure(stage, operation).await?;
        let cells = row.cells.join(" | ");
        println!("| {} | {cells} | {:.0} |", operation.name(), row.floor);
    }
    Ok(())
}

/// One operation, by every contestant.
struct Row {
    cells: Vec<String>,
    /// Microseconds per call of the first contestant.
    floor: f64,
}

/// The timings of one contestant.
#[derive(Default)]
struct Turns {
    /// Calls per turn; `None` for a contestant without the operation.
    times: u64,
    /// Seconds per call in the fastest turn of each round.
    seconds: Vec<f64>,
    errors: Vec<String>,
}

impl Row {
    async fn measure(stage: &Stage, operation: Operation) -> Outcome<Self> {
        let contestants = stage.contestants();
        let mut turns: Vec<Turns> = Vec::new();
        for contestant in contestants {
            turns.push(Turns::warm_up(stage, operation, contestant.as_ref()).await);
        }
        let in_round = if operation.is_bulk() { 2 } else { TURNS };
        for _ in 0..ROUNDS {
            for own in &mut turns {
                own.seconds.push(f64::INFINITY);
            }
            for turn in 0..in_round {
                for place in 0..contestants.len() {
                    // The order rotates, so that each contestant is first once, second once, and so on.
                    let index = (turn + place) % contestants.len();
                    let contestant = contestants[index].as_ref();
                    turns[index].take(stage, operation, contestant).await;
                }
            }
        }
        let floor = turns
            .first()
            .ok_or("there is no contestant")?
            .seconds
            .clone();
        Ok(Row {
            cells: turns.iter().map(|turns| turns.cell(&floor)).collect(),
            floor: median(floor) * 1e6,
        })
    }
}

impl Turns {
    async fn warm_up(stage: &Stage, operation: Operation, contestant: &dyn Contestant) -> Self {
        let mut turns = Turns::default();
        if !contestant.can(operation) {
            return turns;
        }
        let few = if operation.is_bulk() { 1 } else { FEW };
        // Twice: the first calls connect and prepare statements.
        for _ in 0..2 {
            match operation.measure(stage, contestant, few).await {
                Err(error) => turns.errors.push(error.to_string()),
                Ok(time) => {
                    let fit = TURN.as_secs_f64() / time.as_secs_f64() * few as f64;
                    turns.times = (fit as u64).max(1);
                }
            }
        }
        turns
    }

    async fn take(&mut self, stage: &Stage, operation: Operation, contestant: &dyn Contestant) {
        if self.times == 0 {
            return;
        }
        match operation.measure(stage, contestant, self.times).await {
            Ok(time) => {
                if let Some(round) = self.seconds.last_mut() {
                    *round = round.min(time.as_secs_f64() / self.times as f64);
                }
            }
            Err(error) => self.errors.push(error.to_string()),
        }
    }

    fn cell(&self, floor: &[f64]) -> String {
        let pairs = floor.iter().zip(&self.seconds);
        let rate = match self.times {
            0 => "-".to_owned(),
            _ => format!(
                "{:.2}",
                median(pairs.map(|(floor, own)| floor / own).collect())
            ),
        };
        match self.errors.first() {
            None => rate,
            Some(error) => format!("{rate} ({} errors: {error})", self.errors.len()),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
