//! The modules of a crate, and the resolution of paths in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::scan::{self, Reference};
use crate::Outcome;

/// The path of a module from the root of the crate; the root's is empty.
pub type ModulePath = Vec<String>;

/// The path as text; `crate` for the root.
pub fn name(path: &[String]) -> String {
    match path {
        [] => "crate".to_owned(),
        _ => path.join("::"),
    }
}

/// The items and the paths of one module.
#[derive(Debug, Default)]
pub struct Module {
    /// The path of its file in the workspace.
    pub file: String,
    /// The module of the file: a parent if this module is inline.
    pub file_module: ModulePath,
    /// The names that it defines, without modules.
    pub items: BTreeSet<String>,
    /// The names that `use` binds, each with its paths. Several if `cfg` chooses.
    pub bindings: BTreeMap<String, Vec<Vec<String>>>,
    /// The paths of `use path::*`.
    pub globs: Vec<Vec<String>>,
    pub references: Vec<Reference>,
}

/// Every module under `src`.
#[derive(Debug, Default)]
pub struct Tree {
    pub modules: BTreeMap<ModulePath, Module>,
    /// The macros with `#[macro_export]`, which have a path at the root, and the modules that define them.
    pub exported: BTreeMap<String, ModulePath>,
}

/// The target of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub module: ModulePath,
    /// Whether the path names the module itself, not an item in it.
    pub whole: bool,
}

/// The imports that are currently followed, to stop at a cycle.
type Visited = BTreeSet<(ModulePath, String)>;

impl Tree {
    /// Reads every `.rs` file under `folder`; `shown` is its path in the workspace.
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

    /// The children of a module that have a file, each with its file.
    pub fn file_children(&self, parent: &[String]) -> Vec<(String, &str)> {
        let children = self.modules.iter().filter(|(path, module)| {
            path.len() == parent.len() + 1
                && path.starts_with(parent)
                && module.file_module == **path
        });
        children
            .map(|(path, module)| (path[parent.len()].clone(), module.file.as_str()))
            // The tests of a module belong to the module.
            .filter(|(child, _)| child != "tests")
            .collect()
    }

    /// The module whose file contains this one. Tests belong to the module that they test.
    pub fn file_module(&self, module: &[String]) -> ModulePath {
        let file = self
            .modules
            .get(module)
            .map_or(module, |module| &module.file_module[..]);
        let tests = file.iter().position(|name| name == "tests");
        file[..tests.unwrap_or(file.len())].to_vec()
    }

    /// The targets inside the crate of a path in `from`. Empty if the path leads to another crate, or to an item of
    /// `from`.
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

    /// The targets of a path whose first name is a child or an import of the module. `None` if it is neither.
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
