//! Each drift of a database, in two places: in what the migrations build, and in a database that is there.

use std::borrow::Cow;

use catamaran::Engine;
use catamaran::doctor::{Doctor, Place, Report};
use catamaran::migrate::History;
use catamaran::testing::EphemeralDatabase;
use migration::Migrator;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend};
use suite::observer;

use crate::apply_fixes::{Repair, fixed, found};
use crate::coverage::{Column, Tried};
use crate::drift::{Change, Drift};
use crate::edited_history::{Edited, Edits, edit};

/// A migrated database, and a connection that does not enforce foreign keys, like that of a migration.
pub struct Migrated {
    pub database: EphemeralDatabase,
    pub connection: DatabaseConnection,
}

impl Migrated {
    pub async fn new(engine: Engine) -> Self {
        Migrated::by::<Migrator>(engine).await
    }

    /// The same with the migrations of another domain.
    pub async fn by<H: History>(engine: Engine) -> Self {
        let database = match engine {
            Engine::Sqlite => EphemeralDatabase::sqlite_file::<H>().await,
            Engine::Postgres => EphemeralDatabase::postgres::<H>().await,
        };
        Migrated::at(database.expect("a migrated database")).await
    }

    pub async fn at(database: EphemeralDatabase) -> Self {
        let mut options = ConnectOptions::new(database.url());
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await.expect("a connection");
        if connection.get_database_backend() == DbBackend::Sqlite {
            let off = connection
                .execute_unprepared("PRAGMA foreign_keys = OFF")
                .await;
            off.expect("a setting");
        }
        Migrated {
            database,
            connection,
        }
    }

    pub async fn run(&self, sql: &str) -> Result<(), String> {
        let done = self.connection.execute_unprepared(sql).await;
        done.map(drop).map_err(|error| format!("{sql}: {error}"))
    }

    pub async fn change(&self, change: Change) -> Result<(), String> {
        match change {
            Change::Sql(sql) | Change::Rows(sql) => self.run(sql).await,
            Change::Lost(_) => Err("a database has no statements to lose".to_owned()),
            Change::Written(table, from, to) => self.rewrite(table, from, to).await,
        }
    }

    pub fn engine(&self) -> Engine {
        match self.connection.get_database_backend() {
            DbBackend::Sqlite => Engine::Sqlite,
            _ => Engine::Postgres,
        }
    }

    /// Rebuilds a SQLite table with a part of its CREATE TABLE replaced. Keeps its rows.
    pub async fn rewrite(&self, table: &str, from: &str, to: &str) -> Result<(), String> {
        let sql = format!(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = '{table}' AND sql IS NOT NULL ORDER BY type DESC"
        );
        let texts = observer::texts(&self.connection, &sql).await;
        let texts = texts.map_err(|error| error.to_string())?;
        self.run(&format!(
            "CREATE TEMP TABLE kept AS SELECT * FROM main.{table}"
        ))
        .await?;
        self.run(&format!("DROP TABLE main.{table}")).await?;
        for (place, sql) in texts.iter().enumerate() {
            match place {
                0 if !sql.contains(from) => return Err(format!("no {from:?} in {sql}")),
                0 => self.run(&sql.replacen(from, to, 1)).await?,
                _ => self.run(sql).await?,
            }
        }
        let both = format!(
            "SELECT name FROM pragma_table_info('kept') WHERE name IN
                (SELECT name FROM pragma_table_xinfo('{table}', 'main') WHERE hidden = 0)"
        );
        let both = observer::texts(&self.connection, &both).await;
        let both = both.map_err(|error| error.to_string())?.join(", ");
        self.run(&format!(
            "INSERT INTO main.{table} ({both}) SELECT {both} FROM temp.kept; DROP TABLE temp.kept"
        ))
        .await
    }

    async fn look(&self) -> Report {
        let doctor = Doctor::new(&entity::DOMAIN).database(self.database.url());
        doctor.check().await
    }
}

