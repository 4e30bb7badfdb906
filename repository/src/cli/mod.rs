//! The command line of a migration binary: SeaORM's commands, and `plan`, `baseline`, `generate`, `doctor` and `entity`.
//!
//! ```no_run
//! # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/note.rs")); }
//! # use demo::{domain::DOMAIN, migration::History};
//! #[tokio::main]
//! async fn main() -> std::process::ExitCode {
//!     catamaran::cli::Cli::of::<History>().domain(&DOMAIN).run().await
//! }
//! ```
//!
//! `sea-orm-cli migrate up|down|fresh|refresh|reset|status -d <crate> -u <url>` runs such a binary unchanged. It passes
//! the subcommand as an argument, and the URL and the schema as `DATABASE_URL` and `DATABASE_SCHEMA`. Unlike SeaORM's
//! own command line, an error is one line on standard error and exit code 1, never a panic.
//!
//! The [table](crate::migrate::History::table) in which the migrations are recorded is that of the history. `baseline`
//! records migrations on a database that was made otherwise ([`Baseline`](crate::doctor::Baseline)): exit code 0 if they
//! are recorded, 1 if the database differs, 2 if it could not be compared.
//!
//! `generate` writes the migration from what the history builds to the domain, tried with rows in the tables, and adds it
//! to the list of migrations ([`Doctor::generate`](crate::doctor::Doctor::generate)). Exit code 0 if it is written or there
//! is nothing to change, 1 if it is refused or something is left to do by hand, 2 if something could not be compared.
//!
//! `doctor` compares the domain, its records and entities, the schemas that the migrations build on both engines, and
//! the databases of the URLs on the command line. It ignores `DATABASE_URL`, which names the database to migrate. Its
//! exit codes:
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | nothing differs |
//! | 1 | something differs |
//! | 2 | something could not be checked, for example because no Postgres server was found |
//! | 64 | the arguments are invalid, or a `.env` file cannot be read |
//!
//! `entity` writes the code of a new table: the record, both entities, the table's part of the domain, and a test. It
//! needs the domain, for the tables that a new one refers to, and no database. Exit code 1 says that something is refused;
//! then nothing is written.

mod arguments;
mod baseline;
mod doctor;
mod entity;
mod env_file;
mod error;
mod files;
mod generate;
mod history_file;
mod migrate;
mod rustfmt;
mod suggestion;

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use futures_util::future::BoxFuture;
use tracing_subscriber::EnvFilter;

use crate::doctor::Doctor;
use crate::driver::DEFAULT_APPLICATION_ROLE;
use crate::migrate::History;
use crate::model::domain::Domain;
use arguments::{Arguments, BaselineOptions, Command};
use error::CliError;

/// As [`Cli::run`], for a binary without a domain. Its `doctor` fails with exit code 64.
pub async fn run<H: History>() -> ExitCode {
    Cli::of::<H>().run().await
}

/// The command line of a migration binary: its migrations, and the domain for `doctor`.
#[derive(Clone)]
pub struct Cli {
    domain: Option<&'static Domain>,
    application_role: String,
    history: HistoryCommands,
}

/// What the commands need of a history, without its type.
#[derive(Clone, Copy)]
struct HistoryCommands {
    run: for<'a> fn(&'a Arguments, Command) -> BoxFuture<'a, Result<(), CliError>>,
    baseline: for<'a> fn(
        &'a Cli,
        &'a Arguments,
        &'a BaselineOptions,
    ) -> BoxFuture<'a, Result<(), CliError>>,
    /// Adds the migrations to a doctor.
    add_to_doctor: fn(Doctor) -> Doctor,
    /// The names of the migrations, in order.
    names: fn() -> Vec<String>,
}

impl fmt::Debug for Cli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cli").finish_non_exhaustive()
    }
}

impl Cli {
    /// The command line for these migrations.
    pub fn of<H: History>() -> Self {
        Cli {
            domain: None,
            application_role: DEFAULT_APPLICATION_ROLE.to_owned(),
            history: HistoryCommands {
                run: |arguments, command| Box::pin(migrate::run::<H>(arguments, command)),
                baseline: |cli, arguments, options| Box::pin(cli.baseline::<H>(arguments, options)),
                add_to_doctor: |doctor| doctor.migrations::<H>(),
                names: || {
                    let migrations = H::migrations();
                    let names = migrations.iter().map(|one| one.name().to_owned());
                    names.collect()
                },
            },
        }
    }

