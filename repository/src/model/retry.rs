//! How often, and for how long, work is run again that ran into someone else's.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::model::error::{ErrorKind, Result};
use crate::model::record::Record;
use crate::model::repository::Repository;

/// How often a unit of work is run again, and for how long.
///
/// Only whole units are, from their beginning, and only after errors that need not happen again
/// ([`Error::is_retryable`](crate::Error::is_retryable)). Before each further try it waits for a random part
/// of a time that doubles ("full jitter"), so that those who met once do not meet again.
///
/// The default is at most 8 tries within 10 seconds, with waits of up to 5, 10, 20 .. 320 milliseconds.
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
    /// One try: there is no time for another.
    pub const fn never() -> Self {
        Retry {
            tries: 1,
            budget: Duration::ZERO,
        }
    }

    /// At most so many tries, the first included; at least that one.
    #[must_use]
    pub const fn tries(mut self, tries: usize) -> Self {
        self.tries = if tries == 0 { 1 } else { tries };
        self
    }

    /// No further try begins later than this after the beginning of the first.
    #[must_use]
    pub const fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// The first try begins now.
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

/// The tries of one piece of work.
pub(crate) struct Tries {
    ceilings: ExponentialBackoff,
    began: Instant,
    budget: Duration,
}

impl Tries {
    /// Waits until it is time for another try; whether there is one.
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

/// What every repository can do by the methods of the trait.
pub trait RepositoryExt<R: Record>: Repository<R> {
    /// Reads the row, changes it, and writes it if nobody else wrote it meanwhile; otherwise does all of
    /// that again. Returns the new row.
    ///
    /// `change` depends on nothing but the row that it is given, because it may be run several times: adding
    /// one to a counter, not what was decided by an earlier look. For that, lock the rows in a unit of work
    /// ([`lock`](Repository::lock)). In a unit a write that fails ends the unit, so there it is one try.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if someone else was faster in the last try too;
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
            if R::MANAGED.version.is_none() {
                return Err(ErrorKind::Unsupported {
                    what: "modify",
                    reason: "the record has no version to compare",
                }
                .into());
            }
            let mut tries = retry.begin();
            let mut met = None;
            loop {
                let modified = match self.get(id).await {
                    Ok(mut record) => {
                        change(&mut record);
                        self.update(record).await
                    }
                    Err(error) => Err(error),
                };
                match (modified, met.take()) {
                    // The unit ended by what the try before met.
                    (Err(error), Some(met))
                        if matches!(error.kind(), ErrorKind::UnitEnded { .. }) =>
                    {
                        return Err(met);
                    }
                    (Err(error), _) if error.is_conflict() || error.is_retryable() => {
                        if !tries.another().await {
                            return Err(error);
                        }
                        met = Some(error);
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
    async fn there_are_as_many_tries_as_told() {
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
    async fn no_try_begins_after_the_budget() {
        let mut tries = Retry::default().tries(1_000).budget(Duration::ZERO).begin();
        // A wait of nothing at all is not impossible, only improbable.
        std::thread::sleep(Duration::from_millis(1));
        assert!(!tries.another().await);
    }
}
