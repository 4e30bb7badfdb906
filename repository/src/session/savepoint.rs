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
        let set = format!("SAVEPOINT savepoint_{number}");
        self.control(&self.after_mark(set)).await?;
        self.marked = false;
        self.savepoints = number;
        Ok(number)
    }

    /// Marks the present state of a unit, so that [`undo`](Self::undo) returns to it. There is one mark: a new mark or
    /// savepoint replaces it, without a statement of its own.
    pub(crate) async fn mark(&mut self) -> Result<()> {
        self.control(&self.after_mark("SAVEPOINT mark".to_owned()))
            .await?;
        self.marked = true;
        Ok(())
    }

    fn after_mark(&self, text: String) -> String {
        match self.marked {
            true => format!("RELEASE SAVEPOINT mark; {text}"),
            false => text,
        }
    }

    /// Rolls back what was done since the mark, and clears the failure.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if the failure has ended the transaction.
    pub(crate) async fn undo(&mut self) -> Result<()> {
        self.roll_back_to("ROLLBACK TO SAVEPOINT mark").await
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
        self.marked = false;
        self.savepoints = savepoint - 1;
        Ok(())
    }

    /// Rolls back what was done since the savepoint, and clears the failure.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if the failure has ended the transaction, or the savepoint is no longer
    /// open.
    pub(crate) async fn rollback_to(&mut self, savepoint: u32) -> Result<()> {
        self.check_failure()?;
        // An inner savepoint that was dropped is rolled back with this one.
        if self.savepoints < savepoint {
            return Err(self.savepoints_overlap());
        }
        let text = format!(
            "ROLLBACK TO SAVEPOINT savepoint_{savepoint}; RELEASE SAVEPOINT savepoint_{savepoint}"
        );
        self.roll_back_to(&text).await?;
        self.marked = false;
        self.savepoints = savepoint - 1;
        Ok(())
    }

    async fn roll_back_to(&mut self, text: &str) -> Result<()> {
        self.check_failure()?;
        self.settle().await?;
        let failure = self.failure.take();
        self.busy = false;
        if let Err(error) = self.control(text).await {
            // The later failure is kept if it has ended the transaction.
            let has_ended = self.failure.is_some_and(|later| later.ends_transaction);
            self.failure = self.failure.filter(|_| has_ended).or(failure);
            return Err(error);
        }
        Ok(())
    }

    /// Fails if the failure has ended the transaction.
    fn check_failure(&self) -> Result<()> {
        match self.failure {
            Some(failure) if failure.ends_transaction => Err(FAILED.into()),
            _ => Ok(()),
        }
    }

    /// Savepoints must end in reverse order. Those of concurrent tasks do not, which ends the unit.
    fn savepoints_overlap(&mut self) -> Error {
        self.failure = Some(Failure::ENDS_TRANSACTION);
        Error::new(ErrorKind::UnitEnded {
            reason: "two savepoints overlapped in it, so it can only be rolled back",
        })
    }
}
