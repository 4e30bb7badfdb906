//! Faults that are injected while a bank's tellers work.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use catamaran::{Engine, ErrorKind, Store};
use fastrand::Rng;
use rustix::process::Signal;
use sea_orm::ConnectionTrait;
use tokio::task::JoinSet;

use crate::observer::texts;
use crate::own_server::{OwnServer, backends, signal_backend};
use crate::soak::bank::{Bank, Fate, Tolerated, with_failures, without_failures};
use crate::soak::client::Client;
use crate::soak::database::{in_time, settle};
use crate::soak::tally::{Figures, kind_name};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many connections the tellers' store has: fewer than tellers.
const CONNECTIONS: usize = 6;

/// A fault while the tellers work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hazard {
    /// No fault; only calls are dropped.
    Nothing,
    /// An administrator ends a backend: `pg_terminate_backend`.
    Terminated,
    /// A backend is killed with -9; the server ends all the others and recovers.
    BackendKilled,
    /// The server is shut down immediately, and started again.
    ServerStopped,
    /// The server's first process is killed with -9, and started again.
    ServerKilled,
    /// Another process that uses the database is killed with -9 in the middle of its work.
    ClientKilled,
    /// Another client holds the lock for a while.
    LockHeld,
}

impl Hazard {
    /// Those that an engine has.
    pub fn of(engine: Engine) -> &'static [Hazard] {
        match engine {
            Engine::Sqlite => &[Hazard::Nothing, Hazard::ClientKilled, Hazard::LockHeld],
            Engine::Postgres => &[
                Hazard::Nothing,
                Hazard::Terminated,
                Hazard::BackendKilled,
                Hazard::ServerStopped,
                Hazard::ServerKilled,
                Hazard::ClientKilled,
                Hazard::LockHeld,
            ],
        }
    }

    /// The name in the table of results.
    pub fn name(self) -> &'static str {
        match self {
            Hazard::Nothing => "bank: drops alone",
            Hazard::Terminated => "backend terminated",
            Hazard::BackendKilled => "backend kill -9",
            Hazard::ServerStopped => "server stopped",
            Hazard::ServerKilled => "server kill -9",
            Hazard::ClientKilled => "client kill -9",
            Hazard::LockHeld => "lock held",
        }
    }

    /// The errors that callers may get meanwhile.
    fn tolerated(self) -> Tolerated {
        match self {
            Hazard::Nothing | Hazard::ClientKilled | Hazard::LockHeld => without_failures,
            Hazard::Terminated
            | Hazard::BackendKilled
            | Hazard::ServerStopped
            | Hazard::ServerKilled => with_failures,
        }
    }
}

/// What the hazards act on.
pub struct HazardBench {
    /// The bank, on a database whose server may be killed.
    pub bank: Bank,
    /// Its server, on Postgres.
    pub server: Option<OwnServer>,
    /// The path of the `soak` program, for clients of their own.
    pub program: PathBuf,
}

impl HazardBench {
    /// Tellers work on one store while each of the hazards strikes once, in a random order; then the same store
    /// works again, and the balances are correct.
    ///
    /// # Errors
    /// What keeps it from running. A failed check is a violation in the bank's tally.
    pub async fn run_hazards(
        &self,
        hazards: &[Hazard],
        tellers: usize,
        rng: &mut Rng,
    ) -> Outcome<()> {
        let has_failures = hazards
            .iter()
            .any(|hazard| hazard.tolerated()(&ErrorKind::ConnectionLost));
        let tolerated: Tolerated = if has_failures {
            with_failures
        } else {
            without_failures
        };
        let store = self
            .bank
            .place
            .options()
            .connections(CONNECTIONS)
            .readers(CONNECTIONS)
            .open()
            .await?;
        let over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..tellers {
            tasks.spawn(self.bank.clone().teller(
                store.clone(),
                rng.fork(),
                over.clone(),
                tolerated,
            ));
        }
        let mut hazards = hazards.to_vec();
        rng.shuffle(&mut hazards);
        for hazard in hazards {
            tokio::time::sleep(Duration::from_millis(rng.u64(20..150))).await;
            let injected = self.inject(hazard, rng).await;
            if let Err(error) = injected {
                over.store(true, Ordering::Relaxed);
                return Err(error);
            }
            self.works_again(&store, hazard, rng).await;
        }
        over.store(true, Ordering::Relaxed);
        let tally = &self.bank.tally;
        in_time(tally, "a teller", tasks.join_all()).await;
        settled(&store, tolerated).await?;
        self.bank.audit().await?;
        tally.ran();
        Ok(())
    }

