//! The declared order: `repository/layers.toml`.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use super::tree::{ModulePath, Tree, name};
use crate::Outcome;

/// Where the order is declared, from the workspace's root.
pub const FILE: &str = "repository/layers.toml";

/// The entry for the items of a module's own file, beside its children.
const SELF: &str = "self";

/// For each module whose children are ordered: the rank of each child.
pub struct Order {
    ranks: BTreeMap<ModulePath, BTreeMap<String, usize>>,
}

/// One rank of an order: a module, or several that must not import each other.
#[derive(Deserialize)]
#[serde(untagged)]
enum Place {
    One(String),
    Equals(Vec<String>),
}

/// An import that goes up or sideways, as the names of both sides.
#[derive(Debug, PartialEq, Eq)]
pub struct Edge {
    pub from: String,
    pub to: String,
}

impl Order {
    /// Reads the order that a workspace declares.
    pub fn read(root: &Path) -> Outcome<Self> {
        let path = root.join(FILE);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("{FILE}: {error}").into())
    }

    fn parse(text: &str) -> Outcome<Self> {
        let lists: BTreeMap<String, Vec<Place>> = toml::from_str(text)?;
        let mut ranks = BTreeMap::new();
        for (parent, places) in lists {
            let children = ranked(places).map_err(|child| format!("{parent}: {child} twice"))?;
            let mut path: ModulePath = parent.split("::").map(str::to_owned).collect();
            if path.first().is_some_and(|first| first == "crate") {
                path.remove(0);
            }
            ranks.insert(path, children);
        }
        if !ranks.contains_key(&Vec::new()) {
            return Err("no list `crate`".into());
        }
        Ok(Self { ranks })
    }

    /// Returns one line for each module that is only declared or only exists.
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

    /// The edge between two modules, if the order forbids it. Both are files: an inline module belongs to its file.
    pub fn forbids(&self, from: &[String], to: &[String]) -> Option<Edge> {
        let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let (parent, from, to) = (&from[..shared], from.get(shared), to.get(shared));
        let children = self.ranks.get(parent)?;
        // A module's own file is above its children, as lib.rs is above all, unless the list says otherwise.
        let rank = |child: Option<&String>| {
            let child = child.map_or(SELF, String::as_str);
            children
                .get(child)
                .copied()
                .or((child == SELF).then_some(usize::MAX))
        };
        let (Some(source), Some(target)) = (rank(from), rank(to)) else {
            return None; // Not declared, which `gaps` reports.
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

/// The rank of each name, or the name that occurs twice.
fn ranked(places: Vec<Place>) -> Result<BTreeMap<String, usize>, String> {
    let mut ranks = BTreeMap::new();
    for (rank, place) in places.into_iter().enumerate() {
        let names = match place {
            Place::One(name) => vec![name],
            Place::Equals(names) => names,
        };
        for name in names {
            if ranks.insert(name.clone(), rank).is_some() {
                return Err(name);
            }
        }
    }
    Ok(ranks)
}
