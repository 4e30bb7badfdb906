use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::error::CliError;
use crate::doctor::{Format, LOCK_TIMEOUT};
use crate::model::engine::Engine;

/// Migrate a database, on SQLite or Postgres
#[derive(Debug, Parser)]
#[command(version)]
pub(super) struct Arguments {
    /// Show debug messages
    #[arg(short = 'v', long, global = true)]
    pub(super) verbose: bool,

    /// The application's Postgres schemas, separated by commas; tables are made in the first [default: public]
    #[arg(
        short = 's',
        long,
        visible_alias = "schema",
        global = true,
        env = "DATABASE_SCHEMA"
    )]
    pub(super) database_schema: Option<String>,

    /// Database URL: sqlite:, postgres: or postgresql:; `doctor` takes it any number of times
    #[arg(
        short = 'u',
        long,
        visible_alias = "url",
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true
    )]
    pub(super) database_url: Vec<String>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The order is SeaORM's.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
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
    /// Compare DOMAIN, records, entities, what the migrations build on both engines, and each database at --url
    ///
    /// Scratch databases are made for it, and dropped again; a database at --url is read and never written.
    /// DATABASE_URL is not checked. Exit code: 0 if all say the same, 1 if something differs, 2 if something
    /// could not be checked, 64 if the arguments make no sense.
    Doctor(DoctorOptions),
}

#[derive(Args, Clone, Debug)]
pub(super) struct DoctorOptions {
    /// How to write what was found
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,

    /// Also write a migration that fixes what can be fixed by one, tried on scratch databases
    #[arg(long)]
    pub(super) suggest: bool,

    /// Name of the suggested migration [default: the time, and fix_drift]
    #[arg(long, requires = "suggest", value_parser = super::suggestion::name)]
    pub(super) name: Option<String>,

    /// Write the files of the suggested migration under FOLDER/src, instead of printing them
    #[arg(long, requires = "suggest", value_name = "FOLDER")]
    pub(super) write: Option<PathBuf>,

    /// Whether to use colours; NO_COLOR is honoured unless this says otherwise
    #[arg(long, value_enum, default_value_t)]
    pub(super) color: Color,

    /// Check one engine alone: sqlite or postgres [default: both]
    #[arg(long)]
    pub(super) only: Option<Engine>,

    /// The least severity of a finding for which the exit code is 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    pub(super) fail_on: FailOn,

    /// How many seconds to wait for a lock in a database at --url
    #[arg(long, default_value_t = LOCK_TIMEOUT.as_secs(), value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) lock_timeout: u64,

    /// Make no scratch databases: check the code, and the databases at --url
    #[arg(long, conflicts_with_all = ["server", "suggest"])]
    pub(super) no_scratch: bool,

    /// Postgres server for scratch databases, by the URL of a role that may create them [default: the one that
    /// CATAMARAN_TEST_POSTGRES_URL names, else one that is started from the programs on this machine]
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
}

/// Which findings make the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Errors and warnings.
    #[default]
    Warning,
    /// Errors alone.
    Error,
}

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Arguments {
    pub(super) fn url(&self) -> Result<&str, CliError> {
        match self.database_url.as_slice() {
            [url] if !url.is_empty() => Ok(url),
            [_, _, ..] => Err(CliError::SeveralUrls),
            _ => Err(CliError::NoUrl),
        }
    }
}
