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
