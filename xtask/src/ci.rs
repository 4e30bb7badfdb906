//! `cargo xtask ci`.

use std::time::{Duration, Instant};

use catamaran::testing::POSTGRES_URL_VARIABLE;

use crate::{Outcome, shell, step::Step, test};

/// The features of the library that a user may choose alone. Each is checked for the package by
/// itself: in the workspace, another member would switch the others on.
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
        lints(),
    ];
    steps.extend(FEATURES.map(features));
    steps.push(documentation());

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

fn features(features: &str) -> Step {
    let mut command = shell::cargo(["check", "--package", "catamaran", "--no-default-features"]);
    if !features.is_empty() {
        command.args(["--features", features]);
    }
    let name = match features {
        "" => "no features".to_owned(),
        _ => format!("features {features}"),
    };
    Step::run(&name, &mut command)
}

/// What reads the catalogs of Postgres, on the newest one too.
fn newest() -> Step {
    let mut command = shell::cargo(["xtask", "newest", "cargo", "xtask", "test"]);
    command.args(["--test", "doctor"]);
    Step::run(
        "newest PostgreSQL",
        command.env_remove(POSTGRES_URL_VARIABLE),
    )
}

fn documentation() -> Step {
    let mut command = shell::cargo(["doc", "--workspace", "--no-deps", "--all-features"]);
    Step::run("documentation", command.env("RUSTDOCFLAGS", "-D warnings"))
}
