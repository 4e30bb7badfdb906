//! `cargo xtask package`.

use std::{path::PathBuf, process::Command};

use crate::{Outcome, shell};

/// The crates that can be published.
const CRATES: [&str; 2] = ["catamaran-macros", "catamaran"];

/// The files that every package must contain besides its sources.
const COMPANIONS: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// The profile of the workspace, which a packaged crate lacks. With it, cargo reuses the dependencies that the
/// workspace has built.
const PROFILE: [&str; 4] = [
    "--config",
    "profile.dev.debug=\"line-tables-only\"",
    "--config",
    "profile.dev.package.\"*\".debug=false",
];

pub fn run() -> Outcome<bool> {
    let mut command = publish();
    shell::heading(&shell::line(&command));
    if !command.status()?.success() {
        return Ok(false);
    }
    let mut complete = true;
    for name in CRATES {
        let folder = unpacked(name);
        for file in COMPANIONS {
            if !folder.join(file).is_file() {
                shell::print_error(&format!("the package {name} has no {file}"));
                complete = false;
            }
        }
        println!("{}", folder.display());
    }
    Ok(complete)
}

/// Packages both crates and builds the packages, and publishes nothing. All features are on, so that a missing file of
/// any feature is an error.
fn publish() -> Command {
    let mut command = shell::cargo(["publish", "--workspace", "--dry-run", "--allow-dirty"]);
    command.arg("--all-features").args(PROFILE);
    command
}

/// Where cargo leaves the sources of a package. All crates have the version of this one.
fn unpacked(name: &str) -> PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    shell::target().join(format!("package/{name}-{version}"))
}
