//! What the surroundings do to a store, one at a time: the error is of the kind that is documented, nothing that was
//! acknowledged is lost, no unit is half, and the same store works again when the fault is gone.

mod postgres;
mod sqlite;

use std::error::Error;
use std::time::{Duration, Instant};

use catamaran::{Engine, ErrorKind, Query, Scope, Store, StoreOptions};
use fastrand::Rng;
use uuid::Uuid;

use crate::bank::Transfer;
use crate::disk;
use crate::own_server::OwnServer;
use crate::pace::limit;
use crate::soak::bank::{Bank, Fate};
use crate::soak::database::{Database, hanging, in_time};
use crate::soak::tally::{Tally, kind_name};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another connection holds a lock for ever.
    LockForEver,
    /// There is no space left: a small file system, which only root can mount.
    DiskFull,
    /// The file is at its maximum size.
    PageLimit,
    /// The database is read-only.
    ReadOnly,
    /// A page is damaged.
    CorruptPage,
    /// The file was removed.
    FileRemoved,
    /// Another file is in its place.
    FileReplaced,
    /// The server takes no more connections.
    ConnectionLimit,
    /// The server does not answer, and keeps the connection open.
    Silence,
}

impl Fault {
    /// The faults of an engine that this process can inject.
    pub fn of(engine: Engine) -> Vec<Fault> {
        let mut faults = match engine {
            Engine::Sqlite => vec![
                Fault::LockForEver,
                Fault::PageLimit,
                Fault::CorruptPage,
                Fault::FileRemoved,
                Fault::FileReplaced,
            ],
            Engine::Postgres => vec![
                Fault::LockForEver,
                Fault::CorruptPage,
                Fault::ReadOnly,
                Fault::ConnectionLimit,
                Fault::Silence,
            ],
        };
        if disk::can_mount() {
            faults.push(Fault::DiskFull);
            if engine == Engine::Sqlite {
                faults.push(Fault::ReadOnly);
            }
        }
        faults
    }

    /// The name in the table of results.
    pub fn name(self) -> &'static str {
        match self {
            Fault::LockForEver => "lock for ever",
            Fault::DiskFull => "disk full",
            Fault::PageLimit => "page limit",
            Fault::ReadOnly => "read-only",
            Fault::CorruptPage => "corrupt page",
            Fault::FileRemoved => "file removed",
            Fault::FileReplaced => "file replaced",
            Fault::ConnectionLimit => "connection limit",
            Fault::Silence => "silent peer",
        }
    }

    /// The kind of error that it gives.
    fn gives(self, kind: &ErrorKind) -> bool {
        match self {
            Fault::LockForEver => matches!(kind, ErrorKind::LockTimeout),
            Fault::DiskFull | Fault::PageLimit => matches!(kind, ErrorKind::StorageFull),
            Fault::ReadOnly => matches!(kind, ErrorKind::ReadOnly { .. }),
            Fault::CorruptPage => matches!(kind, ErrorKind::Corrupt),
            Fault::FileRemoved => matches!(kind, ErrorKind::DatabaseMissing { .. }),
            Fault::FileReplaced | Fault::ConnectionLimit => {
                matches!(kind, ErrorKind::Unavailable { .. })
            }
            Fault::Silence => matches!(
                kind,
                ErrorKind::ConnectionLost | ErrorKind::Unavailable { .. }
            ),
        }
    }

    /// Errors that may follow once the fault is gone: the store notices each lost connection by its next use,
    /// and reports once that a file was replaced.
    fn may_follow(self, kind: &ErrorKind) -> bool {
        self.gives(kind)
            || matches!(
                kind,
                ErrorKind::ConnectionLost | ErrorKind::Unavailable { .. }
            )
    }

    /// Injects the fault once, into a bank of a new owner.
    ///
    /// # Errors
    /// What keeps it from running. A failed check is a violation in the tally.
    pub async fn run(
        self,
        place: &Database,
        server: Option<&OwnServer>,
        rng: &mut Rng,
        tally: &Tally,
    ) -> Outcome<()> {
        match place.engine {
            Engine::Sqlite => sqlite::run(self, rng, tally).await?,
            Engine::Postgres => {
                let server = server.ok_or("there is no server to break")?;
                postgres::run(self, place, server, rng, tally).await?;
            }
        }
        tally.ran();
        Ok(())
    }
}

