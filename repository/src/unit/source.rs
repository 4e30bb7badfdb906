//! Where the session of a call comes from, and how the call ends.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use crate::driver::{Access, Dialect};
use crate::model::error::Result;
use crate::session::{ENDED, Session};

/// The session of a unit of work, until it ends.
pub(crate) type SharedSession<D> = Arc<Mutex<Option<Session<D>>>>;

/// Where a repository's sessions come from.
pub(crate) enum Source<D: Dialect> {
    /// A session for each call.
    Pool(D::Pool),
    /// The one session of a unit of work.
    Unit {
        session: SharedSession<D>,
        access: Access,
    },
}

impl<D: Dialect> Clone for Source<D> {
    fn clone(&self) -> Self {
        match self {
            Source::Pool(pool) => Source::Pool(pool.clone()),
            Source::Unit { session, access } => Source::Unit {
                session: session.clone(),
                access: *access,
            },
        }
    }
}

/// The session of one call: its own, or the locked session of the unit.
pub(super) enum Work<D: Dialect> {
    Own(Session<D>),
    Unit(UnitSession<D>),
}

/// The locked session of a unit that has not ended.
pub(crate) struct UnitSession<D: Dialect>(OwnedMappedMutexGuard<Option<Session<D>>, Session<D>>);

impl<D: Dialect> UnitSession<D> {
    /// Locks the session for a call. Every call of a unit begins here, before it looks at its arguments.
    ///
    /// # Errors
    /// [`UnitEnded`](ErrorKind::UnitEnded) if the unit was committed or rolled back, or a call in it failed or was
    /// dropped.
    pub(crate) async fn lock(session: &SharedSession<D>) -> Result<Self> {
        let session = UnitSession::lock_to_end(session).await?;
        session.check()?;
        Ok(session)
    }

    /// As [`lock`](Self::lock), but after a failed or dropped call too: for the end of a savepoint or of the unit.
    pub(crate) async fn lock_to_end(session: &SharedSession<D>) -> Result<Self> {
        let guard = session.clone().lock_owned().await;
        OwnedMutexGuard::try_map(guard, Option::as_mut)
            .map(UnitSession)
            .map_err(|_| ENDED.into())
    }

    /// Ends a call that writes. If it failed, whatever the error, a unit for writing ends: a part of its changes may be
    /// written.
    pub(crate) fn end_write<T>(&mut self, result: Result<T>) -> Result<T> {
        result.inspect_err(|error| self.fail_write(error))
    }
}

impl<D: Dialect> Deref for UnitSession<D> {
    type Target = Session<D>;

    fn deref(&self) -> &Session<D> {
        &self.0
    }
}

impl<D: Dialect> DerefMut for UnitSession<D> {
    fn deref_mut(&mut self) -> &mut Session<D> {
        &mut self.0
    }
}

impl<D: Dialect> Work<D> {
    pub(super) fn session(&mut self) -> &mut Session<D> {
        match self {
            Work::Own(session) => session,
            Work::Unit(session) => session,
        }
    }

    /// Ends the call: commits or rolls back a session of its own.
    pub(super) async fn end<T>(self, access: Access, result: Result<T>) -> Result<T> {
        match (self, access) {
            (Work::Own(session), _) if result.is_ok() => session.commit().await?,
            (Work::Own(session), _) => {
                // The error of the call is reported. A session that cannot roll back discards its connection, which
                // rolls back as well.
                let _rolled_back = session.rollback().await;
            }
            (Work::Unit(mut session), Access::Write) => return session.end_write(result),
            (Work::Unit(_), Access::Read) => {}
        }
        result
    }
}
