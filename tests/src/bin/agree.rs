//! The program behind `cargo xtask agree`: compares the engines with random operations for a given time.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use catamaran::testing::{AgreeError, Divergence, Summary, TestError};
use clap::Parser;
use suite::agree::{Configuration, configurations};

/// How long one configuration is used before the next one.
const TURN: Duration = Duration::from_secs(20);

#[derive(Parser)]
#[command(name = "agree")]
struct Arguments {
    /// How long
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Where random choices come from
    #[arg(long)]
    seed: Option<u64>,
    /// Write the result for machines
    #[arg(long)]
    json: bool,
    /// End with the first divergence
    #[arg(long)]
    first: bool,
    /// How many configurations run at the same time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Only the configurations whose name contains this
    #[arg(long, default_value = "")]
    only: String,
}

/// What all configurations have done.
#[derive(Default)]
struct Total {
    summary: Summary,
    configurations: BTreeMap<String, (u64, Duration)>,
    divergences: Vec<(String, Divergence)>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    eprintln!("agree: seed {seed}");
    let total = Mutex::new(Total {
        summary: Summary {
            seed,
            ..Summary::default()
        },
        ..Total::default()
    });
    let configurations: Vec<Configuration> = configurations()
        .into_iter()
        .filter(|configuration| configuration.to_string().contains(&arguments.only))
        .collect();
    let until = Instant::now() + Duration::from_secs_f64(arguments.minutes.max(0.0) * 60.0);
    let next = AtomicUsize::new(0);
    let found = AtomicBool::new(false);
    let work = || -> Result<(), AgreeError> {
        while Instant::now() < until && !configurations.is_empty() && !found.load(Ordering::Relaxed)
        {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let configuration = configurations[number % configurations.len()];
            let seed = seed.wrapping_add(1_000_000 * number as u64);
            let time = TURN.min(until.saturating_duration_since(Instant::now()));
            let began = Instant::now();
            let run = configuration.run().seed(seed).operations(u64::MAX);
            let most = if arguments.first { 1 } else { 20 };
            let outcome = configuration.survey(run.time_limit(time), most);
            let (summary, divergences) = match outcome {
                // A server that was built without ICU.
                Err(AgreeError::Test(TestError::NoCollation)) => continue,
                outcome => outcome?,
            };
            if arguments.first && !divergences.is_empty() {
                found.store(true, Ordering::Relaxed);
            }
            let mut total = total
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            total.add(configuration, &summary, divergences, began.elapsed());
        }
        Ok(())
    };
    let outcome = std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..arguments.jobs.max(1))
            .map(|_| scope.spawn(work))
            .collect();
        jobs.into_iter().try_for_each(|job| match job.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    });
    if let Err(error) = outcome {
        eprintln!("error: {error}");
        return ExitCode::from(2);
    }
    let total = total
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    match arguments.json {
        true => println!("{}", total.json()),
        false => total.print(),
    }
    match total.divergences.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

impl Total {
    fn add(
        &mut self,
        configuration: Configuration,
        summary: &Summary,
        divergences: Vec<Divergence>,
        time: Duration,
    ) {
        let done = self
            .configurations
            .entry(configuration.to_string())
            .or_default();
        done.0 += summary.operations;
        done.1 += time;
        self.summary.add(summary);
        for divergence in divergences {
            let known = self
                .divergences
                .iter()
                .any(|(_, known)| known.class == divergence.class);
            if !known {
                eprintln!("{configuration}: {divergence}\n");
                self.divergences
                    .push((configuration.to_string(), divergence));
            }
        }
    }

    fn print(&self) {
        println!("{}", self.summary);
        for ((method, outcome), times) in &self.summary.outcomes {
            println!("  {method:<14} {outcome:<20} {times:>9}");
        }
        for (name, (operations, time)) in &self.configurations {
            let rate = *operations as f64 / time.as_secs_f64().max(0.001);
            println!("{name}: {operations} operations, {rate:.0} each second");
        }
        println!("{} divergences", self.divergences.len());
        for (configuration, divergence) in &self.divergences {
            println!(
                "  {} ({configuration}, seed {})",
                divergence.class, divergence.seed
            );
        }
    }

    fn json(&self) -> serde_json::Value {
        let outcomes = self.summary.outcomes.iter();
        let outcomes: Vec<_> = outcomes
            .map(|((method, outcome), times)| {
                serde_json::json!({ "method": method, "outcome": outcome, "times": times })
            })
            .collect();
        let configurations = self.configurations.iter();
        let configurations: Vec<_> = configurations
            .map(|(name, (operations, time))| {
                serde_json::json!({
                    "name": name, "operations": operations, "seconds": time.as_secs_f64(),
                })
            })
            .collect();
        let divergences = self.divergences.iter();
        let divergences: Vec<_> = divergences
            .map(|(configuration, found)| {
                serde_json::json!({
                    "configuration": configuration, "class": found.class, "seed": found.seed,
                    "rule": found.rule, "sqlite": found.sqlite, "postgres": found.postgres,
                    "code": found.code,
                })
            })
            .collect();
        serde_json::json!({
            "seed": self.summary.seed,
            "operations": self.summary.operations,
            "outcomes": outcomes,
            "configurations": configurations,
            "divergences": divergences,
        })
    }
}