    /// After the hazard, the same store carries out an order.
    async fn works_again(&self, store: &Store, hazard: Hazard, rng: &mut Rng) {
        for _ in 0..100 {
            let order = self.bank.order(rng);
            let carried_out = self.bank.carry_out(store, order, hazard.tolerated());
            let fate = in_time(&self.bank.tally, hazard.name(), carried_out).await;
            if fate == Some(Fate::Done) {
                return;
            }
        }
        let name = hazard.name();
        self.bank
            .tally
            .violated(format!("the store does not work after: {name}"));
    }

    /// Waits until the tellers' figures show what happens to them, however slow the machine is.
    async fn noticed(&self, what: &str, shows: impl Fn(&Figures) -> bool) {
        let tally = &self.bank.tally;
        let waiting = async {
            while !shows(&tally.figures()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        in_time(tally, what, waiting).await;
    }

    async fn inject(&self, hazard: Hazard, rng: &mut Rng) -> Outcome<()> {
        let server = || self.server.as_ref().ok_or("there is no server to break");
        let place = &self.bank.place;
        match hazard {
            Hazard::Nothing => {
                let drops = self.bank.tally.figures().drops;
                tokio::time::sleep(Duration::from_millis(rng.u64(..300))).await;
                self.noticed("a dropped call", |figures| figures.drops > drops)
                    .await;
                return Ok(());
            }
            Hazard::Terminated => {
                let connection = place.connect().await?;
                let all = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
                     WHERE datname = current_database() AND application_name = 'catamaran'";
                let one = format!("{all} ORDER BY random() LIMIT 1");
                let ended = texts(&connection, if rng.bool() { all } else { &one }).await?;
                connection.close().await?;
                if ended.is_empty() {
                    return Err("there was no backend to terminate".into());
                }
            }
            Hazard::BackendKilled => {
                let pids = backends(place).await?;
                let pid = rng.choice(pids).ok_or("there is no backend to kill")?;
                signal_backend(pid, Signal::KILL);
            }
            Hazard::ServerStopped | Hazard::ServerKilled => {
                let server = server()?;
                server
                    .stop(if hazard == Hazard::ServerKilled {
                        Signal::KILL
                    } else {
                        Signal::QUIT
                    })
                    .await;
                let seen = unavailable(&self.bank.tally.figures());
                self.noticed("a stopped server", |figures| unavailable(figures) > seen)
                    .await;
                server.start_again().await?;
            }
            Hazard::ClientKilled => {
                let client = Client::start(&self.program, &self.bank, rng.u64(..))?;
                let began = client.at_work().await;
                self.bank
                    .tally
                    .must(began, || "a client never began".to_owned());
                tokio::time::sleep(Duration::from_millis(rng.u64(..200))).await;
                client.kill().await?;
            }
            Hazard::LockHeld => {
                let connection = place.connect().await?;
                let lock = match place.engine {
                    Engine::Sqlite => "BEGIN IMMEDIATE",
                    Engine::Postgres => "BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE",
                };
                // SQLite does not queue waiters, so that a wait may time out.
                while let Err(error) = connection.execute_unprepared(lock).await {
                    if !error.to_string().contains("locked") {
                        return Err(error.into());
                    }
                }
                tokio::time::sleep(Duration::from_millis(rng.u64(..200))).await;
                connection.execute_unprepared("ROLLBACK").await?;
                connection.close().await?;
            }
        }
        self.bank.tally.broke();
        Ok(())
    }
}

/// The number of calls that failed because there was no server.
fn unavailable(figures: &Figures) -> u64 {
    let name = kind_name(&ErrorKind::Unavailable { reason: "".into() });
    figures.errors.get(&name).copied().unwrap_or_default()
}

/// Waits until everything has ended that was begun on the store. What it holds of connections that broke is its
/// own to find out, one by one.
async fn settled(store: &Store, tolerated: Tolerated) -> catamaran::Result<()> {
    let mut last = settle(store, CONNECTIONS).await;
    for _ in 0..CONNECTIONS * 2 {
        match last {
            Err(error) if tolerated(error.kind()) => last = settle(store, CONNECTIONS).await,
            last => return last,
        }
    }
    last
}
