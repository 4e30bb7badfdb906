//! The command line of a migration binary: SeaORM's, plus `plan`.
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

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sea_orm::{DatabaseConnection, DatabaseExecutor};
use sea_orm_migration::MigratorTrait;
use tracing_subscriber::EnvFilter;

use crate::engine::Engine;
use crate::migrate::{
    Batch, ConnectOptions, History, MigrateError, Migrator, Plan, connect, run as run_batch,
};

/// Reads the arguments and the environment (and a `.env` file), runs the command, and returns the exit code:
/// 0 for success, 1 for a failure that standard error explains in one line, 2 for arguments that make no sense.
pub async fn run<H: History>() -> ExitCode {
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
    log(cli.verbose);
    match cli.run::<H>().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = error.to_string();
            let lines: Vec<&str> = message.lines().map(str::trim).collect();
            eprintln!("error: {}", lines.join("; "));
            ExitCode::FAILURE
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
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true
    )]
    database_url: Option<String>,

    #[command(subcommand)]
    command: Option<Command>,
}

/// The order is SeaORM's.
#[derive(Clone, Copy, Debug, Subcommand)]
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
}

impl Cli {
    async fn run<H: History>(&self) -> Result<(), CliError> {
        // Without a subcommand SeaORM applies what is pending.
        let command = self.command.unwrap_or(Command::Up { num: None });
        if let Command::Plan { dialect, pending } = command {
            return self.plan::<H>(dialect, pending).await;
        }
        let options = ConnectOptions {
            schema: self.database_schema.as_deref(),
            ..ConnectOptions::default()
        };
        let db = connect(self.url()?, options).await?;
        let outcome = migrate::<H>(&db, command).await;
        db.close().await.ok();
        outcome
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

async fn migrate<H: History>(db: &DatabaseConnection, command: Command) -> Result<(), CliError> {
    let batch = match command {
        Command::Fresh => Batch::Fresh,
        Command::Refresh => Batch::Refresh,
        Command::Reset => Batch::Reset,
        Command::Up { num } => Batch::Up { steps: num },
        Command::Down { num } => Batch::Down { steps: Some(num) },
        Command::Status => return Ok(Migrator::<H>::status(db).await?),
        // Needs no connection, and never comes here.
        Command::Plan { .. } => return Ok(()),
    };
    run_batch::<H>(DatabaseExecutor::Connection(db), batch).await?;
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

/// The migrations' own messages as plain lines; with `-v` everybody's, with level and time.
fn log(verbose: bool) {
    // Sqlx logs the text of a statement at this level, but no URL and no value.
    let filter = EnvFilter::new(if verbose { "debug" } else { "catamaran=info" });
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    // An application that has installed a subscriber of its own keeps it.
    match verbose {
        true => builder.try_init().ok(),
        false => builder
            .with_target(false)
            .with_level(false)
            .without_time()
            .try_init()
            .ok(),
    };
}
