//! Installs missing programs on Debian as root, so that a bare machine needs one command.

#[cfg(unix)]
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::{
    env, fs,
    io::{self, Write},
    path::Path,
    process::Command,
};

use crate::{Outcome, shell};

/// Whether packages can be installed: on Debian, as root.
pub fn is_ours_to_change() -> bool {
    Path::new("/etc/debian_version").exists()
        && shell::output("id", &["-u"]).as_deref() == Some("0")
        && shell::output("apt-get", &["--version"]).is_some()
}

/// The setting that says whether Debian's packages create a cluster when they are configured.
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.d";

/// Installs PostgreSQL's binaries without a cluster. The package would create one and start it on the default port; a
/// setting prevents that, and is removed afterwards.
pub fn install_postgres() -> Outcome<()> {
    shell::heading("No PostgreSQL on this machine: installing Debian's package");
    fs::create_dir_all(CLUSTER_SETTINGS)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix("catamaran-").suffix(".conf");
    #[cfg(unix)]
    builder.permissions(fs::Permissions::from_mode(0o644));
    let mut setting = builder.tempfile_in(CLUSTER_SETTINGS)?;
    writeln!(
        setting,
        "# While `cargo xtask` installs the binaries.\ncreate_main_cluster = false"
    )?;
    apt(&["update"])?;
    apt(&["install", "-y", "--no-install-recommends", "postgresql"])
}

/// The programs that suites run beside the server, and the packages that have them.
const PROGRAMS: [(&str, &str); 4] = [
    ("openssl", "openssl"),
    ("pgbouncer", "pgbouncer"),
    ("psql", "postgresql-client"),
    ("sqlite3", "sqlite3"),
];

/// Installs what suites run beside the server and this machine lacks. A suite that misses a program fails.
pub fn install_programs() -> Outcome<()> {
    let missing: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(", ");
    shell::heading(&format!("Missing on this machine: installing {packages}"));
    let _no_service = NoServices::new()?;
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], &missing[..]].concat())
}

/// Installs the program that fetches packages of PyPI, if it is missing.
#[cfg(target_os = "linux")]
pub fn install_pip() -> Outcome<()> {
    if shell::output("python3", &["-m", "pip", "--version"]).is_some() {
        return Ok(());
    }
    shell::heading("No pip on this machine: installing python3-pip");
    apt(&["update"])?;
    apt(&["install", "-y", "--no-install-recommends", "python3-pip"])
}

/// Also checks the folder in which Debian installs services: not every PATH has it.
fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .any(|directory| directory.join(program).is_file())
}

/// Keeps packages from starting services: a pooler would start on its default port.
struct NoServices {
    ours: bool,
}

impl NoServices {
    /// What Debian asks before a package starts a service; see `invoke-rc.d(8)`.
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    fn new() -> Outcome<Self> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o755);
        match options.open(Self::POLICY) {
            Ok(mut policy) => {
                policy.write_all(
                    b"#!/bin/sh\n# While `cargo xtask` installs packages.\nexit 101\n",
                )?;
                Ok(NoServices { ours: true })
            }
            // The machine has a policy already.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(NoServices { ours: false })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(Self::POLICY)
        {
            eprintln!("{} stays and should be removed: {error}", Self::POLICY);
        }
    }
}

/// Makes the locale en_US.UTF-8 if it is missing. Best effort: without it, ICU is used.
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
        shell::quietly(command.args(["-i", "en_US", "-f", "UTF-8", "en_US.UTF-8"]))
    });
    if let Err(error) = made {
        eprintln!("{error}; ICU's en-US is used instead");
    }
}

fn apt(arguments: &[&str]) -> Outcome<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments);
    shell::quietly(command.env("DEBIAN_FRONTEND", "noninteractive"))
}
