//! The file of an entity, for tools that point at a line.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::finding::{Finding, Part};
use crate::domain::Place;

/// Where the code lies: entities are known by their modules, and this finds their files.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    packages: Vec<Package>,
}

/// A package's crate name, and its folder as a path from the root.
#[derive(Clone, Debug)]
struct Package {
    crate_name: String,
    folder: PathBuf,
    root: PathBuf,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// From the root, with `/` between its parts.
    pub(super) path: String,
    /// Counted from 1.
    pub(super) line: usize,
}

impl Sources {
    /// No files are known.
    pub fn unknown() -> Self {
        Sources::default()
    }

    /// The packages in a folder, and in the folders of it down to the second level: a workspace.
    pub fn under(root: impl AsRef<Path>) -> Self {
        let root = root.as_ref();
        let mut packages = Vec::new();
        find(root, PathBuf::new(), 2, &mut packages);
        Sources { packages }
    }

    /// Where the finding is, if it is in an entity whose file can be found.
    pub(super) fn locate(&self, finding: &Finding) -> Option<Location> {
        let (Place::Entities(_), Some(module)) = (finding.place, &finding.at) else {
            return None;
        };
        let mut parts = module.split("::");
        let crate_name = parts.next()?;
        let module: PathBuf = parts.collect();
        let named = |package: &&Package| package.crate_name == crate_name;
        let mut candidates = self.packages.iter().filter(named).flat_map(|package| {
            let source = package.folder.join("src");
            [
                source.join(&module).with_extension("rs"),
                source.join(&module).join("mod.rs"),
            ]
            .map(|path| (package.root.join(&path), path))
        });
        candidates.find_map(|(file, path)| {
            let text = fs::read_to_string(file).ok()?;
            let parts = path.iter().map(|part| part.to_string_lossy());
            Some(Location {
                path: parts.collect::<Vec<_>>().join("/"),
                line: line(&text, finding),
            })
        })
    }
}

/// The line of the field; without one, that of the model.
fn line(text: &str, finding: &Finding) -> usize {
    let field = match finding.part {
        Part::Column => format!("pub {}:", finding.name),
        Part::Table | Part::Named => String::new(),
    };
    let starting_with = |start: &str| {
        let mut lines = text.lines();
        lines.position(|line| !start.is_empty() && line.trim_start().starts_with(start))
    };
    let found = starting_with(&field).or_else(|| starting_with("pub struct Model"));
    found.map_or(1, |index| index + 1)
}

fn find(root: &Path, folder: PathBuf, depth: usize, packages: &mut Vec<Package>) {
    let here = root.join(&folder);
    if let Some(name) = package_name(&here) {
        packages.push(Package {
            crate_name: name.replace('-', "_"),
            folder: folder.clone(),
            root: root.to_owned(),
        });
    }
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    // A folder that cannot be read holds nothing that could be pointed at.
    let entries = fs::read_dir(here).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    folders.sort();
    for name in folders {
        let hidden = name.to_string_lossy().starts_with('.');
        if !hidden && name != "target" {
            find(root, folder.join(name), depth, packages);
        }
    }
}

/// The name in the `[package]` of a `Cargo.toml`.
fn package_name(folder: &Path) -> Option<String> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let package = manifest.split("[package]").nth(1)?;
    package.lines().find_map(|line| {
        let value = line.trim().strip_prefix("name")?.trim_start();
        let value = value.strip_prefix('=')?.trim();
        Some(value.trim_matches('"').to_owned())
    })
}
