//! Savepoints: parts of a transaction that are rolled back alone.

use super::{FAILED, Failure, Session};
use crate::driver::Dialect;
use crate::model::error::{Error, ErrorKind, Result};

const ROLLED_BACK: ErrorKind = ErrorKind::UnitEnded {
    reason: "a call after the savepoint failed, so the unit was rolled back to the savepoint",
};

impl<D: Dialect> Session<D> {
    /// Sets a savepoint inside the open ones; returns its number.
    pub(crate) async fn savepoint(&mut self) -> Result<u32> {
        let number = self.savepoints + 1;
        self.control(&format!("SAVEPOINT savepoint_{number}"))
            .await?;
        self.savepoints = number;
        Ok(number)
    }

    /// Releases the savepoint if every call after it succeeded; otherwise rolls back to it.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if a call failed, or if an inner savepoint is still open.
    pub(crate) async fn release(&mut self, savepoint: u32) -> Result<()> {
        if self.check().is_err() {
            self.rollback_to(savepoint).await?;
            return Err(ROLLED_BACK.into());
        }
        if self.savepoints != savepoint {
            return Err(self.savepoints_overlap());
        }
        self.control(&format!("RELEASE SAVEPOINT savepoint_{savepoint}"))
            .await?;
        self.savepoints = savepoint - 1;
        Ok(())
    }

    /// Rolls back what was done since the savepoint, and clears the failure.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if the failure has ended the transaction, or the savepoint is no longer
    /// open.
    pub(crate) async fn rollback_to(&mut self, savepoint: u32) -> Result<()> {
        if self.failure.is_some_and(|failure| failure.ends_transaction) {
            return Err(FAILED.into());
        }
        // An inner savepoint that was dropped is rolled back with this one.
        if self.savepoints < savepoint {
            return Err(self.savepoints_overlap());
        }
        let failure = self.failure.take();
        // The connection finishes a dropped statement before it runs the next one.
        self.busy = false;
        let text = format!(
            "ROLLBACK TO SAVEPOINT savepoint_{savepoint}; RELEASE SAVEPOINT savepoint_{savepoint}"
        );
        if let Err(error) = self.control(&text).await {
            self.failure = failure.or(self.failure);
            return Err(error);
        }
        self.savepoints = savepoint - 1;
        Ok(())
    }

    /// Savepoints must end in reverse order. Those of concurrent tasks do not, which ends the unit.
    fn savepoints_overlap(&mut self) -> Error {
        self.failure = Some(Failure {
            retryable: false,
            ends_transaction: true,
        });
        Error::new(ErrorKind::UnitEnded {
            reason: "two savepoints overlapped in it, so it can only be rolled back",
        })
    }
}
