//! Every call, dropped at each point at which it waits: it is applied as a whole or not at all, leaves no transaction
//! open, and loses no write that was acknowledged to another caller.

mod calls;
mod keys;
mod load;

use std::error::Error;
use std::time::{Duration, Instant};

use catamaran::{Clock, Expected, Result, Scope, Store};
use chrono::{DateTime, Utc};
use entity::{Device, Entry, EntryDraft, Habit};
use fastrand::Rng;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::cancellation_points::drop_after_polls;
use crate::keys::Keyed;
use crate::observer::{dump_query, texts};
use crate::sample::day;
use crate::soak::database::{Database, in_time, open_transactions, settle};
use crate::soak::tally::Tally;
use crate::users::{ADA, everyone, scope};
use calls::{ANYONES, DELETED, LIVING, OWNERS, draft};
use load::Load;

/// A clock that stands, so that a call that is run again writes the same rows.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time in 2027")
    }
}

/// How the calls of one sweep are made and dropped.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// On whose behalf.
    pub scope: Scope,
    /// How many connections the store has of each kind. With one, what a dropped call leaves on it meets the
    /// next call.
    pub connections: usize,
    /// How long a call is kept waiting before it is dropped: not at all, or long enough for its answer to come.
    pub linger: Duration,
    /// Whether others write through the same store meanwhile.
    pub loaded: bool,
}

impl Setting {
    /// One of the many.
    pub fn any(rng: &mut Rng) -> Self {
        Setting {
            scope: *rng
                .choice([&scope(ADA), &scope(ADA), &everyone()])
                .expect("one of three"),
            connections: if rng.bool() { 1 } else { 4 },
            linger: Duration::from_micros(
                *rng.choice([&0, &0, &300, &1_000, &3_000])
                    .expect("one of five"),
            ),
            loaded: rng.u8(..4) == 0,
        }
    }

    fn calls(&self) -> Vec<(&'static str, Call)> {
        let owners = if self.scope.owner_id().is_some() {
            OWNERS
        } else {
            &[]
        };
        ANYONES.iter().chain(owners).copied().collect()
    }
}

type Outcome<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A call that succeeds on the base, and does the same each time.
type Call = fn(Store, Scope) -> BoxFuture<'static, Result<()>>;

/// What is swept: calls, and the rows on which they work.
struct Subject {
    calls: Vec<(&'static str, Call)>,
    /// Copies the rows that every call begins with.
    base: String,
    /// Empties the tables and writes the base again.
    reset: String,
    /// The rows that the calls may change.
    contents: Vec<String>,
    /// A write after a drop, as a rule by the connection that served the dropped call. Its query finds `after`.
    late_write: fn(Store) -> BoxFuture<'static, Result<String>>,
}

/// Copies of the rows that every call begins with, beside the tables.
const BASE: &str = "CREATE TABLE IF NOT EXISTS base_habits AS SELECT * FROM habits; \
     CREATE TABLE IF NOT EXISTS base_entries AS SELECT * FROM habit_entries";

/// Empties the tables and writes the base again.
const RESET: &str = "BEGIN; DELETE FROM habits; DELETE FROM catamaran_operation_keys; \
     DELETE FROM devices WHERE platform = 'after'; \
     INSERT INTO habits SELECT * FROM base_habits; \
     INSERT INTO habit_entries SELECT * FROM base_entries; COMMIT";

/// A sweep under way.
struct Sweep<'a> {
    place: &'a Database,
    setting: Setting,
    tally: &'a Tally,
    store: Store,
    outside: DatabaseConnection,
    subject: Subject,
}

/// Drops every call at every point, once.
///
/// # Errors
/// What keeps the sweep from running. What a call does wrong is a violation in the tally.
pub async fn sweep(place: &Database, setting: Setting, tally: &Tally) -> Outcome<()> {
    let outside = place.connect().await?;
    make_base(place, &outside).await?;
    let keys = "SELECT concat_ws(' ', user_id, id) FROM catamaran_operation_keys".to_owned();
    // Devices are the acknowledged writes.
    let rows = format!(
        "SELECT line FROM ({}) AS all_rows WHERE line NOT LIKE 'devices%'",
        dump_query()
    );
    let subject = Subject {
        calls: setting.calls(),
        base: BASE.to_owned(),
        reset: RESET.to_owned(),
        contents: vec![rows, keys],
        late_write: calls::late_write,
    };
    sweep_over(place, setting, tally, subject).await
}

/// The same over a record with a key of some kind, on behalf of an owner.
///
/// # Errors
/// As [`sweep`].
pub async fn sweep_keys<R: Keyed>(
    place: &Database,
    setting: Setting,
    tally: &Tally,
) -> Outcome<()> {
    let store = place.options().clock(Standing).open().await?;
    let subject = keys::subject::<R>(&store).await?;
    sweep_over(place, setting, tally, subject).await
}

