//! The database that a workload runs on.

use std::time::Duration;

use catamaran::testing::TwinDatabase;
use catamaran::{Engine, Store, StoreOptions};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};

use crate::observer;
use crate::pace::scaled;
use crate::soak::tally::Tally;

/// How long anything may last before it is called hanging.
#[must_use]
pub fn hanging() -> Duration {
    scaled(Duration::from_secs(60))
}

/// A migrated database that several connections may open.
#[derive(Clone, Debug)]
pub struct Database {
    /// The engine.
    pub engine: Engine,
    /// The URL; on Postgres the superuser's.
    pub url: String,
}

impl Database {
    /// The database of a test.
    ///
    /// # Panics
    /// If it is in memory, where no other process can open it.
    pub fn of(db: &TwinDatabase) -> Self {
        assert!(db.is_shared(), "a workload needs a second connection");
        Database {
            engine: db.engine(),
            url: db.url().to_owned(),
        }
    }

    /// Options for a store on it.
    pub fn options(&self) -> StoreOptions {
        StoreOptions::new(&self.url)
    }

    /// A connection beside every store's.
    ///
    /// # Errors
    /// Those of connecting.
    pub async fn connect(&self) -> Result<DatabaseConnection, DbErr> {
        observer::connect(&self.url).await
    }
}

/// The open transactions that another connection sees.
///
/// # Errors
/// Those of the query.
pub async fn open_transactions(
    engine: Engine,
    outside: &DatabaseConnection,
) -> Result<Vec<String>, DbErr> {
    match engine {
        Engine::Sqlite => {
            let taken = outside
                .execute_unprepared("BEGIN IMMEDIATE; ROLLBACK")
                .await;
            Ok(taken
                .err()
                .map(|error| error.to_string())
                .into_iter()
                .collect())
        }
        Engine::Postgres => {
            let open = "SELECT state || ': ' || query FROM pg_stat_activity \
                 WHERE datname = current_database() AND application_name = 'catamaran' \
                 AND state LIKE 'idle in transaction%'";
            observer::texts(outside, open).await
        }
    }
}

/// Waits until all earlier calls on the store have ended, by acquiring all of its connections at
/// once. `connections` is the number of connections of each kind.
///
/// # Errors
/// Those of beginning a unit.
pub async fn settle(store: &Store, connections: usize) -> catamaran::Result<()> {
    let scope = crate::users::everyone();
    let writers = match store.engine() {
        Engine::Sqlite => 1,
        Engine::Postgres => connections,
    };
    let mut held = Vec::new();
    for _ in 0..writers {
        held.push(store.begin_write(&scope).await?);
    }
    if store.engine() == Engine::Sqlite {
        for _ in 0..connections {
            held.push(store.begin_read(&scope).await?);
        }
    }
    for unit in held {
        unit.rollback().await?;
    }
    Ok(())
}

/// The result of the work, or `None` and a violation if it takes longer than [`hanging`].
pub async fn in_time<T>(tally: &Tally, what: &str, work: impl Future<Output = T>) -> Option<T> {
    let ended = tokio::time::timeout(hanging(), work).await.ok();
    tally.must(ended.is_some(), || format!("{what} hangs"));
    ended
}
