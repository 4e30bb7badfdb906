//! The queries that are this application's own: a trait beside [`Repository`], implemented once for each
//! engine in that engine's best SQL.

mod postgres;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use catamaran::{AnyRepository, Repository, Result, Scope, Store, Unit};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::Habit;

/// What can be asked of habits beside what can be asked of every record.
#[async_trait]
pub trait HabitRepository: Repository<Habit> {
    /// The runs of consecutive days on which the habit has a living entry. A habit without entries, or
    /// one that is not in this scope, has runs of no days.
    ///
    /// # Errors
    /// The errors that every call of a repository can give.
    async fn streak(&self, habit: Uuid) -> Result<Streak>;
}

/// Runs of consecutive days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streak {
    /// The longest run, in days.
    pub longest: i64,
    /// The run that ends with the latest entry, in days.
    pub current: i64,
    /// The day of the latest entry: whoever knows what day it is knows whether the run still goes on.
    pub last_day: Option<NaiveDate>,
}

/// The habits of a store in one scope.
pub fn habits(store: &Store, scope: &Scope) -> Arc<dyn HabitRepository> {
    shared(store.native(scope))
}

/// The habits of a unit of work, in its scope.
pub fn habits_in(unit: &Unit) -> Arc<dyn HabitRepository> {
    shared(unit.native())
}

fn shared(repository: AnyRepository<Habit>) -> Arc<dyn HabitRepository> {
    match repository {
        AnyRepository::Sqlite(repository) => Arc::new(repository),
        AnyRepository::Postgres(repository) => Arc::new(repository),
    }
}
