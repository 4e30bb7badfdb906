//! The least that a pool of connections can be: a semaphore and a stack.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::contestant::Outcome;

/// Connections, of which the one that was used last is given first: its caches are warm.
pub(crate) struct Pool<T> {
    idle: Mutex<Vec<T>>,
    permits: Semaphore,
}

/// A connection, until it is dropped.
pub(crate) struct Lease<'a, T> {
    // `None` only while it is dropped.
    connection: Option<T>,
    pool: &'a Pool<T>,
    _permit: SemaphorePermit<'a>,
}

impl<T> Pool<T> {
    pub(crate) fn new(connections: Vec<T>) -> Self {
        Pool {
            permits: Semaphore::new(connections.len()),
            idle: Mutex::new(connections),
        }
    }

    pub(crate) async fn lease(&self) -> Outcome<Lease<'_, T>> {
        let permit = self.permits.acquire().await?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Lease {
            connection: Some(idle.pop().ok_or("a connection was lost")?),
            pool: self,
            _permit: permit,
        })
    }

    /// Connects that many times.
    pub(crate) fn fill(count: usize, connect: impl Fn() -> Outcome<T>) -> Outcome<Self> {
        let connections = (0..count).map(|_| connect()).collect::<Outcome<_>>()?;
        Ok(Self::new(connections))
    }
}

impl<T> Lease<'_, T> {
    /// Takes the connection, to be [given back](Self::give_back).
    pub(crate) fn take(&mut self) -> Outcome<T> {
        Ok(self.connection.take().ok_or("the connection is taken")?)
    }

    /// Ends a [`take`](Self::take).
    pub(crate) fn give_back(&mut self, connection: T) {
        self.connection = Some(connection);
    }
}

impl<T> Deref for Lease<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.connection.as_ref().expect("a leased connection")
    }
}

impl<T> DerefMut for Lease<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.connection.as_mut().expect("a leased connection")
    }
}

impl<T> Drop for Lease<'_, T> {
    fn drop(&mut self) {
        // The permit is released after this, so that whoever gets it finds the connection.
        if let Some(connection) = self.connection.take() {
            let mut idle = self.pool.idle.lock();
            idle.as_mut()
                .unwrap_or_else(|poisoned| poisoned.get_mut())
                .push(connection);
        }
    }
}
