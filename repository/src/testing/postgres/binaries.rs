//! Finds PostgreSQL's programs on this machine.

use std::{
    cmp::Reverse,
    env, fs,
    path::{Path, PathBuf},
    process::Output,
};

use super::{super::TestError, account::Account};

/// The programs that a server needs, in one folder.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// The folders in which packages install PostgreSQL. A `*` is a version.
const INSTALLED: &[&str] = &[
    // Debian, Ubuntu
    "/usr/lib/postgresql/*/bin",
    // Fedora, RHEL: the packages of postgresql.org, and the distribution's own
    "/usr/pgsql-*/bin",
    "/usr/bin",
    // openSUSE, Gentoo
    "/usr/lib/postgresql*/bin",
    "/usr/lib64/postgresql-*/bin",
    // Alpine
    "/usr/libexec/postgresql*",
    // Homebrew
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    // MacPorts, Postgres.app, EDB
    "/opt/local/lib/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/Library/PostgreSQL/*/bin",
    // Nix
    "/run/current-system/sw/bin",
    "/nix/var/nix/profiles/default/bin",
    // PostgreSQL's sources
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
];

/// The folder of the programs.
///
/// Searches `PATH`, then the folder of `pg_config`, then those of packages, newest version first.
///
/// # Errors
/// [`TestError::NoPostgres`] with every folder that was tried.
pub(super) fn directory(account: Option<&Account>) -> Result<PathBuf, TestError> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let mut search = Search {
        account,
        tried: Vec::new(),
    };
    let found = search
        .on_path(env::split_paths(&on_path))
        .or_else(|| search.of_pg_config())
        .or_else(|| search.of_packages(INSTALLED));
    found.ok_or_else(|| TestError::NoPostgres {
        tried: search.tried.join("\n"),
    })
}

/// A search, with what it tried so far.
struct Search<'a> {
    account: Option<&'a Account>,
    tried: Vec<String>,
}

impl Search<'_> {
    fn on_path(&mut self, entries: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
        let entries: Vec<PathBuf> = entries.filter(|entry| entry.is_absolute()).collect();
        let shown: Vec<String> = entries
            .iter()
            .map(|entry| entry.display().to_string())
            .collect();
        self.tried.push(format!("PATH: {}", shown.join(", ")));
        entries.into_iter().find_map(|entry| {
            // A link to one of the programs leads to the others.
            let links = PROGRAMS.iter().map(|name| entry.join(name));
            let linked =
                links.filter_map(|link| link.canonicalize().ok()?.parent().map(Path::to_owned));
            let mut folders = vec![entry.clone()];
            folders.extend(linked);
            folders.dedup();
            folders.into_iter().find(|folder| {
                let has_some = PROGRAMS.iter().any(|name| folder.join(name).is_file());
                has_some && self.accepts(folder)
            })
        })
    }

    fn of_pg_config(&mut self) -> Option<PathBuf> {
        let printed = Account::command(None, Path::new("pg_config"))
            .arg("--bindir")
            .output();
        let folder = printed.ok().and_then(|output| printed_path(&output));
        let Some(folder) = folder else {
            self.tried
                .push("`pg_config --bindir`: prints no folder".to_owned());
            return None;
        };
        self.accepts(&folder).then_some(folder)
    }

    /// `patterns` may have one `*` each.
    fn of_packages(&mut self, patterns: &[&str]) -> Option<PathBuf> {
        let mut found = Vec::new();
        for pattern in patterns {
            let folders = matching(pattern);
            match folders.is_empty() {
                true => self.tried.push(format!("{pattern}: no such folder")),
                false => found.extend(folders),
            }
        }
        // Stable: folders without a version come last, in the order of the list.
        found.sort_by_key(|(version, _)| Reverse(version.clone()));
        let mut folders = found.into_iter().map(|(_, folder)| folder);
        folders.find(|folder| self.accepts(folder))
    }

    /// Whether the folder has the programs and the server's account can run them.
    fn accepts(&mut self, folder: &Path) -> bool {
        let is_missing = |name: &&&str| !folder.join(name).is_file();
        let missing: Vec<&str> = PROGRAMS.iter().filter(is_missing).copied().collect();
        let reason = match missing.is_empty() {
            false => format!("has no {}", missing.join(", ")),
            true => match runs(self.account, &folder.join("postgres")) {
                Ok(()) => return true,
                Err(reason) => format!("its postgres does not run: {reason}"),
            },
        };
        let line = format!("{}: {reason}", folder.display());
        if !self.tried.contains(&line) {
            self.tried.push(line);
        }
        false
    }
}

