//! One engine of a run: its store, and the steps on it.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::LocalBoxFuture;
use sea_orm::ConnectionTrait;

use super::call::Tested;
use super::operation::{Action, Call, End, How, Inner, Step, UnitPlan, Who};
use super::outcome::{Answer, Outcome};
use super::source::Source;
use crate::model::domain::Domain;
use crate::model::error::{Error, Result};
use crate::store::OnceOutcome;
use crate::testing::TwinDatabase;
use crate::unit::Unit;

/// The records of a run.
pub(super) type Records = Arc<[Arc<dyn Tested>]>;

/// What [`Answer::Began`] is called.
const BEGAN: &str = "unit begun";

/// One outcome of a step.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The call, or the kind of unit that ended.
    pub(super) what: &'static str,
    pub(super) outcome: Outcome,
}

/// One engine of a run.
pub(super) struct Side {
    pub(super) database: TwinDatabase,
    pub(super) source: Source,
    pub(super) records: Records,
}

/// What ends the work of a closure.
enum Stop {
    /// The plan says so.
    Asked,
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

/// The outcomes of a step, in the order of its calls. Closures of units write to it.
#[derive(Default)]
struct Log(Mutex<Vec<Entry>>);

impl Log {
    fn push(&self, what: &'static str, outcome: Outcome) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(Entry { what, outcome });
    }

    fn restart(&self) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.clear();
    }
}

fn ended(result: Result<Answer, Stop>) -> Outcome {
    match result {
        Ok(answer) => Outcome(Ok(answer)),
        Err(Stop::Asked) => Outcome(Ok(Answer::RolledBack)),
        Err(Stop::Failed(error)) => Outcome::of(Err(error)),
    }
}

impl Side {
    /// Runs one step; returns its outcomes in a fixed order. A unit and a savepoint have [`Answer::Began`] if their work
    /// ran, the outcomes of their calls, and that of their end; a unit also has that of the call after its end.
    pub(super) async fn run(&self, step: &Step) -> Vec<Entry> {
        self.source.set(step.turn);
        let log = Log::default();
        let store = self.database.store();
        match &step.action {
            Action::Call { who, call } => {
                log.push(call.method.name(), self.outside(*who, call).await);
            }
            Action::Unit(unit) => self.unit(unit, &log).await,
            Action::WasDone { who, key } => {
                let done = store.was_done(&who.scope(), *key).await;
                log.push("was_done", Outcome::of(done.map(Answer::Flag)));
            }
            Action::ForgetKeys { who, before } => {
                let forgotten = store.forget_keys(&who.scope(), *before).await;
                log.push("forget_keys", Outcome::of(forgotten.map(Answer::Number)));
            }
        }
        log.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn outside(&self, who: Who, call: &Call) -> Outcome {
        let rows = self.records[call.table].of_store(self.database.store(), &who.scope());
        rows.call(&call.method).await
    }

    async fn unit(&self, plan: &UnitPlan, log: &Log) {
        let store = self.database.store();
        let scope = plan.who.scope();
        let kept = Mutex::new(None);
        let keep = |unit: &Unit| {
            let after = plan.after.as_ref();
            let rows = after.map(|call| self.records[call.table].of_unit(unit));
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = rows;
        };
        let work = async |unit: &Unit| -> Result<Answer, Stop> {
            // A retry begins again.
            log.restart();
            log.push(BEGAN, Outcome(Ok(Answer::Began)));
            keep(unit);
            self.body(unit, &plan.body, log).await;
            match plan.end {
                End::Commit => Ok(Answer::Done),
                End::RollBack | End::Drop => Err(Stop::Asked),
            }
        };
        let end = match plan.how {
            How::BeginRead | How::BeginWrite => {
                let unit = match plan.how {
                    How::BeginRead => store.begin_read(&scope).await,
                    _ => store.begin_write(&scope).await,
                };
                match unit {
                    Ok(unit) => {
                        log.push(BEGAN, Outcome(Ok(Answer::Began)));
                        keep(&unit);
                        self.body(&unit, &plan.body, log).await;
                        Outcome::of(match plan.end {
                            End::Commit => unit.commit().await.map(|()| Answer::Done),
                            End::RollBack => unit.rollback().await.map(|()| Answer::RolledBack),
                            End::Drop => {
                                drop(unit);
                                Ok(Answer::RolledBack)
                            }
                        })
                    }
                    Err(error) => Outcome::of(Err(error)),
                }
            }
            How::Read => ended(store.read(&scope, work).await),
            How::Write => ended(store.write(&scope, work).await),
            How::Run { serializable } => {
                let writing = store.writing(&scope);
                let writing = match serializable {
                    true => writing.serializable(),
                    false => writing,
                };
                ended(writing.run_mut(work).await)
            }
            How::Once(key) => {
                let outcome = store.writing(&scope).once_mut(key, work).await;
                ended(outcome.map(|outcome| match outcome {
                    OnceOutcome::Done(answer) => answer,
                    OnceOutcome::AlreadyDone => Answer::AlreadyDone,
                }))
            }
        };
        log.push(plan.how.name(), end);
        let kept = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let (Some(rows), Some(call)) = (kept, &plan.after) {
            log.push(call.method.name(), rows.call(&call.method).await);
        }
    }

    fn body<'a>(
        &'a self,
        unit: &'a Unit,
        body: &'a [Inner],
        log: &'a Log,
    ) -> LocalBoxFuture<'a, ()> {
        Box::pin(async move {
            for inner in body {
                match inner {
                    Inner::Call(call) => {
                        let rows = self.records[call.table].of_unit(unit);
                        log.push(call.method.name(), rows.call(&call.method).await);
                    }
                    Inner::Outside { who, call } => {
                        log.push(call.method.name(), self.outside(*who, call).await);
                    }
                    Inner::Savepoint { body, release } => {
                        let work = async |unit: &Unit| -> Result<Answer, Stop> {
                            log.push(BEGAN, Outcome(Ok(Answer::Began)));
                            self.body(unit, body, log).await;
                            match release {
                                true => Ok(Answer::Done),
                                false => Err(Stop::Asked),
                            }
                        };
                        let outcome = unit.savepoint(work).await;
                        log.push("savepoint", ended(outcome));
                    }
                }
            }
        })
    }

    /// Removes every row, also of tables that no record of the run has.
    pub(super) async fn wipe(&self, domain: &Domain) -> Result<()> {
        let engine = self.database.engine();
        let tables: Vec<&str> = domain.tables_on(engine).map(|table| table.name).collect();
        let unit = self
            .database
            .store()
            .begin_write(&Who::System.scope())
            .await?;
        // Children come after their parents in a domain.
        for table in tables.iter().rev() {
            let sql = format!("DELETE FROM \"{table}\"");
            let deleted = match &unit {
                Unit::Sqlite(unit) => unit.seaorm().execute_unprepared(&sql).await,
                Unit::Postgres(unit) => unit.seaorm().execute_unprepared(&sql).await,
            };
            deleted.map_err(Error::from)?;
        }
        unit.commit().await
    }
}
