//! How often and how long a unit of work is retried.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::model::error::{Error, ErrorKind, Result, Setback};
use crate::model::record::Record;
use crate::model::repository::Repository;

/// How often a unit of work is tried, and for how long.
///
/// A whole unit is retried from its start. Two kinds of failures have a schedule of their own:
///
/// - **A collision**: [`Serialization`](ErrorKind::Serialization), [`LockTimeout`](ErrorKind::LockTimeout),
///   [`SchemaChanged`](ErrorKind::SchemaChanged), or a conflict in [`modify`](RepositoryExt::modify). There are a number
///   of [`tries`](Self::tries). Before each retry it sleeps for a random part of a limit that doubles ("full jitter"), so
///   that two units that collided once are unlikely to collide again.
/// - **An outage**: [`ConnectionLost`](ErrorKind::ConnectionLost); [`Unavailable`](ErrorKind::Unavailable) if the server
///   does not respond, is starting up or shutting down, or has no connection left; and
///   [`CommitUnknown`](ErrorKind::CommitUnknown) of a unit with an idempotency key. The unit is tried until the
///   [`budget`](Self::budget) is spent, however often, and it sleeps for 10 to 500 milliseconds in between.
///
/// [`ReadOnly`](ErrorKind::ReadOnly) from a server is retried once, on a new connection: after a failover the old one may
/// lead to a server that is now a standby.
///
/// Default: at most 8 tries within 10 seconds, with sleeps of up to 5, 10, 20 .. 320 milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    tries: usize,
    budget: Duration,
}

/// The limits of the sleeps after a collision.
const AFTER_COLLISION: (Duration, Duration) =
    (Duration::from_millis(5), Duration::from_millis(320));

/// The limits of the sleeps after an outage.
const AFTER_OUTAGE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

fn doubling((shortest, longest): (Duration, Duration)) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(shortest)
        .with_max_delay(longest)
        .with_factor(2.0)
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            tries: 8,
            budget: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// One try, without a retry after any failure.
    pub const fn never() -> Self {
        Retry {
            tries: 1,
            budget: Duration::ZERO,
        }
    }

    /// Sets the maximum number of tries that may collide, including the first. 0 counts as 1. With 1 there is no retry
    /// after an outage either.
    #[must_use]
    pub const fn tries(mut self, tries: usize) -> Self {
        self.tries = if tries == 0 { 1 } else { tries };
        self
    }

    /// Sets how long after the start of the first try another may begin.
    #[must_use]
    pub const fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Starts the clock of the budget.
    pub(crate) fn begin(self) -> Tries {
        let collisions = doubling(AFTER_COLLISION).with_max_times(self.tries - 1);
        let outages = match self.tries {
            1 => doubling(AFTER_OUTAGE).with_max_times(0),
            _ => doubling(AFTER_OUTAGE).without_max_times(),
        };
        Tries {
            collisions: collisions.build(),
            outages: outages.build(),
            began: Instant::now(),
            budget: self.budget,
        }
    }
}

/// The tries of one unit of work.
pub(crate) struct Tries {
    collisions: ExponentialBackoff,
    outages: ExponentialBackoff,
    began: Instant,
    budget: Duration,
}

impl Tries {
    /// Sleeps until the next try. Returns false if there is none.
    pub(crate) async fn another(&mut self, after: Setback) -> bool {
        let limit = match after {
            Setback::Collision => self.collisions.next(),
            Setback::Outage => self.outages.next(),
        };
        let Some(limit) = limit else {
            return false;
        };
        let part = match after {
            Setback::Collision => fastrand::f64(),
            // A server that is starting must not be asked all the time.
            Setback::Outage => (1.0 + fastrand::f64()) / 2.0,
        };
        let wait = limit.mul_f64(part);
        if self.began.elapsed() + wait > self.budget {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}

/// Methods built on those of [`Repository`]. Implemented for every repository.
pub trait RepositoryExt<R: Record>: Repository<R> {
    /// Reads a row, changes it and writes it. Retries if the row was written in between. Returns the new row.
    ///
    /// `change` may run several times, so its result must depend on its argument only, as for a counter. For a decision
    /// that also depends on other rows, [`lock`](Repository::lock) them in a unit of work. In a unit there is only one
    /// try, because a write that fails ends the unit.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if the row was written in between in the last try too;
    /// [`Unsupported`](ErrorKind::Unsupported) for a record without a version; as
    /// [`get`](Repository::get) and [`update`](Repository::update).
    fn modify<F>(
        &self,
        id: R::Id,
        retry: Retry,
        change: F,
    ) -> impl Future<Output = Result<R>> + Send
    where
        F: Fn(&mut R) + Send + Sync,
    {
        async move {
            let mut tries = retry.begin();
            let mut earlier = None;
            loop {
                let modified = match self.get(id.clone()).await {
                    Ok(record) if record.version().is_none() => {
                        return Err(ErrorKind::Unsupported {
                            what: "modify",
                            reason: "the record has no version to compare",
                        }
                        .into());
                    }
                    Ok(mut record) => {
                        change(&mut record);
                        self.update(record).await
                    }
                    Err(error) => Err(error),
                };
                match (modified, earlier.take()) {
                    // The error of the try before ended the unit, and is the one to report.
                    (Err(error), Some(earlier))
                        if matches!(error.kind(), ErrorKind::UnitEnded { .. }) =>
                    {
                        return Err(earlier);
                    }
                    (Ok(modified), _) => return Ok(modified),
                    (Err(error), _) => {
                        let Some(setback) = setback(&error) else {
                            return Err(error);
                        };
                        if !tries.another(setback).await {
                            return Err(error);
                        }
                        earlier = Some(error);
                    }
                }
            }
        }
    }
}

impl<R: Record, T: Repository<R> + ?Sized> RepositoryExt<R> for T {}

/// Why another try of a modification may succeed.
fn setback(error: &Error) -> Option<Setback> {
    match error.is_conflict() {
        true => Some(Setback::Collision),
        false => error.setback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_number_of_tries_is_the_configured_one_and_at_least_one() {
        for (retry, more) in [
            (Retry::never(), 0),
            (Retry::default().tries(0), 0),
            (Retry::default().tries(3), 2),
        ] {
            let mut tries = retry.begin();
            let mut further = 0;
            while tries.another(Setback::Collision).await {
                further += 1;
            }
            assert_eq!(further, more, "{retry:?}");
        }
    }

    #[tokio::test]
    async fn an_outage_is_waited_for_until_the_budget_is_spent() {
        let mut tries = Retry::default().tries(2).begin();
        for _ in 0..5 {
            assert!(tries.another(Setback::Outage).await);
        }
        assert!(tries.another(Setback::Collision).await);
        assert!(!tries.another(Setback::Collision).await);
        assert!(!Retry::never().begin().another(Setback::Outage).await);
        let once = Retry::default().tries(1);
        assert!(!once.begin().another(Setback::Outage).await);
    }

    #[tokio::test]
    async fn no_retry_begins_after_the_budget_is_spent() {
        let mut tries = Retry::default().tries(1_000).budget(Duration::ZERO).begin();
        // The random sleep may be zero; one millisecond exceeds the budget for certain.
        std::thread::sleep(Duration::from_millis(1));
        for setback in [Setback::Collision, Setback::Outage] {
            assert!(!tries.another(setback).await, "{setback:?}");
        }
    }
}
