//! Parts of the book that are generated from the code, and compared with it whenever the suites run.

use std::path::{Path, PathBuf};

use catamaran::domain::{Equivalence, MATRIX, NativeType};

/// The variable that makes the tests write the pages instead of comparing them.
pub const WRITE_DOCS: &str = "CATAMARAN_WRITE_DOCS";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/src")
        .join(name)
}

/// The text of a page.
///
/// # Panics
/// If there is no such page.
pub fn read_page(name: &str) -> String {
    let path = path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compares a page with its generated text. With [`WRITE_DOCS`] set, writes it.
///
/// # Panics
/// If they differ, or if the page cannot be written.
pub fn assert_page(name: &str, text: &str) {
    let path = path(name);
    if std::env::var_os(WRITE_DOCS).is_some() {
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "docs/src/{name} differs from the code: run this test with {WRITE_DOCS}=1. The page would be\n{text}"
    );
}

/// The type matrix as a table of Markdown. `cell` is what follows the column type of an engine.
pub fn type_table(cell: impl Fn(&NativeType) -> String) -> String {
    let column = |native: &NativeType| {
        let collation = native
            .collation
            .map_or(String::new(), |name| format!(" COLLATE \"{name}\""));
        format!("`{}{collation}`{}", native.column, cell(native))
    };
    // One of the decimal numbers, of which there is a row for each precision and scale.
    let rows = MATRIX.iter().chain(Equivalence::numeric(12, 2));
    let rows = rows.map(|row| {
        let (sqlite, postgres) = (&row.sqlite, &row.postgres);
        format!(
            "| {} | {} | `{}` | {} | `{}` |\n",
            row.name,
            column(sqlite),
            sqlite.field,
            column(postgres),
            postgres.field
        )
    });
    let head =
        "| type | SQLite | its entity | Postgres | its entity |\n| --- | --- | --- | --- | --- |\n";
    std::iter::once(head.to_owned()).chain(rows).collect()
}
