//! `cargo xtask docs`.

use std::{path::PathBuf, process::Stdio};

use crate::{Outcome, shell};

/// The version of mdBook to install if there is none.
const VERSION: &str = "0.5.4";

pub fn run() -> Outcome<bool> {
    let program = match is_installed("mdbook".as_ref()) {
        true => "mdbook".into(),
        false => install()?,
    };
    let mut build = shell::command(program);
    build.args(["build", "docs"]);
    let status = build.current_dir(shell::workspace()).status()?;
    if status.success() {
        println!("The book is in target/book: open target/book/index.html");
    }
    Ok(status.success())
}

fn is_installed(program: &std::ffi::OsStr) -> bool {
    let mut version = shell::command(program);
    version.arg("--version").stdout(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// Installs mdBook in target/tools, and replaces another version; returns its path.
fn install() -> Outcome<PathBuf> {
    shell::heading(&format!(
        "No mdbook in PATH: using mdbook {VERSION} in target/tools, installed if it is missing"
    ));
    let arguments = ["install", "mdbook", "--version", VERSION, "--locked"];
    let mut install = shell::cargo(arguments);
    // A build needs only the search. The default features `serve` and `watch` double the compile time.
    install.args(["--no-default-features", "--features", "search"]);
    install.args(["--root", "target/tools"]);
    shell::quietly(&mut install).map_err(|error| {
        format!(
            "{error}. To build the book offline, put an mdbook into PATH \
             (cargo install mdbook, a package of your system, or a binary of \
             https://github.com/rust-lang/mdBook/releases)"
        )
    })?;
    let name = format!("mdbook{}", std::env::consts::EXE_SUFFIX);
    Ok(shell::workspace().join("target/tools/bin").join(name))
}
