//! `cargo xtask test`.

use std::{
    io::{self, BufRead, BufReader, IsTerminal, Write},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, debian, server::Server, shell, tally::Tally};

#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Only the suites of this package (repeatable)
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Only this suite, by the name of its folder (repeatable)
    #[arg(short, long, value_name = "NAME")]
    test: Vec<String>,
    /// Arguments of the test harness: a part of the names of tests, --nocapture, ...
    #[arg(last = true, value_name = "FILTER")]
    harness: Vec<String>,
}

/// How many tests run at once for each processor, unless `RUST_TEST_THREADS` says how many in all. Many wait for a server,
/// a time limit or another process most of the time.
const TESTS_PER_PROCESSOR: usize = 2;

/// The variable of the test harness.
const THREADS_VARIABLE: &str = "RUST_TEST_THREADS";

/// The outcome of a run of the suites.
pub struct Report {
    tally: Tally,
    /// Whether cargo succeeded. It also fails if something did not build.
    success: bool,
    took: Duration,
    version: String,
}

pub async fn run(arguments: &Arguments) -> Outcome<bool> {
    let report = report(arguments).await?;
    println!("\n{}", report.summary());
    Ok(report.passed())
}

/// Runs the suites.
pub async fn report(arguments: &Arguments) -> Outcome<Report> {
    let server = Server::find_or_start().await?;
    if debian::is_ours_to_change() {
        debian::install_programs()?;
    }
    let begin = Instant::now();
    let mut command = cargo_test(arguments);
    command.env(POSTGRES_URL_VARIABLE, server.url());
    if std::env::var_os(THREADS_VARIABLE).is_none() {
        let threads = thread::available_parallelism()?.get() * TESTS_PER_PROCESSOR;
        command.env(THREADS_VARIABLE, threads.to_string());
    }
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
        // The harness writes to a pipe, and cannot detect the terminal behind it.
        command.arg("--color=always");
    }
    command.args(&arguments.harness);
    command
}

/// Runs the command, and prints its output as it arrives.
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

    /// One line.
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
            " (an ignored test proves nothing)"
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
