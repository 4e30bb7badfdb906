//! Generated changes of a table of 1,000,000 rows, while others read and write it: how long each change takes, and the
//! longest call of a writer and of a reader meanwhile.
//!
//! The doctor generates each change. "Apart" is the way around that its review names for a large table on Postgres: other
//! statements, in a migration outside of a transaction.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use catamaran::doctor::Doctor;
use catamaran::domain::{
    Check, ColumnDefault, DefaultValue, Domain, Index, Table, TableSource, TableTypes, TypedColumn,
};
use catamaran::migrate::{History, Script, TwinMigration, up};
use catamaran::testing::{DatabaseOptions, PostgresServer};
use catamaran::{Engine, Expected, PageRequest, Query, Repository, Scope, Store, StoreOptions};
use entity::domain::{DOMAIN, HABITS};
use entity::{Habit, HabitDraft, HabitPatch};
use tokio::task::JoinSet;
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ROWS: usize = 1_000_000;

/// How many rows are loaded with one call.
const BATCH: usize = 10_000;

/// How many owners have rows.
const OWNERS: u128 = 100;

/// How many tasks write, and how many read.
const TASKS: u128 = 4;

/// How long the load runs before and after the change.
const AROUND: Duration = Duration::from_secs(2);

/// Between two calls of a task.
const PAUSE: Duration = Duration::from_millis(2);

/// Longer than any change, so that calls wait and do not fail.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A change of the schema.
struct Change {
    what: &'static str,
    apply: fn(&mut Sketch),
    /// The statements on Postgres instead of the generated ones, outside of a transaction.
    apart: &'static [&'static str],
}

const CHANGES: [Change; 7] = [
    Change {
        what: "index added",
        apply: |sketch| sketch.table.indexes = leak(with(sketch.table.indexes, BY_NAME)),
        apart: &[],
    },
    Change {
        what: "index added, apart",
        apply: |sketch| sketch.table.indexes = leak(with(sketch.table.indexes, BY_CADENCE)),
        apart: &[
            "CREATE INDEX CONCURRENTLY ix_habits__user_id_cadence ON habits (user_id, cadence)",
        ],
    },
    Change {
        what: "check added",
        apply: |sketch| sketch.table.checks = leak(with(sketch.table.checks, NAMED)),
        apart: &[],
    },
    Change {
        what: "check added, apart",
        apply: |sketch| sketch.table.checks = leak(with(sketch.table.checks, PLACED)),
        apart: &[
            "ALTER TABLE habits ADD CONSTRAINT ck_habits__place CHECK (sort_order >= 0) NOT VALID",
            "ALTER TABLE habits VALIDATE CONSTRAINT ck_habits__place",
        ],
    },
    Change {
        what: "column added, NOT NULL with a default",
        apply: |sketch| {
            sketch.table.columns = leak(with(sketch.table.columns, "goal"));
            sketch.table.defaults = leak(with(sketch.table.defaults, ONE));
            sketch.columns.push(TypedColumn::new("goal", "int4"));
            sketch.table.checks = leak(with(
                sketch.table.checks,
                Check::on_sqlite("ck_habits__goal").of(&["goal"]),
            ));
        },
        apart: &[],
    },
    Change {
        what: "column of a longer number",
        apply: |sketch| {
            for column in sketch
                .columns
                .iter_mut()
                .filter(|column| column.name == "goal")
            {
                *column = TypedColumn::new("goal", "bigint");
            }
            let checks = sketch.table.checks.iter().copied();
            sketch.table.checks = leak(
                checks
                    .filter(|check| check.name != "ck_habits__goal")
                    .collect(),
            );
        },
        apart: &[],
    },
    Change {
        what: "column dropped",
        apply: |sketch| {
            sketch.table.columns = HABITS.columns;
            sketch.table.defaults = HABITS.defaults;
            sketch.columns.retain(|column| column.name != "goal");
        },
        apart: &[],
    },
];

const BY_NAME: Index = Index {
    name: "ix_habits__user_id_name",
    columns: &["user_id", "name"],
    unique: false,
    predicate: None,
};

const BY_CADENCE: Index = Index {
    name: "ix_habits__user_id_cadence",
    columns: &["user_id", "cadence"],
    ..BY_NAME
};

const NAMED: Check = Check::on_both("ck_habits__named").holds("length(name) > 0");

const PLACED: Check = Check::on_both("ck_habits__place").holds("sort_order >= 0");

const ONE: ColumnDefault = ColumnDefault {
    column: "goal",
    value: DefaultValue::Integer(1),
};

fn with<T: Copy>(list: &[T], one: T) -> Vec<T> {
    list.iter().copied().chain([one]).collect()
}

