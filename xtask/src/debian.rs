//! Installs missing packages on Debian as root, so that a new machine needs only one command.

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
pub fn can_install() -> bool {
    Path::new("/etc/debian_version").exists()
        && shell::output("id", &["-u"]).as_deref() == Some("0")
        && shell::output("apt-get", &["--version"]).is_some()
}

/// The directory of the settings by which Debian's package decides whether to create a cluster.
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.d";

/// Installs PostgreSQL's binaries without a cluster. By default the package creates one and starts it on the default
/// port. The setting that prevents this is removed after the installation.
pub fn install_postgres() -> Outcome<()> {
    shell::heading("No PostgreSQL on this machine: installing the Debian package");
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

/// The programs that some suites run, and their packages.
const PROGRAMS: [(&str, &str); 3] = [
    ("pgbouncer", "pgbouncer"),
    ("psql", "postgresql-client"),
    ("sqlite3", "sqlite3"),
];

/// Installs the missing programs. A suite fails if its program is missing.
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

/// Installs pip if it is missing.
#[cfg(target_os = "linux")]
pub fn install_pip() -> Outcome<()> {
    if shell::output("python3", &["-m", "pip", "--version"]).is_some() {
        return Ok(());
    }
    shell::heading("No pip on this machine: installing python3-pip");
    apt(&["update"])?;
    apt(&["install", "-y", "--no-install-recommends", "python3-pip"])
}

/// Searches PATH and `/usr/sbin`, where Debian installs services and which not every PATH contains.
fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .any(|directory| directory.join(program).is_file())
}

/// Prevents packages from starting the services that they install, as pgbouncer's does on its default port.
struct NoServices {
    /// Whether this value created the policy, and so removes it.
    created: bool,
}

impl NoServices {
    /// The script that decides whether a package may start a service; see `invoke-rc.d(8)`.
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
                Ok(NoServices { created: true })
            }
            // The machine already has a policy, which stays in force.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(NoServices { created: false })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.created
            && let Err(error) = fs::remove_file(Self::POLICY)
        {
            eprintln!("cannot remove {}, remove it by hand: {error}", Self::POLICY);
        }
    }
}

/// Creates the locale en_US.UTF-8 if it is missing. If that fails, tests use ICU's.
pub fn create_locale() {
    let listed = shell::output("locale", &["-a"]).unwrap_or_default();
    if listed
        .lines()
        .any(|name| name.to_lowercase().replace('-', "") == "en_us.utf8")
    {
        return;
    }
    shell::heading("No locale en_US.UTF-8 on this machine: creating it");
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
