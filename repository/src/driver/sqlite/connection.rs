//! A connection of the pool: runs statements in place or on a thread for blocking work, or lends itself to the driver.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Statement};
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};

use super::deadline::Deadline;
use super::error;
use super::file::{File, Identity};
use super::handle::Held;
use super::place::{self, BlockingThread, Waiting};
use super::statement::{self, Failed};
use crate::model::error::{Error, ErrorKind, Result};
use crate::sql::SqlText;

/// What a commit of a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommitWaits {
    /// Nothing: it only reads, or its database is in memory.
    Never,
    /// The operating system, and the disk if a checkpoint is due.
    Sometimes,
    /// The disk.
    Always,
}

/// The time limit of a connection's statements, and the file that it has open.
pub(super) struct Guarded {
    pub(super) deadline: Arc<Deadline>,
    pub(super) statement_timeout: Duration,
    pub(super) file: Arc<File>,
    /// `None` for an in-memory database.
    pub(super) identity: Option<Identity>,
}

impl Guarded {
    /// Starts the time of a statement.
    pub(super) fn start(&self) {
        self.deadline.set(self.statement_timeout);
    }

    /// Checks that the connection writes to the file that other connections see.
    pub(super) fn check_file(&self) -> Result<()> {
        self.file.check(self.identity)
    }
}

/// A connection of the pool.
pub struct PooledConnection {
    /// Locked while a statement runs, also one whose caller was dropped.
    held: Arc<Mutex<Held>>,
    guarded: Arc<Guarded>,
    lock_timeout: Duration,
    commit_waits: CommitWaits,
    /// The number of written statements since the last begin or commit.
    written: u32,
    /// Whether the next commit neither begins the write-ahead log nor copies it into the database.
    log_is_short: bool,
    /// Whether it was returned to the pool without an open transaction.
    released: bool,
}

/// The result of an attempt in place.
enum Attempt<T> {
    Done(Result<T, Failed>),
    /// Nothing was written. The statement is not short, or the connection is not free.
    Elsewhere,
}

impl PooledConnection {
    pub(super) fn new(
        held: Held,
        guarded: Guarded,
        lock_timeout: Duration,
        commit_waits: CommitWaits,
    ) -> Self {
        PooledConnection {
            held: Arc::new(Mutex::new(held)),
            guarded: Arc::new(guarded),
            lock_timeout,
            commit_waits,
            written: 0,
            log_is_short: false,
            released: false,
        }
    }

    /// Marks the connection as returned without an open transaction.
    pub(super) fn release(&mut self) {
        self.guarded.deadline.clear();
        self.released = true;
    }

    /// Whether it was released since the last call.
    pub(super) fn was_released(&mut self) -> bool {
        std::mem::take(&mut self.released)
    }

    /// Interrupts the running statement.
    pub(super) fn interrupt(&self) {
        self.guarded.deadline.set(Duration::ZERO);
    }

