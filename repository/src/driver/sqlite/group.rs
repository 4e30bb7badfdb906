//! Group commit: writes of one statement that wait for the writer are committed together, with one sync of the disk.
//!
//! A write that finds the writer free runs alone. The others queue here, and a task commits them in one transaction.
//! Each statement runs in a savepoint, and its caller is told the outcome only after the commit.
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

use super::connect::SqlitePool;
use super::connection::{Guarded, PooledConnection};
use super::place::SHORT_COMMIT;
use super::statement::{self, Failed};
use crate::driver::Access;
use crate::model::error::{Error, ErrorKind, Result};
use crate::sql::SqlText;

/// The maximum number of statements in one transaction. More would hold the writer for long.
const MOST: usize = 256;

/// The writes that wait for the writer.
#[derive(Default)]
pub(super) struct Group(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    /// Whether a task takes the jobs from the queue.
    has_task: bool,
}

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
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Each change leaves the queue valid, so it is valid even if the lock is poisoned.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next jobs. If there are none, the task ends.
    fn take(&self) -> Vec<Box<dyn Job>> {
        let mut queue = self.queue();
        let count = queue.jobs.len().min(MOST);
        let jobs: Vec<_> = queue.jobs.drain(..count).collect();
        queue.has_task = !jobs.is_empty();
        jobs
    }

    /// Whether a caller still waits. If none does, the task ends.
    fn has_waiting(&self) -> bool {
        let mut queue = self.queue();
        queue.jobs.retain(|job| job.is_waiting());
        queue.has_task = !queue.jobs.is_empty();
        queue.has_task
    }
}

/// Commits a statement together with others that wait for the writer. `work` runs it, and returns `None` if it must run
/// alone.
///
/// Returns the outcome after its commit, or `None` if nothing was written and the statement must run alone.
///
/// # Errors
/// That of the statement, if it made SQLite roll back the whole transaction.
/// [`PoolTimeout`](ErrorKind::PoolTimeout) if it was not begun in time.
pub(super) async fn write<T, F>(
    pool: &SqlitePool,
    group: &Arc<Group>,
    text: &SqlText,
    work: F,
) -> Result<Option<T>>
where
    T: Send + 'static,
    F: FnMut(&Connection, &mut Statement<'_>) -> Result<Option<T>, Failed> + Send + 'static,
{
    let (caller, mut told) = oneshot::channel();
    let claimed = Arc::new(AtomicBool::new(false));
    let job = Box::new(Queued {
        text: text.clone(),
        work,
        outcome: None,
        claimed: claimed.clone(),
        caller,
    });
    let has_task = {
        let mut queue = group.queue();
        queue.jobs.push_back(job);
        std::mem::replace(&mut queue.has_task, true)
    };
    if !has_task {
        let task = Task {
            pool: pool.clone(),
            group: group.clone(),
            has_ended: false,
        };
        tokio::spawn(task.run());
    }
    let told = match tokio::time::timeout(pool.acquire_timeout(), &mut told).await {
        Ok(told) => told,
        Err(_) if !claimed.swap(true, Ordering::AcqRel) => {
            return Err(ErrorKind::PoolTimeout.into());
        }
        Err(_) => match tokio::time::timeout(pool.response_deadline(), told).await {
            Ok(told) => told,
            Err(_) => return Err(ErrorKind::ConnectionLost.into()),
        },
    };
    // Without an answer the task has ended before its commit: with its runtime, or in a panic.
    told.unwrap_or(Ok(None))
}

/// The task that commits the jobs. If it is dropped before its end, the callers of the waiting jobs run them alone.
struct Task {
    pool: SqlitePool,
    group: Arc<Group>,
    has_ended: bool,
}

impl Task {
    async fn run(mut self) {
        loop {
            // Callers that were told of the last commit may write again at once: they join the next one.
            tokio::task::yield_now().await;
            let acquired = self.pool.acquire(Access::Write).await;
            let jobs = match &acquired {
                // Each caller ends its own wait, and later ones still wait.
                Err(error) if *error.kind() == ErrorKind::PoolTimeout => {
                    match self.group.has_waiting() {
                        true => continue,
                        false => Vec::new(),
                    }
                }
                _ => self.group.take(),
            };
            if jobs.is_empty() {
                self.has_ended = true;
                if let Ok(mut connection) = acquired {
                    connection.release();
                }
                return;
            }
            match acquired {
                Ok(mut connection) => match commit(&mut connection, jobs).await {
                    true => connection.release(),
                    false => drop(Object::take(connection)),
                },
                // Alone, each finds the error of its own.
                Err(_) => tell_all(jobs, || Verdict::Alone),
            }
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut queue = self.group.queue();
            queue.has_task = false;
            queue.jobs.clear();
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

/// Commits the jobs in one transaction. Returns whether the connection can be used again.
async fn commit(connection: &mut PooledConnection, jobs: Vec<Box<dyn Job>>) -> bool {
    if let Err(error) = connection.control("BEGIN IMMEDIATE").await {
        // They have waited for the lock together, and nothing was written.
        tell_all(jobs, || Verdict::Failed(error.kind().clone().into()));
        return !error.breaks_connection();
    }
    let guarded = connection.guarded().clone();
    let is_short = jobs.len() <= SHORT_COMMIT as usize && connection.commits_in_place();
    let work = move |connection: &Connection| write_all(connection, jobs, &guarded);
    // Work that was not begun has dropped its jobs, so that their callers run them alone.
    connection.with(is_short, work).await.unwrap_or(false)
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
