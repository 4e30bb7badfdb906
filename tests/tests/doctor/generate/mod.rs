//! Generated migrations: each change of a schema, on both engines, with rows in the tables.

mod by_hand;
mod changes;
mod costs;
mod page;
mod refused;
mod sketch;
mod split;
mod values;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use catamaran::Engine;
use catamaran::doctor::{Doctor, Filling, GenerateError, Generated, Trial};
use catamaran::domain::Domain;
use catamaran::migrate::{Script, TwinMigration};

use crate::on_a_runtime;
use changes::{Change, Expected};
use sketch::{Sketch, base};

/// The statements of the migrations so far, for each engine.
#[derive(Clone, Debug, Default)]
struct Statements([Vec<String>; 2]);

thread_local! {
    /// A history has no value to be told by. Each thread runs one check at a time, on a runtime of its own.
    static SO_FAR: RefCell<Statements> = RefCell::default();
}

/// The migrations so far, as one.
struct History;

impl catamaran::migrate::History for History {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let so_far = SO_FAR.with_borrow(Clone::clone);
        match so_far.0.iter().all(Vec::is_empty) {
            true => Vec::new(),
            false => vec![Box::new(SoFar(so_far))],
        }
    }
}

/// No migrations yet.
struct Nothing;

impl catamaran::migrate::History for Nothing {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        Vec::new()
    }
}

struct SoFar(Statements);

impl SoFar {
    fn script(&self, place: usize) -> Script {
        let statements = self.0.0[place].iter().cloned();
        statements.fold(Script::new(), |script, sql| script.sql(sql))
    }
}

impl TwinMigration for SoFar {
    fn name(&self) -> &'static str {
        "m20260101_000001_so_far"
    }

    fn sqlite_up(&self) -> Script {
        self.script(0)
    }

    fn sqlite_down(&self) -> Script {
        Script::nothing("nothing goes back so far")
    }

    fn postgres_up(&self) -> Script {
        self.script(1)
    }

    fn postgres_down(&self) -> Script {
        Script::nothing("nothing goes back so far")
    }
}

const NAME: &str = "m20260102_000001_change";

/// Generates the migration from these statements to a domain.
async fn generate(
    so_far: Statements,
    domain: &'static Domain,
    decided: impl FnOnce(Doctor) -> Doctor,
) -> Result<Option<Generated>, GenerateError> {
    SO_FAR.set(so_far);
    let doctor = Doctor::new(domain).migrations::<History>();
    Box::pin(decided(doctor).generate(NAME)).await
}

/// The statements that build each domain from nothing.
static BUILT: Mutex<BTreeMap<String, Statements>> = Mutex::new(BTreeMap::new());

async fn built(domain: &'static Domain) -> Statements {
    // Suppressions need nothing to be built.
    let known = format!("{:?} {:?}", domain.tables, domain.sources);
    if let Some(statements) = BUILT.lock().expect("no thread has panicked").get(&known) {
        return statements.clone();
    }
    let generated = generate(Statements::default(), domain, |doctor| doctor).await;
    let generated = generated.unwrap_or_else(|error| panic!("{error}: {known}"));
    let generated = generated.expect("tables to create");
    let statements = Statements(Engine::ALL.map(|engine| generated.suggestion.up(engine).to_vec()));
    let mut all = BUILT.lock().expect("no thread has panicked");
    all.insert(known, statements.clone());
    statements
}

/// The sketch before the change, and the one after it.
fn sketches(change: &Change) -> (Sketch, Sketch) {
    let mut before = base();
    (change.before)(&mut before);
    let mut after = before.clone();
    (change.after)(&mut after);
    (before, after)
}