    /// Runs a prepared statement. `work` may be called again after a failed call.
    pub(super) async fn run<T, F>(&mut self, text: &SqlText, mut work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection, &mut Statement<'_>) -> Result<T, Failed> + Send + 'static,
    {
        place::let_others_run(place::BETWEEN_STATEMENTS).await;
        let mut waiting = Waiting::new();
        loop {
            let limit = self.guarded.deadline.after(self.guarded.statement_timeout);
            let result = match self.in_place(text, limit, &mut work) {
                Attempt::Done(result) => result,
                Attempt::Elsewhere => {
                    let result;
                    (work, result) = self.elsewhere(text, limit, work).await?;
                    result
                }
            };
            match result {
                Err(failed)
                    if self.may_wait()
                        && is_busy(&failed)
                        && waiting.again(self.lock_timeout).await => {}
                result => return result.map_err(|failed| statement::explain(failed, text.table)),
            }
        }
    }

    fn in_place<T>(
        &mut self,
        text: &SqlText,
        limit: u64,
        work: &mut impl FnMut(&Connection, &mut Statement<'_>) -> Result<T, Failed>,
    ) -> Attempt<T> {
        if text.effort.is_long() {
            return Attempt::Elsewhere;
        }
        let Ok(held) = self.held.try_lock() else {
            return Attempt::Elsewhere;
        };
        let Some(connection) = held.in_place() else {
            return Attempt::Elsewhere;
        };
        let begin = Instant::now();
        // SQLite also asks for the deadline while it prepares.
        self.guarded.deadline.set_at(limit);
        let mut statement = match connection.prepare_cached(&text.sql) {
            Ok(statement) => statement,
            Err(error) => return Attempt::Done(Err(error.into())),
        };
        if statement.readonly() {
            let read_limit = self.guarded.deadline.after(place::READ_LIMIT).min(limit);
            self.guarded.deadline.set_at(read_limit);
            let result = work(connection, &mut statement);
            place::spent_since(begin);
            if begin.elapsed() > place::READ_LIMIT {
                text.effort.measure(true);
            }
            if read_limit < limit && result.as_ref().is_err_and(is_interrupted) {
                return Attempt::Elsewhere;
            }
            return Attempt::Done(result);
        }
        let commits = connection.is_autocommit();
        if commits && !self.commits_in_place() {
            return Attempt::Elsewhere;
        }
        let result = work(connection, &mut statement);
        place::spent_since(begin);
        if begin.elapsed() > place::READ_LIMIT {
            text.effort.measure(true);
        }
        drop(statement);
        drop(held);
        self.note_commit(place::committed_pages());
        self.written = self.written.saturating_add(1);
        Attempt::Done(result)
    }

    pub(super) fn guarded(&self) -> &Arc<Guarded> {
        &self.guarded
    }

    /// Whether a statement that found the database busy has done nothing. In a transaction the writer has the lock
    /// already, so it finds nothing busy; if it did, a part of its rows might be written.
    fn may_wait(&self) -> bool {
        let is_alone = |held: MutexGuard<'_, Held>| {
            held.in_place()
                .is_some_and(|connection| connection.is_autocommit())
        };
        self.commit_waits == CommitWaits::Never || self.held.try_lock().is_ok_and(is_alone)
    }

    /// Whether a commit now does not wait for the disk.
    pub(super) fn commits_in_place(&self) -> bool {
        match self.commit_waits {
            CommitWaits::Never => true,
            CommitWaits::Sometimes => self.log_is_short,
            CommitWaits::Always => false,
        }
    }

    async fn elsewhere<T, F>(
        &mut self,
        text: &SqlText,
        limit: u64,
        mut work: F,
    ) -> Result<(F, Result<T, Failed>)>
    where
        T: Send + 'static,
        F: FnMut(&Connection, &mut Statement<'_>) -> Result<T, Failed> + Send + 'static,
    {
        let held = self.lock().await?;
        // Set here, so that an interrupt of a dropped call that has not begun is not lost.
        self.guarded.deadline.set_at(limit);
        self.written = u32::MAX;
        let sql = text.sql.clone();
        let effort = text.effort.clone();
        let commit_waits = self.commit_waits;
        let ended = blocking(held, move |connection| {
            let begin = Instant::now();
            let result = match connection.prepare_cached(&sql) {
                Ok(mut prepared) => {
                    // The time of a commit that waits for the disk says nothing of the statement.
                    let is_measured = prepared.readonly()
                        || commit_waits != CommitWaits::Always
                        || !connection.is_autocommit();
                    let result = work(connection, &mut prepared);
                    if is_measured {
                        // Half of the limit, so that one near the limit does not change its place each time.
                        effort.measure(begin.elapsed() > place::READ_LIMIT / 2);
                    }
                    result
                }
                Err(error) => Err(error.into()),
            };
            (work, result, place::committed_pages())
        });
        let (work, result, pages) = ended.await?;
        self.note_commit(pages);
        Ok((work, result))
    }

    /// Notes the pages of the write-ahead log after a commit.
    fn note_commit(&mut self, pages: Option<i32>) {
        if let Some(pages) = pages {
            self.log_is_short = place::is_short_log(pages);
        }
    }

    /// Runs the parts of a text that begins or ends a transaction or a savepoint. They have no time limit: after a
    /// migration by another process, SQLite reads the schema again.
    pub(super) async fn control(&mut self, text: &str) -> Result<()> {
        let mut waiting = Waiting::new();
        for part in text.split("; ") {
            loop {
                match self.control_part(part).await? {
                    Err(failed) if is_busy(&failed) && waiting.again(self.lock_timeout).await => {}
                    Err(failed) => return Err(statement::explain(failed, None)),
                    Ok(()) => break,
                }
            }
        }
        Ok(())
    }

    async fn control_part(&mut self, part: &str) -> Result<Result<(), Failed>> {
        let held = self.lock().await?;
        self.guarded.deadline.clear();
        let is_short = part != "COMMIT"
            || self.written == 0
            || (self.commits_in_place() && self.written <= place::SHORT_COMMIT);
        let begins = part.starts_with("BEGIN");
        let ends = matches!(part, "COMMIT" | "ROLLBACK");
        let part = part.to_owned();
        let work = move |connection: &Connection| statement::control(connection, &part);
        let result = self.on(held, is_short, work).await?;
        if (begins || ends) && result.is_ok() {
            self.written = 0;
        }
        Ok(result)
    }

    /// Runs work on the connection, in place if it is short.
    pub(super) async fn with<T: Send + 'static>(
        &mut self,
        is_short: bool,
        work: impl FnOnce(&Connection) -> T + Send + 'static,
    ) -> Result<T> {
        let held = self.lock().await?;
        self.on(held, is_short, work).await
    }

    async fn on<T: Send + 'static>(
        &mut self,
        held: OwnedMutexGuard<Held>,
        is_short: bool,
        work: impl FnOnce(&Connection) -> T + Send + 'static,
    ) -> Result<T> {
        if !is_short {
            let work = move |connection: &Connection| (work(connection), place::committed_pages());
            let (done, pages) = blocking(held, work).await?;
            self.note_commit(pages);
            return Ok(done);
        }
        let begin = Instant::now();
        let done = held.in_place().map(work);
        place::spent_since(begin);
        self.note_commit(place::committed_pages());
        done.ok_or_else(lost)
    }