fn leak<T>(list: Vec<T>) -> &'static [T] {
    list.leak()
}

/// The table of habits while it changes. Its columns are stated, as the record keeps its own.
#[derive(Clone)]
struct Sketch {
    table: Table,
    columns: Vec<TypedColumn>,
}

impl Sketch {
    fn begin() -> Self {
        Sketch {
            table: HABITS,
            columns: vec![
                TypedColumn::new("id", "uuid"),
                TypedColumn::new("user_id", "uuid"),
                TypedColumn::new("name", "text"),
                TypedColumn::new("cadence", "text"),
                TypedColumn::new("color", "text"),
                TypedColumn::new("sort_order", "int4"),
                TypedColumn::new("is_archived", "boolean"),
                TypedColumn::new("created_at", "timestamptz"),
                TypedColumn::new("updated_at", "timestamptz"),
                TypedColumn::new("version", "bigint"),
                TypedColumn::nullable("deleted_at", "timestamptz"),
            ],
        }
    }

    fn domain(&self) -> &'static Domain {
        let types: &'static TableTypes = Box::leak(Box::new(TableTypes {
            table: HABITS.name,
            columns: leak(self.columns.clone()),
        }));
        let tables = DOMAIN
            .tables
            .iter()
            .map(|table| match table.name == HABITS.name {
                true => self.table,
                false => *table,
            });
        // The first source is the record of habits.
        let others = DOMAIN.sources.iter().skip(1).copied();
        Box::leak(Box::new(Domain {
            tables: leak(tables.collect()),
            sources: leak(others.chain([TableSource::types(types)]).collect()),
            ..DOMAIN
        }))
    }
}

/// A generated change.
#[derive(Clone)]
struct Generated {
    name: &'static str,
    sqlite: Vec<String>,
    postgres: Vec<String>,
    is_apart: bool,
}

/// The changes so far. A history has no value to be told by.
static CHANGED: Mutex<Vec<Generated>> = Mutex::new(Vec::new());

struct Changed;

impl History for Changed {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut all = <migration::History as History>::migrations();
        let changed = CHANGED.lock().unwrap_or_else(PoisonError::into_inner);
        for one in changed.iter() {
            all.push(Box::new(one.clone()));
        }
        all
    }
}

impl TwinMigration for Generated {
    fn name(&self) -> &'static str {
        self.name
    }

    fn sqlite_up(&self) -> Script {
        self.sqlite.iter().cloned().fold(Script::new(), Script::sql)
    }

    fn sqlite_down(&self) -> Script {
        Script::nothing("there is no way back")
    }

    fn postgres_up(&self) -> Script {
        let script = match self.is_apart {
            true => Script::new().outside_transaction(),
            false => Script::new(),
        };
        self.postgres.iter().cloned().fold(script, Script::sql)
    }

    fn postgres_down(&self) -> Script {
        Script::nothing("there is no way back")
    }
}

/// The longest calls, and how many there were.
#[derive(Clone, Copy, Default)]
struct Calls {
    done: u64,
    failed: u64,
    longest: Duration,
}

impl Calls {
    async fn call<T>(&mut self, call: impl Future<Output = catamaran::Result<T>>) -> Option<T> {
        let begin = Instant::now();
        let outcome = call.await;
        self.longest = self.longest.max(begin.elapsed());
        match outcome {
            Ok(done) => {
                self.done += 1;
                Some(done)
            }
            Err(error) => {
                self.failed += 1;
                eprintln!("{error}");
                None
            }
        }
    }

    fn and(self, other: Calls) -> Calls {
        Calls {
            done: self.done + other.done,
            failed: self.failed + other.failed,
            longest: self.longest.max(other.longest),
        }
    }
}

fn draft() -> HabitDraft {
    HabitDraft::new("Drink a glass of water", "daily")
}

