//! The doctor's output, pasted into `psql` and `sqlite3`, fixes random combinations of drifts with rows in every table.
//! One run goes on after an error, as both programs do by default; another one stops.
//!
//! Tries 25 combinations for each engine; `CATAMARAN_COMBINATIONS=1000` tries as many.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::thread;

use catamaran::Engine;
use catamaran::doctor::{Doctor, Format, Report, Sources};
use suite::observer;

use crate::databases::Migrated;
use crate::drift::{Change, DRIFTS, Drift};
use crate::on_a_runtime;

/// The most drifts in one combination.
const MOST: usize = 10;

const ANN: &str = "0192f0c1-2d3e-7a4b-8c5d-000000000001";
const RUN: &str = "0192f0c1-2d3e-7a4b-8c5d-000000000002";
const READ: &str = "0192f0c1-2d3e-7a4b-8c5d-000000000003";
const NOON: &str = "2026-01-02T12:00:00.000000Z";

/// One or two rows of every table, in SQL for both engines.
pub fn rows(engine: Engine) -> Vec<String> {
    let id = |number: u8| format!("0192f0c1-2d3e-7a4b-8c5d-0000000001{number:02}");
    let all = format!("'{ANN}', '{NOON}', '{NOON}', 1");
    let common = "user_id, created_at, updated_at, version";
    let mut rows = vec![
        format!(
            "INSERT INTO habits (id, {common}, name, cadence) VALUES ('{RUN}', {all}, 'run', 'daily')"
        ),
        format!(
            "INSERT INTO habits (id, {common}, name, cadence) VALUES ('{READ}', {all}, 'read', 'weekly')"
        ),
        format!(
            "INSERT INTO habit_entries (id, {common}, habit_id, date, amount) VALUES ('{}', {all}, '{RUN}', '2026-01-02', 3)",
            id(1)
        ),
        format!(
            "INSERT INTO habit_entries (id, {common}, habit_id, date) VALUES ('{}', {all}, '{READ}', '2026-01-03')",
            id(2)
        ),
        format!(
            "INSERT INTO reminders (id, {common}, habit_id, time_local, days_of_week, timezone) VALUES ('{}', {all}, '{RUN}', \
             '07:30', 127, 'Europe/Vienna')",
            id(3)
        ),
        format!(
            "INSERT INTO devices (id, {common}, platform) VALUES ('{}', {all}, 'phone')",
            id(4)
        ),
        format!(
            "INSERT INTO devices (id, {common}, platform) VALUES ('{}', {all}, 'laptop')",
            id(5)
        ),
    ];
    if engine == Engine::Sqlite {
        rows.push(format!(
            "INSERT INTO outbox (id, table_name, row_id, operation, payload, attempts, created_at, updated_at, version)
             VALUES ('{}', 'habits', '{RUN}', 'insert', '{{}}', 0, '{NOON}', '{NOON}', 1)",
            id(6)
        ));
    }
    rows
}

const TABLES: [&str; 4] = ["habits", "habit_entries", "reminders", "devices"];

/// How the shell goes on after an error.
#[derive(Clone, Copy, Debug)]
pub enum Shell {
    GoesOn,
    Stops,
}

impl Shell {
    pub fn paste(self, database: &Migrated, text: &str) -> Output {
        let url = database.database.url();
        let mut command = match url.strip_prefix("sqlite:") {
            Some(file) => {
                let mut sqlite = Command::new("sqlite3");
                sqlite.arg(file);
                if matches!(self, Shell::Stops) {
                    sqlite.arg("-bail");
                }
                sqlite
            }
            None => {
                let mut psql = Command::new("psql");
                psql.args(["-X", "-q", "-d", url]);
                if matches!(self, Shell::Stops) {
                    psql.args(["-v", "ON_ERROR_STOP=1"]);
                }
                psql
            }
        };
        let mut shell = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql and sqlite3 are installed");
        // A shell that has stopped reads no more.
        let _ = shell
            .stdin
            .take()
            .expect("a pipe")
            .write_all(text.as_bytes());
        shell.wait_with_output().expect("it ends")
    }
}

/// The SQL that a user copies out of a format.
fn copied(report: &Report, format: Format) -> String {
    let text = report.written(format, &Sources::unknown(), None);
    match format {
        Format::Json => {
            let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let steps = value["steps"].as_array().expect("steps");
            let statements = steps
                .iter()
                .flat_map(|step| step["sql"].as_array().expect("a list"));
            let statements = statements.map(|sql| format!("{};\n", sql.as_str().expect("a text")));
            statements.collect()
        }
        _ => {
            let text = report.to_string();
            let (_, steps) = text.split_once("how to fix it").expect("steps");
            let (steps, _) = steps.rsplit_once("\n\ndrift: ").expect("a verdict");
            let steps = steps.split("\n\nstep ").skip(1);
            let in_sql = steps
                .zip(&report.steps)
                .filter(|(_, step)| !step.sql.is_empty());
            let pasted = in_sql.map(|(text, _)| text.split_once('\n').expect("a head").1);
            let pasted: Vec<&str> = pasted.collect();
            pasted.join("\n") + "\n"
        }
    }
}

async fn look(database: &Migrated) -> Report {
    let doctor = Doctor::new(&entity::DOMAIN).database(database.database.url());
    doctor.check().await
}

