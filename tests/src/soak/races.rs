//! Many concurrent writers through two stores, as in two processes: no write is lost, no deadlock is returned, and
//! no writer waits for ever.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use catamaran::{
    ConflictReason, Error, ErrorKind, Expected, Query, RepositoryExt, Result, Retry, Store, Unit,
    Upsert, Upserted,
};
use entity::{Entry, EntryDraft, EntryPatch, Habit, HabitDraft};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::pace::scaled;
use crate::sample::day;
use crate::soak::database::Database;
use crate::soak::tally::Tally;
use crate::users::{habit_of, scope};

/// How long a writer may wait for its turn. A writer that waits longer gives up, which is a violation.
#[must_use]
pub fn longest_wait() -> Duration {
    scaled(Duration::from_secs(120))
}

/// The longest pause before a lost race is tried again.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// What the writers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Race {
    /// Reads a row, adds one, and writes it if its version is unchanged; otherwise the caller tries again.
    Increments,
    /// The same by `modify`, which does it again by itself.
    Modify,
    /// Lock the row in a unit of work, then read and write it.
    Locked,
    /// Read and write it in a unit that is serializable, and is run again.
    Serializable,
    /// Insert the same keys, one by one.
    SameKeys,
    /// Insert the same keys, all in one call, half of the writers in the opposite order.
    OppositeInserts,
    /// Upsert the same rows, half of the writers in the opposite order.
    OppositeUpserts,
}

impl Race {
    /// Every one.
    pub const ALL: [Race; 7] = [
        Race::Increments,
        Race::Modify,
        Race::Locked,
        Race::Serializable,
        Race::SameKeys,
        Race::OppositeInserts,
        Race::OppositeUpserts,
    ];

    /// The name in the table of results.
    pub fn name(self) -> &'static str {
        match self {
            Race::Increments => "race: increments",
            Race::Modify => "race: modify",
            Race::Locked => "race: lock",
            Race::Serializable => "race: serializable",
            Race::SameKeys => "race: same keys",
            Race::OppositeInserts => "race: insert_many",
            Race::OppositeUpserts => "race: upsert_many",
        }
    }

    /// Runs the race once, with an owner of its own.
    ///
    /// # Errors
    /// What keeps it from beginning. What goes wrong in it is a violation in the tally.
    pub async fn run(
        self,
        stores: [Store; 2],
        writers: usize,
        owner: Uuid,
        tally: &Tally,
    ) -> Result<()> {
        let course = Course {
            stores,
            writers,
            owner,
            tally: tally.clone(),
        };
        match self {
            Race::Increments => course.increments(increment).await?,
            Race::Modify => course.increments(modify).await?,
            Race::Locked => course.increments(increment_locked).await?,
            Race::Serializable => course.increments(increment_serializable).await?,
            Race::SameKeys => course.same_keys().await?,
            Race::OppositeInserts => course.opposite_inserts().await?,
            Race::OppositeUpserts => course.opposite_upserts().await?,
        }
        tally.ran();
        Ok(())
    }
}

/// Two stores with connections of their own, and [`longest_wait`] as their time limits.
///
/// # Errors
/// Those of opening.
pub async fn two_stores(place: &Database) -> Result<[Store; 2]> {
    let open = || {
        let options = place.options().acquire_timeout(longest_wait());
        options.lock_timeout(longest_wait()).open()
    };
    Ok([open().await?, open().await?])
}

/// Whether the error is the one that a loser of a version race gets.
pub fn is_stale(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Conflict {
            reason: ConflictReason::Version { expected, actual },
            ..
        } if actual > expected
    )
}

struct Course {
    stores: [Store; 2],
    writers: usize,
    owner: Uuid,
    tally: Tally,
}

impl Course {
    /// What each writer's work gave, in no order; what it gave as an error is a violation.
    async fn all<T, F, W>(&self, work: W) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
        W: Fn(Store, usize) -> F,
    {
        let mut tasks = JoinSet::new();
        for writer in 0..self.writers {
            tasks.spawn(work(self.stores[writer % 2].clone(), writer));
        }
        let mut done = Vec::new();
        for ended in tasks.join_all().await {
            match ended {
                Ok(value) => done.push(value),
                Err(error) => {
                    self.tally.failed(&error);
                    self.tally.violated(format!("a racer was given {error:?}"));
                }
            }
        }
        done
    }

