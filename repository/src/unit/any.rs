//! A unit of work of whichever engine the store is of.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::AnyRepository;
#[cfg(feature = "postgres")]
use super::native::PostgresUnit;
#[cfg(feature = "sqlite")]
use super::native::SqliteUnit;
use super::savepoint::{Savepoint, behind};
use crate::driver::Stored;
use crate::model::error::{Error, Result};
use crate::model::repository::Repository;

/// A unit of work: one transaction that hands out repositories.
///
/// [`commit`](Unit::commit) consumes it; dropping it rolls back. A write that fails in it, or a call that is
/// dropped before its end, forbids every further call, and a commit then rolls back and says so.
pub enum Unit {
    /// On SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteUnit),
    /// On Postgres.
    #[cfg(feature = "postgres")]
    Postgres(PostgresUnit),
}

impl Unit {
    /// A repository whose calls are part of the unit, in the unit's scope.
    pub fn repository<R: Stored>(&self) -> Arc<dyn Repository<R>> {
        self.native().shared()
    }

    /// As [`repository`](Self::repository), of the store's own dialect.
    pub fn native<R: Stored>(&self) -> AnyRepository<R> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => AnyRepository::Sqlite(unit.repository()),
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => AnyRepository::Postgres(unit.repository()),
        }
    }

    /// Does something that may fail without ending the unit: behind a savepoint, which is released if the work
    /// gives `Ok` and rolled back if not.
    ///
    /// Calls that are made in the unit meanwhile are part of the attempt. Attempts may stand one in the
    /// other; two side by side end the unit, and so does one that is dropped before its end.
    ///
    /// ```no_run
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
    /// # use demo::{Note, NoteDraft};
    /// # async fn tour(unit: catamaran::Unit, id: uuid::Uuid) -> catamaran::Result<()> {
    /// use catamaran::ErrorKind;
    ///
    /// let taken = unit
    ///     .savepoint(async |unit| unit.repository::<Note>().insert(NoteDraft::new("hull").id(id)).await)
    ///     .await;
    /// if let Err(error) = taken {
    ///     assert!(matches!(error.kind(), ErrorKind::Unique { .. }));
    /// }
    /// unit.commit().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the work gives. [`UnitEnded`](crate::ErrorKind::UnitEnded) if the work gives `Ok` although a
    /// call in it failed; what was done in it is taken back then.
    ///
    /// A [`Serialization`](crate::ErrorKind::Serialization), a
    /// [`StatementTimeout`](crate::ErrorKind::StatementTimeout), a full disk or a lost connection ends the
    /// unit on either engine, in an attempt too.
    pub async fn savepoint<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => behind(Savepoint::set(unit).await?, work(self)).await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => behind(Savepoint::set(unit).await?, work(self)).await,
        }
    }

    /// Whether the unit failed in a way that need not happen again.
    pub(crate) async fn is_retryable(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.is_retryable().await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.is_retryable().await,
        }
    }

    /// Takes an idempotency key, to be committed with the unit; whether it was free.
    pub(crate) async fn take_key(&self, key: Uuid) -> Result<bool> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.take_key(key).await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.take_key(key).await,
        }
    }

    pub(crate) async fn forget_keys(&self, before: DateTime<Utc>) -> Result<u64> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.forget_keys(before).await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.forget_keys(before).await,
        }
    }

    /// Makes everything durable, or nothing.
    ///
    /// # Errors
    /// [`UnitEnded`](crate::ErrorKind::UnitEnded) if a call in it failed: it was rolled back.
    /// [`CommitUnknown`](crate::ErrorKind::CommitUnknown) if the connection broke meanwhile. What a commit
    /// itself may meet: [`StorageFull`](crate::ErrorKind::StorageFull),
    /// [`Serialization`](crate::ErrorKind::Serialization).
    pub async fn commit(self) -> Result<()> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.commit().await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.commit().await,
        }
    }

    /// Takes everything back, and waits until it is.
    ///
    /// # Errors
    /// [`ConnectionLost`](crate::ErrorKind::ConnectionLost), in which case the server takes it back.
    pub async fn rollback(self) -> Result<()> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.rollback().await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.rollback().await,
        }
    }
}
