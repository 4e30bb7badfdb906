//! Finds PostgreSQL's binaries on this machine.

use std::{
    cmp::Reverse,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The directory of `initdb`, `pg_ctl` and `postgres`.
///
/// Searches `PATH`, then the directory of `pg_config`, then those of distributions, newest version first.
pub(super) fn directory() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&on_path)
        .chain(from_pg_config())
        .chain(versions("/usr/lib/postgresql", "", "bin"))
        .chain(versions("/usr", "pgsql-", "bin"))
        .chain([PathBuf::from("/usr/local/pgsql/bin")])
        .chain(versions("/opt/homebrew/opt", "postgresql@", "bin"))
        .chain(versions("/usr/local/opt", "postgresql@", "bin"))
        .find(|directory| has_a_server(directory))
}

fn has_a_server(directory: &Path) -> bool {
    directory.is_absolute()
        && ["initdb", "pg_ctl", "postgres"]
            .iter()
            .all(|name| directory.join(name).is_file())
}

fn from_pg_config() -> Option<PathBuf> {
    let mut command = Command::new("pg_config");
    let output = command
        .arg("--bindir")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success()).then(|| PathBuf::from(text.trim_end()))
}

/// The directories `parent/<prefix><version>/<leaf>`, highest version first.
fn versions(parent: &str, prefix: &str, leaf: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let version = name.to_str().and_then(|name| name.strip_prefix(prefix));
        if let Some(version) = version.and_then(|text| text.parse::<f64>().ok()) {
            found.push((version, entry.path().join(leaf)));
        }
    }
    found.sort_by_key(|(version, _)| Reverse((version * 100.0) as i64));
    found.into_iter().map(|(_, directory)| directory).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::versions;

    #[test]
    fn directories_of_binaries_are_sorted_by_version_number() {
        let parent = tempfile::tempdir().expect("a temporary directory can be made");
        for name in ["9.6", "15", "17", "not-a-version"] {
            fs::create_dir(parent.path().join(name)).expect("the directory is new");
        }
        let parent = parent.path().to_str().expect("the path is UTF-8");
        let found = versions(parent, "", "bin");
        let names: Vec<_> = found
            .iter()
            .map(|path| path.to_string_lossy().replace(parent, ""))
            .collect();
        assert_eq!(names, ["/17/bin", "/15/bin", "/9.6/bin"]);
    }
}