/// Tries each drift in both places. Returns the results with their index in the list.
pub async fn all(drifts: Vec<(usize, &Drift)>) -> Vec<(usize, Tried)> {
    let mut tried = Vec::new();
    let mut fixed = None;
    for (place, drift) in drifts {
        let Drift { class, engine, .. } = *drift;
        let mut add = |column, told: String, outcome| {
            tried.push((
                place,
                Tried {
                    class,
                    column,
                    told,
                    outcome,
                },
            ));
        };
        if !matches!(drift.change, Change::Lost(_)) {
            let outcome = live(drift, &mut fixed).await;
            let told = told(drift, outcome.as_ref().ok());
            add(Column::Database(engine), told, outcome.map(drop));
        }
        if matches!(drift.change, Change::Rows(_)) {
            continue;
        }
        match migrations(drift).await {
            Ok(Outcome::Told(repair)) => {
                add(
                    Column::Migrations(engine),
                    told(drift, Some(&repair)),
                    Ok(()),
                );
            }
            Ok(Outcome::Refused) => add(Column::Migrations(engine), "refused".to_owned(), Ok(())),
            Err(error) => add(
                Column::Migrations(engine),
                drift.code.to_string(),
                Err(error),
            ),
        }
    }
    tried
}

/// The code, and whether the fix needs the user.
fn told(drift: &Drift, repair: Option<&Repair>) -> String {
    match repair {
        Some(Repair::Words) => format!("{} in words", drift.code),
        Some(Repair::Sql) | None => drift.code.to_string(),
    }
}

/// What becomes of a drift in a migration.
enum Outcome {
    Told(Repair),
    /// The runner checks every foreign key before it commits.
    Refused,
}

/// In an existing database. A Postgres database that was fixed is used for the next drift too. A SQLite file is not,
/// because the SQL of a rebuilt table differs.
async fn live(drift: &Drift, before: &mut Option<Migrated>) -> Result<Repair, String> {
    let database = match (drift.engine, before.take()) {
        (Engine::Postgres, Some(database)) => database,
        (engine, other) => {
            // A later drift uses it.
            *before = other;
            Migrated::new(engine).await
        }
    };
    database.change(drift.change).await?;
    let report = database.look().await;
    found(
        &report,
        Place::Database(drift.engine),
        drift.code,
        drift.subject,
    )?;
    let apply = async |statements: &[String]| {
        for statement in statements {
            database.run(statement).await?;
        }
        Ok(())
    };
    let repair = fixed(report, apply, async || database.look().await).await?;
    if drift.engine == Engine::Postgres && repair == Repair::Sql {
        *before = Some(database);
    }
    Ok(repair)
}

/// In the migrations.
async fn migrations(drift: &Drift) -> Result<Outcome, String> {
    let mut edits = Edits {
        engine: Some(drift.engine),
        ..Edits::default()
    };
    match drift.change {
        // One statement, which has semicolons inside.
        Change::Sql(sql) if sql.contains("BEGIN") => edits.added.push(sql.to_owned()),
        Change::Sql(sql) => edits.added.extend(sql.split("; ").map(str::to_owned)),
        Change::Rows(sql) => return Err(format!("not of a migration: {sql}")),
        Change::Lost(head) => edits.written = Some((statement(drift.engine, head), String::new())),
        Change::Written(table, from, to) => edits.written = Some(within(table, from, to)),
    }
    edit(edits.clone());
    let doctor = Doctor::new(&entity::DOMAIN)
        .migrations::<Edited>()
        .only(drift.engine);
    let look = async || doctor.check().await;
    let report = look().await;
    if let [skipped] = report.skipped.as_slice()
        && skipped
            .reason
            .contains("the migrations leave foreign keys that lead to no parent")
    {
        return Ok(Outcome::Refused);
    }
    found(
        &report,
        Place::Migrations(drift.engine),
        drift.code,
        drift.subject,
    )?;
    let apply = async |statements: &[String]| {
        edits.added.extend(statements.iter().cloned());
        edit(edits.clone());
        Ok(())
    };
    fixed(report, apply, look).await.map(Outcome::Told)
}

/// The CREATE TABLE of that name in the history, and the same with the change in it.
fn within(table: &str, from: &str, to: &str) -> (String, String) {
    let create = statement(Engine::Sqlite, &format!("CREATE TABLE {table} "));
    assert!(create.contains(from), "no {from:?} in {create}");
    (create.clone(), create.replacen(from, to, 1))
}

/// The statement of the history that begins so.
fn statement(engine: Engine, head: &str) -> String {
    let migrations = <migration::History as catamaran::migrate::History>::migrations();
    let mut statements = migrations.iter().flat_map(|migration| {
        let script = match engine {
            Engine::Sqlite => migration.sqlite_up(),
            Engine::Postgres => migration.postgres_up(),
        };
        script
            .statements(engine)
            .map(Cow::into_owned)
            .collect::<Vec<_>>()
    });
    let found = statements.find(|sql| sql.starts_with(head));
    found.unwrap_or_else(|| panic!("no migration has {head:?}"))
}
