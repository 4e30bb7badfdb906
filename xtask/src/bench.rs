//! `cargo xtask bench`.

use std::{path::PathBuf, process::Command};

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, server::Server, shell};

#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Only this engine: sqlite or postgres
    #[arg(long)]
    engine: Option<String>,
    /// Only these workloads, such as W2,W4
    #[arg(long, value_name = "WORKLOADS")]
    only: Option<String>,
    /// Rounds, of which the medians are printed [default: 5]
    #[arg(long)]
    rounds: Option<u16>,
    /// Seconds of each turn of the mixture [default: 5]
    #[arg(long)]
    seconds: Option<f64>,
    /// Few rows and one short round without optimisation, which only shows that everything runs
    #[arg(long)]
    quick: bool,
    /// Write the result to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// An older build of the benchmark, target/release/ratios, whose Catamaran takes turns too
    #[arg(long, value_name = "PROGRAM")]
    before: Option<PathBuf>,
}

impl Arguments {
    /// What shows that everything runs.
    pub fn quick() -> Self {
        Self {
            quick: true,
            ..Self::default()
        }
    }

    fn is_everything(&self) -> bool {
        self.engine.is_none() && self.only.is_none() && !self.quick && self.before.is_none()
    }

    /// Appends what is given, for the program.
    fn pass(&self, command: &mut Command) -> Outcome<()> {
        let mut pass = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                command.args([name, &value]);
            }
        };
        pass("--engine", self.engine.clone());
        pass("--only", self.only.clone());
        pass("--rounds", self.rounds.map(|rounds| rounds.to_string()));
        pass("--seconds", self.seconds.map(|seconds| seconds.to_string()));
        if self.quick {
            command.arg("--quick");
        }
        if let Some(file) = &self.json {
            command.arg("--json").arg(std::path::absolute(file)?);
        }
        if let Some(program) = &self.before {
            command.arg("--before").arg(std::path::absolute(program)?);
        }
        Ok(())
    }
}

pub async fn run(arguments: &Arguments) -> Outcome<bool> {
    let profile = if arguments.quick { "debug" } else { "release" };
    // With the features that the tests use too, so that the quick mode compiles few crates for itself.
    let mut build = shell::cargo(["build", "--workspace", "--all-features", "--bin", "ratios"]);
    if !arguments.quick {
        build = shell::cargo([
            "build",
            "--package",
            "benches",
            "--bin",
            "ratios",
            "--release",
        ]);
    }
    shell::heading(&shell::line(&build));
    if !build.status()?.success() {
        return Ok(false);
    }

    let server = match arguments.engine.as_deref() {
        Some("sqlite") => None,
        _ => Some(Server::find_or_start().await?),
    };
    let url = server.as_ref().map(Server::url);
    let mut ratios = shell::command(shell::target().join(profile).join("ratios"));
    arguments.pass(&mut ratios)?;
    let mut passed = measure(&mut ratios, url)?;
    if arguments.is_everything() {
        let arguments = ["bench", "--package", "benches", "--bench", "doctor"];
        passed &= measure(&mut shell::cargo(arguments), url)?;
    }
    Ok(passed)
}

fn measure(command: &mut Command, url: Option<&str>) -> Outcome<bool> {
    if let Some(url) = url {
        command.env(POSTGRES_URL_VARIABLE, url);
    }
    shell::heading(&shell::line(command));
    Ok(command.status()?.success())
}
