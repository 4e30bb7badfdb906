//! Where a statement runs: in place, or on a thread for blocking work.
//!
//! A hop to another thread and back costs more than a point read. A statement that runs in place holds one of the
//! runtime's workers. So what is short runs in place, and nothing else:
//!
//! | in place | on a thread for blocking work |
//! | --- | --- |
//! | a read of one row or a page, for up to [`READ_LIMIT`]; then it is interrupted, begins anew on the other thread, and does so at once the next time | all other reads, custom SQL |
//! | a write of one row, in a transaction or with `synchronous=NORMAL` | writes of many rows |
//! | `BEGIN`, savepoints, `ROLLBACK`, a `COMMIT` that does not wait for the disk | a `COMMIT` that does: with `synchronous=FULL`, after many writes, if a checkpoint is due, or if the log begins anew |
//!
//! Nobody waits for a lock of the database in place: see [`Waiting`].

use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// The time after which a read in place is interrupted.
pub(super) const READ_LIMIT: Duration = Duration::from_micros(250);

/// The time that statements in place may take on a thread before their task lets other tasks run.
pub(super) const BETWEEN_CALLS: Duration = Duration::from_micros(100);

/// As [`BETWEEN_CALLS`], between the statements of one unit of work, for which other writers wait.
pub(super) const BETWEEN_STATEMENTS: Duration = Duration::from_micros(500);

/// The number of written statements after which a `COMMIT` is no longer short.
pub(super) const SHORT_COMMIT: u32 = 64;

/// The number of pages in the write-ahead log at which a checkpoint is due: SQLite's default,
/// <https://sqlite.org/pragma.html#pragma_wal_autocheckpoint>.
const CHECKPOINT_PAGES: i32 = 1_000;

thread_local! {
    /// The time that statements took in place on this thread, since a task last let others run.
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };

    /// Whether a commit on this thread may copy the write-ahead log into the database.
    static MAY_CHECKPOINT: Cell<bool> = const { Cell::new(false) };

    /// The pages in the write-ahead log after the last commit on this thread.
    static COMMITTED_PAGES: Cell<Option<i32>> = const { Cell::new(None) };
}

/// Lets other tasks run if statements in place have taken longer than this.
pub(super) async fn let_others_run(limit: Duration) {
    if SPENT.get() > limit {
        SPENT.set(Duration::ZERO);
        tokio::task::yield_now().await;
    }
}

/// Adds the time since the begin of a statement in place.
pub(super) fn spent_since(begin: Instant) {
    SPENT.set(SPENT.get() + begin.elapsed());
}

/// Makes the connection checkpoint only on threads for blocking work: a checkpoint waits for the disk.
pub(super) fn install_checkpoints(connection: &Connection) {
    connection.wal_hook(Some(|wal: &Wal, pages| {
        COMMITTED_PAGES.set(Some(pages));
        if !is_short_log(pages) && MAY_CHECKPOINT.get() {
            // As in SQLite's own hook, the commit has succeeded, whatever becomes of the checkpoint.
            drop(wal.checkpoint());
        }
        Ok(())
    }));
}

/// The pages in the write-ahead log after the last commit on this thread, if there was one since the last call.
pub(super) fn committed_pages() -> Option<i32> {
    COMMITTED_PAGES.take()
}

/// Whether no checkpoint is due. The commit after a checkpoint waits for the disk too, because it begins the log anew.
pub(super) fn is_short_log(pages: i32) -> bool {
    pages < CHECKPOINT_PAGES
}

/// Marks this thread as one for blocking work, until the value is dropped.
pub(super) struct BlockingThread;

impl BlockingThread {
    pub(super) fn enter() -> Self {
        MAY_CHECKPOINT.set(true);
        BlockingThread
    }
}

impl Drop for BlockingThread {
    fn drop(&mut self) {
        MAY_CHECKPOINT.set(false);
    }
}

/// Waits while another connection has the database locked: as SQLite does, with pauses that grow, but without holding a
/// thread.
pub(super) struct Waiting {
    until: Option<Instant>,
    pauses: std::slice::Iter<'static, u64>,
}

/// In milliseconds, from SQLite's `sqliteDefaultBusyCallback`. The last one repeats.
const PAUSES: &[u64] = &[1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];

impl Waiting {
    pub(super) fn new() -> Self {
        Waiting {
            until: None,
            pauses: PAUSES.iter(),
        }
    }

    /// Waits before another try. Returns `false` if the time since the first call is over.
    pub(super) async fn again(&mut self, timeout: Duration) -> bool {
        let now = Instant::now();
        // Without a representable end, it waits for as long as it takes.
        let until = match self.until {
            Some(until) => Some(until),
            None => now.checked_add(timeout),
        };
        self.until = until;
        let left = until.map_or(Duration::MAX, |until| until.saturating_duration_since(now));
        let pause = self.pauses.next().copied().unwrap_or(100);
        let pause = Duration::from_millis(pause).min(left);
        if pause.is_zero() {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}
