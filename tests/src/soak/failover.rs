//! Writers that use one store while its server is restarted or replaced by its standby.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use catamaran::{ErrorKind, OnceOutcome, Result, Retry, Scope, Store, StoreOptions};
use rustix::process::Signal;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::bank::{Account, AccountDraft, History};
use crate::observer::{connect, texts};
use crate::own_server::OwnServer;
use crate::proxy::Proxy;
use crate::soak::bank::{OPENING, with_failures};
use crate::soak::database::{hanging, in_time};
use crate::soak::tally::Tally;
use crate::standby::{Replication, Standby};

type Outcome<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A primary and its standby, behind one address.
pub struct Pair {
    /// The server that the address leads to at first.
    pub primary: OwnServer,
    /// The server that takes over.
    pub standby: Standby,
    /// The address.
    pub proxy: Proxy,
}

/// The database of the [`Pair`].
const DATABASE: &str = "bank";

impl Pair {
    /// Starts both, with the tables of the bank.
    ///
    /// # Errors
    /// If one does not start.
    pub async fn start(replication: Replication) -> Outcome<Self> {
        let primary = OwnServer::start().await?;
        let place = primary.database::<History>(DATABASE).await?;
        let standby = Standby::of(&primary, replication).await?;
        Ok(Pair {
            proxy: Proxy::start(&place.url).await,
            primary,
            standby,
        })
    }

    /// The options of a store at the address.
    pub fn options(&self) -> StoreOptions {
        StoreOptions::new(self.proxy.url())
    }

    /// The primary fails at once; the standby takes its place.
    ///
    /// # Errors
    /// If the standby cannot be promoted.
    pub async fn fail_over(&self) -> Outcome<()> {
        self.primary.kill_all();
        self.take_over().await
    }

    /// The primary is shut down as planned; the standby takes its place.
    ///
    /// # Errors
    /// If the standby cannot be promoted.
    pub async fn switch_over(&self) -> Outcome<()> {
        self.primary.stop(Signal::INT).await;
        self.take_over().await
    }

    /// The standby is promoted, and new connections lead to it.
    ///
    /// # Errors
    /// If it cannot be promoted.
    pub async fn take_over(&self) -> Outcome<()> {
        self.standby.promote().await?;
        self.proxy.lead_to(self.standby.admin_url());
        Ok(())
    }
}

/// Writers on one store.
pub struct Load {
    owner: Uuid,
    acknowledged: Arc<Mutex<Acknowledged>>,
    over: Arc<AtomicBool>,
    writers: JoinSet<()>,
    tally: Tally,
}

/// The rows whose inserts were acknowledged.
struct Acknowledged {
    ids: BTreeSet<Uuid>,
    last: Instant,
}

impl Load {
    /// Starts the writers. Half of them insert rows by single calls, and half by units of work with a key.
    pub fn start(store: &Store, owner: Uuid, writers: usize, tally: &Tally) -> Self {
        let mut load = Load {
            owner,
            acknowledged: Arc::new(Mutex::new(Acknowledged {
                ids: BTreeSet::new(),
                last: Instant::now(),
            })),
            over: Arc::default(),
            writers: JoinSet::new(),
            tally: tally.clone(),
        };
        for writer in 0..writers {
            let (store, tally, over) = (store.clone(), tally.clone(), load.over.clone());
            let acknowledged = load.acknowledged.clone();
            load.writers.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let id = Uuid::from_u128(fastrand::u128(..));
                    let written = match writer % 2 {
                        0 => insert_alone(&store, owner, id).await,
                        _ => insert_once(&store, owner, id).await,
                    };
                    match written {
                        Ok(()) => {
                            tally.acknowledged(begun.elapsed());
                            let mut all =
                                acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
                            tally.paused(all.last.elapsed());
                            all.last = Instant::now();
                            all.ids.insert(id);
                        }
                        Err(error) => {
                            tally.failed(&error);
                            let kind = error.kind();
                            let may_be =
                                with_failures(kind) || matches!(kind, ErrorKind::ReadOnly { .. });
                            tally.must(may_be, || format!("a writer was given {error:?}"));
                            tokio::time::sleep(Duration::from_millis(fastrand::u64(5..20))).await;
                        }
                    }
                }
            });
        }
        load
    }

    fn count(&self) -> usize {
        let acknowledged = self.acknowledged.lock();
        acknowledged
            .unwrap_or_else(PoisonError::into_inner)
            .ids
            .len()
    }

    /// Waits until the writers were acknowledged some more rows.
    pub async fn goes_on(&self, what: &str) {
        let until = self.count() + 40;
        in_time(&self.tally, what, async {
            while self.count() < until {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    /// Ends the writers. Every row that was acknowledged must be on the server of this superuser's URL.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn end(mut self, server: &str) -> Outcome<()> {
        self.over.store(true, Ordering::Relaxed);
        let ended = async { while self.writers.join_next().await.is_some() {} };
        in_time(&self.tally, "a writer", ended).await;
        let mut url: url::Url = server.parse()?;
        url.set_path(DATABASE);
        let outside = connect(url.as_str()).await?;
        let query = format!(
            "SELECT id::text FROM accounts WHERE user_id = '{}'",
            self.owner
        );
        let stored: BTreeSet<String> = texts(&outside, &query).await?.into_iter().collect();
        let acknowledged = self.acknowledged.lock();
        for id in &acknowledged.unwrap_or_else(PoisonError::into_inner).ids {
            self.tally.must(stored.contains(&id.to_string()), || {
                "a row that was acknowledged is not there".to_owned()
            });
        }
        Ok(())
    }
}

async fn insert_alone(store: &Store, owner: Uuid, id: Uuid) -> Result<()> {
    let accounts = store.repository::<Account>(&Scope::owner(owner));
    accounts.insert(AccountDraft::new(OPENING).id(id)).await?;
    Ok(())
}

/// A unit of work that waits for the server.
async fn insert_once(store: &Store, owner: Uuid, id: Uuid) -> Result<()> {
    let done = store
        .writing(&Scope::owner(owner))
        .retry(Retry::default().budget(hanging()))
        .once(id, async |unit| {
            let accounts = unit.repository::<Account>();
            accounts.insert(AccountDraft::new(OPENING).id(id)).await
        })
        .await?;
    match done {
        OnceOutcome::Done(_) | OnceOutcome::AlreadyDone => Ok(()),
    }
}

/// A server is restarted in both ways, and then fails and is replaced by its synchronous standby, while writers use it.
///
/// # Errors
/// What keeps it from running. A failed check is a violation in the tally.
pub async fn run(owner: Uuid, writers: usize, tally: &Tally) -> Outcome<()> {
    let pair = Pair::start(Replication::Synchronous).await?;
    let store = pair
        .options()
        .connections(writers.div_ceil(2))
        .open()
        .await?;
    let load = Load::start(&store, owner, writers, tally);
    load.goes_on("the beginning").await;
    for signal in [Signal::INT, Signal::QUIT] {
        tally.broke();
        pair.primary.stop(signal).await;
        pair.primary.start_again().await?;
        load.goes_on("a restart").await;
    }
    tally.broke();
    pair.fail_over().await?;
    load.goes_on("a failover").await;
    load.end(pair.standby.admin_url()).await?;
    tally.ran();
    Ok(())
}
