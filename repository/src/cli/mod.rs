//! The command line of a migration binary: SeaORM's, plus `plan` and `doctor`.
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
//! `sea-orm-cli migrate up|down|fresh|refresh|reset|status -d <crate> -u <url>` runs such a binary unchanged:
//! it passes the subcommand as an argument, and the URL and the schema as `DATABASE_URL` and `DATABASE_SCHEMA`.
//! Unlike SeaORM's own, every failure is one line on standard error and exit code 1, never a panic.
//!
//! `doctor` compares the domain, its records and entities, what the migrations build on both engines, and a
//! live database if a URL is on the command line (not in the environment: that is where one migrates to). Its
//! exit code is 0 if all say the same, 1 if something differs, and 2 if something could not be checked, a
//! Postgres server that is not there included. Arguments that make no sense have 64.

mod arguments;
mod doctor;
mod error;
mod migrate;
mod suggestion;

use std::fmt;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use futures_util::future::BoxFuture;
use tracing_subscriber::EnvFilter;

use crate::doctor::Doctor;
use crate::driver::DEFAULT_APPLICATION_ROLE;
use crate::migrate::History;
use crate::model::domain::Domain;
use arguments::{Arguments, Command};
use error::CliError;

/// Reads the arguments and the environment (and a `.env` file), runs the command, and returns the exit code.
/// As [`Cli::run`], for a binary whose `doctor` is told of no domain and so can do nothing.
pub async fn run<H: History>() -> ExitCode {
    Cli::of::<H>().run().await
}

/// The command line of a migration binary: its migrations, and what `doctor` needs to know.
#[derive(Clone)]
pub struct Cli {
    domain: Option<&'static Domain>,
    application_role: String,
    history: Historic,
}

/// A history, as far as the commands need it.
#[derive(Clone, Copy)]
struct Historic {
    run: for<'a> fn(&'a Arguments, Command) -> BoxFuture<'a, Result<(), CliError>>,
    examine: fn(Doctor) -> Doctor,
    last: fn() -> Option<String>,
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
            history: Historic {
                run: |arguments, command| Box::pin(migrate::run::<H>(arguments, command)),
                examine: |doctor| doctor.migrations::<H>(),
                last: || {
                    let migrations = H::migrations();
                    migrations.last().map(|last| last.name().to_owned())
                },
            },
        }
    }

    /// The domain that `doctor` compares everything with.
    #[must_use]
    pub fn domain(mut self, domain: &'static Domain) -> Self {
        self.domain = Some(domain);
        self
    }

    /// The application's role on Postgres; [`DEFAULT_APPLICATION_ROLE`] unless told otherwise.
    #[must_use]
    pub fn application_role(mut self, role: impl Into<String>) -> Self {
        self.application_role = role.into();
        self
    }

    /// Reads the arguments and the environment (and a `.env` file), runs the command, and returns the exit
    /// code: 0 for success, 1 for a failure that standard error explains in one line, 64 for arguments that make
    /// no sense. `doctor` has its own: 0 for clean, 1 for drift, 2 for what it could not check.
    pub async fn run(self) -> ExitCode {
        // A `.env` file is optional, as for SeaORM's command line.
        dotenvy::dotenv().ok();
        let parsed = Arguments::command()
            .try_get_matches()
            .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
        let (arguments, matches) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                // `--help` and `--version` arrive here as well, and go to standard output.
                error.print().ok();
                return match error.use_stderr() {
                    true => ExitCode::from(USAGE),
                    false => ExitCode::SUCCESS,
                };
            }
        };
        // Without a subcommand SeaORM applies what is pending.
        let command = arguments.command.clone();
        let command = command.unwrap_or(Command::Up { num: None });
        if let Command::Doctor(options) = &command {
            log(arguments.verbose, "off", true);
            let url = matches.value_source("database_url");
            let has_url = url == Some(clap::parser::ValueSource::CommandLine);
            return match self.doctor(&arguments, options, has_url).await {
                Ok(code) => ExitCode::from(code),
                Err(error) if error.is_usage() => failed(&error, USAGE),
                Err(error) => failed(&error, 2),
            };
        }
        log(arguments.verbose, "catamaran=info", false);
        match (self.history.run)(&arguments, command).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error, 1),
        }
    }
}

/// The exit code for arguments that make no sense: `EX_USAGE` of `sysexits.h`.
const USAGE: u8 = 64;

fn failed(error: &CliError, code: u8) -> ExitCode {
    let message = error.to_string();
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    eprintln!("error: {}", lines.join("; "));
    ExitCode::from(code)
}

/// Not `println!`, which panics when the reader has gone (`migration plan | head`).
fn print(out: &mut impl std::io::Write, text: &str) -> Result<(), CliError> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// The migrations' own messages as plain lines; with `-v` everybody's, with level and time.
fn log(verbose: bool, quiet: &str, to_standard_error: bool) {
    // Sqlx logs the text of a statement at this level, but no URL and no value.
    let filter = EnvFilter::new(if verbose { "debug" } else { quiet });
    let writer = move || -> Box<dyn std::io::Write> {
        match to_standard_error {
            true => Box::new(std::io::stderr()),
            false => Box::new(std::io::stdout()),
        }
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
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