async fn sweep_over(
    place: &Database,
    setting: Setting,
    tally: &Tally,
    subject: Subject,
) -> Outcome<()> {
    let options = place.options().clock(Standing);
    let store = options
        .connections(setting.connections)
        .readers(setting.connections)
        .open()
        .await?;
    let outside = place.connect().await?;
    outside.execute_unprepared(&subject.base).await?;
    let sweep = Sweep {
        place,
        setting,
        tally,
        store,
        outside,
        subject,
    };
    let load = setting.loaded.then(|| Load::start(&sweep.store));
    for (name, run) in &sweep.subject.calls {
        sweep.every_point(name, *run, load.as_ref()).await?;
    }
    let written = match load {
        Some(load) => load.stop(tally).await,
        None => Vec::new(),
    };
    sweep.end(written).await?;
    tally.ran();
    Ok(())
}

async fn make_base(place: &Database, outside: &DatabaseConnection) -> Outcome<()> {
    outside
        .execute_unprepared("DELETE FROM habits; DELETE FROM devices")
        .await?;
    let store = place.options().clock(Standing).open().await?;
    let rows = store.repository::<Habit>(&scope(ADA));
    rows.insert_many((1..=4).map(draft).collect()).await?;
    rows.delete(DELETED, Expected::Any).await?;
    let entries = store.repository::<Entry>(&scope(ADA));
    for habit in [LIVING, DELETED] {
        let entry = EntryDraft::new(habit, day(0)).id(habit);
        entries.insert(entry).await?;
    }
    Ok(())
}

impl Sweep<'_> {
    /// The rows, without those that were written after a drop.
    async fn contents(&self) -> Outcome<Vec<String>> {
        let mut rows = Vec::new();
        for sql in &self.subject.contents {
            rows.extend(texts(&self.outside, sql).await?);
        }
        Ok(rows)
    }

    async fn every_point(&self, name: &str, run: Call, load: Option<&Load>) -> Outcome<()> {
        let setting = &self.setting;
        self.outside.execute_unprepared(&self.subject.reset).await?;
        let before = self.contents().await?;
        run(self.store.clone(), setting.scope).await?;
        let after = self.contents().await?;
        for k in 0.. {
            let at = || format!("{} {setting:?}: {name} dropped at {k}", self.place.engine);
            self.outside.execute_unprepared(&self.subject.reset).await?;
            let begun = Instant::now();
            let call = drop_after_polls(run(self.store.clone(), setting.scope), k, setting.linger);
            let Some(ended) = in_time(self.tally, name, call).await else {
                return Ok(());
            };
            let late = (self.subject.late_write)(self.store.clone()).await?;
            let quiet = match load {
                Some(load) => Some(load.pause().await),
                None => None,
            };
            settle(&self.store, setting.connections).await?;
            let kept = texts(&self.outside, &late).await?;
            self.tally.must(kept == ["after"], || {
                format!("{}: an acknowledged write is lost", at())
            });
            let open = open_transactions(self.place.engine, &self.outside).await?;
            self.tally
                .must(open.is_empty(), || format!("{}: open: {open:?}", at()));
            let found = self.contents().await?;
            drop(quiet);
            match ended {
                Some(Ok(())) => {
                    self.tally.acknowledged(begun.elapsed());
                    self.tally.must(found == after, || {
                        format!("{}: acknowledged and not done: {found:#?}", at())
                    });
                    break;
                }
                Some(Err(error)) => {
                    self.tally.failed(&error);
                    self.tally.violated(format!("{}: {error:?}", at()));
                    break;
                }
                None => {
                    self.tally.dropped();
                    let whole = found == before || found == after;
                    self.tally
                        .must(whole, || format!("{}: by half: {found:#?}", at()));
                }
            }
        }
        Ok(())
    }

    /// Closes the store, and looks again.
    async fn end(self, written: Vec<Device>) -> Outcome<()> {
        let left = self.contents().await?;
        self.store.close();
        let open = open_transactions(self.place.engine, &self.outside).await?;
        self.tally
            .must(open.is_empty(), || format!("after closing, open: {open:?}"));
        let found = self.contents().await?;
        self.tally.must(found == left, || {
            "closing the store changed rows".to_owned()
        });
        let again = self.place.options().open().await?;
        let seen = again.repository::<Device>(&everyone());
        for device in written {
            let found = seen.find(device.id).await?;
            self.tally.must(found.as_ref() == Some(&device), || {
                format!(
                    "{:?}: {device:?} was acknowledged, and is {found:?}",
                    self.setting
                )
            });
        }
        Ok(())
    }
}