async fn tried(change: &Change) -> Result<Generated, String> {
    let (before, after) = sketches(change);
    let mut so_far = built(before.domain()).await;
    for (statements, beside) in so_far.0.iter_mut().zip(change.beside) {
        statements.extend(beside.iter().map(|sql| (*sql).to_owned()));
    }
    let decided = |doctor: Doctor| {
        let renames = change.renames.iter();
        let doctor = renames.fold(doctor, |doctor, (old, new)| doctor.renamed(old, new));
        let drops = change.drops.iter();
        drops.fold(doctor, |doctor, what| doctor.dropped(what))
    };
    let generated = generate(so_far, after.domain(), decided).await;
    let generated = generated.map_err(|error| error.to_string())?;
    let generated = generated.ok_or("nothing was generated")?;
    // The sketches have no entities.
    let left: Vec<_> = generated
        .suggestion
        .by_hand
        .iter()
        .filter(|words| !words.starts_with("step "))
        .collect();
    let is_expected = match (change.by_hand_on, change.expected) {
        (None, Expected::FailsOnRows) => {
            let is_said = |one: &&String| one.contains("runs only on empty tables");
            left.len() == Engine::ALL.len() && left.iter().copied().all(|one| is_said(&one))
        }
        (None, _) => left.is_empty(),
        (Some(engine), _) => {
            let statements = generated.suggestion.up(engine);
            let name = format!(" on {engine}");
            statements.is_empty() && !left.is_empty() && left.iter().all(|one| one.contains(&name))
        }
    };
    if !is_expected {
        return Err(format!("by hand: {left:?}"));
    }
    for trial in &generated.trials {
        let found = outcome(trial)?;
        if found != change.expected {
            return Err(format!(
                "{found:?} instead of {:?}: {generated}",
                change.expected
            ));
        }
    }
    Ok(generated)
}

/// What became of the rows on one engine.
fn outcome(trial: &Trial) -> Result<Expected, String> {
    if let (Some(error), _) | (None, Some(error)) = (
        trial.again.as_ref(),
        trial.unfilled.first().map(|one| &one.reason),
    ) {
        return Err(error.clone());
    }
    Ok(match (trial.filling, &trial.down) {
        (Filling::Empty, Ok(_)) => Expected::FailsOnRows,
        (Filling::Rows, Ok(kept)) if trial.up.is_whole() && kept.is_whole() => {
            Expected::FailsOnNull
        }
        (Filling::RowsWithNulls, Err(_)) => Expected::NoWayBack,
        (Filling::RowsWithNulls, Ok(kept)) if trial.up.is_whole() && kept.is_whole() => {
            Expected::Kept
        }
        (Filling::RowsWithNulls, Ok(_)) if trial.up.changed.is_empty() => Expected::WithoutValues,
        _ => return Err(trial.to_string()),
    })
}

/// How many changes are tried at once.
const THREADS: usize = 4;

#[test]
fn each_change_of_a_schema_becomes_a_migration_that_keeps_rows_up_down_and_up_again() {
    let mut all = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| {
                let mine = changes::all().enumerate().skip(first).step_by(THREADS);
                scope.spawn(move || {
                    on_a_runtime(async {
                        let mut all = Vec::new();
                        for (place, change) in mine {
                            all.push((place, change, Box::pin(tried(change)).await));
                        }
                        all
                    })
                })
            })
            .collect();
        let ended = threads.into_iter();
        let ended = ended.flat_map(|thread| thread.join().expect("a thread that ends"));
        ended.collect::<Vec<_>>()
    });
    all.sort_by_key(|(place, ..)| *place);
    let failures: Vec<String> = all
        .iter()
        .filter_map(|(_, change, tried)| {
            let error = tried.as_ref().err()?;
            Some(format!("{}: {error}", change.what))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{}\n\n{} failed",
        failures.join("\n\n"),
        failures.len()
    );
    let split = on_a_runtime(Box::pin(split::tried()));
    let split = split.unwrap_or_else(|error| panic!("a table is split: {error}"));
    let all = all.iter().map(|(_, change, tried)| (*change, tried));
    let all = all.filter_map(|(change, tried)| Some((change, tried.as_ref().ok()?)));
    page::assert(&all.collect::<Vec<_>>(), &split);
}
