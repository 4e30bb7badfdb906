//! Runs a printed sequence on both engines.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;

use super::operation::Turn;
use super::outcome::shortened;
use super::run::blocking;
use super::source::{Source, ordinary_time};
use super::{call, outcome};
use crate::driver::Stored;
use crate::migrate::History;
use crate::model::domain::Domain;
use crate::model::error::{Error, Result};
use crate::model::query::Query;
use crate::model::repository::Repository;
use crate::store::Store;
use crate::testing::{Target, TestError, TwinDatabase};
use crate::unit::AnyRepository;

/// Runs a body on a SQLite file and on Postgres, and panics unless both gave the same outcomes to
/// [`Replay::saw`]. The code that [`assert_engines_agree!`](crate::assert_engines_agree) prints calls it.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{Note, NoteDraft, domain::DOMAIN, migration::History};
/// catamaran::testing::replay::<History>(&DOMAIN, async |replay| {
///     let scope = catamaran::Scope::system("a test");
///     let notes = replay.store().repository::<Note>(&scope);
///     replay.saw(notes.insert(NoteDraft::new("hull")).await);
///     replay.saw(notes.count(&catamaran::Query::all()).await);
/// });
/// ```
///
/// # Panics
/// If the outcomes differ, or a database cannot be created or removed.
pub fn replay<H: History>(domain: &'static Domain, body: impl AsyncFn(&Replay) + Sync) {
    let run = async |target| -> Result<Vec<String>, TestError> {
        let source = Source::new();
        let options = |options: crate::store::StoreOptions| {
            let options = options.domain(domain);
            options.clock(source.clone()).ids(source.clone())
        };
        let database = TwinDatabase::create_with::<H>(target, options).await?;
        let replay = Replay {
            store: database.store().clone(),
            source,
            log: Mutex::default(),
        };
        body(&replay).await;
        let log = replay.log.into_inner();
        drop(replay.store);
        database.remove().await?;
        Ok(log.unwrap_or_else(PoisonError::into_inner))
    };
    let outcomes = blocking(async || {
        let sqlite = run(Target::SqliteFile).await?;
        Ok((sqlite, run(Target::Postgres).await?))
    });
    let (sqlite, postgres) =
        outcomes.unwrap_or_else(|error: TestError| panic!("cannot compare the engines: {error}"));
    let differs =
        (0..sqlite.len().max(postgres.len())).find(|at| sqlite.get(*at) != postgres.get(*at));
    if let Some(at) = differs {
        let shown = |log: &[String]| shortened(log.get(at).map_or("nothing", |outcome| outcome));
        panic!(
            "outcome {at} differs\n  SQLite:   {}\n  Postgres: {}",
            shown(&sqlite),
            shown(&postgres)
        );
    }
}

/// One engine of a [`replay`].
#[derive(Debug)]
pub struct Replay {
    store: Store,
    source: Source,
    log: Mutex<Vec<String>>,
}

/// What ends the work of a unit or a savepoint in a [`replay`].
#[derive(Debug)]
pub enum Stop {
    /// The work asks for a rollback.
    Asked,
    /// A call failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl Replay {
    /// The store of this engine.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Sets the clock of the store to this number of seconds on an ordinary day, and the number from which it makes
    /// ids.
    pub fn turn(&self, number: u32) {
        self.turn_at(number, ordinary_time(number));
    }

    /// As [`turn`](Self::turn), with another time.
    pub fn turn_at(&self, number: u32, now: DateTime<Utc>) {
        self.source.set(Turn { number, now });
    }

    /// Adds an outcome to those that are compared: the value, or the kind of the error.
    pub fn saw<T: Debug, E: Debug + Into<Stop>>(&self, outcome: Result<T, E>) {
        let text = match outcome {
            Ok(value) => format!("{value:?}"),
            Err(error) => match error.into() {
                Stop::Asked => "rolled back".to_owned(),
                Stop::Failed(error) => format!("{:?}", error.kind()),
            },
        };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(text);
    }

    /// Returns the value of an outcome, or adds the kind of its error.
    pub fn ok<T>(&self, outcome: Result<T>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                self.saw::<(), _>(Err(error));
                None
            }
        }
    }

    /// Adds the rows of a stream.
    pub async fn saw_all<R: Stored>(&self, rows: BoxStream<'static, Result<R>>) {
        self.saw(rows.try_collect::<Vec<R>>().await);
    }

    /// Adds all pages of a query, each read by the cursor of the one before.
    pub async fn saw_pages<R: Stored>(
        &self,
        rows: &dyn Repository<R>,
        query: &Query<R>,
        size: u32,
        backwards: bool,
    ) {
        let pages = call::pages(rows, query, size, backwards).await;
        self.saw(pages.map(outcome::Answer::Pages));
    }

    /// Runs a statement that is the same on both engines, and adds how many rows it changed.
    pub async fn saw_custom<R: Stored>(&self, rows: &AnyRepository<R>, sql: &'static str) {
        self.saw(call::custom(rows, sql.to_owned()).await);
    }
}
