//! The units of work that a store runs: their isolation, their retries and their idempotency keys.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::database::Store;
use crate::driver::{Access, Extent};
use crate::model::error::{Error, ErrorKind, Result, Setback};
use crate::model::retry::Retry;
use crate::model::scope::Scope;
use crate::unit::Unit;

impl Store {
    /// Runs a unit of work that reads. All of its reads see one snapshot, and writes fail.
    ///
    /// # Errors
    /// The error of the work; and as [`begin_read`](Self::begin_read).
    pub async fn read<T, E, F>(&self, scope: &Scope, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        let unit = self.begin_read(scope).await?;
        let result = work(&unit).await;
        finish(unit, result).await.map_err(|failed| failed.error)
    }

    /// Runs a unit of work that writes, and commits it if the work returns `Ok`. Does not retry; for retries see
    /// [`writing`](Self::writing).
    ///
    /// Get repositories inside the work from its unit. A repository of the store uses another connection. On SQLite its
    /// writes wait for this unit, and fail with [`PoolTimeout`](crate::ErrorKind::PoolTimeout).
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
    /// The error of the work, which is rolled back then; and as [`begin_write`](Self::begin_write) and
    /// [`Unit::commit`].
    pub async fn write<T, E, F>(&self, scope: &Scope, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        let unit = self.begin_write(scope).await?;
        let result = work(&unit).await;
        finish(unit, result).await.map_err(|failed| failed.error)
    }

    /// Prepares a unit of work that writes, with retries, and with isolation or an idempotency key on request.
    pub fn writing(&self, scope: &Scope) -> Writing<'_> {
        Writing::new(self, scope)
    }

    /// Whether a unit with this idempotency key was committed in the scope.
    ///
    /// Waits for a unit that has inserted the key and has not ended. So the result is final for a call whose connection
    /// was lost. A unit that inserts the key later can still commit.
    ///
    /// # Errors
    /// As [`begin_write`](Self::begin_write). [`LockTimeout`](crate::ErrorKind::LockTimeout) if a unit with the key is
    /// still open after [`StoreOptions::lock_timeout`](crate::StoreOptions::lock_timeout).
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) if the table [`OPERATION_KEYS`](crate::OPERATION_KEYS) does
    /// not exist.
    pub async fn was_done(&self, scope: &Scope, key: Uuid) -> Result<bool> {
        let unit = self.begin_write(scope).await?;
        let is_new = unit.insert_key(key).await?;
        // The result is known, even if the rollback fails.
        let _rolled_back = unit.rollback().await;
        Ok(!is_new)
    }

    /// Deletes the idempotency keys of the scope that are older than `before`; returns how many.
    ///
    /// Choose a time after which no caller repeats those calls. In the system's scope it deletes the keys of every
    /// owner.
    ///
    /// # Errors
    /// As [`was_done`](Self::was_done); [`InvalidValue`](crate::ErrorKind::InvalidValue) for a time outside the
    /// years 1 to 9999.
    pub async fn forget_keys(&self, scope: &Scope, before: DateTime<Utc>) -> Result<u64> {
        self.write(scope, async |unit| unit.forget_keys(before).await)
            .await
    }
}

/// A unit of work that writes, before it runs. Created by [`Store::writing`].
///
/// [`serializable`](Self::serializable) sets its isolation, and [`retry`](Self::retry) the number of tries. Then call
/// one of:
/// - [`run`](Self::run) runs the unit, and runs it again after a conflict.
/// - [`once`](Self::once) does the same, but at most once for each idempotency key.
/// - [`begin`](Self::begin) begins the unit, and leaves commit and retries to the caller.
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
#[must_use = "it does nothing until `run`, `once` or `begin` is called"]
pub struct Writing<'s> {
    store: &'s Store,
    scope: Scope,
    extent: Extent,
    retry: Retry,
}

/// The outcome of a unit of work with an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnceOutcome<T> {
    /// The unit was committed by this call, with this value.
    Done(T),
    /// A unit with the key was committed before: by another call, or by an earlier try of this one. The value is lost;
    /// its effects are in the database.
    AlreadyDone,
}

/// A failed try of a unit of work.
struct Failed<E> {
    error: E,
    retry: RetryDecision,
}

/// Whether a failed unit of work may be tried again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RetryDecision {
    Never,
    /// The unit may have been committed, because the connection was lost. Only an idempotency key makes another try safe.
    WithKey,
    Always(Setback),
}

impl From<Option<Setback>> for RetryDecision {
    fn from(setback: Option<Setback>) -> Self {
        setback.map_or(RetryDecision::Never, RetryDecision::Always)
    }
}