    /// The domain with which `doctor` compares the schemas.
    #[must_use]
    pub fn domain(mut self, domain: &'static Domain) -> Self {
        self.domain = Some(domain);
        self
    }

    /// The application's role on Postgres. Default: [`DEFAULT_APPLICATION_ROLE`].
    #[must_use]
    pub fn application_role(mut self, role: impl Into<String>) -> Self {
        self.application_role = role.into();
        self
    }

    /// Runs the command of the arguments; returns the exit code.
    ///
    /// Reads options from the arguments, then from the environment and a `.env` file. An empty variable counts as not
    /// set. The exit code is 0 for success, 1 for an error, which is one line on standard error, and 64 for invalid
    /// arguments or a `.env` file that cannot be read. Those of `doctor` are in the table of this [module](self).
    pub async fn run(self) -> ExitCode {
        let variables = env_file::load();
        let parsed = Arguments::command()
            .try_get_matches()
            .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
        let (arguments, matches) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                // `--help` and `--version` are also an `Err`. They are printed on standard output.
                error.print().ok();
                return match error.use_stderr() {
                    true => ExitCode::from(USAGE),
                    false => ExitCode::SUCCESS,
                };
            }
        };
        if let Err(error) = variables {
            return report_error(&error.into(), USAGE);
        }
        // Without a subcommand SeaORM's command line runs `up`.
        let command = arguments.command.clone();
        let command = command.unwrap_or(Command::Up { num: None });
        let url = matches.value_source("database_url");
        let has_url = url == Some(clap::parser::ValueSource::CommandLine);
        if let Command::Doctor(options) = &command {
            log(arguments.verbose, "off", true);
            return match self.doctor(&arguments, options, has_url).await {
                Ok(code) => ExitCode::from(code),
                Err(error) if error.is_usage() => report_error(&error, USAGE),
                Err(error) => report_error(&error, 2),
            };
        }
        if let Command::Entity(options) = &command {
            return match self.entity(options) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) if error.is_usage() => report_error(&error, USAGE),
                Err(error) => report_error(&error, 1),
            };
        }
        if let Command::Generate(options) = &command {
            log(arguments.verbose, "off", true);
            return match Box::pin(self.generate(&arguments, options, has_url)).await {
                Ok(code) => ExitCode::from(code),
                Err(error) if error.is_usage() => report_error(&error, USAGE),
                Err(error) if error.is_skipped() => report_error(&error, 2),
                Err(error) => report_error(&error, 1),
            };
        }
        let outcome = if let Command::Baseline(options) = &command {
            log(arguments.verbose, "off", true);
            (self.history.baseline)(&self, &arguments, options).await
        } else {
            log(arguments.verbose, "catamaran=info", false);
            (self.history.run)(&arguments, command).await
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) if error.is_skipped() => report_error(&error, 2),
            Err(error) => report_error(&error, 1),
        }
    }
}

/// The exit code for invalid arguments: `EX_USAGE` of `sysexits.h`.
const USAGE: u8 = 64;

fn report_error(error: &CliError, code: u8) -> ExitCode {
    let message = error.to_string();
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    // `eprintln!` would panic if nobody reads it.
    let _unread = writeln!(std::io::stderr(), "error: {}", lines.join("; "));
    ExitCode::from(code)
}

/// Prints a text. `println!` would panic if the reader closes the pipe, as in `migration plan | head`.
fn print(out: &mut impl std::io::Write, text: &str) -> Result<(), CliError> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Logs the messages of migrations as plain lines. With `verbose`, logs those of every crate, with level and time.
fn log(verbose: bool, quiet: &str, to_standard_error: bool) {
    // At level `debug` sqlx logs the text of each statement, but no URL and no value.
    let filter = EnvFilter::new(if verbose { "debug" } else { quiet });
    let writer = move || -> Box<dyn std::io::Write> {
        match to_standard_error {
            true => Box::new(std::io::stderr()),
            false => Box::new(std::io::stdout()),
        }
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // It would be printed with `eprintln!`, which panics if nobody reads standard error.
        .log_internal_errors(false)
        .with_writer(writer);
    // Fails if the application has installed a subscriber, which then stays in use.
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
