//! A connection of the driver whose handle is locked, so that statements run on it in place.
//!
//! The driver sends every statement, and every row, through a thread of its own. Here the connection's handle stays
//! locked for as long as the connection is open, and `rusqlite` runs statements on it. SeaORM needs the driver itself:
//! [`Held::lend`] unlocks the handle, and [`Held::lock`] locks it again, within the same transaction.
//!
//! This is the only module with `unsafe` code. Why it is sound:
//!
//! - **One user of the handle at a time.** The driver opens it without SQLite's own mutex, so it must never be used by
//!   two threads at once. `rusqlite`'s connection exists only together with the driver's lock, in [`InPlace`]. While
//!   the lock is held, the driver's thread waits for it and does not touch the handle. [`Held::lend`] drops both before
//!   it gives out the driver's connection.
//! - **The handle outlives its users.** `rusqlite`'s connection does not close the handle. It is dropped first, which
//!   finalizes its prepared statements; then the lock; then the driver's connection, which closes the handle.
//! - **The lock borrows from the driver's connection.** That one is on the heap behind a raw pointer, so it does not
//!   move, and no other reference to it exists while the lock is held.

#![expect(
    unsafe_code,
    reason = "the raw handle of a connection, and a lock that borrows from its owner"
)]

use std::ptr::NonNull;
use std::time::Duration;

use rusqlite::Connection;
use sqlx::Connection as _;
use sqlx::sqlite::{LockedSqliteHandle, SqliteConnection};

use super::place;

/// The number of prepared statements that a connection keeps.
const STATEMENTS: usize = 128;

/// A connection to SQLite, used in place or lent to the driver.
pub(super) struct Held {
    /// `None` while the connection is lent.
    in_place: Option<InPlace>,
    /// From a leaked box, which `drop` frees.
    driver: NonNull<SqliteConnection>,
    busy_timeout: Duration,
}

/// The fields are dropped in this order.
struct InPlace {
    connection: Connection,
    _lock: LockedSqliteHandle<'static>,
}

// SAFETY: a handle of SQLite may be used by any thread, by one at a time (https://sqlite.org/threadsafe.html,
// multi-thread mode). All methods that reach it take `&mut self`, or `&self` of a value that is not `Sync`.
unsafe impl Send for Held {}

impl Held {
    /// Locks the handle of a connection.
    ///
    /// # Errors
    /// The driver's, if its thread has ended.
    pub(super) async fn new(
        connection: SqliteConnection,
        busy_timeout: Duration,
    ) -> Result<Self, sqlx::Error> {
        let mut held = Held {
            in_place: None,
            driver: NonNull::from(Box::leak(Box::new(connection))),
            busy_timeout,
        };
        held.lock().await?;
        Ok(held)
    }

    /// The connection for statements in place; `None` while it is lent.
    pub(super) fn in_place(&self) -> Option<&Connection> {
        self.in_place.as_ref().map(|in_place| &in_place.connection)
    }

    /// Makes the connection usable in place, after the end of what the driver may still run on it.
    ///
    /// # Errors
    /// The driver's, if its thread has ended.
    pub(super) async fn lock(&mut self) -> Result<(), sqlx::Error> {
        if self.in_place.is_some() {
            return Ok(());
        }
        // SAFETY: the pointer is valid until `drop`. No other reference to the driver's connection exists: `lend` gives
        // one out only for as long as `self` is borrowed, and there is no lock.
        let driver: &'static mut SqliteConnection = unsafe { &mut *self.driver.as_ptr() };
        // A lock whose caller was dropped may have left a command that unlocks the handle too early, before a statement
        // that was sent meanwhile. The driver answers in order, so after this answer there is none.
        driver.ping().await?;
        let mut lock = driver.lock_handle().await?;
        let handle = lock.as_raw_handle().as_ptr();
        // SAFETY: the handle is open, and closed only after this connection was dropped. `lock` keeps others from it.
        let connection = unsafe { Connection::from_handle(handle.cast()) }.map_err(unusable)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Whoever finds the database busy waits without holding a thread.
        connection.busy_timeout(Duration::ZERO).map_err(unusable)?;
        place::install_checkpoints(&connection);
        self.in_place = Some(InPlace {
            connection,
            _lock: lock,
        });
        Ok(())
    }

    /// Lends the connection to the driver, until [`lock`](Self::lock).
    pub(super) fn lend(&mut self) -> &mut SqliteConnection {
        if let Some(in_place) = self.in_place.take() {
            // It cannot fail: it stores a number. The driver then waits on its own thread.
            let _stored = in_place.connection.busy_timeout(self.busy_timeout);
        }
        // SAFETY: the pointer is valid until `drop`. The lock, the only other borrow, was dropped.
        unsafe { self.driver.as_mut() }
    }
}

/// An error of preparing the handle, which only happens if SQLite refuses it.
fn unusable(error: rusqlite::Error) -> sqlx::Error {
    sqlx::Error::Protocol(error.to_string())
}

impl Drop for Held {
    fn drop(&mut self) {
        self.in_place = None;
        // SAFETY: the pointer comes from a box, and is not used again.
        drop(unsafe { Box::from_raw(self.driver.as_ptr()) });
    }
}
