//! This application's custom queries: a trait that extends [`Repository`], implemented for each engine in that
//! engine's SQL.

mod postgres;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use catamaran::{AnyRepository, Repository, Result, Scope, Store, Unit};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::Habit;

/// The repository of habits: that of any record, and the queries that only habits have.
#[async_trait]
pub trait HabitRepository: Repository<Habit> {
    /// Returns the runs of consecutive days on which the habit has a live entry.
    ///
    /// The runs have no days if the habit has no entries or is not in this scope.
    ///
    /// # Errors
    /// The errors of every repository call.
    async fn streak(&self, habit: Uuid) -> Result<Streak>;
}

/// Runs of consecutive days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streak {
    /// The longest run, in days.
    pub longest: i64,
    /// The run that ends on the day of the latest entry, in days.
    pub current: i64,
    /// The day of the latest entry. The current run goes on if this is today or yesterday.
    pub last_day: Option<NaiveDate>,
}

impl Streak {
    /// The streak in the one row of a query for `longest`, `current` and `last_day`.
    fn new(rows: Vec<(i64, i64, Option<NaiveDate>)>) -> Self {
        let (longest, current, last_day) = rows.into_iter().next().unwrap_or_default();
        Streak {
            longest,
            current,
            last_day,
        }
    }
}

/// The repository of habits of a store in one scope.
pub fn habits(store: &Store, scope: &Scope) -> Arc<dyn HabitRepository> {
    shared(store.native(scope))
}

/// The repository of habits of a unit of work, in the unit's scope.
pub fn habits_in(unit: &Unit) -> Arc<dyn HabitRepository> {
    shared(unit.native())
}

fn shared(repository: AnyRepository<Habit>) -> Arc<dyn HabitRepository> {
    match repository {
        AnyRepository::Sqlite(repository) => Arc::new(repository),
        AnyRepository::Postgres(repository) => Arc::new(repository),
    }
}
