//! Concurrent transfers between the accounts of a bank, while faults are injected.

use std::collections::HashMap;
use std::error::Error as AnyError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use catamaran::{Error, ErrorKind, Expected, Result, Retry, Scope, Store, Unit};
use fastrand::Rng;
use uuid::Uuid;

use crate::bank::{Account, AccountDraft, AccountPatch, Transfer, TransferDraft};
use crate::cancellation_points::drop_after_polls;
use crate::soak::database::{Database, hanging};
use crate::soak::races::is_stale;
use crate::soak::tally::Tally;

/// The initial balance of each account.
pub const OPENING: i64 = 1_000;

/// The number of accounts: few, so that transfers conflict.
const ACCOUNTS: usize = 12;

/// A requested transfer. Its id is the operation key, so that it is done at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The key.
    pub id: Uuid,
    /// The account that pays.
    pub source: Uuid,
    /// The account that is paid.
    pub target: Uuid,
    /// How much.
    pub amount: i64,
}

/// What the caller knows about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done.
    Done,
    /// It is not, and never will be.
    NotDone,
    /// Unknown: the call was dropped, or the connection was lost.
    Unknown,
}

/// Why a unit of work did nothing.
#[derive(Debug)]
enum Refusal {
    /// The source has less than the amount.
    Poor,
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Failed(error)
    }
}

/// An error with what the driver says.
fn told(error: &Error) -> String {
    format!("{error:?}: {}", error.driver_message().unwrap_or_default())
}

/// The errors that a caller may be given while things break; others are violations.
pub type Tolerated = fn(&ErrorKind) -> bool;

/// No fault is injected; calls only wait for locks.
pub fn without_failures(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Serialization | ErrorKind::LockTimeout)
}

/// The database is stopped and started again.
pub fn with_failures(kind: &ErrorKind) -> bool {
    without_failures(kind)
        || matches!(
            kind,
            ErrorKind::ConnectionLost
                | ErrorKind::CommitUnknown
                | ErrorKind::Unavailable { .. }
                | ErrorKind::PoolTimeout
        )
}

/// One owner's accounts, and what became of every order.
#[derive(Clone)]
pub struct Bank {
    pub(super) place: Database,
    pub(super) owner: Uuid,
    pub(super) accounts: Arc<[Uuid]>,
    pub(super) tally: Tally,
    book: Arc<Mutex<HashMap<Uuid, (Order, Fate)>>>,
}

impl Bank {
    /// Opens the accounts of an owner who has none.
    ///
    /// # Errors
    /// Those of the inserts.
    pub async fn found(place: &Database, owner: Uuid, tally: &Tally) -> Result<Self> {
        let store = place.options().open().await?;
        let accounts = store.repository::<Account>(&Scope::owner(owner));
        let drafts = (0..ACCOUNTS).map(|_| AccountDraft::new(OPENING)).collect();
        let made = accounts.insert_many(drafts).await?;
        let ids = made.iter().map(|account| account.id).collect();
        Ok(Bank::of(place, owner, ids, tally))
    }

    /// The accounts that an owner has.
    pub fn of(place: &Database, owner: Uuid, accounts: Arc<[Uuid]>, tally: &Tally) -> Self {
        Bank {
            place: place.clone(),
            owner,
            accounts,
            tally: tally.clone(),
            book: Arc::default(),
        }
    }

    /// A transfer between two of the accounts.
    pub fn order(&self, rng: &mut Rng) -> Order {
        let source = rng.usize(..self.accounts.len());
        let step = rng.usize(1..self.accounts.len());
        Order {
            id: Uuid::from_u128(rng.u128(..)),
            source: self.accounts[source],
            target: self.accounts[(source + step) % self.accounts.len()],
            amount: rng.i64(1..200),
        }
    }

