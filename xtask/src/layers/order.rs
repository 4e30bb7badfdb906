//! The order of layers that `repository/layers.toml` declares.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use super::tree::{ModulePath, Tree, name};
use crate::Outcome;

/// The path of the declaration in the workspace.
pub const FILE: &str = "repository/layers.toml";

/// The entry for the items in the module's own file.
const SELF: &str = "self";

/// The rank of each child, for each module with ordered children.
pub struct Order {
    ranks: BTreeMap<ModulePath, BTreeMap<String, usize>>,
}

/// One entry of a list: a module, or several modules of equal rank, which must not import each other.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    One(String),
    Equals(Vec<String>),
}

/// An import that the order forbids: the importing and the imported module.
#[derive(Debug, PartialEq, Eq)]
pub struct Edge {
    pub from: String,
    pub to: String,
}

impl Order {
    /// Reads the declaration of a workspace.
    pub fn read(root: &Path) -> Outcome<Self> {
        let path = root.join(FILE);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("{FILE}: {error}").into())
    }

    fn parse(text: &str) -> Outcome<Self> {
        let lists: BTreeMap<String, Vec<Entry>> = toml::from_str(text)?;
        let mut ranks = BTreeMap::new();
        for (parent, entries) in lists {
            let children =
                ranked(entries).map_err(|child| format!("{parent}: {child} occurs twice"))?;
            let mut path: ModulePath = parent.split("::").map(str::to_owned).collect();
            if path.first().is_some_and(|first| first == "crate") {
                path.remove(0);
            }
            ranks.insert(path, children);
        }
        if !ranks.contains_key(&Vec::new()) {
            return Err("the list `crate` is missing".into());
        }
        Ok(Self { ranks })
    }

    /// One line for each module that is only declared or only exists.
    pub fn gaps(&self, tree: &Tree) -> Vec<String> {
        let mut gaps = Vec::new();
        for (parent, children) in &self.ranks {
            let existing = tree.file_children(parent);
            for (child, file) in &existing {
                if !children.contains_key(child) {
                    let list = name(parent);
                    gaps.push(format!(
                        "{file}: module `{child}` is missing from the list `{list}` of {FILE}"
                    ));
                }
            }
            for child in children.keys().filter(|child| *child != SELF) {
                if !existing.iter().any(|(existing, _)| existing == child) {
                    let path = name(&[&parent[..], std::slice::from_ref(child)].concat());
                    gaps.push(format!("{FILE}: module `{path}` does not exist"));
                }
            }
        }
        gaps
    }

    /// The edge between two modules, if the order forbids it. Both must be modules with a file; an inline module
    /// belongs to its file.
    pub fn forbids(&self, from: &[String], to: &[String]) -> Option<Edge> {
        let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let (parent, from, to) = (&from[..shared], from.get(shared), to.get(shared));
        let children = self.ranks.get(parent)?;
        // A module's own file is above its children, unless the list contains `self`.
        let rank = |child: Option<&String>| {
            let child = child.map_or(SELF, String::as_str);
            children
                .get(child)
                .copied()
                .or((child == SELF).then_some(usize::MAX))
        };
        let (Some(source), Some(target)) = (rank(from), rank(to)) else {
            return None; // A module that is not declared is reported by `gaps`.
        };
        if from == to || target < source {
            return None;
        }
        let side = |child: Option<&String>| {
            let child = child.map_or(&[][..], std::slice::from_ref);
            name(&[parent, child].concat())
        };
        Some(Edge {
            from: side(from),
            to: side(to),
        })
    }
}

/// The rank of each name.
///
/// # Errors
/// The name that occurs twice.
fn ranked(entries: Vec<Entry>) -> Result<BTreeMap<String, usize>, String> {
    let mut ranks = BTreeMap::new();
    for (rank, entry) in entries.into_iter().enumerate() {
        let names = match entry {
            Entry::One(name) => vec![name],
            Entry::Equals(names) => names,
        };
        for name in names {
            if ranks.insert(name.clone(), rank).is_some() {
                return Err(name);
            }
        }
    }
    Ok(ranks)
}
