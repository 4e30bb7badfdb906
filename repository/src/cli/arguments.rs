//! The arguments of the command line. Their comments are its help text.

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

    /// The application's Postgres schemas, separated by commas; tables are created in the first [default: public]
    #[arg(
        short = 's',
        long,
        visible_alias = "schema",
        global = true,
        env = "DATABASE_SCHEMA",
        value_name = "SCHEMAS"
    )]
    pub(super) database_schema: Option<String>,

    /// Database URL that begins with sqlite:, postgres: or postgresql:; may be repeated for `doctor` and `generate`
    #[arg(
        short = 'u',
        long,
        visible_alias = "url",
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(super) database_url: Vec<String>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The commands, in the order of SeaORM's command line.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
    /// Drop everything from the database, then reapply all migrations; on Postgres, what the role owns in the schemas
    Fresh,
    /// Roll back all applied migrations, then reapply all migrations
    Refresh,
    /// Roll back all applied migrations
    Reset,
    /// Show the status of all migrations
    Status,
    /// Apply pending migrations
    Up {
        /// Number of pending migrations to apply [default: all]
        #[arg(short, long)]
        num: Option<u32>,
    },
    /// Roll back applied migrations, in the reverse order of the history
    Down {
        /// Number of applied migrations to roll back
        #[arg(short, long, default_value = "1")]
        num: u32,
    },
    /// Print the SQL of the migrations for review, without a database
    Plan {
        /// The engine whose SQL to print: sqlite or postgres [default: both]
        #[arg(long, value_name = "ENGINE")]
        dialect: Option<Engine>,
        /// Print only the pending migrations of the database at the URL, in the SQL of its engine
        #[arg(long, conflicts_with = "dialect")]
        pending: bool,
    },
    /// Record migrations as applied, without running them, on a database that was made by hand or from a dump
    ///
    /// Migrates a scratch database up to the named migration and compares the schema of the database at the URL with it.
    /// Records only if both are equal; otherwise prints the differences. In them, DOMAIN stands for what the migrations
    /// build. Rows are not compared.
    ///
    /// Exit code: 0 if the migrations are recorded, 1 if the database differs or after another error, 2 if it could not be
    /// compared, 64 for invalid arguments.
    Baseline(BaselineOptions),
    /// Write the migration from what the migrations so far build to DOMAIN, for both engines
    ///
    /// Runs it up, down and up again on scratch databases with sample rows, prints what each statement locks, scans,
    /// rewrites or loses and whether the rows were kept, writes mYYYYMMDD_HHMMSS_NAME/{mod,sqlite,postgres}.rs and adds
    /// it to the list of migrations. Asks with --rename or --drop instead of guessing that something was renamed. Writes
    /// nothing while a database at --url differs from what the migrations so far build. Does not look at the database of
    /// DATABASE_URL.
    ///
    /// Exit code: 0 if the migration is written or there is nothing to change, 1 if it is refused or something is left to
    /// do by hand, as after a migration that runs only on empty tables or cannot be applied again, 2 if something could not be compared, 64 for invalid arguments.
    Generate(GenerateOptions),
    /// Compare the schemas of DOMAIN, the records, the entities, the migrations and each database at --url
    ///
    /// Migrates a scratch database on each engine, and drops it afterwards. Only reads the databases at --url. Does not
    /// check the database of DATABASE_URL.
    ///
    /// Exit code: 0 if nothing differs, 1 if something differs, 2 if something could not be checked, 64 for invalid
    /// arguments.
    Doctor(DoctorOptions),
    /// Write the code of a new table: its record, both entities, its part of DOMAIN, and a test
    ///
    /// Each further argument is a column or says something about the table:
    ///
    /// COLUMN:TYPE        a column. TYPE is uuid, text, i64, i32, i16, f64, f32, bool, date, time, timestamp, bytes, json,
    ///                    numeric(digits,behind_the_point) or enum(a,b,c). COLUMN:TYPE? accepts NULL. COLUMN:TYPE=DEFAULT
    ///                    has a default.
    ///
    /// belongs_to:TABLE   a foreign key, with the owner in it if both tables have owners. belongs_to:TABLE:COLUMN names
    ///                    its column; belongs_to:TABLE? accepts NULL.
    ///
    /// owner              each row has an owner; owner:COLUMN names the column.
    ///
    /// unique:A,B         a unique key, of the rows that are not deleted.
    ///
    /// index:A,B          an index.
    ///
    /// A unique key and an index of a table with owners begin with the owner. The id and the columns created_at,
    /// updated_at, version and deleted_at are added. The shell reads ( and ? itself: put such an argument in quotes.
    ///
    /// Needs no database. Changes nothing if something is refused, such as a table or a file that exists. The migration
    /// of the new table is written afterwards, by `doctor --suggest`.
    ///
    /// Exit code: 0 if the files are written, 1 if something is refused, 64 for invalid arguments.
    #[command(verbatim_doc_comment)]
    Entity(EntityOptions),
}

#[derive(Args, Clone, Debug)]
pub(super) struct EntityOptions {
    /// Name of the record, such as HabitEntry or habit_entry
    pub(super) name: String,

