//! Commands that are run, and words for the person who reads along.

use std::{
    env,
    ffi::OsStr,
    io::{self, IsTerminal},
    path::Path,
    process::{Command, Stdio},
};

use crate::Outcome;

/// Where the workspace is: commands run there from wherever `cargo xtask` was called.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(WORKSPACE)
}

/// The cargo that runs us, in the workspace.
pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace());
    command
}

/// A program, without what `cargo run` says of this package in the environment. Build scripts that look there (ring's
/// does) would be built again, with all that stands on them, by every command of ours and then by every command of a
/// person's.
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

/// What a command prints, if it succeeds.
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

/// Runs a command that has to succeed. What it says goes to standard error, since standard output may be read by
/// a program.
pub fn quietly(command: &mut Command) -> Outcome<()> {
    let status = command.stdout(io::stderr()).status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{}` failed ({status})", line(command)).into())
}

/// Announces what comes next.
pub fn heading(text: &str) {
    eprintln!(
        "\n{}",
        paint("1", &format!("=== {text}"), io::stderr().is_terminal())
    );
}

/// Says why nothing could be done.
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
