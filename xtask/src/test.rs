//! `cargo xtask test`.

use std::{
    io::{self, BufRead, BufReader, IsTerminal, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, debian, server::Server, shell, tally::Tally};

#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Run only the suites of this package (may be repeated)
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Only this suite, by the name of its file (may be given again)
    #[arg(short, long, value_name = "NAME")]
    test: Vec<String>,
    /// Arguments for the test harness: a part of the names of tests, --nocapture, ...
    #[arg(last = true, value_name = "FILTER")]
    harness: Vec<String>,
}

/// The result of a run of the suites.
pub struct Report {
    tally: Tally,
    /// Whether cargo succeeded; false also if something did not build.
    success: bool,
    took: Duration,
    version: String,
}

pub async fn run(arguments: &Arguments) -> Outcome<bool> {
    let report = report(arguments).await?;
    println!("\n{}", report.summary());
    Ok(report.passed())
}

/// Runs the suites; returns their results.
pub async fn report(arguments: &Arguments) -> Outcome<Report> {
    let server = Server::find_or_start().await?;
    if debian::can_install() {
        debian::install_programs()?;
    }
    let begin = Instant::now();
    let mut command = cargo_test(arguments);
    command.env(POSTGRES_URL_VARIABLE, server.url());
    shell::heading(&shell::line(&command));
    let (success, tally) = stream(&mut command)?;
    Ok(Report {
        tally,
        success,
        took: begin.elapsed(),
        version: server.version().to_owned(),
    })
}

fn cargo_test(arguments: &Arguments) -> Command {
    let mut command = shell::cargo(["test", "--all-features", "--no-fail-fast"]);
    if arguments.package.is_empty() {
        command.arg("--workspace");
    }
    for package in &arguments.package {
        command.args(["--package", package]);
    }
    for test in &arguments.test {
        command.args(["--test", test]);
    }
    let colour = io::stdout().is_terminal();
    if colour || !arguments.harness.is_empty() {
        command.arg("--");
    }
    if colour {
        // The harness writes to a pipe, so it cannot detect the terminal.
        command.arg("--color=always");
    }
    command.args(&arguments.harness);
    command
}

/// Runs the command, and shows its output immediately.
fn stream(command: &mut Command) -> Outcome<(bool, Tally)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut tally = Tally::default();
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut shown = io::stdout().lock();
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line)? > 0 {
            shown.write_all(&line)?;
            tally.read(&String::from_utf8_lossy(&line));
            line.clear();
        }
        shown.flush()?;
    }
    Ok((child.wait()?.success(), tally))
}

impl Report {
    /// Whether cargo succeeded, at least one test ran, and none failed or was ignored.
    pub fn passed(&self) -> bool {
        self.success && self.tally.failed == 0 && self.tally.ignored == 0 && self.tally.passed > 0
    }

    /// A summary in one line.
    pub fn summary(&self) -> String {
        let Tally {
            suites,
            passed,
            failed,
            ignored,
        } = self.tally;
        let reason = if self.passed() || failed > 0 {
            ""
        } else if !self.success {
            " (something did not build, or ended early)"
        } else if ignored > 0 {
            " (ignored tests count as failures)"
        } else {
            " (no test ran)"
        };
        let word = if self.passed() { "PASSED" } else { "FAILED" };
        format!(
            "{}: {suites} suites, {passed} passed, {failed} failed, {ignored} ignored, {:.1} s, \
             SQLite and PostgreSQL {}{reason}",
            shell::verdict(self.passed(), word),
            self.took.as_secs_f32(),
            self.version,
        )
    }
}