    /// Waits for the end of a statement whose caller was dropped, and locks a connection that was lent to the driver.
    async fn lock(&self) -> Result<OwnedMutexGuard<Held>> {
        let mut held = self.held.clone().lock_owned().await;
        if held.in_place().is_none() {
            held.lock()
                .await
                .map_err(|error| error::classify(&error, None))?;
        }
        Ok(held)
    }

    /// The connection for a statement of SeaORM, whose time limit starts now.
    pub(super) async fn lend(&mut self) -> Lent {
        let held = self.held.clone().lock_owned().await;
        self.guarded.start();
        self.written = u32::MAX;
        Lent(held)
    }
}

/// A connection that is lent to the driver. The next statement in place locks it again.
pub(super) struct Lent(OwnedMutexGuard<Held>);

impl Lent {
    pub(super) fn driver(&mut self) -> &mut SqliteConnection {
        self.0.lend()
    }
}

/// Runs work on a thread for blocking work. Work that has begun runs to its end, even if the caller is dropped.
///
/// The threads are not those of the runtime. An application may fill those with calls that wait for this library.
async fn blocking<T: Send + 'static>(
    held: OwnedMutexGuard<Held>,
    work: impl FnOnce(&Connection) -> T + Send + 'static,
) -> Result<T> {
    let done = ::blocking::unblock(move || {
        let _thread = BlockingThread::enter();
        held.in_place().map(work)
    });
    done.await.ok_or_else(lost)
}

/// The error of a connection whose driver has ended.
fn lost() -> Error {
    ErrorKind::ConnectionLost.into()
}

/// `SQLITE_BUSY`, for which SQLite would call its busy handler. Not `SQLITE_BUSY_SNAPSHOT`, for which waiting does not
/// help.
fn is_busy(failed: &Failed) -> bool {
    extended_code(failed).is_some_and(|code| {
        code & 0xff == rusqlite::ffi::SQLITE_BUSY && code != rusqlite::ffi::SQLITE_BUSY_SNAPSHOT
    })
}

fn is_interrupted(failed: &Failed) -> bool {
    extended_code(failed).is_some_and(|code| code & 0xff == rusqlite::ffi::SQLITE_INTERRUPT)
}

fn extended_code(failed: &Failed) -> Option<i32> {
    match failed {
        Failed::Database(error) => error.sqlite_error().map(|error| error.extended_code),
        Failed::Ours(_) => None,
    }
}
