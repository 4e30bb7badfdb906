//! The file of an entity, and the line of a field, where they can be found from here.

use std::fs;
use std::path::{Path, PathBuf};

use crate::doctor::finding::{Finding, Part};
use crate::domain::Place;

/// Where in the sources.
pub(super) struct Source {
    /// Relative to the directory that the doctor runs in, or to one above it.
    pub(super) file: String,
    pub(super) line: Option<usize>,
}

/// How many directories above this one may be the workspace's.
const LEVELS: usize = 4;

/// The place in the sources that a finding is about; `None` for what is no entity, and away from its sources.
pub(super) fn of(finding: &Finding) -> Option<Source> {
    let (Place::Entities(_), Some(module)) = (finding.place, &finding.at) else {
        return None;
    };
    let (root, file) = file_of(module)?;
    let text = fs::read_to_string(root.join(&file)).unwrap_or_default();
    let wanted = match finding.part {
        Part::Column => format!("pub {}:", finding.name),
        Part::Table | Part::Named => "pub struct Model".to_owned(),
    };
    let line = text
        .lines()
        .position(|line| line.trim_start().starts_with(&wanted));
    Some(Source {
        file: file.to_string_lossy().into_owned(),
        line: line.map(|line| line + 1),
    })
}

fn file_of(module: &str) -> Option<(PathBuf, PathBuf)> {
    let here = std::env::current_dir().ok()?;
    let (krate, rest) = module.split_once("::")?;
    let rest = rest.replace("::", "/");
    for root in here.ancestors().take(LEVELS) {
        for package in [krate.to_owned(), krate.replace('_', "-"), String::new()] {
            for file in [format!("src/{rest}.rs"), format!("src/{rest}/mod.rs")] {
                let file = Path::new(&package).join(file);
                if root.join(&file).is_file() {
                    return Some((root.to_owned(), file));
                }
            }
        }
    }
    None
}
