//! Parts of a transaction that may fail alone.

use super::{FAILED, Failure, Session};
use crate::driver::Dialect;
use crate::model::error::{Error, ErrorKind, Result};

const TAKEN_BACK: ErrorKind = ErrorKind::UnitEnded {
    reason: "a call in the attempt failed, and the attempt was taken back",
};

impl<D: Dialect> Session<D> {
    /// Sets a savepoint inside the others; returns its number.
    pub(crate) async fn savepoint(&mut self) -> Result<u32> {
        let number = self.savepoints + 1;
        self.control(&format!("SAVEPOINT attempt_{number}")).await?;
        self.savepoints = number;
        Ok(number)
    }

    /// Keeps what was done since the savepoint, if all of it succeeded.
    pub(crate) async fn release(&mut self, savepoint: u32) -> Result<()> {
        if self.check().is_err() {
            self.rollback_to(savepoint).await?;
            return Err(TAKEN_BACK.into());
        }
        if self.savepoints != savepoint {
            return Err(self.overlapped());
        }
        self.control(&format!("RELEASE SAVEPOINT attempt_{savepoint}"))
            .await?;
        self.savepoints = savepoint - 1;
        Ok(())
    }

    /// Takes back what was done since the savepoint, and the failure with it.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if the failure has ended the whole transaction.
    pub(crate) async fn rollback_to(&mut self, savepoint: u32) -> Result<()> {
        if self.failure.is_some_and(|failure| failure.whole) {
            return Err(FAILED.into());
        }
        // One that stands inside it was dropped, and goes with it.
        if self.savepoints < savepoint {
            return Err(self.overlapped());
        }
        let failure = self.failure.take();
        // A statement that was dropped in it is over before the next one runs.
        self.busy = false;
        let text = format!(
            "ROLLBACK TO SAVEPOINT attempt_{savepoint}; RELEASE SAVEPOINT attempt_{savepoint}"
        );
        if let Err(error) = self.control(&text).await {
            self.failure = failure.or(self.failure);
            return Err(error);
        }
        self.savepoints = savepoint - 1;
        Ok(())
    }

    /// Savepoints end in the opposite order of their beginning; attempts that overlap in time do not.
    fn overlapped(&mut self) -> Error {
        self.failure = Some(Failure {
            retryable: false,
            whole: true,
        });
        Error::new(ErrorKind::UnitEnded {
            reason: "two attempts overlapped in it, so it can only be rolled back",
        })
    }
}
