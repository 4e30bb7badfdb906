//! The command line of a migration binary: SeaORM's, plus `plan` and `doctor`.
//!
//! ```no_run
//! # use catamaran::migrate::{History, TwinMigration};
//! # struct MyHistory;
//! # impl History for MyHistory { fn migrations() -> Vec<Box<dyn TwinMigration>> { Vec::new() } }
//! #[tokio::main]
//! async fn main() -> std::process::ExitCode {
//!     catamaran::cli::run::<MyHistory>().await
//! }
//! ```
//!
//! `sea-orm-cli migrate up|down|fresh|refresh|reset|status -d <crate> -u <url>` runs such a binary unchanged:
//! it passes the subcommand as an argument, and the URL and the schema as `DATABASE_URL` and `DATABASE_SCHEMA`.
//! Unlike SeaORM's own, every failure is one line on standard error and exit code 1, never a panic.

#[cfg(feature = "doctor")]
mod doctor;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sea_orm::{DatabaseConnection, DatabaseExecutor};
use sea_orm_migration::MigratorTrait;
use tracing_subscriber::EnvFilter;

use crate::domain::Domain;
use crate::engine::Engine;
use crate::migrate::{
    Batch, ConnectOptions, History, MigrateError, Migrator, Plan, connect, run as run_batch,
};

/// Reads the arguments and the environment (and a `.env` file), runs the command, and returns the exit code:
/// 0 for success, 1 for a failure that standard error explains in one line, 2 for arguments that make no sense.
pub async fn run<H: History>() -> ExitCode {
    run_with::<H>(None).await
}

/// As [`run`], with the subcommand `doctor`, which compares the domain with the migrations of the same binary. Its exit
/// code is 0 where everything says the same, 1 for drift, 2 where something could not be looked at.
///
/// ```no_run
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
/// # use demo::{domain::DOMAIN, migration::History};
/// #[tokio::main]
/// async fn main() -> std::process::ExitCode {
///     catamaran::cli::run_with_doctor::<History>(&DOMAIN).await
/// }
/// ```
#[cfg(feature = "doctor")]
pub async fn run_with_doctor<H: History>(domain: &'static Domain) -> ExitCode {
    run_with::<H>(Some(domain)).await
}

