//! Group commit: writes of one statement that wait for the writer are committed together, with one sync of the disk.
//!
//! A write that finds the writer free runs alone. The others queue here, and the first of their callers that gets the
//! writer commits all of them in one transaction. Each statement runs in a savepoint, and its caller is told the outcome
//! only after the commit.
//!
//! Only successes are told. A statement that is refused, or that finds no row, runs again alone, because what follows,
//! such as looking for the violated constraint, needs the connection. If SQLite rolls the whole transaction back, by an
//! interrupt, an I/O error, a full disk or a lack of memory, the statement that caused it has failed, and the others
//! run again alone.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deadpool::managed::Object;
use rusqlite::{Connection, Statement};
use tokio::sync::oneshot;

use super::connect::{Manager, SqlitePool};
use super::connection::Guarded;
use super::place::SHORT_COMMIT;
use super::statement::{self, Failed};
use crate::driver::Access;
use crate::model::error::{Error, ErrorKind, Result};
use crate::sql::SqlText;

/// The maximum number of statements in one transaction. More would hold the writer for long.
const MOST: usize = 256;

/// The writes that wait for the writer.
#[derive(Default)]
pub(super) struct Group(Mutex<VecDeque<Box<dyn Job>>>);

/// A statement that waits for the writer.
pub(super) trait Job: Send {
    fn text(&self) -> &SqlText;

    /// Whether the caller still waits.
    fn is_waiting(&self) -> bool;

    /// Takes the job from its caller. Returns `false` if that no longer waits.
    fn claim(&self) -> bool;

    /// Runs the statement. Returns whether its outcome is final once it is committed.
    fn run(
        &mut self,
        connection: &Connection,
        prepared: &mut Statement<'_>,
    ) -> Result<bool, Failed>;

    /// Tells the caller what became of the statement.
    fn tell(self: Box<Self>, verdict: Verdict);
}

/// What became of a statement.
#[derive(Debug)]
pub(super) enum Verdict {
    Committed,
    /// Nothing was written. It runs again alone.
    Alone,
    /// Nothing was written, and the statement is the cause.
    Failed(Error),
}

struct Queued<T, F> {
    text: SqlText,
    work: F,
    outcome: Option<T>,
    claimed: Arc<AtomicBool>,
    caller: oneshot::Sender<Result<Option<T>>>,
}

