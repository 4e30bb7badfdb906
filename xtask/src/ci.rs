//! `cargo xtask ci`.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, layers, package, pages, shell, step::Step, test};

/// Combinations of features that a user may choose. Each is checked for the package alone, because in the workspace
/// other members enable more features.
const FEATURES: [&str; 13] = [
    "",
    "sqlite",
    "postgres",
    "sqlite,migrate",
    "postgres,migrate",
    "sqlite,testing",
    "postgres,testing",
    "sqlite,doctor",
    "postgres,doctor",
    "sqlite,postgres,cli",
    "migrate",
    "testing",
    "doctor",
];

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
    steps.push(Step::check("packages", package::run));

    let begin = Instant::now();
    let report = test::report(&test::Arguments::default()).await;
    let (name, passed) = match &report {
        Ok(report) => (format!("tests: {}", report.summary()), report.passed()),
        Err(error) => {
            shell::print_error(&error.to_string());
            (format!("tests: {error}"), false)
        }
    };
    let took = begin.elapsed();
    steps.push(Step { name, passed, took });
    steps.push(pages().await);
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        steps.push(newest());
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

/// Checks that the library compiles with these features, and that no link of its documentation is broken.
fn features(features: &str) -> Step {
    let name = match features {
        "" => "no features".to_owned(),
        _ => format!("features {features}"),
    };
    let mut check = of_library("check", features);
    let mut doc = of_library("doc", features);
    doc.arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings");
    Step::run(&name, &mut check).and(Step::run(&name, &mut doc))
}

fn of_library(command: &str, features: &str) -> Command {
    let mut command = shell::cargo([command, "--package", "catamaran", "--no-default-features"]);
    if !features.is_empty() {
        command.args(["--features", features]);
    }
    command
}

/// Runs the tests that read the catalogs of Postgres on the newest version too.
fn newest() -> Step {
    let mut command = shell::cargo(["xtask", "newest", "cargo", "xtask", "test"]);
    command.args(["--test", "doctor", "--test", "fingerprint"]);
    Step::run(
        "newest PostgreSQL",
        command.env_remove(POSTGRES_URL_VARIABLE),
    )
}

/// The pages that a newcomer follows.
async fn pages() -> Step {
    let begin = Instant::now();
    let passed = pages::run(&pages::Arguments::default())
        .await
        .unwrap_or_else(|error| {
            shell::print_error(&error.to_string());
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