impl<E: From<Error>> Failed<E> {
    fn of(error: Error) -> Self {
        let retry = match error.kind() {
            ErrorKind::CommitUnknown => RetryDecision::WithKey,
            _ => error.setback().into(),
        };
        Failed {
            error: error.into(),
            retry,
        }
    }
}

/// Commits the unit if its work succeeded, and rolls it back if not.
async fn finish<T, E: From<Error>>(unit: Unit, result: Result<T, E>) -> Result<T, Failed<E>> {
    // The unit knows the library's error, even if the work has replaced it by one of its own.
    let retry = RetryDecision::from(unit.setback().await);
    match result {
        Ok(value) => match unit.commit().await {
            Ok(()) => Ok(value),
            Err(error) if retry == RetryDecision::Never => Err(Failed::of(error)),
            Err(error) => Err(Failed {
                error: error.into(),
                retry,
            }),
        },
        Err(error) => {
            // The error of the work is reported, not that of the rollback.
            let _rolled_back = unit.rollback().await;
            Err(Failed { error, retry })
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

    /// Makes the unit serializable: as if no other unit ran at the same time.
    ///
    /// On Postgres the unit is `SERIALIZABLE`, and a conflict is a [`Serialization`](ErrorKind::Serialization) error.
    /// On SQLite every unit that writes is serializable.
    pub fn serializable(mut self) -> Self {
        self.extent = Extent::SerializableUnit;
        self
    }

    /// Sets the number of tries and their time budget. Default: [`Retry::default`].
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Begins the unit. The caller commits it, and retries if necessary; `retry` has no effect.
    ///
    /// # Errors
    /// As [`Store::begin_write`].
    pub async fn begin(&self) -> Result<Unit> {
        self.store
            .begin(&self.scope, Access::Write, self.extent)
            .await
    }

    /// Runs the unit, and commits it if the work returns `Ok`.
    ///
    /// The unit is rolled back and run again after a serialization failure, a deadlock or a lock timeout, if the
    /// connection was lost before the commit, and while the server cannot be reached; see [`Retry`]. So the work may run
    /// several times.
    ///
    /// # Errors
    /// The error of the work in the last try, which is rolled back; and as [`Store::begin_write`] and [`Unit::commit`].
    /// There is no retry after [`CommitUnknown`](ErrorKind::CommitUnknown); see [`once`](Self::once).
    pub async fn run<T, E, F>(self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E> + Clone,
        E: From<Error>,
    {
        let value = self.run_until_committed(None, work).await?;
        // `None` needs a key.
        value.ok_or_else(|| Error::new(ErrorKind::Internal).into())
    }

    /// As [`run`](Self::run), unless a unit with this idempotency key was committed before in the same scope.
    ///
    /// The key is committed with the unit. So a call may be repeated with the same key after any error, and the work is
    /// committed at most once. After a [`CommitUnknown`](ErrorKind::CommitUnknown) the next try looks the key up.
    ///
    /// The caller creates one key for each operation, before its first call. Keys are rows of the table
    /// [`OPERATION_KEYS`](crate::OPERATION_KEYS), which the application adds to its domain and migrations.
    /// [`forget_keys`](Store::forget_keys) deletes old ones.
    ///
    /// # Errors
    /// As [`run`](Self::run). [`CommitUnknown`](ErrorKind::CommitUnknown) if no later try could look the key up.
    /// [`SchemaMismatch`](ErrorKind::SchemaMismatch) if the table does not exist.
    pub async fn once<T, E, F>(self, key: Uuid, work: F) -> Result<OnceOutcome<T>, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E> + Clone,
        E: From<Error>,
    {
        let value = self.run_until_committed(Some(key), work).await?;
        Ok(value.map_or(OnceOutcome::AlreadyDone, OnceOutcome::Done))
    }

    /// As [`run`](Self::run), for work that changes variables of the caller: each try may add to them.
    ///
    /// A try that is rolled back leaves its changes in these variables, so the work resets them at its start. The
    /// compiler cannot prove that the future is `Send`: in a spawned task use [`run`](Self::run).
    ///
    /// ```no_run
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
    /// # use demo::{Note, NoteDraft};
    /// # async fn tour(store: catamaran::Store, scope: catamaran::Scope) -> catamaran::Result<()> {
    /// let mut written = Vec::new();
    /// store
    ///     .writing(&scope)
    ///     .run_mut(async |unit| {
    ///         written.clear();
    ///         written.push(unit.repository::<Note>().insert(NoteDraft::new("hull")).await?);
    ///         Ok::<_, catamaran::Error>(())
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_mut<T, E, F>(self, mut work: F) -> Result<T, E>
    where
        F: AsyncFnMut(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        let mut tries = Tries::new(&self, None);
        loop {
            let outcome = match tries.begin().await {
                Ok(Some(unit)) => {
                    let result = work(&unit).await;
                    finish(unit, result).await
                }
                // `None` needs a key.
                Ok(None) => return Err(Error::new(ErrorKind::Internal).into()),
                Err(error) => Err(Failed::of(error)),
            };
            match outcome {
                Ok(value) => return Ok(value),
                Err(failed) => tries.failed(failed).await?,
            }
        }
    }

    /// As [`once`](Self::once), for work that changes variables of the caller; see [`run_mut`](Self::run_mut).
    ///
    /// # Errors
    /// As [`once`](Self::once).
    pub async fn once_mut<T, E, F>(self, key: Uuid, mut work: F) -> Result<OnceOutcome<T>, E>
    where
        F: AsyncFnMut(&Unit) -> Result<T, E>,
        E: From<Error>,
    {
        let mut tries = Tries::new(&self, Some(key));
        loop {
            let outcome = match tries.begin().await {
                Ok(Some(unit)) => {
                    let result = work(&unit).await;
                    finish(unit, result).await
                }
                Ok(None) => return Ok(OnceOutcome::AlreadyDone),
                Err(error) => Err(Failed::of(error)),
            };
            match outcome {
                Ok(value) => return Ok(OnceOutcome::Done(value)),
                Err(failed) => tries.failed(failed).await?,
            }
        }
    }

    /// Runs the work until it is committed; `None` if a unit with the key was committed before.
    async fn run_until_committed<T, E, F>(&self, key: Option<Uuid>, work: F) -> Result<Option<T>, E>
    where
        F: AsyncFnOnce(&Unit) -> Result<T, E> + Clone,
        E: From<Error>,
    {
        let mut tries = Tries::new(self, key);
        loop {
            let outcome = match tries.begin().await {
                Ok(Some(unit)) => {
                    let result = work.clone()(&unit).await;
                    finish(unit, result).await
                }
                Ok(None) => return Ok(None),
                Err(error) => Err(Failed::of(error)),
            };
            match outcome {
                Ok(value) => return Ok(Some(value)),
                Err(failed) => tries.failed(failed).await?,
            }
        }
    }

    /// Begins a unit and inserts the key; `None` if the key was committed before.
    async fn begin_with(&self, key: Option<Uuid>) -> Result<Option<Unit>> {
        let unit = self.begin().await?;
        if let Some(key) = key
            && !unit.insert_key(key).await?
        {
            // The unit has written nothing, so the result of the rollback does not matter.
            let _rolled_back = unit.rollback().await;
            return Ok(None);
        }
        Ok(Some(unit))
    }
}

/// The tries of one unit. The loops over them are written out: a closure that one loop calls by reference has a future
/// that the compiler cannot prove to be `Send`.
struct Tries<'w, E> {
    writing: &'w Writing<'w>,
    key: Option<Uuid>,
    schedule: crate::model::retry::Tries,
    /// The error of an earlier try that may have been committed. It is reported instead of later errors.
    commit_unknown: Option<E>,
}

impl<'w, E> Tries<'w, E> {
    fn new(writing: &'w Writing<'w>, key: Option<Uuid>) -> Self {
        Tries {
            writing,
            key,
            schedule: writing.retry.begin(),
            commit_unknown: None,
        }
    }

    /// As [`Writing::begin_with`].
    async fn begin(&mut self) -> Result<Option<Unit>> {
        let unit = self.writing.begin_with(self.key).await?;
        if unit.is_some() {
            // The key is new, so no earlier try was committed.
            self.commit_unknown = None;
        }
        Ok(unit)
    }

    /// Waits for the next try after a failed one, or returns the error if there is none.
    async fn failed(&mut self, failed: Failed<E>) -> Result<(), E> {
        let setback = match failed.retry {
            RetryDecision::Never => None,
            RetryDecision::WithKey => self.key.map(|_| Setback::Outage),
            RetryDecision::Always(setback) => Some(setback),
        };
        let is_unknown = self.commit_unknown.is_some() || failed.retry == RetryDecision::WithKey;
        let error = self.commit_unknown.take().unwrap_or(failed.error);
        let Some(setback) = setback else {
            return Err(error);
        };
        if !self.schedule.another(setback).await {
            return Err(error);
        }
        if is_unknown {
            self.commit_unknown = Some(error);
        }
        Ok(())
    }
}
