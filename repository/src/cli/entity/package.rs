//! The packages of the workspace that are changed, as cargo describes them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// The packages that the new files go to.
#[derive(Debug)]
pub(super) struct Packages {
    /// The root of the workspace.
    pub(super) root: PathBuf,
    /// The package with the records and DOMAIN.
    pub(super) entity: Package,
    /// The package of the new test.
    pub(super) tests: Package,
    /// The path of the migrator in Rust.
    pub(super) migrator: String,
    /// The name of the package with the migrations.
    pub(super) migration: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) edition: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Clone, Debug, Deserialize)]
struct Dependency {
    name: String,
    rename: Option<String>,
    path: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

impl Packages {
    /// Asks cargo. `entity` and `tests` are the names of packages, where there is a choice.
    pub(super) fn find(entity: Option<&str>, tests: Option<&str>) -> Result<Self, String> {
        let (metadata, migration) = workspace()?;
        let named = |name: &str| {
            let package = metadata
                .packages
                .iter()
                .find(|package| package.name == name);
            package.ok_or_else(|| format!("the workspace has no package {name}"))
        };
        let entity = match entity {
            Some(name) => named(name)?,
            None => {
                let near = std::iter::once(&migration).chain(&metadata.packages);
                let mut with_domain = near.filter(|package| {
                    let is_near =
                        package.folder() == migration.folder() || migration.depends_on(package);
                    is_near && has_domain(package)
                });
                with_domain.next().ok_or_else(|| {
                    format!(
                        "no package with src/domain.rs: neither {} nor a package that it depends on has one; name it \
                         with --package",
                        migration.name
                    )
                })?
            }
        };
        let is_migration = entity.folder() == migration.folder();
        let tests = match tests {
            Some(name) => named(name)?,
            None => {
                let folder = metadata.workspace_root.join("tests");
                let of_workspace = metadata
                    .packages
                    .iter()
                    .find(|package| package.folder() == folder);
                let sees = |package: &&Package| is_migration || package.depends_on(&migration);
                of_workspace
                    .filter(sees)
                    .or(Some(entity).filter(sees))
                    .unwrap_or(&migration)
            }
        };
        let library = migration.library()?;
        let migrator = match is_migration {
            true => format!("{library}::migration::Migrator"),
            false => format!("{library}::Migrator"),
        };
        Ok(Packages {
            root: metadata.workspace_root.clone(),
            entity: entity.clone(),
            tests: tests.clone(),
            migrator,
            migration: migration.name.clone(),
        })
    }
}

fn has_domain(package: &Package) -> bool {
    module_file(&package.source(), "domain").is_ok()
}

/// The workspace, and the package of this program in it.
fn workspace() -> Result<(Metadata, Package), String> {
    let from = |folder: &Path| format!("cargo metadata in {}", folder.display());
    // `cargo run` sets both.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = std::env::current_dir().map_err(|error| format!("the current folder: {error}"))?;
    let folder = own.clone().unwrap_or(here);
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(&folder)
        .output()
        .map_err(|error| format!("{}: {error}", from(&folder)))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!("{}: {error}", from(&folder)));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{}: {error}", from(&folder)))?;
    let is_own = |package: &&Package| match &own {
        Some(own) => package.folder() == own,
        None => package.name == "migration",
    };
    let migration = metadata.packages.iter().find(is_own).cloned();
    let migration = migration.ok_or(
        "the package of the migrations is not known: run this with cargo, as in cargo run -p migration -- entity ..",
    )?;
    Ok((metadata, migration))
}

impl Package {
    pub(super) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    pub(super) fn source(&self) -> PathBuf {
        self.folder().join("src")
    }

    /// The name of its library in Rust.
    pub(super) fn library(&self) -> Result<String, String> {
        let is_library = |target: &&Target| target.kind.iter().any(|kind| kind == "lib");
        let target = self.targets.iter().find(is_library);
        let target = target.ok_or_else(|| format!("the package {} has no library", self.name))?;
        Ok(target.name.replace('-', "_"))
    }

    fn depends_on(&self, other: &Package) -> bool {
        let by_path = |dependency: &Dependency| dependency.path.as_deref() == Some(other.folder());
        self.dependencies.iter().any(by_path)
    }

    /// Checks that the crates which the new files name are dependencies.
    pub(super) fn needs(&self, crates: &[&str]) -> Result<(), String> {
        let has = |wanted: &str| {
            self.dependencies.iter().any(|dependency| {
                let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
                name.replace('-', "_") == wanted
            })
        };
        match crates.iter().find(|wanted| !has(wanted)) {
            Some(missing) => Err(format!(
                "{}: add the dependency {}, which the new files use",
                self.manifest_path.display(),
                missing.replace('_', "-")
            )),
            None => Ok(()),
        }
    }
}

/// The file of a module: `name.rs` or `name/mod.rs`.
pub(super) fn module_file(source: &Path, name: &str) -> Result<PathBuf, String> {
    let flat = source.join(format!("{name}.rs"));
    let nested = source.join(name).join("mod.rs");
    match (flat.is_file(), nested.is_file()) {
        (true, false) => Ok(flat),
        (false, true) => Ok(nested),
        (true, true) => Err(format!(
            "there are both {} and {}",
            flat.display(),
            nested.display()
        )),
        (false, false) => Err(format!(
            "there is neither {} nor {}",
            flat.display(),
            nested.display()
        )),
    }
}
