//! The doctor on 100 tables of 20 columns, on both engines: what the migrations build, and a live database. The goal is
//! less than five seconds in all.
//!
//! The tables are generated at run time and have no entities, so the entity places report that.

use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use catamaran::Engine;
use catamaran::doctor::{Doctor, Report};
use catamaran::domain::{
    Domain, Index, ManagedColumns, PrimaryKey, Table, TableSource, TableTypes, TypedColumn,
};
use catamaran::migrate::{History, Script, TwinMigration, up};
use catamaran::testing::{DatabaseOptions, EphemeralDatabase, PostgresServer};

const TABLES: usize = 100;
const COLUMNS: usize = 20;
const ROUNDS: usize = 5;
const LIMIT: Duration = Duration::from_secs(5);

/// The column types, in rotation.
const TYPES: [&str; 7] = [
    "text",
    "int4",
    "boolean",
    "timestamptz",
    "date",
    "bigint",
    "uuid",
];

fn leak(text: String) -> &'static str {
    text.leak()
}

fn table(number: usize) -> (Table, &'static TableTypes) {
    let name = leak(format!("table_{number:03}"));
    let mut columns = vec![
        TypedColumn::new("id", "uuid"),
        TypedColumn::new("user_id", "uuid"),
        TypedColumn::new("version", "bigint"),
        TypedColumn::nullable("deleted_at", "timestamptz"),
    ];
    for column in columns.len()..COLUMNS {
        let ty = TYPES[column % TYPES.len()];
        columns.push(TypedColumn::new(leak(format!("column_{column:02}")), ty));
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let index = |columns: &'static [&'static str], unique| Index {
        name: leak(format!("ix_{name}__{}", columns.join("_"))),
        columns,
        unique,
        predicate: unique.then_some("deleted_at IS NULL"),
    };
    let table = Table {
        name,
        columns: names.leak(),
        primary_key: PrimaryKey {
            name: leak(format!("pk_{name}")),
            columns: &["id"],
        },
        owner: Some("user_id"),
        managed: ManagedColumns {
            version: Some("version"),
            deleted: Some("deleted_at"),
            ..ManagedColumns::NONE
        },
        indexes: vec![
            index(&["user_id", "column_07"], true),
            index(&["user_id", "column_04"], false),
        ]
        .leak(),
        ..Table::BLANK
    };
    let types = TableTypes {
        table: name,
        columns: columns.leak(),
    };
    (table, Box::leak(Box::new(types)))
}

fn domain() -> &'static Domain {
    static DOMAIN: OnceLock<Domain> = OnceLock::new();
    DOMAIN.get_or_init(|| {
        let (tables, types): (Vec<Table>, Vec<&'static TableTypes>) =
            (0..TABLES).map(table).unzip();
        let sources: Vec<TableSource> = types.into_iter().map(TableSource::types).collect();
        Domain {
            tables: tables.leak(),
            sources: sources.leak(),
            ..Domain::BLANK
        }
    })
}

/// The statements that create every table, as suggested by the doctor.
static STATEMENTS: OnceLock<[Vec<String>; 2]> = OnceLock::new();

struct Large;

impl History for Large {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        let mut migrations = RoleAlone::migrations();
        migrations.push(Box::new(Tables));
        migrations
    }
}

struct Tables;

impl Tables {
    fn script(place: usize) -> Script {
        let statements = STATEMENTS
            .get()
            .map(|both| both[place].clone())
            .unwrap_or_default();
        statements.into_iter().fold(Script::new(), Script::sql)
    }
}

impl TwinMigration for Tables {
    fn name(&self) -> &'static str {
        "m20261122_000002_tables"
    }

    fn sqlite_up(&self) -> Script {
        Self::script(0)
    }

    fn sqlite_down(&self) -> Script {
        Script::nothing("there is no way back")
    }

    fn postgres_up(&self) -> Script {
        Self::script(1)
    }

    fn postgres_down(&self) -> Script {
        Script::nothing("there is no way back")
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The first migration creates the role, as in every application.
struct RoleAlone;

impl History for RoleAlone {
    fn migrations() -> Vec<Box<dyn TwinMigration>> {
        vec![<migration::History as History>::migrations().remove(0)]
    }
}

async fn empty_postgres() -> Outcome<EphemeralDatabase> {
    let server = PostgresServer::shared().await?;
    Ok(DatabaseOptions::new().empty_postgres_on(server).await?)
}

/// Whether the only findings are the missing entities.
fn is_right(report: &Report) -> bool {
    report.skipped.is_empty()
        && report
            .findings
            .iter()
            .all(|finding| !finding.place.is_database())
}

async fn run() -> Outcome<bool> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    let (sqlite, postgres) = (file("live.db"), empty_postgres().await?);
    let missing = Doctor::new(domain())
        .migrations::<RoleAlone>()
        .check()
        .await;
    let (on_sqlite, on_postgres) = (
        missing.statements(Engine::Sqlite),
        missing.statements(Engine::Postgres),
    );
    println!(
        "{} and {} statements make {TABLES} tables of {COLUMNS} columns",
        on_sqlite.len(),
        on_postgres.len()
    );
    let _ = STATEMENTS.set([on_sqlite, on_postgres]);
    up::<Large>(&sqlite).await?;
    up::<Large>(postgres.url()).await?;

    let of_databases = Doctor::new(domain())
        .database(&sqlite)
        .database(postgres.url());
    let whole = of_databases.clone().migrations::<Large>();
    let mut within = true;
    for (name, doctor) in [
        ("both databases", of_databases),
        ("the whole, with scratch databases", whole),
    ] {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            let report = doctor.check().await;
            times.push(begin.elapsed());
            if !is_right(&report) {
                println!("{report}");
                return Ok(false);
            }
        }
        times.sort();
        let (median, most) = (times[ROUNDS / 2], times[ROUNDS - 1]);
        println!("{name}: median {median:.2?}, most {most:.2?} of {ROUNDS}");
        within &= median < LIMIT;
    }
    Ok(within)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("not right, or not within {LIMIT:?}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
