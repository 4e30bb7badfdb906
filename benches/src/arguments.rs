//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use catamaran::Engine;

use crate::dataset::Size;
use crate::workload::Workload;

/// Runs workloads through Catamaran, bare drivers, sqlx, SeaORM and Diesel, in turns, and prints the rate of each
/// relative to the bare driver
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "ratios")]
pub struct Arguments {
    /// Only this engine
    #[arg(long, value_parser = engine)]
    pub engine: Option<Engine>,
    /// Only these workloads, such as W2,W4
    #[arg(long, value_delimiter = ',', value_parser = workload)]
    pub only: Vec<Workload>,
    /// Rounds, of which the medians are printed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Seconds of each turn of the mixture
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Few rows and one short round, which only shows that everything runs
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    pub quick: bool,
    /// Write the result to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Another build of this program, whose Catamaran takes turns too
    #[arg(long, value_name = "PROGRAM")]
    pub before: Option<PathBuf>,
}

fn engine(text: &str) -> Result<Engine, String> {
    let found = Engine::ALL.into_iter().find(|one| one.to_string() == text);
    found.ok_or_else(|| "sqlite or postgres".to_owned())
}

fn workload(text: &str) -> Result<Workload, String> {
    let found = Workload::ALL.into_iter().find(|one| one.code() == text);
    found.ok_or_else(|| {
        let codes = Workload::ALL.map(Workload::code);
        format!("one of {}", codes.join(", "))
    })
}

impl Arguments {
    /// Whether the workload is wanted.
    pub fn wants(&self, workload: Workload) -> bool {
        self.only.is_empty() || self.only.contains(&workload)
    }

    /// How much data is loaded.
    pub fn size(&self) -> Size {
        match self.quick {
            true => Size::SMALL,
            false => Size::FULL,
        }
    }

    /// How many rounds there are.
    pub fn rounds(&self) -> usize {
        match self.quick {
            true => 1,
            false => usize::from(self.rounds),
        }
    }

    /// The length of a turn of calls. One call of a bulk workload takes longer.
    pub fn turn(&self) -> Duration {
        match self.quick {
            true => Duration::from_millis(2),
            false => Duration::from_millis(50),
        }
    }

    /// The length of a turn of the mixture.
    pub fn mixture(&self) -> Duration {
        match self.quick {
            true => Duration::from_millis(20),
            false => Duration::from_secs_f64(self.seconds.clamp(0.01, 600.0)),
        }
    }

    /// The length of a turn of scans.
    pub fn scan(&self) -> Duration {
        self.mixture().min(Duration::from_secs(1))
    }
}
