//! Every workload of a soak, with its name and its share of the time.

use std::error::Error;

use catamaran::Engine;
use catamaran::testing::{Target, TwinDatabase};
use fastrand::Rng;
use uuid::Uuid;

use crate::bank;
use crate::own_server::OwnServer;
use crate::soak::bank::Bank;
use crate::soak::database::Database;
use crate::soak::failover;
use crate::soak::faults::Fault;
use crate::soak::hazard::{Hazard, HazardBench};
use crate::soak::races::{Race, two_stores};
use crate::soak::sweep::{Setting, sweep};
use crate::soak::tally::Tally;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// One row of the final table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Every call dropped at every point.
    Sweep,
    /// Many writers.
    Race(Race),
    /// The bank, with one hazard again and again.
    Hazard(Hazard),
    /// The bank, with every hazard in turn.
    Everything,
    /// Restarts and a failover.
    Failover,
    /// One fault that is injected and removed.
    Fault(Fault),
}

impl Workload {
    /// Those of an engine.
    pub fn of(engine: Engine) -> Vec<Workload> {
        let races = Race::ALL.map(Workload::Race);
        let hazards = Hazard::of(engine).iter().copied().map(Workload::Hazard);
        [Workload::Sweep]
            .into_iter()
            .chain(races)
            .chain(hazards)
            .chain([Workload::Everything])
            .chain((engine == Engine::Postgres).then_some(Workload::Failover))
            .chain(Fault::of(engine).into_iter().map(Workload::Fault))
            .collect()
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Sweep => "cancellation sweep",
            Workload::Race(race) => race.name(),
            Workload::Hazard(hazard) => hazard.name(),
            Workload::Everything => "bank: all at once",
            Workload::Failover => "restarts, failover",
            Workload::Fault(fault) => fault.name(),
        }
    }

    /// The share of the time, relative to the others.
    pub fn share(self) -> f64 {
        match self {
            Workload::Sweep => 20.0,
            Workload::Race(_) => 0.6,
            Workload::Fault(_) => 0.4,
            Workload::Hazard(_) => 1.0,
            Workload::Everything | Workload::Failover => 4.0,
        }
    }
}

/// The databases that the workloads of one engine run on.
pub struct Site {
    engine: Engine,
    /// Emptied by each sweep.
    swept: TwinDatabase,
    /// Shared by races, each with an owner of its own.
    raced: TwinDatabase,
    /// The bank's file; on Postgres it is on the server that is killed.
    banked: Option<TwinDatabase>,
    place: Database,
    server: Option<OwnServer>,
}

impl Site {
    /// Makes the databases, and on Postgres the server that is killed.
    ///
    /// # Errors
    /// If one cannot be had.
    pub async fn make(engine: Engine) -> Outcome<Self> {
        let target = match engine {
            Engine::Sqlite => Target::SqliteFile,
            Engine::Postgres => Target::Postgres,
        };
        let (banked, server, place) = match engine {
            Engine::Sqlite => {
                let banked = TwinDatabase::create::<bank::Migrator>(target).await?;
                let place = Database::of(&banked);
                (Some(banked), None, place)
            }
            Engine::Postgres => {
                let server = OwnServer::start().await?;
                let place = server.database::<bank::History>("bank").await?;
                (None, Some(server), place)
            }
        };
        Ok(Site {
            engine,
            swept: TwinDatabase::create::<migration::Migrator>(target).await?,
            raced: TwinDatabase::create::<migration::Migrator>(target).await?,
            banked,
            place,
            server,
        })
    }

    /// Runs a workload once.
    ///
    /// # Errors
    /// What keeps it from running. What goes wrong in it is a violation in the tally.
    pub async fn run(&self, workload: Workload, rng: &mut Rng, tally: &Tally) -> Outcome<()> {
        let owner = Uuid::from_u128(rng.u128(..));
        match workload {
            Workload::Sweep => sweep(&Database::of(&self.swept), Setting::any(rng), tally).await,
            Workload::Race(race) => {
                let stores = two_stores(&Database::of(&self.raced)).await?;
                let writers = if rng.bool() { 16 } else { 64 };
                Ok(race.run(stores, writers, owner, tally).await?)
            }
            Workload::Hazard(hazard) => self.run_hazards(&[hazard; 3], owner, rng, tally).await,
            Workload::Everything => {
                let hazards = Hazard::of(self.engine);
                self.run_hazards(hazards, owner, rng, tally).await
            }
            Workload::Failover => {
                failover::run(owner, if rng.bool() { 8 } else { 24 }, tally).await
            }
            Workload::Fault(fault) => {
                let server = self.server.as_ref();
                fault.run(&self.place, server, rng, tally).await
            }
        }
    }

    async fn run_hazards(
        &self,
        hazards: &[Hazard],
        owner: Uuid,
        rng: &mut Rng,
        tally: &Tally,
    ) -> Outcome<()> {
        let bench = HazardBench {
            bank: Bank::found(&self.place, owner, tally).await?,
            server: self.server.clone(),
            program: std::env::current_exe()?,
        };
        let tellers = if rng.bool() { 8 } else { 24 };
        bench.run_hazards(hazards, tellers, rng).await
    }

    /// Removes the databases and ends the server.
    pub fn remove(self) {
        drop((self.swept, self.raced, self.banked, self.server));
    }
}
