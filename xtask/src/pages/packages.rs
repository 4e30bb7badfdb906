//! The packages as they will be published.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, shell};

const NAMES: [&str; 2] = ["catamaran", "catamaran-macros"];
/// All packages of the workspace have one version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Packages the library and its macros, and unpacks them.
pub fn made_in(folder: &Path) -> Outcome<(PathBuf, PathBuf)> {
    let mut package = shell::cargo(["package", "--no-verify", "--allow-dirty"]);
    // A folder of its own, so that no older package is used.
    package.arg("--target-dir").arg(folder);
    for name in NAMES {
        package.args(["--package", name]);
    }
    shell::quietly(&mut package)?;
    let packages = folder.join("package");
    for name in NAMES {
        let mut unpack = shell::command("tar");
        // Without -m the files would have the old time that cargo sets in a package, and would not be rebuilt.
        unpack.arg("-xzmf").arg(format!("{name}-{VERSION}.crate"));
        shell::quietly(unpack.current_dir(&packages))?;
    }
    in_folder(&packages)
}

/// The folders of the library and its macros, in a folder with both unpacked packages.
pub fn in_folder(folder: &Path) -> Outcome<(PathBuf, PathBuf)> {
    let [library, macros] = NAMES.map(|name| {
        let path = folder.join(format!("{name}-{VERSION}"));
        fs::canonicalize(&path).map_err(|error| format!("{}: {error}", path.display()))
    });
    Ok((library?, macros?))
}