/// Inserts rows and patches them, until it is told to end.
async fn write(rows: Arc<dyn Repository<Habit>>, ended: Arc<AtomicBool>) -> Calls {
    let mut calls = Calls::default();
    while !ended.load(Ordering::Relaxed) {
        if let Some(habit) = calls.call(rows.insert(draft())).await {
            let patch = HabitPatch::new().color("#ffffff");
            calls.call(rows.patch(habit.id, Expected::Any, patch)).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
    calls
}

/// Reads pages and single rows, until it is told to end.
async fn read(rows: Arc<dyn Repository<Habit>>, ended: Arc<AtomicBool>) -> Calls {
    let query = Query::all().order_by(Habit::UPDATED_AT.asc());
    let mut calls = Calls::default();
    while !ended.load(Ordering::Relaxed) {
        let page = calls.call(rows.list(&query, PageRequest::first(50))).await;
        let first = page.and_then(|page| page.items.into_iter().next());
        if let Some(habit) = first {
            calls.call(rows.find(habit.id)).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
    calls
}

/// The readers and writers, while they run.
struct Load {
    ended: Arc<AtomicBool>,
    writers: JoinSet<Calls>,
    readers: JoinSet<Calls>,
}

impl Load {
    fn begin(store: &Store) -> Self {
        let mut load = Load {
            ended: Arc::default(),
            writers: JoinSet::new(),
            readers: JoinSet::new(),
        };
        for task in 0..TASKS {
            let rows = || store.repository(&Scope::owner(owner(task)));
            load.writers.spawn(write(rows(), load.ended.clone()));
            load.readers.spawn(read(rows(), load.ended.clone()));
        }
        load
    }

    /// The calls of the writers and those of the readers.
    async fn end(self) -> (Calls, Calls) {
        self.ended.store(true, Ordering::Relaxed);
        let sum = |calls: Vec<Calls>| calls.into_iter().fold(Calls::default(), Calls::and);
        let writers = self.writers.join_all().await;
        (sum(writers), sum(self.readers.join_all().await))
    }
}

fn owner(number: u128) -> Uuid {
    Uuid::from_u128(0x1000 + number)
}

async fn open(url: &str) -> Outcome<Store> {
    let options = StoreOptions::new(url)
        .acquire_timeout(LONGEST_WAIT)
        .lock_timeout(LONGEST_WAIT)
        .statement_timeout(LONGEST_WAIT);
    Ok(options.open().await?)
}

async fn load(store: &Store) -> Outcome<()> {
    for batch in 0..ROWS / BATCH {
        let scope = Scope::owner(owner(batch as u128 % OWNERS));
        let drafts = (0..BATCH).map(|_| draft()).collect();
        store
            .repository::<Habit>(&scope)
            .insert_many(drafts)
            .await?;
    }
    Ok(())
}

/// Generates the change to the domain, and adds it to the history.
async fn generate(change: &Change, number: usize, domain: &'static Domain) -> Outcome<()> {
    let name = format!("m20270101_{number:06}_change").leak();
    let doctor = Doctor::new(domain).migrations::<Changed>();
    let generated = doctor.generate(name).await?;
    let suggestion = generated.ok_or("there is nothing to change")?.suggestion;
    let is_apart = !change.apart.is_empty();
    let postgres = match is_apart {
        true => change.apart.iter().map(|sql| (*sql).to_owned()).collect(),
        false => suggestion.up(Engine::Postgres).to_vec(),
    };
    let mut changed = CHANGED.lock().unwrap_or_else(PoisonError::into_inner);
    changed.push(Generated {
        name,
        sqlite: suggestion.up(Engine::Sqlite).to_vec(),
        postgres,
        is_apart,
    });
    Ok(())
}

async fn run() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let sqlite = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("live.db").display()
    );
    let server = PostgresServer::shared().await?;
    let postgres = DatabaseOptions::new().empty_postgres_on(server).await?;
    let databases = [
        (Engine::Sqlite, sqlite.as_str()),
        (Engine::Postgres, postgres.url()),
    ];
    let mut stores = Vec::new();
    for (engine, url) in databases {
        up::<Changed>(url).await?;
        let store = open(url).await?;
        let begin = Instant::now();
        load(&store).await?;
        println!("{engine}: {ROWS} rows loaded in {:.1?}", begin.elapsed());
        stores.push((engine, url, store));
    }
    println!("\n{TASKS} writers and {TASKS} readers, with {PAUSE:?} between two of their calls\n");
    println!("| change | engine | the change | longest write | longest read | writes | reads |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut sketch = Sketch::begin();
    let nothing = Change {
        what: "nothing",
        apply: |_| {},
        apart: &[],
    };
    for (number, change) in [nothing].iter().chain(&CHANGES).enumerate() {
        (change.apply)(&mut sketch);
        if number > 0 {
            generate(change, number, sketch.domain()).await?;
        }
        for (engine, url, store) in &stores {
            let load = Load::begin(store);
            tokio::time::sleep(AROUND).await;
            let begin = Instant::now();
            up::<Changed>(url).await?;
            let took = begin.elapsed();
            tokio::time::sleep(AROUND).await;
            let (writes, reads) = load.end().await;
            println!(
                "| {} | {engine} | {took:.2?} | {:.2?} | {:.2?} | {} | {} |",
                change.what,
                writes.longest,
                reads.longest,
                counted(writes),
                counted(reads)
            );
        }
    }
    Ok(())
}

fn counted(calls: Calls) -> String {
    match calls.failed {
        0 => calls.done.to_string(),
        failed => format!("{}, {failed} failed", calls.done),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
