//! `cargo xtask layers`: checks the order of imports inside the library.

mod order;
mod scan;
#[cfg(test)]
mod tests;
mod tree;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use order::Order;
use scan::Reference;
use tree::{Target, Tree};

use crate::{Outcome, shell};

/// The path of the checked sources in the workspace.
const SOURCES: &str = "repository/src";

#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Root of another checkout to check
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Outcome<bool> {
    let root = arguments.root.as_deref().unwrap_or(shell::workspace());
    let violations = check(root)?;
    for violation in &violations {
        println!("{}", shell::verdict(false, violation));
    }
    Ok(violations.is_empty())
}

/// One line for each import that the order forbids, and for each module that is only declared or only exists.
fn check(root: &Path) -> Outcome<Vec<String>> {
    let order = Order::read(root)?;
    let tree = Tree::read(&root.join(SOURCES), SOURCES)?;
    let mut found = BTreeSet::new();
    for (path, module) in &tree.modules {
        let from = tree.file_module(path);
        for reference in &module.references {
            if repeats_import(&tree, path, reference) {
                continue;
            }
            for Target { module: to, whole } in tree.resolve(path, &reference.path) {
                let to = tree.file_module(&to);
                // A path to a parent module imports nothing that the parent defines, unless it ends with `*`.
                let is_parent = whole && !reference.glob && from.starts_with(&to);
                // A module may re-export items of its children. Imports of these items are compared with the children.
                let is_reexport = reference.reexport && to.starts_with(&from);
                if is_parent || is_reexport {
                    continue;
                }
                if let Some(edge) = order.forbids(&from, &to) {
                    let glob = if reference.glob { "::*" } else { "" };
                    let path = reference.path.join("::");
                    found.insert((
                        module.file.as_str(),
                        reference.line,
                        edge.from,
                        edge.to,
                        path + glob,
                    ));
                }
            }
        }
    }
    let edges = found
        .into_iter()
        .map(|(file, line, from, to, path)| format!("{file}:{line}: {from} -> {to} ({path})"));
    Ok(order.gaps(&tree).into_iter().chain(edges).collect())
}

/// Whether a path begins with an imported item, such as `Store::open`. Then the import itself is checked. A path that
/// begins with an imported module is checked, because it may lead to a child.
fn repeats_import(tree: &Tree, module: &[String], reference: &Reference) -> bool {
    let mut first = tree.resolve(module, &reference.path[..1]).into_iter();
    !reference.glob && reference.path.len() > 1 && first.all(|target| !target.whole)
}
