//! How often and how long a unit of work is retried.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::model::error::{ErrorKind, Result};
use crate::model::record::Record;
use crate::model::repository::Repository;

/// How often a unit of work is tried, and for how long.
///
/// A whole unit is retried from its start, and only after a [retryable](crate::Error::is_retryable) error. Before each
/// retry it sleeps for a random part of a limit that doubles ("full jitter"), so that two units that collided once are
/// unlikely to collide again.
///
/// Default: at most 8 tries within 10 seconds, with sleeps of up to 5, 10, 20 .. 320 milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    tries: usize,
    budget: Duration,
}

const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(320);

impl Default for Retry {
    fn default() -> Self {
        Retry {
            tries: 8,
            budget: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// One try, without a retry.
    pub const fn never() -> Self {
        Retry {
            tries: 1,
            budget: Duration::ZERO,
        }
    }

    /// Sets the maximum number of tries, including the first. 0 counts as 1.
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
        let ceilings = ExponentialBuilder::new()
            .with_min_delay(SHORTEST)
            .with_max_delay(LONGEST)
            .with_factor(2.0)
            .with_max_times(self.tries - 1)
            .build();
        Tries {
            ceilings,
            began: Instant::now(),
            budget: self.budget,
        }
    }
}

/// The tries of one unit of work.
pub(crate) struct Tries {
    ceilings: ExponentialBackoff,
    began: Instant,
    budget: Duration,
}

impl Tries {
    /// Sleeps until the next try. Returns false if there is none.
    pub(crate) async fn another(&mut self) -> bool {
        let Some(ceiling) = self.ceilings.next() else {
            return false;
        };
        let wait = ceiling.mul_f64(fastrand::f64());
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
        id: uuid::Uuid,
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
                let modified = match self.get(id).await {
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
                    (Err(error), _) if error.is_conflict() || error.is_retryable() => {
                        if !tries.another().await {
                            return Err(error);
                        }
                        earlier = Some(error);
                    }
                    (result, _) => return result,
                }
            }
        }
    }
}

impl<R: Record, T: Repository<R> + ?Sized> RepositoryExt<R> for T {}

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
            while tries.another().await {
                further += 1;
            }
            assert_eq!(further, more, "{retry:?}");
        }
    }

    #[tokio::test]
    async fn no_retry_begins_after_the_budget_is_spent() {
        let mut tries = Retry::default().tries(1_000).budget(Duration::ZERO).begin();
        // The random sleep may be zero; one millisecond exceeds the budget for certain.
        std::thread::sleep(Duration::from_millis(1));
        assert!(!tries.another().await);
    }
}
