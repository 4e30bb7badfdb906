//! The migration binary of the workspace around the current folder.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the migration binary in the current folder, so that relative paths mean the same. Returns its exit code.
pub fn run(first: Option<&str>, arguments: &[OsString]) -> Result<u8, String> {
    let here = env::current_dir().map_err(|error| format!("the current folder: {error}"))?;
    let root = find(&here).ok_or_else(|| {
        format!(
            "there is no Catamaran workspace in {} or above: none of these folders has a Cargo.toml and a package in \
             the folder migration; make one with `catamaran new NAME`",
            here.display()
        )
    })?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--manifest-path"])
        .arg(root.join("migration").join("Cargo.toml"))
        .arg("--")
        .args(first)
        .args(arguments)
        .status()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    // A signal ended it, of which a shell makes a code over 128.
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1))
}

/// The nearest folder with a workspace and a package of migrations.
fn find(from: &Path) -> Option<PathBuf> {
    let is_workspace = |folder: &&Path| {
        folder.join("Cargo.toml").is_file() && folder.join("migration/Cargo.toml").is_file()
    };
    from.ancestors().find(is_workspace).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspace_is_found_from_a_folder_inside_of_it_and_not_from_outside() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("notes");
        for inner in ["migration/src", "entity"] {
            std::fs::create_dir_all(root.join(inner)).expect("a folder");
        }
        for manifest in ["Cargo.toml", "migration/Cargo.toml"] {
            std::fs::write(root.join(manifest), "").expect("a file");
        }
        assert_eq!(find(&root), Some(root.clone()));
        assert_eq!(find(&root.join("migration/src")), Some(root.clone()));
        assert_eq!(find(folder.path()), None);
    }
}