/// A store under a fault, and its bank.
struct Case<'a> {
    fault: Fault,
    bank: Bank,
    store: Store,
    rng: &'a mut Rng,
    tally: &'a Tally,
}

impl<'a> Case<'a> {
    /// Creates the bank, opens the store, and carries out some orders.
    async fn begin(
        fault: Fault,
        place: &Database,
        rng: &'a mut Rng,
        tally: &'a Tally,
    ) -> Outcome<Self> {
        let options = place.options();
        Case::with(fault, place, options, rng, tally).await
    }

    async fn with(
        fault: Fault,
        place: &Database,
        options: StoreOptions,
        rng: &'a mut Rng,
        tally: &'a Tally,
    ) -> Outcome<Self> {
        let options = options
            .lock_timeout(limit())
            .statement_timeout(limit() * 2)
            .connections(2)
            .readers(2);
        let bank = Bank::found(place, Uuid::from_u128(rng.u128(..)), tally).await?;
        let store = options.open().await?;
        let mut case = Case {
            fault,
            bank,
            store,
            rng,
            tally,
        };
        for _ in 0..20 {
            case.ask().await?;
        }
        Ok(case)
    }

    async fn ask(&mut self) -> catamaran::Result<Fate> {
        let begun = Instant::now();
        let order = self.bank.order(self.rng);
        let fate = self.bank.ask(&self.store, order).await?;
        if fate == Fate::Done {
            self.tally.acknowledged(begun.elapsed());
        }
        Ok(fate)
    }

    /// One of the next `within` orders fails with the fault's kind of error, in time.
    async fn must_fail(&mut self, within: usize) {
        self.tally.broke();
        let fault = self.fault;
        let tally = self.tally;
        let asked = in_time(tally, fault.name(), async {
            for _ in 0..within {
                if let Err(error) = self.ask().await {
                    return Some(error);
                }
            }
            None
        });
        match asked.await.flatten() {
            Some(error) => self.judge(&error),
            None => tally.violated(format!("{fault:?} did no harm")),
        }
    }

    /// A read of every transfer fails with the fault's kind of error.
    async fn must_fail_to_read(&self) {
        self.tally.broke();
        let transfers = self
            .store
            .repository::<Transfer>(&Scope::owner(self.bank.owner));
        match in_time(
            self.tally,
            self.fault.name(),
            transfers.count(&Query::all()),
        )
        .await
        {
            Some(Err(error)) => {
                self.tally.failed(&error);
                self.judge(&error);
            }
            told => self
                .tally
                .violated(format!("{:?} did no harm: {told:?}", self.fault)),
        }
    }

    fn judge(&self, error: &catamaran::Error) {
        let right = self.fault.gives(error.kind());
        let fault = self.fault;
        self.tally
            .must(right, || format!("{fault:?} gave {error:?}"));
    }

    /// The same store works again, and the balances are correct.
    async fn end(mut self) -> Outcome<()> {
        let begun = Instant::now();
        let mut done = 0;
        while done < 5 {
            match self.ask().await {
                Ok(Fate::Done) => done += 1,
                Ok(_) => {}
                Err(error)
                    if self.fault.may_follow(error.kind()) && begun.elapsed() < hanging() =>
                {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => {
                    let name = kind_name(error.kind());
                    self.tally.violated(format!(
                        "after {:?} the store gives {name}: {error:?}",
                        self.fault
                    ));
                    break;
                }
            }
        }
        self.bank.audit().await
    }
}