fn printed_path(output: &Output) -> Option<PathBuf> {
    let text = std::str::from_utf8(&output.stdout).ok()?;
    let path = Path::new(text.trim_end());
    (output.status.success() && path.is_absolute()).then(|| path.to_owned())
}

/// Runs `postgres --version`: a library may be missing, or the account may not be allowed to enter the folder.
fn runs(account: Option<&Account>, postgres: &Path) -> Result<(), String> {
    let ran = Account::command(account, postgres)
        .arg("--version")
        .output();
    let output = ran.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or_default();
    Err(format!("{}: {said}", output.status))
}

/// The existing folders of a pattern, with their versions.
fn matching(pattern: &str) -> Vec<(Vec<u32>, PathBuf)> {
    let Some((before, after)) = pattern.split_once('*') else {
        let folder = PathBuf::from(pattern);
        return Vec::from_iter(folder.is_dir().then(|| (Vec::new(), folder)));
    };
    let Some((parent, prefix)) = before.rsplit_once('/') else {
        return Vec::new();
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let folders = entries.filter_map(|entry| {
        let name = entry.file_name();
        let version = version(name.to_str()?.strip_prefix(prefix)?)?;
        let folder = match after.strip_prefix('/') {
            Some(after) => entry.path().join(after),
            None => entry.path(),
        };
        folder.is_dir().then_some((version, folder))
    });
    folders.collect()
}

/// The numbers of `17`, `9.6` or `18beta1`; `None` if it does not begin with one.
fn version(text: &str) -> Option<Vec<u32>> {
    let numbers = text.split('.').map(|part| {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        part[..digits].parse().ok()
    });
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes empty files, whose folders are made as well.
    fn files(parent: &Path, names: &[&str]) {
        for name in names {
            let file = parent.join(name);
            let folder = file.parent().expect("it is below the parent");
            fs::create_dir_all(folder).expect("the folder can be made");
            fs::write(file, "").expect("the file can be written");
        }
    }

    fn search() -> Search<'static> {
        Search {
            account: None,
            tried: Vec::new(),
        }
    }

    #[test]
    fn folders_of_packages_are_sorted_by_version() {
        let parent = tempfile::tempdir().expect("a temporary directory can be made");
        for name in ["9.6", "17.2", "15", "17.10", "18beta1", "not-a-version"] {
            files(parent.path(), &[&format!("{name}/bin/psql")]);
        }
        let parent = parent.path().to_str().expect("the path is UTF-8");
        let mut search = search();
        assert_eq!(search.of_packages(&[&format!("{parent}/*/bin")]), None);
        let names = search.tried.iter().map(|line| line.replace(parent, ""));
        let has_none = "/bin: has no initdb, pg_ctl, postgres";
        let expected = ["18beta1", "17.10", "17.2", "15", "9.6"];
        assert!(names.eq(expected.map(|version| format!("/{version}{has_none}"))));
    }

    #[test]
    fn search_says_why_each_folder_is_not_used() {
        let parent = tempfile::tempdir().expect("a temporary directory can be made");
        files(
            parent.path(),
            &["a/initdb", "b/16/initdb", "b/16/pg_ctl", "b/16/postgres"],
        );
        let path = parent.path().to_str().expect("the path is UTF-8");
        let mut search = search();
        let entries = ["a", "empty"].map(|name| parent.path().join(name));
        let entries = entries.into_iter().chain([PathBuf::from("relative")]);
        assert_eq!(search.on_path(entries), None);
        let patterns = [format!("{path}/b/*"), format!("{path}/c/*/bin")];
        assert_eq!(
            search.of_packages(&patterns.each_ref().map(String::as_str)),
            None
        );
        let tried = search.tried.join("\n").replace(path, "");
        let expected = [
            "PATH: /a, /empty",
            "/a: has no pg_ctl, postgres",
            "/c/*/bin: no such folder",
            "/b/16: its postgres does not run: Permission denied (os error 13)",
        ];
        assert_eq!(tried, expected.join("\n"));
    }

    #[cfg(unix)]
    #[test]
    fn link_to_a_program_on_path_leads_to_its_folder() {
        use std::os::unix::fs::symlink;

        let parent = tempfile::tempdir().expect("a temporary directory can be made");
        let parent = parent.path().canonicalize().expect("it exists");
        files(&parent, &["real/initdb", "real/pg_ctl", "links/other"]);
        for (program, link) in [
            (Path::new("/bin/true"), "real/postgres"),
            (&parent.join("real/initdb"), "links/initdb"),
        ] {
            symlink(program, parent.join(link)).expect("it is new");
        }
        let found = search().on_path([parent.join("links")].into_iter());
        assert_eq!(found, Some(parent.join("real")));
    }
}