    /// Writes down what the caller was told.
    pub fn note(&self, order: Order, fate: Fate) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.insert(order.id, (order, fate));
    }

    /// What every caller was told.
    pub fn book(&self) -> HashMap<Uuid, (Order, Fate)> {
        self.book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Repeats the order until its outcome is known, and records the outcome.
    pub async fn carry_out(&self, store: &Store, order: Order, tolerated: Tolerated) -> Fate {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        // A hazard lasts until a caller is told that there is no server.
        let retry = Retry::default().budget(Duration::from_secs(1));
        let fate = loop {
            let error = match self.once(store, order, retry).await {
                Ok(()) => {
                    self.tally.acknowledged(begun.elapsed());
                    break Fate::Done;
                }
                Err(Refusal::Poor) => break Fate::NotDone,
                Err(Refusal::Failed(error)) => error,
            };
            self.tally.failed(&error);
            if !is_stale(&error) && !tolerated(error.kind()) {
                self.tally
                    .violated(format!("{order:?} was given {}", told(&error)));
                break Fate::Unknown;
            }
            if begun.elapsed() > hanging() {
                self.tally.violated(format!(
                    "{order:?} is not done after {:?}: {error:?}",
                    hanging()
                ));
                break Fate::Unknown;
            }
            self.tally.retried();
            tokio::time::sleep(pause.mul_f64(fastrand::f64())).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        };
        self.note(order, fate);
        fate
    }

    /// The unit of work, under the order's key. Of two orders one locks the accounts, and the other compares
    /// their versions.
    async fn once(&self, store: &Store, order: Order, retry: Retry) -> Result<(), Refusal> {
        let scope = Scope::owner(self.owner);
        let work = async |unit: &Unit| {
            let accounts = unit.repository::<Account>();
            let both = [order.source, order.target];
            if order.id.as_u128().is_multiple_of(2) {
                accounts.lock(&both).await?;
            }
            let source = accounts.get(order.source).await?;
            let target = accounts.get(order.target).await?;
            if source.balance < order.amount {
                return Err(Refusal::Poor);
            }
            for (account, balance) in [
                (&source, source.balance - order.amount),
                (&target, target.balance + order.amount),
            ] {
                let seen = Expected::Version(account.version);
                let patch = AccountPatch::new().balance(balance);
                accounts.patch(account.id, seen, patch).await?;
            }
            let draft = TransferDraft::new(order.source, order.target, order.amount);
            let transfers = unit.repository::<Transfer>();
            transfers.insert(draft.id(order.id)).await?;
            Ok(())
        };
        let done = store
            .writing(&scope)
            .retry(retry)
            .once(order.id, work)
            .await;
        done.map(drop)
    }

    /// Carries out orders until `over`; one order in eight is dropped before its end.
    pub async fn teller(
        self,
        store: Store,
        mut rng: Rng,
        over: Arc<AtomicBool>,
        tolerated: Tolerated,
    ) {
        while !over.load(Ordering::Relaxed) {
            let order = self.order(&mut rng);
            if rng.u8(..8) > 0 {
                self.carry_out(&store, order, tolerated).await;
                continue;
            }
            let linger = Duration::from_micros(rng.u64(..2_000));
            let asked = drop_after_polls(self.ask(&store, order), rng.usize(..20), linger).await;
            match asked {
                None => self.tally.dropped(),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    let known = is_stale(&error) || tolerated(error.kind());
                    self.tally
                        .must(known, || format!("{order:?} was given {}", told(&error)));
                }
            }
        }
    }

    /// Tries the order once, and records the outcome; unknown if the call is dropped.
    ///
    /// # Errors
    /// What the unit gave.
    pub async fn ask(&self, store: &Store, order: Order) -> Result<Fate> {
        self.note(order, Fate::Unknown);
        let (fate, asked) = match self.once(store, order, Retry::never()).await {
            Ok(()) => (Fate::Done, Ok(Fate::Done)),
            Err(Refusal::Poor) => (Fate::NotDone, Ok(Fate::NotDone)),
            Err(Refusal::Failed(error)) => {
                self.tally.failed(&error);
                let fate = match error.kind() {
                    ErrorKind::CommitUnknown => Fate::Unknown,
                    _ => Fate::NotDone,
                };
                (fate, Err(error))
            }
        };
        self.note(order, fate);
        asked
    }

    /// Checks the balances through a connection of its own.
    ///
    /// # Errors
    /// Those of the connection.
    pub async fn audit(&self) -> Result<(), Box<dyn AnyError + Send + Sync>> {
        super::audit::audit(self).await
    }
}