impl<T, F> Job for Queued<T, F>
where
    T: Send,
    F: FnMut(&Connection, &mut Statement<'_>) -> Result<Option<T>, Failed> + Send,
{
    fn text(&self) -> &SqlText {
        &self.text
    }

    fn is_waiting(&self) -> bool {
        !self.caller.is_closed() && !self.claimed.load(Ordering::Acquire)
    }

    fn claim(&self) -> bool {
        !self.caller.is_closed() && !self.claimed.swap(true, Ordering::AcqRel)
    }

    fn run(
        &mut self,
        connection: &Connection,
        prepared: &mut Statement<'_>,
    ) -> Result<bool, Failed> {
        self.outcome = (self.work)(connection, prepared)?;
        Ok(self.outcome.is_some())
    }

    fn tell(self: Box<Self>, verdict: Verdict) {
        let outcome = match verdict {
            Verdict::Committed => Ok(self.outcome),
            Verdict::Alone => Ok(None),
            Verdict::Failed(error) => Err(error),
        };
        // The caller may have been dropped.
        let _told = self.caller.send(outcome);
    }
}

impl Group {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Box<dyn Job>>> {
        // Each change leaves the queue valid, so it is valid even if the lock is poisoned.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next jobs whose callers still wait.
    fn take(&self) -> Vec<Box<dyn Job>> {
        let mut queue = self.queue();
        queue.retain(|job| job.is_waiting());
        let count = queue.len().min(MOST);
        queue.drain(..count).collect()
    }

    fn is_empty(&self) -> bool {
        self.queue().is_empty()
    }
}

/// Commits a statement together with others that wait for the writer. `work` runs it, and returns `None` if it must run
/// alone.
///
/// Returns the outcome after its commit, or `None` if nothing was written and the statement must run alone.
///
/// # Errors
/// That of the statement, if it made SQLite roll back the whole transaction, and those of the writer, such as
/// [`PoolTimeout`](ErrorKind::PoolTimeout).
pub(super) async fn write<T, F>(
    pool: &SqlitePool,
    group: &Group,
    text: &SqlText,
    work: F,
) -> Result<Option<T>>
where
    T: Send + 'static,
    F: FnMut(&Connection, &mut Statement<'_>) -> Result<Option<T>, Failed> + Send + 'static,
{
    let (caller, mut told) = oneshot::channel();
    let claimed = Arc::new(AtomicBool::new(false));
    group.queue().push_back(Box::new(Queued {
        text: text.clone(),
        work,
        outcome: None,
        claimed: claimed.clone(),
        caller,
    }));
    loop {
        let acquired = tokio::select! {
            biased;
            // Without an answer its commit was not begun.
            told = &mut told => return told.unwrap_or(Ok(None)),
            acquired = pool.acquire(Access::Write) => acquired,
        };
        match acquired {
            Ok(connection) => Leader::new(connection).commit(group).await,
            Err(error) if !claimed.swap(true, Ordering::AcqRel) => return Err(error),
            Err(_) => break,
        }
    }
    // Another caller has begun to commit it.
    match tokio::time::timeout(pool.response_deadline(), told).await {
        Ok(told) => told.unwrap_or(Ok(None)),
        Err(_) => Err(ErrorKind::ConnectionLost.into()),
    }
}

/// The caller that got the writer, and commits the statements of all that wait. If it is dropped, they wait on.
struct Leader {
    connection: Option<Object<Manager>>,
    /// Whether no transaction is open.
    is_clean: bool,
}

impl Leader {
    fn new(connection: Object<Manager>) -> Self {
        Leader {
            connection: Some(connection),
            is_clean: true,
        }
    }

    async fn commit(mut self, group: &Group) {
        let Some(connection) = self.connection.as_mut().filter(|_| !group.is_empty()) else {
            return;
        };
        self.is_clean = false;
        if let Err(error) = connection.control("BEGIN IMMEDIATE").await {
            self.is_clean = !error.breaks_connection();
            tell_all(group.take(), || match error.kind() {
                // They have waited for the lock together.
                ErrorKind::LockTimeout => Verdict::Failed(ErrorKind::LockTimeout.into()),
                // Alone, each finds the error of its own.
                _ => Verdict::Alone,
            });
            return;
        }
        let jobs = group.take();
        let guarded = connection.guarded().clone();
        let is_short = jobs.len() <= SHORT_COMMIT as usize
            && jobs.iter().all(|job| !job.text().effort.is_long())
            && connection.commits_in_place();
        let work = move |connection: &Connection| write_all(connection, jobs, &guarded);
        self.is_clean = connection.with(is_short, work).await.unwrap_or(false);
        // Callers that were told may write again at once. They find the writer in use, and wait for the next commit
        // together.
        tokio::task::yield_now().await;
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        match self.connection.take() {
            Some(mut connection) if self.is_clean => connection.release(),
            Some(connection) => drop(Object::take(connection)),
            None => {}
        }
    }
}

/// Tells those callers that still wait.
fn tell_all(jobs: impl IntoIterator<Item = Box<dyn Job>>, verdict: impl Fn() -> Verdict) {
    for job in jobs {
        if job.claim() {
            job.tell(verdict());
        }
    }
}

/// Runs the jobs in the transaction that was begun, commits it, and tells the callers. Returns whether the connection
/// can be used again.
fn write_all(connection: &Connection, jobs: Vec<Box<dyn Job>>, guarded: &Guarded) -> bool {
    let mut written = Vec::new();
    let mut alone = Vec::new();
    let mut jobs = jobs.into_iter().filter(|job| job.claim());
    while let Some(mut job) = jobs.next() {
        match write_one(connection, &mut *job, guarded) {
            Written::Yes => written.push(job),
            Written::Undone => alone.push(job),
            Written::Never(failed) => {
                // Also if SQLite has rolled back by itself.
                let _rolled_back = statement::control(connection, "ROLLBACK");
                let error = statement::explain(failed, job.text().table);
                let is_usable = connection.is_autocommit() && !error.breaks_connection();
                job.tell(Verdict::Failed(error));
                let others = alone.into_iter().chain(written).chain(jobs);
                others.for_each(|job| job.tell(Verdict::Alone));
                return is_usable;
            }
        }
    }
    let checked = guarded.check_file().map_err(Failed::from);
    let committed = checked.and_then(|()| statement::control(connection, "COMMIT"));
    let error = committed
        .err()
        .map(|failed| statement::explain(failed, None));
    if error.is_some() {
        // Also if SQLite has rolled back by itself.
        let _rolled_back = statement::control(connection, "ROLLBACK");
    }
    for job in written {
        job.tell(match error {
            None => Verdict::Committed,
            Some(_) => Verdict::Alone,
        });
    }
    alone.into_iter().for_each(|job| job.tell(Verdict::Alone));
    connection.is_autocommit() && !error.is_some_and(|error| error.breaks_connection())
}

/// What became of a job in its savepoint.
enum Written {
    Yes,
    /// It was refused, or found no row, and its savepoint was rolled back.
    Undone,
    /// The whole transaction is rolled back, or must be.
    Never(Failed),
}

fn write_one(connection: &Connection, job: &mut dyn Job, guarded: &Guarded) -> Written {
    if let Err(failed) = statement::control(connection, "SAVEPOINT job") {
        return Written::Never(failed);
    }
    guarded.start();
    let sql = job.text().sql.clone();
    let result = connection
        .prepare_cached(&sql)
        .map_err(Failed::from)
        .and_then(|mut prepared| job.run(connection, &mut prepared));
    // The end of the savepoint has no time limit: an interrupt could come after it has taken effect.
    guarded.deadline.clear();
    if connection.is_autocommit() {
        return Written::Never(result.err().unwrap_or_else(lost));
    }
    let is_written = matches!(result, Ok(true));
    let end = match is_written {
        true => &["RELEASE job"][..],
        false => &["ROLLBACK TO job", "RELEASE job"],
    };
    match end
        .iter()
        .try_for_each(|part| statement::control(connection, part))
    {
        Ok(()) if is_written => Written::Yes,
        Ok(()) => Written::Undone,
        Err(failed) => Written::Never(failed),
    }
}

/// The transaction ended in a statement that succeeded, which no statement of the library does.
fn lost() -> Failed {
    Failed::Ours(ErrorKind::Internal.into())
}
