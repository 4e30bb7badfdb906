//! A unit of work of one dialect.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::calls::{Calls, SourceCalls};
use super::idempotency;
use super::{NativeRepository, SharedSession, Source, UnitSession};
use crate::driver::{Access, Dialect, Extent};
use crate::model::error::{Result, Setback};
use crate::operation::Context;
use crate::session::{ENDED, Session};

use super::SeaOrm;

/// A unit of work on one engine: one transaction. `Unit` is the same for either engine.
///
/// Its repositories share one connection, so their calls run one after another. Dropping it rolls back.
pub struct NativeUnit<D: Dialect> {
    pub(super) session: SharedSession<D>,
    context: Context,
    /// The calls of its repositories.
    calls: Arc<dyn Calls<D>>,
}

impl<D: Dialect> NativeUnit<D> {
    pub(crate) async fn begin(
        pool: &D::Pool,
        context: Context,
        access: Access,
        extent: Extent,
    ) -> Result<Self> {
        let session = Session::begin(pool, &context.scope, access, extent).await?;
        let session = Arc::new(Mutex::new(Some(session)));
        let source = Source::Unit {
            session: session.clone(),
            access,
        };
        Ok(NativeUnit {
            session,
            context: context.clone(),
            calls: Arc::new(SourceCalls { source, context }),
        })
    }

    /// A repository whose calls are part of the unit.
    pub fn repository<R>(&self) -> NativeRepository<R, D> {
        NativeRepository::new(self.calls.clone())
    }

    /// A SeaORM `ConnectionTrait` over the unit's connection, for entities and statements of this dialect.
    pub fn seaorm(&self) -> SeaOrm<D> {
        SeaOrm::new(self.session.clone())
    }

    pub(crate) async fn lock(&self) -> Result<UnitSession<D>> {
        UnitSession::lock(&self.session).await
    }

    /// Why another try of the failed unit may succeed, if it may.
    pub(crate) async fn setback(&self) -> Option<Setback> {
        let session = UnitSession::lock_to_end(&self.session).await.ok()?;
        session.setback()
    }

    /// Inserts an idempotency key, which is committed with the unit. Returns whether the key was new.
    pub(crate) async fn insert_key(&self, key: Uuid) -> Result<bool> {
        let mut session = self.lock().await?;
        let inserted = idempotency::insert(&mut session, &self.context, key).await;
        session.end_write(inserted)
    }

    pub(crate) async fn forget_keys(&self, before: DateTime<Utc>) -> Result<u64> {
        let mut session = self.lock().await?;
        let forgotten = idempotency::forget(&mut session, &self.context, before).await;
        session.end_write(forgotten)
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self.session.lock().await.take() {
            Some(session) => session.commit().await,
            None => Err(ENDED.into()),
        }
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        match self.session.lock().await.take() {
            Some(session) => session.rollback().await,
            None => Err(ENDED.into()),
        }
    }
}

/// A unit of work on SQLite.
#[cfg(feature = "sqlite")]
pub type SqliteUnit = NativeUnit<crate::driver::sqlite::Sqlite>;

/// A unit of work on Postgres.
#[cfg(feature = "postgres")]
pub type PostgresUnit = NativeUnit<crate::driver::postgres::Postgres>;

/// Runs `act` on a unit's session: immediately, or after the call that holds its lock.
pub(super) fn with_session<D: Dialect>(
    session: &SharedSession<D>,
    act: impl FnOnce(&mut Option<Session<D>>) + Send + 'static,
) {
    if let Ok(mut session) = session.try_lock() {
        act(&mut session);
    } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        let session = session.clone();
        runtime.spawn(async move { act(&mut *session.lock().await) });
    }
}

impl<D: Dialect> Drop for NativeUnit<D> {
    fn drop(&mut self) {
        // A repository may outlive the unit. The session must not.
        with_session(&self.session, |session| drop(session.take()));
    }
}
