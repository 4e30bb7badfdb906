//! The file and line that a finding points at: in an entity, else in a migration, else in DOMAIN.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::fingerprint::finding::{Finding, Part};
use crate::model::domain::Place;
use crate::model::engine::Engine;

/// The source files of an application. Entities are found by their modules, migrations and DOMAIN by the names in them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    packages: Vec<Package>,
}

/// A package: its crate name, and its folder relative to the root.
#[derive(Clone, Debug)]
struct Package {
    crate_name: String,
    folder: PathBuf,
    root: PathBuf,
}

/// A line in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// Relative to the root, with `/` as the separator.
    pub(super) path: String,
    /// Counted from 1.
    pub(super) line: usize,
}

impl Sources {
    /// No source files.
    pub fn unknown() -> Self {
        Sources::default()
    }

    /// The packages of a workspace: those in a folder and in its subfolders down to the second level.
    pub fn under(root: impl AsRef<Path>) -> Self {
        let root = root.as_ref();
        let mut packages = Vec::new();
        find(root, PathBuf::new(), 2, &mut packages);
        Sources { packages }
    }

    /// The line at which the finding is to be fixed; `None` if no file mentions it.
    pub(super) fn locate(&self, finding: &Finding) -> Option<Location> {
        match finding.place {
            Place::Entities(_) => self.in_entity(finding),
            Place::Migrations(engine) | Place::Database(engine) => {
                self.in_migration(engine, finding)
            }
            Place::Domain => None,
        }
        .or_else(|| self.in_domain(finding))
    }

    fn in_entity(&self, finding: &Finding) -> Option<Location> {
        let mut parts = finding.at.as_ref()?.split("::");
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
            Some(Location::new(&path, line(&text, finding)))
        })
    }

    /// The last line that names the table, in the newest migration of the engine that does.
    fn in_migration(&self, engine: Engine, finding: &Finding) -> Option<Location> {
        let is_of_the_engine = |path: &Path| {
            let other = match engine {
                Engine::Sqlite => Engine::Postgres,
                Engine::Postgres => Engine::Sqlite,
            };
            path.file_stem() != Some(OsStr::new(other.as_str()))
        };
        let files = self.files().into_iter().rev();
        let mut files = files.filter(|(_, path)| is_migration(path) && is_of_the_engine(path));
        files.find_map(|(file, path)| {
            let text = fs::read_to_string(file).ok()?;
            let named = text.lines().enumerate();
            let named = named.filter(|(_, line)| names(line, &finding.table));
            let last = named.map(|(index, _)| index + 1).last()?;
            Some(Location::new(&path, last))
        })
    }

    /// The line of the table in DOMAIN; else that of DOMAIN.
    fn in_domain(&self, finding: &Finding) -> Option<Location> {
        let is_domain = |line: &&str| line.contains(": Domain =") || line.contains("::Domain =");
        let mut files = self.files().into_iter();
        files.find_map(|(file, path)| {
            let text = fs::read_to_string(file).ok()?;
            let domain = text.lines().position(|line| is_domain(&line))?;
            let table = format!("name: \"{}\"", finding.table);
            let table = text.lines().position(|line| line.contains(&table));
            Some(Location::new(&path, table.unwrap_or(domain) + 1))
        })
    }

    /// The source files of the packages, in order, each with its path relative to the root.
    fn files(&self) -> Vec<(PathBuf, PathBuf)> {
        let mut all = Vec::new();
        for package in &self.packages {
            sources(&package.root, package.folder.join("src"), &mut all);
        }
        all.sort_by(|(_, one), (_, other)| one.cmp(other));
        all
    }
}

impl Location {
    fn new(path: &Path, line: usize) -> Self {
        let parts = path.iter().map(|part| part.to_string_lossy());
        Location {
            path: parts.collect::<Vec<_>>().join("/"),
            line,
        }
    }
}

/// Whether a part of the path is named like a SeaORM migration: `m20261122_000002_habits`.
fn is_migration(path: &Path) -> bool {
    path.iter().any(|part| {
        let part = part.to_string_lossy();
        let digits = part.strip_prefix('m').unwrap_or_default();
        digits.len() > 8 && digits.chars().take(8).all(|c| c.is_ascii_digit())
    })
}

/// Whether the table's name is a word of the line.
fn names(line: &str, table: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    !table.is_empty() && words.any(|word| word == table)
}

fn sources(root: &Path, folder: PathBuf, all: &mut Vec<(PathBuf, PathBuf)>) {
    // An unreadable folder has no file to point at.
    let entries = fs::read_dir(root.join(&folder))
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries {
        let path = folder.join(entry.file_name());
        // Symbolic links are not followed: they may form a cycle.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => sources(root, path, all),
            Ok(kind) if kind.is_file() && path.extension() == Some(OsStr::new("rs")) => {
                all.push((root.join(&path), path));
            }
            _ => {}
        }
    }
}

/// The line of the field, else that of the model.
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
    // An unreadable folder has no file to point at.
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
