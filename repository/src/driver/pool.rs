//! A pool of single connections, without the round trips that sqlx's own makes before and after each use.

use std::time::Duration;

use deadpool::managed::{Manager, Object, PoolError, QueueMode, Timeouts};
use deadpool::{Runtime, managed};

use crate::model::error::{Error, ErrorKind, Result};

/// Why a connection is not handed out again: a second line of defence, behind the session that owns it.
pub(crate) const UNCLEAN: &str = "it came back with something open on it";

/// A pool whose waiters are served in the order in which they came.
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
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => error,
        PoolError::Timeout(managed::TimeoutType::Wait) => ErrorKind::PoolTimeout.into(),
        PoolError::Timeout(_) => unavailable("it did not answer in time"),
        PoolError::Closed => unavailable("the store is closed"),
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => ErrorKind::Internal.into(),
    })
}

fn unavailable(reason: &'static str) -> Error {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
    .into()
}
