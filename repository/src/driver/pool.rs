//! A pool of single connections. Unlike sqlx's own, it makes no round trips before and after each use.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Manager, Object, PoolError, QueueMode, Timeouts};
use tokio::time::{Instant, timeout_at};

use crate::model::error::{Error, ErrorKind, Result};

/// Why a connection is not reused. Sessions release or discard their connection, so this is a second line of defence.
pub(crate) const NOT_RELEASED: &str = "the connection was dropped without being released";

/// A pool that serves its waiters in order.
pub(crate) type Pool<M> = managed::Pool<M>;

/// No limits of the single steps: there is one [`Deadline`] for all of them.
const NO_LIMITS: Timeouts = Timeouts::new();

/// Until when a connection must be acquired.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Instant);

pub(crate) fn build<M: Manager<Error = Error>>(
    manager: M,
    size: usize,
    acquire_timeout: Duration,
    queue: QueueMode,
) -> Result<Pool<M>> {
    Pool::builder(manager)
        .max_size(size)
        .queue_mode(queue)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: Some(acquire_timeout),
            ..NO_LIMITS
        })
        .build()
        .map_err(|error| Error::with_cause(ErrorKind::Internal, None, error.to_string()))
}

/// The deadline of an acquisition that begins now: waiting, testing and connecting together.
pub(crate) fn deadline<M: Manager>(pool: &Pool<M>) -> Deadline {
    // `Instant` cannot hold any duration.
    const FOREVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    let timeout = pool.timeouts().wait.unwrap_or(FOREVER);
    Deadline(Instant::now() + timeout.min(FOREVER))
}

pub(crate) async fn acquire<M: Manager<Error = Error>>(pool: &Pool<M>) -> Result<Object<M>> {
    acquire_by(pool, deadline(pool)).await
}

/// Acquires a connection before the deadline. It may be dropped at any time: deadpool then gives the place to the next
/// caller, and closes a connection that is being tested or made.
///
/// # Errors
/// [`PoolTimeout`](ErrorKind::PoolTimeout) if all connections are in use until then;
/// [`Unavailable`](ErrorKind::Unavailable) if the database does not respond.
pub(crate) async fn acquire_by<M: Manager<Error = Error>>(
    pool: &Pool<M>,
    deadline: Deadline,
) -> Result<Object<M>> {
    match timeout_at(deadline.0, pool.timeout_get(&NO_LIMITS)).await {
        Ok(acquired) => acquired.map_err(explain),
        // A connection that is being made is not counted.
        Err(_) if pool.status().size < pool.status().max_size => Err(no_response()),
        Err(_) => Err(ErrorKind::PoolTimeout.into()),
    }
}

/// As [`acquire`], but returns `None` instead of waiting for a connection that others use.
#[cfg(feature = "sqlite")]
pub(crate) async fn acquire_free<M: Manager<Error = Error>>(
    pool: &Pool<M>,
) -> Result<Option<Object<M>>> {
    let without_waiting = Timeouts {
        wait: Some(Duration::ZERO),
        ..NO_LIMITS
    };
    let acquiring = async {
        match pool.timeout_get(&without_waiting).await {
            Err(PoolError::Timeout(managed::TimeoutType::Wait)) => Ok(None),
            acquired => acquired.map(Some).map_err(explain),
        }
    };
    by(deadline(pool), acquiring).await
}

/// Waits until the deadline for work on an acquired connection.
pub(crate) async fn by<T>(deadline: Deadline, work: impl Future<Output = Result<T>>) -> Result<T> {
    match timeout_at(deadline.0, work).await {
        Ok(done) => done,
        Err(_) => Err(no_response()),
    }
}

fn explain(error: PoolError<Error>) -> Error {
    match error {
        PoolError::Backend(error) => error,
        PoolError::Timeout(_) => ErrorKind::PoolTimeout.into(),
        PoolError::Closed => unavailable("the store is closed"),
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => ErrorKind::Internal.into(),
    }
}

/// The database did not respond to a test, or while connecting.
pub(crate) fn no_response() -> Error {
    let kind = unavailable("it did not respond in time").kind().clone();
    Error::with_cause(
        kind,
        None,
        "no response within the acquire timeout".to_owned(),
    )
}

fn unavailable(reason: &'static str) -> Error {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
    .into()
}
