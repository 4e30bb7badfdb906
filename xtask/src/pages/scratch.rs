//! The folder in which a page is followed, and its shell.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::{Outcome, shell};

/// The folder of a page, with its current directory and environment.
pub struct Scratch {
    /// The current directory of commands and paths. A `cd` in a command changes it.
    current: PathBuf,
    /// The file to which a command writes its last directory.
    ended_in: PathBuf,
    variables: BTreeMap<&'static str, OsString>,
}

/// An empty folder for a page, outside of the workspace.
///
/// Its path depends only on the workspace. Cargo identifies packages by path, so a new path for each run would keep the
/// artifacts of every run.
pub fn folder(page: &str) -> Outcome<PathBuf> {
    let mut hasher = DefaultHasher::new();
    fs::canonicalize(shell::workspace())?.hash(&mut hasher);
    let name = format!("catamaran-pages-{:016x}", hasher.finish());
    let folder = std::env::temp_dir().join(name).join(page);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(fs::canonicalize(folder)?)
}

/// Copies the files that git tracks or would add: the workspace without build artifacts.
pub fn copy_workspace(to: &Path) -> Outcome<()> {
    let list = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let output = shell::command("git")
        .args(list)
        .current_dir(shell::workspace())
        .output()?;
    if !output.status.success() {
        return Err("`git ls-files` failed in the workspace: pages are followed in a copy of a git checkout".into());
    }
    for name in String::from_utf8(output.stdout)?.split_terminator('\0') {
        let from = shell::workspace().join(name);
        // Git lists a deleted file until the deletion is committed.
        if !from.exists() {
            continue;
        }
        let to = to.join(name);
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::copy(&from, &to)?;
    }
    Ok(())
}

/// Copies a folder with all of its files and folders.
pub fn copy_folder(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &to)?,
            false => fs::copy(entry.path(), to).map(drop)?,
        }
    }
    Ok(())
}

impl Scratch {
    /// A page's folder. Commands run in `current` at first.
    ///
    /// What is built goes to the target directory of the workspace, so that dependencies are built once. `macros` takes
    /// the place of the package in the registry.
    pub fn new(folder: &Path, current: &Path, macros: Option<&Path>) -> Outcome<Self> {
        let cargo = folder.join(".cargo");
        fs::create_dir_all(&cargo)?;
        let mut config = PROFILE.to_owned();
        if let Some(macros) = macros {
            config.push_str(&format!(
                "\n[patch.crates-io]\ncatamaran-macros = {{ path = {:?} }}\n",
                macros.display().to_string()
            ));
        }
        fs::write(cargo.join("config.toml"), config)?;
        let target = fs::canonicalize(shell::workspace())?.join("target");
        let variables = BTreeMap::from([
            ("CARGO_TARGET_DIR", target.into_os_string()),
            ("CARGO_TERM_COLOR", "never".into()),
            ("NO_COLOR", "1".into()),
        ]);
        Ok(Self {
            current: current.to_owned(),
            ended_in: folder.join("ended-in"),
            variables,
        })
    }

    pub fn variable(&mut self, name: &'static str, value: &str) {
        self.variables.insert(name, value.into());
    }

    pub fn write(&self, path: &str, text: &str) -> Outcome<()> {
        let path = self.current.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        Ok(fs::write(path, text)?)
    }

    pub fn read(&self, path: &str) -> Outcome<String> {
        Ok(fs::read_to_string(self.current.join(path))?)
    }

    /// Runs a command in the shell; returns its output and whether it succeeded.
    pub fn run(&mut self, command: &str) -> Outcome<(String, bool)> {
        self.lock_versions()?;
        let script = format!(
            "exec 2>&1\n{command}\nstatus=$?\npwd -P > \"$CATAMARAN_ENDED_IN\"\nexit $status"
        );
        let output = shell::command("sh")
            .arg("-c")
            .arg(script)
            .current_dir(&self.current)
            .envs(&self.variables)
            .env("CATAMARAN_ENDED_IN", &self.ended_in)
            .env_remove("DATABASE_URL")
            .env_remove("DATABASE_SCHEMA")
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            self.current = fs::read_to_string(&self.ended_in)?.trim_end().into();
        }
        Ok((text, output.status.success()))
    }

    /// Copies the `Cargo.lock` of the workspace to a new project. So a new release of a dependency cannot break a run,
    /// and built dependencies are reused.
    fn lock_versions(&self) -> Outcome<()> {
        let lock = self.current.join("Cargo.lock");
        if self.current.join("Cargo.toml").exists() && !lock.exists() {
            fs::copy(shell::workspace().join("Cargo.lock"), lock)?;
        }
        Ok(())
    }
}

/// A profile that builds dependencies as in the workspace, but packages of the page in another way. In a copy of the
/// workspace these have the same names and relative paths, and with equal profiles cargo would confuse their artifacts.
const PROFILE: &str = r#"[profile.dev]
debug = 0

[profile.dev.package."*"]
debug = false
"#;
