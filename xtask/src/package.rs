//! `cargo xtask package`.

use std::{path::PathBuf, process::Command};

use crate::{Outcome, shell};

/// The crates that can be published.
pub const CRATES: [&str; 3] = ["catamaran-macros", "catamaran", "catamaran-cli"];

/// The files of a package beside its sources.
const COMPANIONS: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// The workspace's profile, which a packaged crate lacks. With it, cargo reuses the dependencies that the workspace has
/// built.
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
                shell::complain(&format!("the package {name} has no {file}"));
                complete = false;
            }
        }
        println!("{}", folder.display());
    }
    Ok(complete)
}

/// Packages the crates and builds the packages, without uploading anything. With all features, so that a missing
/// file is noticed even if only one feature reads it.
fn publish() -> Command {
    let mut command = shell::cargo(["publish", "--workspace", "--dry-run", "--allow-dirty"]);
    command.arg("--all-features").args(PROFILE);
    command
}

/// The folder in which cargo leaves the sources of the packages, each in a folder of its name and version.
pub fn folder() -> PathBuf {
    shell::target().join("package")
}

/// All crates have the version of this one.
fn unpacked(name: &str) -> PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    folder().join(format!("{name}-{version}"))
}
