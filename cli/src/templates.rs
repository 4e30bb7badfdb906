//! The files of a new workspace. They are in the folder `templates`, where a manifest has another name: cargo packages no
//! folder with a `Cargo.toml` of its own.
//!
//! `{{name}}` is the name of the workspace, and `"{{catamaran}}"` in a manifest where the library is.

macro_rules! templates {
    ($($path:literal <- $file:literal,)*) => {
        /// The path of each file in the workspace, and its text.
        pub const TEMPLATES: &[(&str, &str)] = &[
            $(($path, include_str!(concat!("../templates/", $file)))),*
        ];
    };
}

templates! {
    "Cargo.toml" <- "workspace.toml",
    "README.md" <- "README.md",
    ".gitignore" <- "gitignore",
    ".github/workflows/ci.yml" <- "ci.yml",
    "entity/Cargo.toml" <- "entity/package.toml",
    "entity/src/lib.rs" <- "entity/src/lib.rs",
    "entity/src/domain.rs" <- "entity/src/domain.rs",
    "entity/src/note.rs" <- "entity/src/note.rs",
    "entity/src/sqlite/mod.rs" <- "entity/src/sqlite/mod.rs",
    "entity/src/sqlite/note.rs" <- "entity/src/sqlite/note.rs",
    "entity/src/postgres/mod.rs" <- "entity/src/postgres/mod.rs",
    "entity/src/postgres/note.rs" <- "entity/src/postgres/note.rs",
    "migration/Cargo.toml" <- "migration/package.toml",
    "migration/src/lib.rs" <- "migration/src/lib.rs",
    "migration/src/main.rs" <- "migration/src/main.rs",
    "migration/src/m20260101_000001_application_role/mod.rs" <- "migration/src/m20260101_000001_application_role/mod.rs",
    "migration/src/m20260101_000001_application_role/sqlite.rs" <- "migration/src/m20260101_000001_application_role/sqlite.rs",
    "migration/src/m20260101_000001_application_role/postgres.rs" <- "migration/src/m20260101_000001_application_role/postgres.rs",
    "migration/src/m20260101_000002_notes/mod.rs" <- "migration/src/m20260101_000002_notes/mod.rs",
    "migration/src/m20260101_000002_notes/sqlite.rs" <- "migration/src/m20260101_000002_notes/sqlite.rs",
    "migration/src/m20260101_000002_notes/postgres.rs" <- "migration/src/m20260101_000002_notes/postgres.rs",
    "app/Cargo.toml" <- "app/package.toml",
    "app/src/main.rs" <- "app/src/main.rs",
    "tests/Cargo.toml" <- "tests/package.toml",
    "tests/src/lib.rs" <- "tests/src/lib.rs",
    "tests/tests/notes.rs" <- "tests/tests/notes.rs",
    "tests/tests/schema.rs" <- "tests/tests/schema.rs",
}

#[cfg(test)]
mod tests {
    use serde_yaml_ng::Value;

    use super::TEMPLATES;

    #[test]
    fn workflow_checks_formatting_lints_tests_and_schemas() {
        let is_workflow = |path: &str| path == ".github/workflows/ci.yml";
        let workflow = TEMPLATES.iter().find(|(path, _)| is_workflow(path));
        let (_, text) = workflow.expect("a workflow");
        let workflow: Value = serde_yaml_ng::from_str(text).expect("YAML");
        let job = &workflow["jobs"]["test"];
        assert!(job["runs-on"].is_string(), "{job:?}");
        let steps = job["steps"].as_sequence().expect("a list of steps");
        let of =
            |key| -> Vec<&str> { steps.iter().filter_map(|step| step[key].as_str()).collect() };
        assert!(of("uses")[0].starts_with("actions/checkout@"));
        // The book runs these commands.
        let commands = [
            "cargo fmt --all --check",
            "cargo clippy --workspace --all-targets -- -D warnings",
            "cargo test --workspace",
            "cargo run -p migration -- doctor --format github",
        ];
        assert_eq!(of("run"), commands);
        assert_eq!(of("run").len() + of("uses").len(), steps.len());
    }
}
