//! The program behind `cargo xtask soak`: runs the workloads for a given time.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use catamaran::Engine;
use clap::{Parser, Subcommand, ValueEnum};
use suite::soak::client;
use suite::soak::progress::Progress;
use suite::soak::report::{Format, report, violations};
use suite::soak::run::{Plan, Row, soak};
use uuid::Uuid;

#[derive(Parser)]
#[command(name = "soak", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// How long, on each engine; both run side by side
    #[arg(long, default_value_t = 20.0)]
    minutes: f64,
    /// On which engine
    #[arg(long, value_enum, default_value_t = Engines::Both)]
    engine: Engines,
    /// Where random choices come from
    #[arg(long)]
    seed: Option<u64>,
    /// Write the final table for machines
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Write the final table for a document
    #[arg(long)]
    markdown: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Engines {
    Sqlite,
    Postgres,
    Both,
}

#[derive(Subcommand)]
enum Part {
    /// A client that is killed in the middle of its work; the soak starts it
    #[command(name = client::ARGUMENT, hide = true)]
    Client { owner: Uuid, seed: u64 },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Part::Client { owner, seed }) = arguments.part {
        return match client::run(owner, seed).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => could_not_run(&*error),
        };
    }
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let stop = Arc::new(AtomicBool::new(false));
    let plan = Plan {
        time: Duration::from_secs_f64(arguments.minutes.max(0.0) * 60.0),
        seed,
        stop: stop.clone(),
    };
    eprintln!("soak: seed {seed}; Ctrl-C ends it after what is under way, and shows the table");
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(2);
            }
            eprintln!("ending; Ctrl-C again ends at once");
        }
    });
    let rows = match all(arguments.engine, &plan).await {
        Ok(rows) => rows,
        Err(error) => return could_not_run(&*error),
    };
    let format = match (arguments.json, arguments.markdown) {
        (true, _) => Format::Json,
        (_, true) => Format::Markdown,
        _ => Format::Plain,
    };
    println!("{}", report(&rows, format, seed));
    match violations(&rows).is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn could_not_run(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}

async fn all(
    engines: Engines,
    plan: &Plan,
) -> Result<Vec<Row>, Box<dyn std::error::Error + Send + Sync>> {
    let engines: &[Engine] = match engines {
        Engines::Sqlite => &[Engine::Sqlite],
        Engines::Postgres => &[Engine::Postgres],
        Engines::Both => &[Engine::Sqlite, Engine::Postgres],
    };
    let mut running = Vec::new();
    for (engine, progress) in engines.iter().zip(Progress::for_all(engines, plan.time)) {
        running.push(tokio::spawn(soak(*engine, plan.clone(), progress)));
    }
    let mut rows = Vec::new();
    for ended in running {
        rows.extend(ended.await??);
    }
    Ok(rows)
}