async fn run_with<H: History>(domain: Option<&'static Domain>) -> ExitCode {
    // A `.env` file is optional, as for SeaORM's command line.
    dotenvy::dotenv().ok();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` arrive here as well, and go to standard output.
            error.print().ok();
            return match error.use_stderr() {
                true => ExitCode::from(2),
                false => ExitCode::SUCCESS,
            };
        }
    };
    cli.log();
    match cli.run::<H>(domain).await {
        Ok(code) => code,
        Err(error) => {
            let message = error.to_string();
            let lines: Vec<&str> = message.lines().map(str::trim).collect();
            eprintln!("error: {}", lines.join("; "));
            error.exit_code()
        }
    }
}

/// Migrate a database, on SQLite or Postgres
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// Show debug messages
    #[arg(short = 'v', long, global = true)]
    verbose: bool,

    /// Postgres schema, or several separated by commas [default: the connection's search path, normally public]
    #[arg(short = 's', long, global = true, env = "DATABASE_SCHEMA")]
    database_schema: Option<String>,

    /// Database URL: sqlite:, postgres: or postgresql:
    #[arg(
        short = 'u',
        long,
        visible_alias = "url",
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true
    )]
    database_url: Option<String>,

    #[command(subcommand)]
    command: Option<Command>,
}

/// The order is SeaORM's.
#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Drop all tables from the database, then reapply all migrations
    Fresh,
    /// Rollback all applied migrations, then reapply all migrations
    Refresh,
    /// Rollback all applied migrations
    Reset,
    /// Check the status of all migrations
    Status,
    /// Apply pending migrations
    Up {
        /// Number of pending migrations to apply
        #[arg(short, long)]
        num: Option<u32>,
    },
    /// Rollback applied migrations
    Down {
        /// Number of applied migrations to be rolled back
        #[arg(short, long, default_value = "1")]
        num: u32,
    },
    /// Print the SQL of the migrations for review, without a database
    Plan {
        /// The engine whose SQL to print: sqlite or postgres [default: both]
        #[arg(long)]
        dialect: Option<Engine>,
        /// Print only what the database at the URL does not have yet, in its engine's SQL
        #[arg(long, conflicts_with = "dialect")]
        pending: bool,
    },
    /// Compare the domain, its records and entities, what the migrations build, and the database at the URL
    #[cfg(feature = "doctor")]
    Doctor(doctor::Arguments),
}

/// A failure of the command line itself, or of what it ran.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("no database URL: give --database-url or set DATABASE_URL")]
    NoUrl,
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Database(#[from] sea_orm::DbErr),
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
    #[cfg(feature = "doctor")]
    #[error("this binary does not know the domain: let it call catamaran::cli::run_with_doctor")]
    NoDomain,
}

impl CliError {
    fn exit_code(&self) -> ExitCode {
        match self {
            // Nothing was looked at.
            #[cfg(feature = "doctor")]
            CliError::NoDomain => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

impl Cli {
    /// The migrations' own messages as plain lines; with `-v` everybody's, with level and time. A report stands
    /// alone on standard output.
    fn log(&self) {
        #[cfg(feature = "doctor")]
        if let (Some(Command::Doctor(_)), false) = (&self.command, self.verbose) {
            return;
        }
        // Sqlx logs the text of a statement at this level, but no URL and no value.
        let filter = EnvFilter::new(if self.verbose {
            "debug"
        } else {
            "catamaran=info"
        });
        let builder = tracing_subscriber::fmt().with_env_filter(filter);
        // An application that has installed a subscriber of its own keeps it.
        match self.verbose {
            true => builder.with_writer(std::io::stderr).try_init().ok(),
            false => builder
                .with_target(false)
                .with_level(false)
                .without_time()
                .try_init()
                .ok(),
        };
    }

    #[cfg_attr(
        not(feature = "doctor"),
        expect(unused_variables, reason = "the doctor alone asks for the domain")
    )]
    async fn run<H: History>(&self, domain: Option<&'static Domain>) -> Result<ExitCode, CliError> {
        // Without a subcommand SeaORM applies what is pending.
        let batch = match self.command.clone().unwrap_or(Command::Up { num: None }) {
            Command::Fresh => Some(Batch::Fresh),
            Command::Refresh => Some(Batch::Refresh),
            Command::Reset => Some(Batch::Reset),
            Command::Up { num } => Some(Batch::Up { steps: num }),
            Command::Down { num } => Some(Batch::Down { steps: Some(num) }),
            Command::Status => None,
            Command::Plan { dialect, pending } => {
                self.plan::<H>(dialect, pending).await?;
                return Ok(ExitCode::SUCCESS);
            }
            #[cfg(feature = "doctor")]
            Command::Doctor(arguments) => {
                let (url, schema) = (self.url().ok(), self.database_schema.as_deref());
                return doctor::run::<H>(&arguments, domain, url, schema).await;
            }
        };
        let options = ConnectOptions {
            schema: self.database_schema.as_deref(),
            ..ConnectOptions::default()
        };
        let db = connect(self.url()?, options).await?;
        let outcome = migrate::<H>(&db, batch).await;
        db.close().await.ok();
        outcome.map(|()| ExitCode::SUCCESS)
    }

    async fn plan<H: History>(
        &self,
        dialect: Option<Engine>,
        pending: bool,
    ) -> Result<(), CliError> {
        if pending {
            let options = ConnectOptions {
                schema: self.database_schema.as_deref(),
                ..ConnectOptions::default()
            };
            return print(
                &Plan::pending_with::<H>(self.url()?, options)
                    .await?
                    .to_string(),
            );
        }
        let dialects = match &dialect {
            Some(dialect) => std::slice::from_ref(dialect),
            None => &Engine::ALL,
        };
        let plans: Vec<String> = dialects
            .iter()
            .map(|dialect| Ok(Plan::of::<H>(*dialect)?.to_string()))
            .collect::<Result<_, MigrateError>>()?;
        print(&plans.join("\n"))
    }

    fn url(&self) -> Result<&str, CliError> {
        match self.database_url.as_deref() {
            Some(url) if !url.is_empty() => Ok(url),
            _ => Err(CliError::NoUrl),
        }
    }
}

/// Runs the batch; without one, tells the status.
async fn migrate<H: History>(
    db: &DatabaseConnection,
    batch: Option<Batch>,
) -> Result<(), CliError> {
    match batch {
        Some(batch) => {
            run_batch::<H>(DatabaseExecutor::Connection(db), batch).await?;
        }
        None => Migrator::<H>::status(db).await?,
    }
    Ok(())
}

/// Not `println!`, which panics when the reader has gone (`migration plan | head`).
fn print(text: &str) -> Result<(), CliError> {
    use std::io::{ErrorKind, Write};
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
