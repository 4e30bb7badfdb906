//! The workloads of several tasks.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use entity::Habit;
use fastrand::Rng;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::meter::Meter;
use super::ticker::Ticker;
use super::{Amount, Sample};
use crate::contestant::{CONFLICT, Contestant, MISSING, Outcome, Place, renamed};
use crate::dataset::new;
use crate::stage::Stage;

/// Tasks of the mixture, and tasks that insert.
const TASKS: usize = 16;

/// Rows that only one task updates.
const OWN_ROWS: usize = 8;

/// How often a row is read again when it was written in between.
const TRIES: usize = 10;

/// Tasks that scan: more than the runtime has threads on a small machine, so that calls that block show.
const SCANNERS: usize = 4;

/// 16 tasks, each of which inserts one row at a time.
pub(super) async fn inserters(contestant: Arc<dyn Contestant>, amount: Amount) -> Outcome<Sample> {
    let Amount::Calls(calls) = amount else {
        return Err("this workload has a number of calls".into());
    };
    let each = (calls / TASKS as u64).max(1);
    let mut tasks = JoinSet::new();
    let mut meter = Meter::default();
    meter.start();
    for _ in 0..TASKS {
        let contestant = contestant.clone();
        tasks.spawn(async move {
            let mut done = Sample::default();
            for index in 0..each {
                let inserted = contestant.insert(new(index as usize)).await;
                note(&mut done, inserted.map(|_| ()));
            }
            done
        });
    }
    let done = join(tasks).await?;
    meter.stop(done.calls);
    Ok(Sample {
        errors: done.errors,
        ..meter.sample()
    })
}

/// 4 tasks that count rows without an index, beside a ticker.
pub(super) async fn scan(contestant: Arc<dyn Contestant>, amount: Amount) -> Outcome<Sample> {
    let end = end_of(amount)?;
    let scanner = |_| scanner(contestant.clone(), end);
    beside_ticker((0..SCANNERS).map(scanner).collect()).await
}

async fn scanner(contestant: Arc<dyn Contestant>, end: Instant) -> Sample {
    let mut done = Sample::default();
    while Instant::now() < end {
        let counted = contestant.count("no habit has this name").await;
        note(&mut done, counted.map(|_| ()));
    }
    done
}

/// 16 tasks: 56 % get, 24 % page, 8 % insert, 8 % update, 4 % read-modify-write, beside a ticker.
pub(super) async fn mixture(
    stage: Arc<Stage>,
    contestant: Arc<dyn Contestant>,
    amount: Amount,
) -> Outcome<Sample> {
    let mut rows = contestant.read_many(TASKS * OWN_ROWS).await?;
    let owned: HashSet<Uuid> = rows.iter().map(|row| row.id).collect();
    let all = stage.ids().take(stage.many());
    let shared: Arc<[Uuid]> = all.filter(|id| !owned.contains(id)).collect();
    let end = end_of(amount)?;
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let mut mixer = Mixer {
            contestant: contestant.clone(),
            random: Rng::with_seed(task as u64),
            shared: shared.clone(),
            own: rows.split_off(rows.len() - OWN_ROWS),
            place: None,
        };
        tasks.push(async move { mixer.run(end).await });
    }
    beside_ticker(tasks).await
}

/// Spawns the tasks and a ticker.
async fn beside_ticker(
    work: Vec<impl Future<Output = Sample> + Send + 'static>,
) -> Outcome<Sample> {
    let ticker = Ticker::start();
    let mut meter = Meter::default();
    meter.start();
    let mut tasks = JoinSet::new();
    for one in work {
        tasks.spawn(one);
    }
    let done = join(tasks).await?;
    meter.stop(done.calls);
    Ok(Sample {
        errors: done.errors,
        lateness: ticker.stop().await?,
        ..meter.sample()
    })
}

async fn join(mut tasks: JoinSet<Sample>) -> Outcome<Sample> {
    let mut all = Sample::default();
    while let Some(done) = tasks.join_next().await {
        let done = done?;
        all.calls += done.calls;
        for (error, times) in done.errors {
            *all.errors.entry(error).or_default() += times;
        }
    }
    Ok(all)
}

fn note(sample: &mut Sample, result: Outcome<()>) {
    match result {
        Ok(()) => sample.calls += 1,
        Err(error) => sample.count(&error.to_string()),
    }
}

/// When the tasks end.
fn end_of(amount: Amount) -> Outcome<Instant> {
    match amount {
        Amount::For(time) => Ok(Instant::now() + time),
        Amount::Calls(_) => Err("this workload has a time".into()),
    }
}

/// One task of the mixture.
struct Mixer {
    contestant: Arc<dyn Contestant>,
    random: Rng,
    /// The ids of all other rows.
    shared: Arc<[Uuid]>,
    /// Rows that no other task updates, as this one wrote them last.
    own: Vec<Habit>,
    place: Option<Place>,
}

impl Mixer {
    async fn run(&mut self, end: Instant) -> Sample {
        let mut done = Sample::default();
        while Instant::now() < end {
            let result = match self.random.u32(0..100) {
                0..56 => self.get().await,
                56..80 => self.page().await,
                80..88 => self.insert().await,
                88..96 => self.update().await,
                _ => self.modify().await,
            };
            note(&mut done, result);
        }
        done
    }

    fn any_id(&mut self) -> Uuid {
        self.shared[self.random.usize(0..self.shared.len())]
    }

    async fn get(&mut self) -> Outcome<()> {
        let id = self.any_id();
        self.contestant.get(id).await?.ok_or(MISSING)?;
        Ok(())
    }

    async fn page(&mut self) -> Outcome<()> {
        let place = self.place.take();
        self.place = self.contestant.page(place).await?.next;
        Ok(())
    }

    async fn insert(&mut self) -> Outcome<()> {
        let draft = new(self.random.usize(0..1_000));
        self.contestant.insert(draft).await?;
        Ok(())
    }

    async fn update(&mut self) -> Outcome<()> {
        let index = self.random.usize(0..self.own.len());
        let changed = renamed(self.own[index].clone());
        match self.contestant.update(changed).await {
            Ok(Some(row)) => {
                self.own[index] = row;
                Ok(())
            }
            failed => {
                // Whether the write happened is not known after an error.
                let id = self.own[index].id;
                self.own[index] = self.contestant.get(id).await?.ok_or(MISSING)?;
                failed.and(Err(CONFLICT.into()))
            }
        }
    }

    /// Reads a row and writes it. Repeats that if another task wrote it in between.
    async fn modify(&mut self) -> Outcome<()> {
        let id = self.any_id();
        for _ in 0..TRIES {
            let row = self.contestant.get(id).await?.ok_or(MISSING)?;
            if self.contestant.update(renamed(row)).await?.is_some() {
                return Ok(());
            }
        }
        Err(CONFLICT.into())
    }
}
