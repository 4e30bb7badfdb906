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
use super::connection::{Limit, PooledConnection};
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

    /// Takes the job from its caller, who may have ended its wait.
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

struct Waiting<T, F> {
    text: SqlText,
    work: F,
    outcome: Option<T>,
    claimed: Arc<AtomicBool>,
    caller: oneshot::Sender<Result<Option<T>>>,
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: FnMut(&Connection, &mut Statement<'_>) -> Result<Option<T>, Failed> + Send,
{
    fn text(&self) -> &SqlText {
        &self.text
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
    let job = Box::new(Waiting {
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
    // Without an answer the task has ended before it began the statement, with its runtime.
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
            let jobs = self.group.take();
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
                Err(_) => jobs.into_iter().for_each(run_alone),
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

fn run_alone(job: Box<dyn Job>) {
    if job.claim() {
        job.tell(Verdict::Alone);
    }
}

/// Commits the jobs in one transaction. Returns whether the connection can be used again.
async fn commit(connection: &mut PooledConnection, jobs: Vec<Box<dyn Job>>) -> bool {
    if let Err(error) = connection.control("BEGIN IMMEDIATE").await {
        jobs.into_iter().for_each(run_alone);
        return !error.breaks_connection();
    }
    let limit = connection.limit();
    let is_short = jobs.len() <= SHORT_COMMIT as usize && connection.commits_in_place();
    let work = move |connection: &Connection| write_all(connection, jobs, &limit);
    // Work that was not begun has dropped its jobs, so that their callers run them alone.
    connection.with(is_short, work).await.unwrap_or(false)
}

/// Runs the jobs in the transaction that was begun, commits it, and tells the callers. Returns whether the connection
/// can be used again.
fn write_all(connection: &Connection, jobs: Vec<Box<dyn Job>>, limit: &Limit) -> bool {
    let mut written = Vec::new();
    let mut jobs = jobs.into_iter().filter(|job| job.claim());
    let mut alone = Vec::new();
    while let Some(mut job) = jobs.next() {
        limit.start();
        match write_one(connection, &mut *job) {
            Ok(true) => written.push(job),
            Err(failed) if connection.is_autocommit() => {
                let error = statement::explain(failed, job.text().table);
                let is_usable = !error.breaks_connection();
                job.tell(Verdict::Failed(error));
                let others = alone.into_iter().chain(written).chain(jobs);
                others.for_each(|job| job.tell(Verdict::Alone));
                return is_usable;
            }
            Ok(false) | Err(_) => alone.push(job),
        }
    }
    limit.clear();
    let committed = limit
        .check_file()
        .map_err(Failed::from)
        .and_then(|()| statement::control(connection, "COMMIT"));
    if committed.is_err() && !connection.is_autocommit() {
        // It fails if SQLite has rolled back by itself. Then there is nothing to roll back.
        let _rolled_back = statement::control(connection, "ROLLBACK");
    }
    for job in written {
        job.tell(match committed {
            Ok(()) => Verdict::Committed,
            Err(_) => Verdict::Alone,
        });
    }
    alone.into_iter().for_each(|job| job.tell(Verdict::Alone));
    committed.is_ok()
}

/// Runs a job in its savepoint. Returns whether it was written; otherwise it was undone.
fn write_one(connection: &Connection, job: &mut dyn Job) -> Result<bool, Failed> {
    statement::control(connection, "SAVEPOINT job")?;
    let sql = job.text().sql.clone();
    let result = connection
        .prepare_cached(&sql)
        .map_err(Failed::from)
        .and_then(|mut prepared| job.run(connection, &mut prepared));
    if !matches!(result, Ok(true)) && !connection.is_autocommit() {
        statement::control(connection, "ROLLBACK TO job")?;
    }
    if !connection.is_autocommit() {
        statement::control(connection, "RELEASE job")?;
    }
    result
}
