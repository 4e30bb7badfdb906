//! `catamaran`: makes a workspace, and runs the commands of its migration binary.

mod new;
mod templates;
mod workspace;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

/// Make a workspace for Catamaran, and run the commands of its migration binary
///
/// Exit code: that of the command that is run; 0 for success, 1 for an error and 64 for invalid arguments otherwise.
#[derive(Debug, Parser)]
#[command(name = "catamaran", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a workspace: entities, migrations, an application, and tests on SQLite and Postgres
    New(NewOptions),
    /// Run `doctor` of the workspace's migration binary: compare the schemas
    #[command(disable_help_flag = true)]
    Doctor(Passed),
    /// Run `generate` of the workspace's migration binary: write a migration
    #[command(disable_help_flag = true)]
    Generate(Passed),
    /// Run `entity` of the workspace's migration binary: write the code of a new table
    #[command(disable_help_flag = true)]
    Entity(Passed),
    /// Run the workspace's migration binary with any command: `catamaran migrate up -u URL`
    #[command(disable_help_flag = true)]
    Migrate(Passed),
    /// Print a script that completes the arguments in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(clap::Args, Debug)]
struct NewOptions {
    /// Name of the workspace and of its application: lower-case letters, digits, - and _
    name: String,

    /// Folder of the workspace, which must be empty or not exist [default: NAME]
    #[arg(long, value_name = "FOLDER")]
    path: Option<PathBuf>,

    /// Folder of the library's package, instead of a version from crates.io
    #[arg(long, value_name = "FOLDER")]
    catamaran_path: Option<PathBuf>,
}

/// Arguments that are passed on as they are.
#[derive(clap::Args, Debug)]
struct Passed {
    /// Arguments of the command; --help shows them
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

/// The exit code for invalid arguments: `EX_USAGE` of `sysexits.h`.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` and `--version` are also an `Err`.
            error.print().ok();
            return match error.use_stderr() {
                true => ExitCode::from(USAGE),
                false => ExitCode::SUCCESS,
            };
        }
    };
    let run = |first: Option<&str>, passed: Passed| workspace::run(first, &passed.arguments);
    let outcome = match arguments.command {
        Command::New(options) => new::run(&options).map(|()| 0),
        Command::Doctor(passed) => run(Some("doctor"), passed),
        Command::Generate(passed) => run(Some("generate"), passed),
        Command::Entity(passed) => run(Some("entity"), passed),
        Command::Migrate(passed) => run(None, passed),
        Command::Completions { shell } => completions(shell).map(|()| 0),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // `eprintln!` would panic if nobody reads it.
            let _unread = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn completions(shell: Shell) -> Result<(), String> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "catamaran", &mut script);
    print(&script)
}

/// Prints a text. The reader may close the pipe.
fn print(text: &[u8]) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write the output: {error}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_declared_without_contradiction() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn arguments_of_a_command_are_passed_on_as_they_are() {
        let line = [
            "catamaran",
            "migrate",
            "up",
            "-u",
            "sqlite://a.db",
            "--help",
        ];
        let arguments = Arguments::try_parse_from(line).expect("arguments");
        let Command::Migrate(passed) = arguments.command else {
            panic!("another command");
        };
        assert_eq!(
            passed.arguments,
            line[2..].iter().map(OsString::from).collect::<Vec<_>>()
        );
    }
}
