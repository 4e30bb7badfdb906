//! A suggested migration, written to files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::doctor::Suggestion;

/// Writes the files of the migration under `package/src`, and returns their paths. Never writes over a file.
pub(super) fn write(suggestion: &Suggestion, package: &Path) -> io::Result<Vec<PathBuf>> {
    files(&suggestion.files(), package)
}

fn files(files: &[(String, String)], package: &Path) -> io::Result<Vec<PathBuf>> {
    let source = package.join("src");
    if !source.is_dir() {
        return Err(named(ErrorKind::NotADirectory.into(), &source));
    }
    files
        .iter()
        .map(|(path, text)| {
            let path = source.join(path);
            write_new(&path, text).map_err(|error| named(error, &path))?;
            Ok(path)
        })
        .collect()
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create_new(path)?.write_all(text.as_bytes())
}

fn named(error: io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A name for a migration: also the name of its module and folder.
pub(super) fn name(text: &str) -> Result<String, String> {
    let mut characters = text.chars();
    let starts = characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase());
    let goes_on = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match starts && characters.all(goes_on) {
        true => Ok(text.to_owned()),
        false => Err(
            "it must be lower-case letters, digits and _, such as m20260131_000001_notes"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_exists_is_kept() {
        let package = tempfile::tempdir().expect("a folder");
        let migration = package.path().join("src/m1");
        fs::create_dir_all(&migration).expect("a folder");
        fs::write(migration.join("mod.rs"), "mine").expect("a file");

        let text = [("m1/mod.rs".to_owned(), "theirs".to_owned())];
        let error = files(&text, package.path()).expect_err("the file exists");

        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("m1/mod.rs"), "{error}");
        let kept = fs::read_to_string(migration.join("mod.rs")).expect("the file");
        assert_eq!(kept, "mine");
    }

    #[test]
    fn a_folder_without_src_is_refused() {
        let package = tempfile::tempdir().expect("a folder");
        let error = files(&[], package.path()).expect_err("no src");
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
    }

    #[test]
    fn a_migration_is_named_like_a_module() {
        assert!(name("m20260131_000001_notes").is_ok());
        for wrong in ["", "2026_notes", "m1-notes", "../m1", "M1"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
