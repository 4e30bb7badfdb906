//! The folder in which a page is followed, and the shell.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::{Outcome, shell};

/// The folder in which a page is followed.
#[derive(Clone)]
pub struct Scratch {
    /// The folder of the next command and of relative paths. A `cd` of the page changes it.
    current: PathBuf,
    /// The file to which a command writes its last directory.
    ended_in: PathBuf,
    variables: BTreeMap<&'static str, OsString>,
}

/// An empty folder for pages, outside of the workspace.
///
/// It is always the same for a workspace: cargo identifies packages by path, and would otherwise keep the artifacts of
/// each run.
pub fn folder(place: &str) -> Outcome<PathBuf> {
    let mut hasher = DefaultHasher::new();
    fs::canonicalize(shell::workspace())?.hash(&mut hasher);
    let name = format!("catamaran-pages-{:016x}", hasher.finish());
    let folder = std::env::temp_dir().join(name).join(place);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(fs::canonicalize(folder)?)
}

/// Copies the files that git tracks or would add: the workspace as it is now, without build artifacts.
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
        return Err("the workspace is no git checkout: what to copy is not known".into());
    }
    for name in String::from_utf8(output.stdout)?.split_terminator('\0') {
        let from = shell::workspace().join(name);
        // A file that was deleted is listed until that is committed.
        if !from.exists() {
            continue;
        }
        let to = to.join(name);
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::copy(&from, &to)?;
    }
    Ok(())
}

/// Copies a folder.
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
    /// What is built in between goes to the target directory of the workspace, so that dependencies are built once;
    /// programs do not, so that those of the workspace stay what they are. `macros` takes the place of the package in
    /// the registry.
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
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(folder)?,
            None => fs::canonicalize(shell::workspace())?.join("target"),
        };
        let variables = BTreeMap::from([
            ("CARGO_BUILD_BUILD_DIR", target.into_os_string()),
            ("CARGO_TERM_COLOR", "never".into()),
            ("NO_COLOR", "1".into()),
        ]);
        Ok(Self {
            current: current.to_owned(),
            ended_in: folder.join("ended-in"),
            variables,
        })
    }

    pub fn variable(&mut self, name: &'static str, value: OsString) {
        self.variables.insert(name, value);
    }

    pub fn write(&self, path: &str, text: &str) -> Outcome<()> {
        let path = self.current.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        Ok(fs::write(path, text)?)
    }

    pub fn read(&self, path: &str) -> Outcome<String> {
        Ok(fs::read_to_string(self.current.join(path))?)
    }

    /// Runs a command in the shell. Returns its output and whether it succeeded.
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
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("DATABASE_URL")
            .env_remove("DATABASE_SCHEMA")
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            self.current = fs::read_to_string(&self.ended_in)?.trim_end().into();
        }
        Ok((text, output.status.success()))
    }

    /// Gives a new project the locked versions of the workspace, so that a new release breaks no run and built
    /// dependencies are reused.
    fn lock_versions(&self) -> Outcome<()> {
        let lock = self.current.join("Cargo.lock");
        if self.current.join("Cargo.toml").exists() && !lock.exists() {
            fs::copy(shell::workspace().join("Cargo.lock"), lock)?;
        }
        Ok(())
    }
}

/// Dependencies are built as for the workspace. Packages of the page itself are not: in a copy of the workspace they
/// have the same names and relative paths, and cargo would take the ones for the others if their profiles were equal.
const PROFILE: &str = r#"[profile.dev]
debug = 0

[profile.dev.package."*"]
debug = false
"#;
