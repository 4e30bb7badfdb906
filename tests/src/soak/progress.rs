//! The progress display of a soak.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use catamaran::Engine;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::soak::tally::Figures;

/// The time between two lines if there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// The progress of one engine: a bar on a terminal, else a line every 30 seconds.
#[derive(Clone)]
pub struct Progress {
    engine: Engine,
    time: Duration,
    bar: Option<ProgressBar>,
    written: Arc<Mutex<Option<Instant>>>,
}

impl Progress {
    /// One for each engine, below one another.
    pub fn for_all(engines: &[Engine], time: Duration) -> Vec<Self> {
        let terminal = std::io::stderr().is_terminal();
        let bars = MultiProgress::new();
        let style = "{prefix:>8} {bar:24} {percent:>3}% {msg}";
        let style =
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = |engine: &Engine| {
            let bar = bars.add(ProgressBar::new(time.as_secs().max(1)));
            bar.set_style(style.clone());
            bar.set_prefix(engine.to_string());
            bar
        };
        engines
            .iter()
            .map(|engine| Progress {
                engine: *engine,
                time,
                bar: terminal.then(|| bar(engine)),
                written: Arc::default(),
            })
            .collect()
    }

    /// What goes on before the time runs.
    pub fn say(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => eprintln!("{}: {what}", self.engine),
        }
    }

    /// How far it is, and what was counted.
    pub fn show(&self, elapsed: Duration, workload: &str, all: &[Figures]) {
        let sum = |count: fn(&Figures) -> u64| all.iter().map(count).sum::<u64>();
        let message = format!(
            "{} done, {} drops, {} faults, {} violations; {workload}",
            sum(|figures| figures.acknowledged),
            sum(|figures| figures.drops),
            sum(|figures| figures.faults),
            sum(|figures| figures.violations.len() as u64),
        );
        if let Some(bar) = &self.bar {
            bar.set_position(elapsed.as_secs().min(self.time.as_secs()));
            bar.set_message(message);
            return;
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.is_none_or(|last| last.elapsed() >= BETWEEN_LINES) {
            *written = Some(Instant::now());
            let (at, of) = (elapsed.as_secs(), self.time.as_secs());
            eprintln!("{} {at}/{of} s: {message}", self.engine);
        }
    }

    /// It is over.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}
