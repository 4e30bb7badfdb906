//! The packages as they will be published.

use std::fs;
use std::path::{Path, PathBuf};

use crate::package::CRATES;
use crate::{Outcome, shell};

/// All packages of the workspace have one version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The folders of the unpacked packages.
pub struct Packages {
    pub library: PathBuf,
    pub macros: PathBuf,
    pub program: PathBuf,
}

impl Packages {
    /// Packages what can be published, and unpacks it.
    pub fn made_in(folder: &Path) -> Outcome<Self> {
        let mut package = shell::cargo(["package", "--no-verify", "--allow-dirty"]);
        // Not CARGO_TARGET_DIR: a folder of its own, so that no older package is taken for this one.
        package.arg("--target-dir").arg(folder);
        for name in CRATES {
            package.args(["--package", name]);
        }
        shell::quietly(&mut package)?;
        let packages = folder.join("package");
        for name in CRATES {
            let mut unpack = shell::command("tar");
            // Without -m files would be as old as cargo makes them in a package, and changes would not be built.
            unpack.arg("-xzmf").arg(format!("{name}-{VERSION}.crate"));
            shell::quietly(unpack.current_dir(&packages))?;
        }
        Self::in_folder(&packages)
    }

    /// The packages in a folder in which they are unpacked.
    pub fn in_folder(folder: &Path) -> Outcome<Self> {
        let [macros, library, program] = CRATES.map(|name| {
            let path = folder.join(format!("{name}-{VERSION}"));
            fs::canonicalize(&path).map_err(|error| format!("{}: {error}", path.display()))
        });
        Ok(Packages {
            library: library?,
            macros: macros?,
            program: program?,
        })
    }
}
