//! The units of work that a store runs: isolated as asked, tried again after a conflict, done once where they have a
//! key.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::database::Store;
use crate::driver::{Access, Extent};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::retry::Retry;
use crate::model::scope::Scope;
use crate::unit::Unit;

impl Store {
    /// Runs a unit of work that reads: all of its reads see one snapshot, and writes are refused.
    ///
    /// # Errors
    /// What the work gives; and as [`begin_read`](Self::begin_read).
    pub async fn read<T, E, F>(&self, scope: &Scope, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        let unit = self.begin_read(scope).await?;
        let result = work(&unit).await;
        finish(unit, result).await.result
    }

    /// Runs a unit of work that writes, and commits it if the work gives `Ok`. It is one try;
    /// [`writing`](Self::writing) makes one that is tried again.
    ///
    /// Inside, ask the unit for repositories. One of the store's own would be another connection, and on
    /// SQLite its writes would wait for this unit until they give
    /// [`PoolTimeout`](crate::ErrorKind::PoolTimeout).
    ///
    /// ```no_run
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
    /// # use demo::{Note, NoteDraft};
    /// # async fn tour(store: catamaran::Store, scope: catamaran::Scope) -> catamaran::Result<()> {
    /// let both = store
    ///     .write(&scope, async |unit| {
    ///         let notes = unit.repository::<Note>();
    ///         let first = notes.insert(NoteDraft::new("hull")).await?;
    ///         let second = notes.insert(NoteDraft::new("deck")).await?;
    ///         Ok::<_, catamaran::Error>((first, second))
    ///     })
    ///     .await?;
    /// # let _ = both;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the work gives, in which case nothing of it stays; and as [`begin_write`](Self::begin_write)
    /// and [`Unit::commit`].
    pub async fn write<T, E, F>(&self, scope: &Scope, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        let unit = self.begin_write(scope).await?;
        let result = work(&unit).await;
        finish(unit, result).await.result
    }

    /// A unit of work that writes, as it is wanted: serializable, tried again, done once for good.
    pub fn writing(&self, scope: &Scope) -> Writing<'_> {
        Writing::new(self, scope)
    }

    /// Whether a unit with that idempotency key was committed in the scope. One that has taken the key and is
    /// still under way is waited for, so that the answer is final for a call that was lost; a call that has
    /// not got as far may still do it.
    ///
    /// # Errors
    /// As [`begin_write`](Self::begin_write); [`LockTimeout`](crate::ErrorKind::LockTimeout) if a unit with
    /// the key takes longer; [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) if there is no table
    /// [`OPERATION_KEYS`](crate::OPERATION_KEYS).
    pub async fn was_done(&self, scope: &Scope, key: Uuid) -> Result<bool> {
        let unit = self.begin_write(scope).await?;
        let free = unit.take_key(key).await?;
        // What was looked for is known, however this ends.
        let _rolled_back = unit.rollback().await;
        Ok(!free)
    }

    /// Forgets the idempotency keys of the scope that were taken before that time; returns how many. Do
    /// so when nobody repeats those calls any more. The system's scope forgets every owner's.
    ///
    /// # Errors
    /// As [`was_done`](Self::was_done); [`InvalidValue`](crate::ErrorKind::InvalidValue) for a time outside the
    /// years 1 to 9999.
    pub async fn forget_keys(&self, scope: &Scope, before: DateTime<Utc>) -> Result<u64> {
        self.write(scope, async |unit| unit.forget_keys(before).await)
            .await
    }
}

/// A unit of work that is about to be run; [`Store::writing`] makes one.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{Note, NoteDraft};
/// # async fn tour(store: catamaran::Store, scope: catamaran::Scope) -> catamaran::Result<()> {
/// let notes = store
///     .writing(&scope)
///     .serializable()
///     .run(async |unit| {
///         let notes = unit.repository::<Note>();
///         notes.insert(NoteDraft::new("hull")).await?;
///         notes.count(&catamaran::Query::all()).await
///     })
///     .await?;
/// # let _ = notes;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is run or begun"]
pub struct Writing<'s> {
    store: &'s Store,
    scope: Scope,
    extent: Extent,
    retry: Retry,
}

/// What came of a unit of work with an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnceOutcome<T> {
    /// It was done now, and this is its value.
    Done(T),
    /// It had been done before, by another call with the key or by an earlier try of this one. What came of
    /// it then is in the database.
    AlreadyDone,
}

/// How a try ended.
struct Attempt<T, E> {
    result: Result<T, E>,
    again: RetryDecision,
}

/// Whether another try may end in another way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RetryDecision {
    No,
    /// Whether it is committed is unknown; a key tells.
    WithKey,
    Yes,
}

impl<T, E: From<Error>> Attempt<T, E> {
    fn failed(error: Error) -> Self {
        let again = match error.kind() {
            ErrorKind::CommitUnknown => RetryDecision::WithKey,
            _ if error.is_retryable() => RetryDecision::Yes,
            _ => RetryDecision::No,
        };
        Attempt {
            result: Err(error.into()),
            again,
        }
    }
}

