//! `cargo xtask ci`.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, bench, layers, package, pages, shell, step::Step, test};

/// The features of the library that a user may choose alone. Each is checked for the package by itself: in the workspace,
/// another member would switch the others on. All of them, which is what `cli` needs, are built as a package.
const FEATURES: [&str; 15] = [
    "",
    "sqlite",
    "postgres",
    "sqlite,migrate",
    "postgres,migrate",
    "sqlite,fingerprint",
    "postgres,fingerprint",
    "sqlite,testing",
    "postgres,testing",
    "sqlite,doctor",
    "postgres,doctor",
    "migrate",
    "fingerprint",
    "testing",
    "doctor",
];

/// The sets whose documentation may refer to what only another engine has. What refers to another feature is seen in the
/// documentation of all features, where readers find it.
const DOCUMENTED: [&str; 3] = ["", "sqlite", "postgres"];

pub async fn run() -> Outcome<bool> {
    let mut steps = vec![
        Step::run("formatting", &mut shell::cargo(["fmt", "--all", "--check"])),
        Step::check("layers", || {
            shell::heading("layers: cargo xtask layers");
            layers::run(&layers::Arguments::default())
        }),
        lints(),
    ];
    steps.extend(FEATURES.map(features));
    steps.push(documentation());
    let packages = Step::check("packages", package::run);
    let packaged = packages.passed.then(package::folder);
    steps.push(packages);

    let begin = Instant::now();
    let report = test::report(&test::Arguments::default()).await;
    let (name, passed) = match &report {
        Ok(report) => (format!("tests: {}", report.summary()), report.passed()),
        Err(error) => {
            shell::complain(&error.to_string());
            (format!("tests: {error}"), false)
        }
    };
    let took = begin.elapsed();
    steps.push(Step { name, passed, took });
    steps.push(benchmarks().await);
    steps.push(pages(packaged).await);
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        // The first two take minutes, and differ little between versions. SQLite is that of the tests before.
        let long = ["generate::", "mutations::", "sqlite"].map(|name| ["--skip", name]);
        let doctor = [&["--test", "doctor", "--"][..], long.as_flattened()].concat();
        steps.push(newest("newest PostgreSQL", &doctor));
        let agree = [
            "--package",
            "suite",
            "--test",
            "conformance",
            "--",
            "engines_agree",
        ];
        steps.push(newest("comparison with the newest PostgreSQL", &agree));
    }

    println!();
    for step in &steps {
        println!("{}", step.line());
    }
    let failed = steps.iter().filter(|step| !step.passed).count();
    let took: Duration = steps.iter().map(|step| step.took).sum();
    let (word, rest) = match failed {
        0 => ("PASSED", String::new()),
        _ => ("FAILED", format!(", {failed} failed")),
    };
    let word = shell::verdict(failed == 0, word);
    println!(
        "\n{word}: {} steps{rest}, {:.1} s",
        steps.len(),
        took.as_secs_f32()
    );
    Ok(failed == 0)
}

fn lints() -> Step {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features"];
    let mut command = shell::cargo(arguments);
    Step::run("lints", command.args(["--", "-D", "warnings"]))
}

/// That it compiles, and that no link of its documentation is broken.
fn features(features: &str) -> Step {
    let name = match features {
        "" => "no features".to_owned(),
        _ => format!("features {features}"),
    };
    let check = Step::run(&name, &mut of_library("check", features));
    if !DOCUMENTED.contains(&features) {
        return check;
    }
    let mut doc = of_library("doc", features);
    doc.arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings");
    check.and(Step::run(&name, &mut doc))
}

fn of_library(command: &str, features: &str) -> Command {
    let mut command = shell::cargo([command, "--package", "catamaran", "--no-default-features"]);
    if !features.is_empty() {
        command.args(["--features", features]);
    }
    command
}

/// Runs some tests on the newest Postgres too.
fn newest(name: &str, tests: &[&str]) -> Step {
    let mut command = shell::cargo(["xtask", "newest", "cargo", "xtask", "test"]);
    command.args(tests);
    Step::run(name, command.env_remove(POSTGRES_URL_VARIABLE))
}

/// That the benchmarks run, and that all contestants do the same. It measures nothing.
async fn benchmarks() -> Step {
    let begin = Instant::now();
    let ran = bench::run(&bench::Arguments::quick()).await;
    Step {
        name: "benchmarks run".to_owned(),
        passed: ran.unwrap_or_else(|error| {
            shell::complain(&error.to_string());
            false
        }),
        took: begin.elapsed(),
    }
}

/// The pages that a newcomer follows, with the packages that were built, if they were.
async fn pages(packages: Option<PathBuf>) -> Step {
    let begin = Instant::now();
    let arguments = pages::Arguments {
        packages,
        ..pages::Arguments::default()
    };
    let passed = pages::run(&arguments).await.unwrap_or_else(|error| {
        shell::complain(&error.to_string());
        false
    });
    Step {
        name: "pages".to_owned(),
        passed,
        took: begin.elapsed(),
    }
}

fn documentation() -> Step {
    let mut command = shell::cargo(["doc", "--workspace", "--no-deps", "--all-features"]);
    Step::run("documentation", command.env("RUSTDOCFLAGS", "-D warnings"))
}