    /// Columns and properties: title:text 'due_on:date?' target:i32=1 belongs_to:habits owner unique:title
    #[arg(value_name = "COLUMN:TYPE")]
    pub(super) columns: Vec<String>,

    /// Name of the table [default: the name of the record in plural]
    #[arg(long, value_name = "NAME")]
    pub(super) table: Option<String>,

    /// Rows are removed when they are deleted: no column deleted_at
    #[arg(long)]
    pub(super) no_soft_delete: bool,

    /// Print the changes as a diff, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Package with DOMAIN in src/domain.rs [default: that of the migrations, or one that it depends on]
    #[arg(long, value_name = "NAME")]
    pub(super) package: Option<String>,

    /// Package that gets the test [default: that in the folder tests of the workspace, that of the records if it sees the
    /// migrations, or that of the migrations]
    #[arg(long, value_name = "NAME")]
    pub(super) tests: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(super) struct BaselineOptions {
    /// Name of the last migration whose schema the database has
    #[arg(long, value_name = "NAME")]
    pub(super) up_to: String,

    /// Postgres server for the scratch database, as for `doctor`
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(super) struct GenerateOptions {
    /// What the migration does: lower-case letters, digits and _, as in add_color
    #[arg(value_name = "NAME", value_parser = super::suggestion::name)]
    pub(super) name: String,

    /// Write a migration without statements, to be filled in by hand
    #[arg(long, conflicts_with_all = ["data", "rename", "drop", "server"])]
    pub(super) empty: bool,

    /// Write a migration whose steps are Rust and change rows in batches, to be filled in by hand
    #[arg(long, conflicts_with_all = ["rename", "drop", "server"])]
    pub(super) data: bool,

    /// A table or a column that has another name now: notes=texts, notes.body=notes.content; may be repeated
    #[arg(long, value_name = "OLD=NEW", value_parser = super::generate::rename)]
    pub(super) rename: Vec<(String, String)>,

    /// A table or a column that is dropped, although something was added beside it; may be repeated
    #[arg(long, value_name = "OLD")]
    pub(super) drop: Vec<String>,

    /// The folder with the Cargo.toml of the migrations [default: that of the package that `cargo run` runs]
    #[arg(
        long,
        value_name = "FOLDER",
        env = "CARGO_MANIFEST_DIR",
        hide_env = true
    )]
    pub(super) package: Option<PathBuf>,

    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: GenerateFormat,

    /// Postgres server for the scratch databases, as for `doctor`
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
}

/// The format of a generated migration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum GenerateFormat {
    /// For people.
    #[default]
    Human,
    /// For programs: JSON, as `docs/src/generate.schema.json` describes it.
    Json,
}

#[derive(Args, Clone, Debug)]
pub(super) struct DoctorOptions {
    /// Format of the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,

    /// Also suggest a migration that fixes the differences, tested on scratch databases
    #[arg(long)]
    pub(super) suggest: bool,

    /// Name of the suggested migration [default: mYYYYMMDD_HHMMSS_fix_drift]
    #[arg(long, requires = "suggest", value_parser = super::suggestion::name)]
    pub(super) name: Option<String>,

    /// Write the files of the suggested migration to FOLDER/src instead of printing them
    #[arg(long, requires = "suggest", value_name = "FOLDER")]
    pub(super) write: Option<PathBuf>,

    /// When to use colours; auto follows the terminal and NO_COLOR
    #[arg(long, value_enum, default_value_t)]
    pub(super) color: Color,

    /// Check only one engine: sqlite or postgres [default: both]
    #[arg(long, value_name = "ENGINE")]
    pub(super) only: Option<Engine>,

    /// Lowest severity of a finding that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    pub(super) fail_on: FailOn,

    /// Seconds to wait for a lock in a database at --url
    #[arg(long, default_value_t = LOCK_TIMEOUT.as_secs(), value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) lock_timeout: u64,

    /// Create no scratch databases: check only the code and the databases at --url
    #[arg(long, conflicts_with_all = ["server", "suggest"])]
    pub(super) no_scratch: bool,

    /// Postgres server for scratch databases: the URL of a role that may create them [default: the server of
    /// CATAMARAN_TEST_POSTGRES_URL, else a temporary one started from the binaries on this machine]
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
}

/// The findings that make the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Errors and warnings.
    #[default]
    Warning,
    /// Only errors.
    Error,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The text of an option; `None` also for an empty one, as that of an empty variable.
pub(super) fn given(option: &Option<String>) -> Option<&str> {
    option.as_deref().filter(|text| !text.trim().is_empty())
}

impl Arguments {
    pub(super) fn schemas(&self) -> Option<&str> {
        given(&self.database_schema)
    }

    pub(super) fn url(&self) -> Result<&str, CliError> {
        match self.database_url.as_slice() {
            [url] if !url.trim().is_empty() => Ok(url),
            [_, _, ..] => Err(CliError::SeveralUrls),
            _ => Err(CliError::NoUrl),
        }
    }
}
