//! Writes a suggested migration to files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::doctor::Suggestion;

/// Writes the files of the migration to `package/src`; returns their paths. Never overwrites a file.
pub(super) fn write(suggestion: &Suggestion, package: &Path) -> io::Result<Vec<PathBuf>> {
    write_files(&suggestion.files(), &package.join("src"))
}

/// Writes files below a folder; returns their paths. Never overwrites a file.
fn write_files(files: &[(String, String)], source: &Path) -> io::Result<Vec<PathBuf>> {
    if !source.is_dir() {
        return Err(with_path(ErrorKind::NotADirectory.into(), source));
    }
    files
        .iter()
        .map(|(path, text)| {
            let path = source.join(path);
            write_new(&path, text).map_err(|error| with_path(error, &path))?;
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

pub(super) fn with_path(error: io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Checks the name of a migration, which is also the name of its module and folder.
pub(super) fn name(text: &str) -> Result<String, String> {
    let mut characters = text.chars();
    let starts = characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase());
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match starts && characters.all(is_allowed) {
        true => Ok(text.to_owned()),
        false => Err(
            "use lower-case letters, digits and _, with a letter first, as in m20260131_000001_notes"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestion_never_overwrites_a_file() {
        let package = tempfile::tempdir().expect("a folder");
        let migration = package.path().join("src/m1");
        fs::create_dir_all(&migration).expect("a folder");
        fs::write(migration.join("mod.rs"), "mine").expect("a file");

        let text = [("m1/mod.rs".to_owned(), "theirs".to_owned())];
        let error = write_files(&text, &package.path().join("src")).expect_err("the file exists");

        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("m1/mod.rs"), "{error}");
        let unchanged = fs::read_to_string(migration.join("mod.rs")).expect("the file");
        assert_eq!(unchanged, "mine");
    }

    #[test]
    fn suggestion_into_a_folder_without_src_is_an_error() {
        let package = tempfile::tempdir().expect("a folder");
        let error = write_files(&[], &package.path().join("src")).expect_err("no src");
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
    }

    #[test]
    fn name_of_a_suggestion_must_be_a_module_name() {
        assert!(name("m20260131_000001_notes").is_ok());
        for wrong in ["", "2026_notes", "m1-notes", "../m1", "M1"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
