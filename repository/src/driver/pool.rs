//! A pool of single connections. Unlike sqlx's own, it makes no round trips before and after each use.

use std::time::Duration;

use deadpool::managed::{Manager, Object, PoolError, QueueMode, Timeouts};
use deadpool::{Runtime, managed};

use crate::model::error::{Error, ErrorKind, Result};

/// Why a connection is not reused. Sessions release or discard their connection, so this is a second line of defence.
pub(crate) const NOT_RELEASED: &str = "the connection was dropped without being released";

/// A pool that serves its waiters in order.
pub(crate) type Pool<M> = managed::Pool<M>;

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
            create: Some(acquire_timeout),
            recycle: Some(acquire_timeout),
        })
        .build()
        .map_err(|error| Error::with_cause(ErrorKind::Internal, None, error.to_string()))
}

pub(crate) async fn acquire<M: Manager<Error = Error>>(pool: &Pool<M>) -> Result<Object<M>> {
    pool.get().await.map_err(explain)
}

fn explain(error: PoolError<Error>) -> Error {
    match error {
        PoolError::Backend(error) => error,
        PoolError::Timeout(managed::TimeoutType::Wait) => ErrorKind::PoolTimeout.into(),
        PoolError::Timeout(_) => unavailable("it did not respond in time"),
        PoolError::Closed => unavailable("the store is closed"),
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => ErrorKind::Internal.into(),
    }
}

/// As [`acquire`], but returns `None` instead of waiting for a connection that others use.
#[cfg(feature = "sqlite")]
pub(crate) async fn acquire_free<M: Manager<Error = Error>>(
    pool: &Pool<M>,
) -> Result<Option<Object<M>>> {
    let timeouts = Timeouts {
        wait: Some(Duration::ZERO),
        ..pool.timeouts()
    };
    match pool.timeout_get(&timeouts).await {
        Err(PoolError::Timeout(managed::TimeoutType::Wait)) => Ok(None),
        acquired => acquired.map(Some).map_err(explain),
    }
}

fn unavailable(reason: &'static str) -> Error {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
    .into()
}
