//! What root may install on Debian, so that a bare machine needs one command.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{Outcome, shell};

/// Whether packages can be installed without asking anybody.
pub fn is_ours_to_change() -> bool {
    Path::new("/etc/debian_version").exists()
        && shell::output("id", &["-u"]).as_deref() == Some("0")
        && shell::output("apt-get", &["--version"]).is_some()
}

/// Installs PostgreSQL's binaries, and no cluster.
///
/// The package makes a cluster and starts it on the default port when it is configured. The switch
/// against that is a file for the whole system; shadowing the one program that does it leaves the
/// machine as it is.
pub fn install_postgres() -> Outcome<()> {
    shell::heading("No PostgreSQL on this machine: installing Debian's package");
    let shadow = tempfile::Builder::new()
        .prefix("catamaran-apt-")
        .tempdir()?;
    let program = shadow.path().join("pg_createcluster");
    fs::write(
        &program,
        "#!/bin/sh\necho 'no cluster is made: only the binaries are wanted'\n",
    )?;
    // dpkg runs a package's scripts as root, from wherever PATH leads.
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}:/usr/sbin:/sbin", shadow.path().display());
    apt(&["update"], &path)?;
    apt(
        &["install", "-y", "--no-install-recommends", "postgresql"],
        &path,
    )
}

/// Makes the locale en_US.UTF-8 if it is missing. Best effort: without it, ICU stands in.
pub fn make_locale() {
    let listed = shell::output("locale", &["-a"]).unwrap_or_default();
    if listed
        .lines()
        .any(|name| name.to_lowercase().replace('-', "") == "en_us.utf8")
    {
        return;
    }
    shell::heading("No locale en_US.UTF-8 on this machine: making it");
    let path = std::env::var("PATH").unwrap_or_default();
    let installed = if Path::new("/usr/share/i18n/locales/en_US").exists() {
        Ok(())
    } else {
        apt(&["update"], &path).and_then(|()| {
            apt(
                &["install", "-y", "--no-install-recommends", "locales"],
                &path,
            )
        })
    };
    let made = installed.and_then(|()| {
        let mut command = Command::new("localedef");
        run(command.args(["-i", "en_US", "-f", "UTF-8", "en_US.UTF-8"]))
    });
    if let Err(error) = made {
        eprintln!("{error}; ICU's en-US is used instead");
    }
}

fn apt(arguments: &[&str], path: &str) -> Outcome<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("PATH", path);
    run(command.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn run(command: &mut Command) -> Outcome<()> {
    // Standard output may be read by a program: `cargo xtask postgres`.
    let status = command.stdout(std::io::stderr()).status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{}` failed ({status})", shell::line(command)).into())
}