    async fn increments<F>(&self, once: fn(Store, Uuid, Uuid) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        const TURNS: usize = 4;
        let (owner, tally) = (self.owner, self.tally.clone());
        let habit = habit_of(&self.stores[0], owner, "run").await?;
        let entries = self.stores[0].repository::<Entry>(&scope(owner));
        let entry = entries.insert(EntryDraft::new(habit.id, day(0))).await?.id;
        let done = self
            .all(|store, _| {
                let tally = tally.clone();
                async move {
                    for _ in 0..TURNS {
                        let begun = Instant::now();
                        while let Err(error) = once(store.clone(), owner, entry).await {
                            tally.failed(&error);
                            if !is_stale(&error) {
                                return Err(error);
                            }
                            tally.retried();
                            // A random pause, so that the same writers do not conflict again.
                            let pause = BETWEEN_TRIES.mul_f64(fastrand::f64());
                            tokio::time::sleep(pause).await;
                        }
                        tally.acknowledged(begun.elapsed());
                    }
                    Ok(())
                }
            })
            .await;
        let writes = (TURNS * done.len()) as i64;
        let found = entries.get(entry).await?;
        let found = (found.amount, found.version);
        tally.must(found == (writes, writes + 1), || {
            format!("{writes} increments were acknowledged; amount and version are {found:?}")
        });
        Ok(())
    }

    async fn same_keys(&self) -> Result<()> {
        const KEYS: u32 = 4;
        let (owner, tally) = (self.owner, self.tally.clone());
        let habit = habit_of(&self.stores[0], owner, "run").await?.id;
        let won = self
            .all(|store, writer| {
                let tally = tally.clone();
                async move {
                    let entries = store.repository::<Entry>(&scope(owner));
                    let mut won = Vec::new();
                    for nth in 0..KEYS {
                        let begun = Instant::now();
                        let draft = EntryDraft::new(habit, day(nth)).amount(writer as i64);
                        match entries.insert(draft).await {
                            Ok(entry) => {
                                tally.acknowledged(begun.elapsed());
                                won.push(entry);
                            }
                            Err(error) if is_taken(&error) => tally.failed(&error),
                            Err(error) => return Err(error),
                        }
                    }
                    Ok(won)
                }
            })
            .await;
        self.one_winner_each(habit, KEYS, won.concat()).await
    }

    async fn opposite_inserts(&self) -> Result<()> {
        const KEYS: u32 = 200;
        let (owner, tally) = (self.owner, self.tally.clone());
        let habit = habit_of(&self.stores[0], owner, "run").await?.id;
        let won = self
            .all(|store, writer| {
                let tally = tally.clone();
                async move {
                    let entries = store.repository::<Entry>(&scope(owner));
                    let mut drafts: Vec<EntryDraft> = (0..KEYS)
                        .map(|nth| EntryDraft::new(habit, day(nth)))
                        .collect();
                    if writer % 2 == 1 {
                        drafts.reverse();
                    }
                    let begun = Instant::now();
                    match entries.insert_many(drafts).await {
                        Ok(all) => {
                            tally.acknowledged(begun.elapsed());
                            Ok(all)
                        }
                        Err(error) if is_taken(&error) => {
                            tally.failed(&error);
                            Ok(Vec::new())
                        }
                        Err(error) => Err(error),
                    }
                }
            })
            .await;
        self.one_winner_each(habit, KEYS, won.concat()).await
    }

    /// The entries that were acknowledged are there, one for each of the first days, and no other.
    async fn one_winner_each(&self, habit: Uuid, keys: u32, won: Vec<Entry>) -> Result<()> {
        let entries = self.stores[1].repository::<Entry>(&scope(self.owner));
        let days: BTreeSet<_> = won.iter().map(|entry| entry.date).collect();
        let wanted: BTreeSet<_> = (0..keys).map(day).collect();
        self.tally
            .must(days == wanted && won.len() == wanted.len(), || {
                format!("{} inserts of {keys} keys were acknowledged", won.len())
            });
        for entry in &won {
            let found = entries.find(entry.id).await?;
            self.tally.must(found.as_ref() == Some(entry), || {
                format!("{entry:?} was acknowledged, and is {found:?}")
            });
        }
        let there = entries.count(&Entry::HABIT_ID.eq(habit).into()).await?;
        self.tally.must(there == u64::from(keys), || {
            format!("{there} rows, not {keys}")
        });
        Ok(())
    }

