//! What root may install on Debian, so that a bare machine needs one command.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{Outcome, shell};

/// Whether packages can be installed without asking anybody.
pub fn is_ours_to_change() -> bool {
    Path::new("/etc/debian_version").exists()
        && shell::output("id", &["-u"]).as_deref() == Some("0")
        && shell::output("apt-get", &["--version"]).is_some()
}

/// Where Debian's packages read whether to make a cluster when they are configured.
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.d";

/// Installs PostgreSQL's binaries, and no cluster: the package would make one and start it on the
/// default port. The setting against that is in force while this runs, and taken back.
pub fn install_postgres() -> Outcome<()> {
    shell::heading("No PostgreSQL on this machine: installing Debian's package");
    fs::create_dir_all(CLUSTER_SETTINGS)?;
    let mut setting = tempfile::Builder::new()
        .prefix("catamaran-")
        .suffix(".conf")
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(CLUSTER_SETTINGS)?;
    writeln!(
        setting,
        "# While `cargo xtask` installs the binaries.\ncreate_main_cluster = false"
    )?;
    apt(&["update"])?;
    apt(&["install", "-y", "--no-install-recommends", "postgresql"])
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
    let installed = if Path::new("/usr/share/i18n/locales/en_US").exists() {
        Ok(())
    } else {
        apt(&["update"])
            .and_then(|()| apt(&["install", "-y", "--no-install-recommends", "locales"]))
    };
    let made = installed.and_then(|()| {
        let mut command = Command::new("localedef");
        run(command.args(["-i", "en_US", "-f", "UTF-8", "en_US.UTF-8"]))
    });
    if let Err(error) = made {
        eprintln!("{error}; ICU's en-US is used instead");
    }
}

fn apt(arguments: &[&str]) -> Outcome<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments);
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
