//! A savepoint of a unit of work.

use super::native_unit::{NativeUnit, with_session};
use super::{SharedSession, UnitSession};
use crate::driver::Dialect;
use crate::model::error::{Error, Result};

/// A savepoint in a unit. Dropping it before it is released or rolled back ends the unit.
pub(super) struct Savepoint<D: Dialect> {
    session: SharedSession<D>,
    number: u32,
    ended: bool,
}

impl<D: Dialect> Savepoint<D> {
    pub(super) async fn set(unit: &NativeUnit<D>) -> Result<Self> {
        Ok(Savepoint {
            number: unit.lock().await?.savepoint().await?,
            session: unit.session.clone(),
            ended: false,
        })
    }

    pub(super) async fn release(mut self) -> Result<()> {
        let mut session = UnitSession::lock_to_end(&self.session).await?;
        let released = session.release(self.number).await;
        self.ended = true;
        released
    }

    pub(super) async fn rollback_to(mut self) -> Result<()> {
        let mut session = UnitSession::lock_to_end(&self.session).await?;
        let rolled_back = session.rollback_to(self.number).await;
        self.ended = true;
        rolled_back
    }
}

impl<D: Dialect> Drop for Savepoint<D> {
    fn drop(&mut self) {
        if !self.ended {
            with_session(&self.session, |session| {
                if let Some(session) = session {
                    session.abandon();
                }
            });
        }
    }
}

/// Runs work after a savepoint: releases it if the work succeeds, and rolls back to it if not.
pub(super) async fn run_in<T, E: From<Error>>(
    savepoint: Savepoint<impl Dialect>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match work.await {
        Ok(value) => {
            savepoint.release().await?;
            Ok(value)
        }
        Err(error) => {
            // The error of the work is reported. A unit that cannot roll back to the savepoint has ended.
            let _rolled_back = savepoint.rollback_to().await;
            Err(error)
        }
    }
}
