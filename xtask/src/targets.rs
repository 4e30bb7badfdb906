//! How the tests of the workspace are spread over binaries. Each binary links SeaORM and sqlx.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{Outcome, shell};

/// More would make the tests slow to build: add a module to one of them.
const MOST_TEST_BINARIES: usize = 10;

/// Every target of the workspace, as `cargo metadata` describes it.
fn targets() -> Outcome<Vec<Value>> {
    let mut command = shell::cargo(["metadata", "--no-deps", "--format-version=1", "--offline"]);
    let metadata: Value = serde_json::from_slice(&command.output()?.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let targets = packages
        .iter()
        .filter_map(|package| package["targets"].as_array());
    Ok(targets.flatten().cloned().collect())
}

fn is_a(target: &Value, kind: &str) -> bool {
    target["kind"]
        .as_array()
        .is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

/// Whether a file at or below the path contains a test.
fn has_tests(path: &Path) -> Outcome<bool> {
    if !path.is_dir() {
        let source = fs::read_to_string(path)?;
        return Ok(source
            .lines()
            .any(|line| line.trim_start().starts_with("#[cfg(test)]")));
    }
    for entry in fs::read_dir(path)? {
        if has_tests(&entry?.path())? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[test]
fn the_workspace_has_at_most_ten_test_binaries() -> Outcome<()> {
    let names: Vec<String> = targets()?
        .iter()
        .filter(|target| is_a(target, "test"))
        .map(|target| target["name"].to_string())
        .collect();
    assert!(!names.is_empty());
    assert!(names.len() <= MOST_TEST_BINARIES, "{names:?}");
    Ok(())
}

#[test]
fn a_target_that_is_not_tested_has_no_unit_tests() -> Outcome<()> {
    let mut untested = 0;
    for target in targets()? {
        let is_source = ["lib", "bin", "proc-macro"].map(|kind| is_a(&target, kind));
        if target["test"] == true || !is_source.contains(&true) {
            continue;
        }
        let root = target["src_path"].as_str().ok_or("a target has a file")?;
        let folder = Path::new(root).parent().ok_or("a file has a folder")?;
        assert!(
            !has_tests(folder)?,
            "{root}: `test = false` skips its tests"
        );
        untested += 1;
    }
    assert!(untested > 0);
    Ok(())
}