/// The number of rows of each table, under its current name.
async fn counts(database: &Migrated) -> Vec<(String, String)> {
    let list = match database.engine() {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
        }
        Engine::Postgres => {
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1"
        }
    };
    let names = observer::texts(&database.connection, list).await;
    let mut counts = Vec::new();
    for name in names.expect("names") {
        let sql = format!("SELECT CAST(count(*) AS text) FROM \"{name}\"");
        let count = observer::texts(&database.connection, &sql).await;
        counts.push((name, count.expect("a count").concat()));
    }
    counts
}

/// A migrated database with rows, and as many of the drifts as can be made in it.
async fn drifted(engine: Engine, drifts: &[&Drift]) -> Migrated {
    let database = Migrated::new(engine).await;
    for row in rows(engine) {
        database.run(&row).await.expect("a row");
    }
    for drift in drifts {
        let run = match engine {
            Engine::Sqlite => database.run("SAVEPOINT drift").await,
            Engine::Postgres => database.run("BEGIN").await,
        };
        run.expect("a transaction");
        let done = database.change(drift.change).await;
        let end = match (engine, done) {
            (Engine::Sqlite, Ok(())) => "RELEASE drift",
            (Engine::Sqlite, Err(_)) => "ROLLBACK TO drift; RELEASE drift",
            (Engine::Postgres, Ok(())) => "COMMIT",
            (Engine::Postgres, Err(_)) => "ROLLBACK",
        };
        database.run(end).await.expect("the end of a transaction");
    }
    database
}

/// What is wrong with the fix, if anything is.
async fn pasted(
    engine: Engine,
    drifts: &[&Drift],
    format: Format,
    shell: Shell,
) -> Result<(), String> {
    let database = drifted(engine, drifts).await;
    let report = look(&database).await;
    if report.is_clean() {
        return Ok(());
    }
    let before = counts(&database).await;
    let text = copied(&report, format);
    let output = shell.paste(&database, &text);
    let after = counts(&database).await;
    let told = || {
        format!(
            "{format:?}, {shell:?}\n{}\n{text}\n{}",
            report,
            String::from_utf8_lossy(&output.stderr)
        )
    };
    for (table, count) in &before {
        let is_told = report.steps.iter().any(|step| {
            let mut loses = step.loses.iter();
            loses.any(|what| what.starts_with(&format!("the rows of {table}")))
        });
        let is_renamed = !after.iter().any(|(other, _)| other == table);
        let kept = after
            .iter()
            .find(|(other, _)| other == table || is_renamed && TABLES.contains(&other.as_str()));
        let is_kept = match is_renamed {
            true => kept.is_some(),
            false => kept.is_some_and(|(_, other)| other == count),
        };
        if !is_kept && !is_told {
            return Err(format!("{table} had {count} rows: {after:?}\n{}", told()));
        }
    }
    let total = |counts: &[(String, String)]| -> u64 {
        let ours = counts
            .iter()
            .filter(|(table, _)| TABLES.contains(&table.as_str()));
        ours.map(|(_, count)| count.parse::<u64>().expect("a number"))
            .sum()
    };
    if total(&after) < total(&before) {
        return Err(format!("{before:?} {after:?}\n{}", told()));
    }
    let left = look(&database).await;
    let in_sql = left.steps.iter().find(|step| !step.sql.is_empty());
    if let Some(step) = in_sql {
        return Err(format!("left: {step}\n{left}\n{}", told()));
    }
    // The findings that are left need the user.
    let in_words = |report: &Report| report.steps.iter().any(|step| step.sql.is_empty());
    match left.is_clean() || in_words(&report) {
        true => Ok(()),
        false => Err(format!("left: {left}\n{}", told())),
    }
}

/// The drifts that do not affect other databases of the server.
fn of(engine: Engine) -> Vec<&'static Drift> {
    let all = DRIFTS.iter().copied().flatten();
    let is_its_own = |drift: &&Drift| match drift.change {
        Change::Sql(sql) => !sql.contains("ROLE") && !sql.contains("GRANT pg_"),
        Change::Written(..) => true,
        Change::Rows(_) | Change::Lost(_) => false,
    };
    all.filter(|drift| drift.engine == engine)
        .filter(is_its_own)
        .collect()
}

fn combinations() -> u64 {
    let given = std::env::var("CATAMARAN_COMBINATIONS").ok();
    given.map_or(25, |number| number.parse().expect("a number"))
}

#[test]
fn pasting_the_printed_fixes_repairs_every_combination_of_drifts() {
    let failures: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = Engine::ALL
            .into_iter()
            .flat_map(|engine| [(engine, 0), (engine, 1)])
            .map(|(engine, first)| {
                scope.spawn(move || {
                    let seeds = (first..combinations()).step_by(2);
                    seeds
                        .filter_map(|seed| on_a_runtime(tried(engine, seed)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let results = threads.into_iter();
        results
            .flat_map(|thread| thread.join().expect("a thread that ends"))
            .collect()
    });
    assert!(
        failures.is_empty(),
        "{}\n\n{} failed",
        failures.join("\n\n"),
        failures.len()
    );
}

async fn tried(engine: Engine, seed: u64) -> Option<String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let all = of(engine);
    let count = random.usize(1..=MOST);
    let drifts: Vec<&Drift> = random.choose_multiple(all, count);
    let format = [Format::Json, Format::Human][random.usize(0..2)];
    for shell in [Shell::GoesOn, Shell::Stops] {
        if let Err(error) = pasted(engine, &drifts, format, shell).await {
            let drifts: Vec<String> = drifts.iter().map(|drift| format!("{drift:?}")).collect();
            return Some(format!(
                "== {engine}, combination {seed}\n{}\n{error}",
                drifts.join("\n")
            ));
        }
    }
    None
}
