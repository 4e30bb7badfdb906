//! The modules of a crate, and what the paths in them name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::scan::{self, Reference};
use crate::Outcome;

/// A module by its names from the crate's root, which is empty.
pub type ModulePath = Vec<String>;

/// A path for a person: `crate` for the root.
pub fn name(path: &[String]) -> String {
    match path {
        [] => "crate".to_owned(),
        _ => path.join("::"),
    }
}

/// The imports and items of one module.
#[derive(Debug, Default)]
pub struct Module {
    /// The file that it is in, from the workspace's root.
    pub file: String,
    /// The module that is this file: another one if this one is inline.
    pub file_module: ModulePath,
    /// The items that it defines, apart from modules.
    pub items: BTreeSet<String>,
    /// The names that `use` binds, each with its paths. There are several if `cfg` chooses among them.
    pub bindings: BTreeMap<String, Vec<Vec<String>>>,
    /// The paths of `use path::*`.
    pub globs: Vec<Vec<String>>,
    pub references: Vec<Reference>,
}

/// Every module under `src`.
#[derive(Debug, Default)]
pub struct Tree {
    pub modules: BTreeMap<ModulePath, Module>,
    /// The module that defines each macro with `#[macro_export]`, which gives it a path at the root.
    pub exported: BTreeMap<String, ModulePath>,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub module: ModulePath,
    /// The path names the module itself, not something that it defines.
    pub whole: bool,
}

/// The imports that are being followed, so that a cycle ends.
type Visited = BTreeSet<(ModulePath, String)>;

impl Tree {
    /// Reads every `.rs` file under `folder`, which is `shown` in the workspace.
    pub fn read(folder: &Path, shown: &str) -> Outcome<Self> {
        let mut tree = Self::default();
        tree.read_folder(folder, shown, &Vec::new())?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, shown: &str, parent: &ModulePath) -> Outcome<()> {
        let entries = fs::read_dir(folder)
            .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let file_name = entry.file_name().to_string_lossy().into_owned();
            let shown = format!("{shown}/{file_name}");
            if entry.file_type()?.is_dir() {
                let module = [&parent[..], &[file_name]].concat();
                self.read_folder(&entry.path(), &shown, &module)?;
            } else if let Some(stem) = file_name.strip_suffix(".rs") {
                let module = match stem {
                    "lib" if parent.is_empty() => Vec::new(),
                    "mod" => parent.clone(),
                    _ => [&parent[..], &[stem.to_owned()]].concat(),
                };
                let text = fs::read_to_string(entry.path())?;
                scan::file(self, module, shown, &text)?;
            }
        }
        Ok(())
    }

    /// The children of a module that are files, each with its file.
    pub fn file_children(&self, parent: &[String]) -> Vec<(String, &str)> {
        let children = self.modules.iter().filter(|(path, module)| {
            path.len() == parent.len() + 1
                && path.starts_with(parent)
                && module.file_module == **path
        });
        children
            .map(|(path, module)| (path[parent.len()].clone(), module.file.as_str()))
            // The tests of a module are a part of it.
            .filter(|(child, _)| child != "tests")
            .collect()
    }

    /// The module whose file has this one. Tests count as a part of what they test.
    pub fn file_module(&self, module: &[String]) -> ModulePath {
        let file = self
            .modules
            .get(module)
            .map_or(module, |module| &module.file_module[..]);
        let tests = file.iter().position(|name| name == "tests");
        file[..tests.unwrap_or(file.len())].to_vec()
    }

    /// The targets in the crate of a path in `from`. Empty if it leads to another crate, or to an item of `from`.
    pub fn resolve(&self, from: &[String], path: &[String]) -> BTreeSet<Target> {
        self.resolve_once(from, path, &mut Visited::new())
    }

    fn resolve_once(
        &self,
        from: &[String],
        path: &[String],
        visited: &mut Visited,
    ) -> BTreeSet<Target> {
        let Some((first, rest)) = path.split_first() else {
            return BTreeSet::new();
        };
        match first.as_str() {
            "crate" => self.walk(&[], rest, visited),
            "self" => self.walk(from, rest, visited),
            "super" => {
                let mut parent = &from[..from.len().saturating_sub(1)];
                let mut rest = rest;
                while let Some(("super", after)) =
                    rest.split_first().map(|(name, rest)| (name.as_str(), rest))
                {
                    parent = &parent[..parent.len().saturating_sub(1)];
                    rest = after;
                }
                self.walk(parent, rest, visited)
            }
            _ => self.look_up(from, path, visited).unwrap_or_default(),
        }
    }

    /// Follows the names of `path` down from a module.
    fn walk(&self, module: &[String], path: &[String], visited: &mut Visited) -> BTreeSet<Target> {
        if path.is_empty() {
            return BTreeSet::from([Target {
                module: module.to_vec(),
                whole: true,
            }]);
        }
        if let Some(targets) = self.look_up(module, path, visited) {
            return targets;
        }
        let exported = self.exported.get(&path[0]).filter(|_| module.is_empty());
        let module = exported.map_or(module, |module| &module[..]).to_vec();
        BTreeSet::from([Target {
            module,
            whole: false,
        }])
    }

    /// Where a path leads whose first name is a child of a module, or something that it imports. `None` if it is
    /// neither: the module defines it, or another crate.
    fn look_up(
        &self,
        at: &[String],
        path: &[String],
        visited: &mut Visited,
    ) -> Option<BTreeSet<Target>> {
        let (first, rest) = path.split_first()?;
        let module = self.modules.get(at)?;
        let child = [at, std::slice::from_ref(first)].concat();
        let mut found = None;
        if self.modules.contains_key(&child) {
            found = Some(self.walk(&child, rest, visited));
        }
        let visit = (at.to_vec(), first.clone());
        if visited.insert(visit.clone()) {
            for meant in module.bindings.get(first).into_iter().flatten() {
                let meant = [&meant[..], rest].concat();
                let targets = self.resolve_once(at, &meant, visited);
                found.get_or_insert_default().extend(targets);
            }
            if found.is_none() && !module.items.contains(first) {
                found = self.look_up_in_globs(at, module, path, visited);
            }
            visited.remove(&visit);
        }
        found
    }

    fn look_up_in_globs(
        &self,
        at: &[String],
        module: &Module,
        path: &[String],
        visited: &mut Visited,
    ) -> Option<BTreeSet<Target>> {
        let mut found: Option<BTreeSet<Target>> = None;
        for glob in &module.globs {
            for target in self.resolve_once(at, glob, visited) {
                let defines = |module: &Module| module.items.contains(&path[0]);
                if let Some(targets) = self.look_up(&target.module, path, visited) {
                    found.get_or_insert_default().extend(targets);
                } else if self.modules.get(&target.module).is_some_and(defines) {
                    let target = Target {
                        whole: false,
                        ..target
                    };
                    found.get_or_insert_default().insert(target);
                }
            }
        }
        found
    }
}