/// Ends the unit as its work went: commits it, or rolls it back.
async fn finish<T, E: From<Error>>(unit: Unit, result: Result<T, E>) -> Attempt<T, E> {
    // Whatever the work made of the error that it met.
    let again = match unit.is_retryable().await {
        true => RetryDecision::Yes,
        false => RetryDecision::No,
    };
    match result {
        Ok(value) => match unit.commit().await {
            Ok(()) => Attempt {
                result: Ok(value),
                again: RetryDecision::No,
            },
            Err(error) if again == RetryDecision::No => Attempt::failed(error),
            Err(error) => Attempt {
                result: Err(error.into()),
                again,
            },
        },
        Err(error) => {
            // The work's own error is the one to report.
            let _rolled_back = unit.rollback().await;
            Attempt {
                result: Err(error),
                again,
            }
        }
    }
}

impl<'s> Writing<'s> {
    pub(crate) fn new(store: &'s Store, scope: &Scope) -> Self {
        Writing {
            store,
            scope: *scope,
            extent: Extent::Unit,
            retry: Retry::default(),
        }
    }

    /// As if no other unit ran at the same time: `SERIALIZABLE` on Postgres, where
    /// [`Serialization`](ErrorKind::Serialization) tells that it could not be so; on SQLite every unit that
    /// writes is.
    pub fn serializable(mut self) -> Self {
        self.extent = Extent::SerializableUnit;
        self
    }

    /// Another number of tries, or another budget, than the default's.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Begins the unit, for a caller that ends it and tries it again by itself.
    ///
    /// # Errors
    /// As [`Store::begin_write`].
    pub async fn begin(&self) -> Result<Unit> {
        self.store
            .begin(&self.scope, Access::Write, self.extent)
            .await
    }

    /// Runs the unit, and commits it if the work gives `Ok`. If it ran into another one (a serialization
    /// failure, a deadlock, a lock that was not obtained in time), or its connection was lost before the
    /// commit, all of it is rolled back and run again.
    ///
    /// # Errors
    /// What the work gives in its last try, in which case nothing of it stays; and as
    /// [`Store::begin_write`] and [`Unit::commit`].
    /// [`CommitUnknown`](ErrorKind::CommitUnknown) is never tried again; see [`once`](Self::once).
    pub async fn run<T, E, F>(self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E> + Clone,
        E: From<Error>,
    {
        let done = self.attempts(None, work).await?;
        // Without a key nothing was done before.
        done.ok_or_else(|| Error::new(ErrorKind::Internal).into())
    }

    /// Runs the unit unless a unit with this key was committed before in the same scope. The key is
    /// committed with it, so that whoever repeats the call, after whatever error, does no harm; a
    /// [`CommitUnknown`](ErrorKind::CommitUnknown) is resolved by the next try.
    ///
    /// The key is made by whoever wants the work done, once, before the first call. It is kept in the table
    /// [`OPERATION_KEYS`](crate::OPERATION_KEYS), which is part of the application's domain and migrations,
    /// until [`forget_keys`](Store::forget_keys).
    ///
    /// # Errors
    /// As [`run`](Self::run). [`CommitUnknown`](ErrorKind::CommitUnknown) if the tries after it could not
    /// tell; [`SchemaMismatch`](ErrorKind::SchemaMismatch) if there is no such table.
    pub async fn once<T, E, F>(self, key: Uuid, work: F) -> Result<OnceOutcome<T>, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E> + Clone,
        E: From<Error>,
    {
        let done = self.attempts(Some(key), work).await?;
        Ok(done.map_or(OnceOutcome::AlreadyDone, OnceOutcome::Done))
    }

    /// The value of the work, or `None` if it was done before.
    async fn attempts<T, E, F>(&self, key: Option<Uuid>, work: F) -> Result<Option<T>, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E> + Clone,
        E: From<Error>,
    {
        let mut tries = self.retry.begin();
        let mut unknown = None;
        loop {
            let attempt = match self.begin_with(key).await {
                Ok(Some(unit)) => {
                    // The key was free, so what an earlier try did was not committed.
                    unknown = None;
                    let result = work.clone()(&unit).await.map(Some);
                    finish(unit, result).await
                }
                Ok(None) => return Ok(None),
                Err(error) => Attempt::failed(error),
            };
            let is_unknown = unknown.is_some() || attempt.again == RetryDecision::WithKey;
            let result = match (attempt.result, unknown.take()) {
                // What an earlier try may have committed is still unknown.
                (Err(_), Some(unknown)) => Err(unknown),
                (result, _) => result,
            };
            let again = match attempt.again {
                RetryDecision::No => false,
                RetryDecision::WithKey => key.is_some(),
                RetryDecision::Yes => true,
            };
            if !again || !tries.another().await {
                return result;
            }
            if is_unknown {
                unknown = result.err();
            }
        }
    }

    /// A unit that has taken the key; `None` if the key was taken before.
    async fn begin_with(&self, key: Option<Uuid>) -> Result<Option<Unit>> {
        let unit = self.begin().await?;
        if let Some(key) = key
            && !unit.take_key(key).await?
        {
            // Nothing was written.
            let _rolled_back = unit.rollback().await;
            return Ok(None);
        }
        Ok(Some(unit))
    }
}