    /// A third of the rows exists before. Each writer changes some of them.
    async fn opposite_upserts(&self) -> Result<()> {
        const ROWS: usize = 150;
        let (owner, tally, writers) = (self.owner, self.tally.clone(), self.writers);
        let ids: Vec<Uuid> = (0..ROWS as u128)
            .map(|n| Uuid::from_u128(owner.as_u128() ^ (n << 64)))
            .collect();
        let habits = self.stores[0].repository::<Habit>(&scope(owner));
        let first = |id: &Uuid| HabitDraft::new("first", "daily").id(*id);
        let before = habits
            .insert_many(ids.iter().take(ROWS / 3).map(first).collect())
            .await?;
        let outcomes = self
            .all(|store, writer| {
                let (tally, ids, before) = (tally.clone(), ids.clone(), before.clone());
                async move {
                    let mut rows: Vec<Upsert<Habit>> = ids
                        .into_iter()
                        .enumerate()
                        .map(|(nth, id)| match before.get(nth) {
                            Some(row) if nth % writers == writer => {
                                let color = format!("by {writer}");
                                Upsert::seen(Habit {
                                    color,
                                    ..row.clone()
                                })
                            }
                            Some(row) => Upsert::seen(row.clone()),
                            None => Upsert::new(HabitDraft::new("late", "daily").id(id)),
                        })
                        .collect();
                    if writer % 2 == 1 {
                        rows.reverse();
                    }
                    let begun = Instant::now();
                    let habits = store.repository::<Habit>(&scope(owner));
                    match habits.upsert_many(rows).await {
                        Ok(outcomes) => {
                            tally.acknowledged(begun.elapsed());
                            Ok(outcomes)
                        }
                        // Another writer changed a row that this one has unchanged.
                        Err(error) if is_stale(&error) => {
                            tally.failed(&error);
                            Ok(Vec::new())
                        }
                        Err(error) => Err(error),
                    }
                }
            })
            .await;
        let mut inserted = BTreeSet::new();
        for outcome in outcomes.into_iter().flatten() {
            match outcome {
                Upserted::Inserted(row) => {
                    tally.must(inserted.insert(row.id), || {
                        format!("{} was inserted twice", row.id)
                    });
                }
                Upserted::Updated(row) => {
                    let found = habits.find(row.id).await?;
                    tally.must(found.as_ref() == Some(&row), || {
                        format!("{row:?} was acknowledged, and is {found:?}")
                    });
                }
                Upserted::Unchanged(_) => {}
            }
        }
        let late = ROWS - ROWS / 3;
        tally.must(inserted.len() == late, || {
            format!("{} of {late} were inserted", inserted.len())
        });
        let there = habits.count(&Query::all()).await?;
        tally.must(there == ROWS as u64, || format!("{there} rows, not {ROWS}"));
        Ok(())
    }
}

/// Whether another entry has the habit's day.
fn is_taken(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unique { columns, .. } if columns[..] == ["user_id", "habit_id", "date"])
}

async fn increment(store: Store, owner: Uuid, entry: Uuid) -> Result<()> {
    let entries = store.repository::<Entry>(&scope(owner));
    let mut entry = entries.get(entry).await?;
    entry.amount += 1;
    entries.update(entry).await.map(drop)
}

/// Retries as long as a writer may wait.
fn patient() -> Retry {
    Retry::default().tries(10_000).budget(longest_wait())
}

async fn modify(store: Store, owner: Uuid, entry: Uuid) -> Result<()> {
    let entries = store.repository::<Entry>(&scope(owner));
    let modified = entries.modify(entry, patient(), |entry| entry.amount += 1);
    modified.await.map(drop)
}

async fn increment_locked(store: Store, owner: Uuid, entry: Uuid) -> Result<()> {
    let locked = async |unit: &Unit| {
        unit.repository::<Entry>().lock(&[entry]).await?;
        increment_in(unit, entry).await
    };
    store.writing(&scope(owner)).run(locked).await
}

async fn increment_serializable(store: Store, owner: Uuid, entry: Uuid) -> Result<()> {
    let owner = scope(owner);
    let writing = store.writing(&owner).serializable().retry(patient());
    writing
        .run(async |unit| increment_in(unit, entry).await)
        .await
}

async fn increment_in(unit: &Unit, entry: Uuid) -> Result<()> {
    let entries = unit.repository::<Entry>();
    let seen = entries.get(entry).await?;
    let version = Expected::Version(seen.version);
    let patch = EntryPatch::new().amount(seen.amount + 1);
    entries.patch(seen.id, version, patch).await.map(drop)
}
