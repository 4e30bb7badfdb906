//! A unit of work on the engine of its store.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::AnyRepository;
#[cfg(feature = "postgres")]
use super::native_unit::PostgresUnit;
#[cfg(feature = "sqlite")]
use super::native_unit::SqliteUnit;
use super::savepoint::{Savepoint, run_in};
use crate::driver::Stored;
use crate::model::error::{Error, Result, Setback};
use crate::model::repository::Repository;

/// A unit of work: one transaction that hands out repositories.
///
/// [`commit`](Unit::commit) consumes it; dropping it rolls back.
///
/// A unit ends with its commit or rollback, with an error of the database in any call, and with a call that is dropped
/// before its end. One for writing also ends with a write that is refused before it is sent. Then every further call fails with
/// [`UnitEnded`](crate::ErrorKind::UnitEnded), before its arguments are looked at: calls of repositories, also those
/// that would have nothing to do, custom SQL, statements of SeaORM, and savepoints. A commit then rolls back and fails with
/// the same kind.
pub enum Unit {
    /// On SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteUnit),
    /// On Postgres.
    #[cfg(feature = "postgres")]
    Postgres(PostgresUnit),
}

impl Unit {
    /// A repository in the unit's scope, whose calls are part of the unit.
    pub fn repository<R: Stored>(&self) -> Arc<dyn Repository<R>> {
        self.native().shared()
    }

    /// As [`repository`](Self::repository), with the type of the store's engine.
    pub fn native<R: Stored>(&self) -> AnyRepository<R> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => AnyRepository::Sqlite(unit.repository()),
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => AnyRepository::Postgres(unit.repository()),
        }
    }

    /// Runs work that may fail without ending the unit.
    ///
    /// Sets a savepoint before the work. Releases it if the work returns `Ok`, and rolls back to it if not.
    ///
    /// Every call in the unit meanwhile is part of the work. Savepoints may be nested. Two that overlap end the unit,
    /// and so does one that is dropped before its end.
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
    /// The error of the work. [`UnitEnded`](crate::ErrorKind::UnitEnded) if the work returns `Ok` although a call in it
    /// failed; the work is rolled back then.
    ///
    /// A [`Serialization`](crate::ErrorKind::Serialization), a
    /// [`StatementTimeout`](crate::ErrorKind::StatementTimeout), a full disk or a lost connection ends the unit on
    /// either engine, after a savepoint too.
    pub async fn savepoint<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => run_in(Savepoint::set(unit).await?, work(self)).await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => run_in(Savepoint::set(unit).await?, work(self)).await,
        }
    }

    /// Why another try of the failed unit may succeed, if it may.
    pub(crate) async fn setback(&self) -> Option<Setback> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.setback().await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.setback().await,
        }
    }

    /// Inserts an idempotency key, which is committed with the unit. Returns whether the key was new.
    pub(crate) async fn insert_key(&self, key: Uuid) -> Result<bool> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.insert_key(key).await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.insert_key(key).await,
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

    /// Commits all changes of the unit, or rolls them all back.
    ///
    /// # Errors
    /// - [`UnitEnded`](crate::ErrorKind::UnitEnded) if a call in it failed: it was rolled back.
    /// - [`CommitUnknown`](crate::ErrorKind::CommitUnknown) if the connection was lost during the commit.
    /// - [`StorageFull`](crate::ErrorKind::StorageFull) and [`Serialization`](crate::ErrorKind::Serialization) from the
    ///   commit itself.
    pub async fn commit(self) -> Result<()> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.commit().await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.commit().await,
        }
    }

    /// Rolls back the changes of the unit, and waits for the end of the rollback.
    ///
    /// # Errors
    /// [`ConnectionLost`](crate::ErrorKind::ConnectionLost); the server then rolls back by itself.
    pub async fn rollback(self) -> Result<()> {
        match self {
            #[cfg(feature = "sqlite")]
            Unit::Sqlite(unit) => unit.rollback().await,
            #[cfg(feature = "postgres")]
            Unit::Postgres(unit) => unit.rollback().await,
        }
    }
}
