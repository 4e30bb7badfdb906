//! Runs commands, and prints headings, results and errors.

use std::{
    env,
    ffi::OsStr,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::Outcome;

/// The root of the workspace. Commands run there from wherever `cargo xtask` was called.
pub fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The target directory of cargo.
pub fn target() -> PathBuf {
    let chosen = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    workspace().join(chosen)
}

/// The cargo that runs this program, in the workspace.
pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace());
    command
}

/// A program, without the variables that `cargo run` sets for this package. Build scripts that read them (as ring's does)
/// would be rebuilt, with all their dependents, after each change between this program and a shell.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Replaces this process by one without PostgreSQL's variables of the environment, such as PGOPTIONS and PGSERVICE. They
/// change each connection of this process, of the tests and of `psql`. A server that the user names may need them.
pub fn without_variables_of_postgres() -> Outcome<()> {
    let names = env::vars_os().map(|(name, _)| name);
    let names: Vec<_> = names
        .filter(|name| name.to_string_lossy().starts_with("PG"))
        .collect();
    let is_given = env::var_os(POSTGRES_URL_VARIABLE).is_some_and(|url| !url.is_empty());
    if names.is_empty() || is_given {
        return Ok(());
    }
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1));
    for name in &names {
        command.env_remove(name);
    }
    #[cfg(unix)]
    return Err(std::os::unix::process::CommandExt::exec(&mut command).into());
    #[cfg(not(unix))]
    std::process::exit(command.status()?.code().unwrap_or(2));
}

/// The command line, for a person to copy.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = [name].into_iter().chain(command.get_args());
    let words: Vec<_> = words
        .map(|word| match word.to_string_lossy() {
            word if word.contains(' ') || word.is_empty() => format!("'{word}'"),
            word => word.into_owned(),
        })
        .collect();
    words.join(" ")
}

/// The output of a command, if it succeeds.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stderr(Stdio::null());
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned(),
    )
}

/// Runs a command that must succeed. Its output goes to standard error, because a program may read standard output.
pub fn quietly(command: &mut Command) -> Outcome<()> {
    let status = command.stdout(io::stderr()).status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{}` failed ({status})", line(command)).into())
}

/// Prints a heading.
pub fn heading(text: &str) {
    eprintln!(
        "\n{}",
        paint("1", &format!("=== {text}"), io::stderr().is_terminal())
    );
}

/// Prints an error.
pub fn complain(text: &str) {
    let colour = io::stderr().is_terminal();
    eprintln!("{} {text}", paint("1;31", "error:", colour));
}

/// The text in green or red, on a terminal.
pub fn verdict(good: bool, text: &str) -> String {
    let colour = if good { "1;32" } else { "1;31" };
    paint(colour, text, io::stdout().is_terminal())
}

/// `NO_COLOR` is a convention: <https://no-color.org>.
fn paint(code: &str, text: &str, terminal: bool) -> String {
    if terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
