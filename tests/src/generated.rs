//! Parts of the book that are generated from the code, and compared with it whenever the suites run.

use std::path::{Path, PathBuf};

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
