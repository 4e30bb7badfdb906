//! Files that are written together: all of them, or none.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::rustfmt::rustfmt;
use super::suggestion::with_path;

/// The changes of files.
#[derive(Debug, Default)]
pub(super) struct Files {
    changes: Vec<Change>,
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    /// The text so far; `None` for a new file.
    pub(super) before: Option<String>,
    pub(super) after: String,
}

impl Files {
    pub(super) fn change(&mut self, path: PathBuf, before: String, after: String) {
        self.changes.push(Change {
            path,
            before: Some(before),
            after,
        });
    }

    /// Adds a new file. Refuses one that exists.
    pub(super) fn create(&mut self, path: PathBuf, text: String) -> Result<(), String> {
        if path.exists() {
            return Err(format!("{} exists already", path.display()));
        }
        self.changes.push(Change {
            path,
            before: None,
            after: text,
        });
        Ok(())
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Formats with rustfmt, except files that were not formatted before. Returns whether there is a rustfmt.
    pub(super) fn format(&mut self, edition: &str) -> bool {
        self.changes.iter_mut().all(|change| {
            let folder = change.path.ancestors().find(|folder| folder.is_dir());
            let folder = folder.unwrap_or(Path::new("."));
            let formatted = |text: &str| rustfmt(text, edition, folder);
            if let Some(before) = &change.before
                && formatted(before).is_none_or(|formatted| formatted != *before)
            {
                return true;
            }
            match formatted(&change.after) {
                Some(text) => {
                    change.after = text;
                    true
                }
                None => false,
            }
        })
    }

    /// The changes as a unified diff, with paths from a folder.
    pub(super) fn diff(&self, root: &Path) -> String {
        let mut text = String::new();
        for change in &self.changes {
            let path = change
                .path
                .strip_prefix(root)
                .unwrap_or(&change.path)
                .display();
            let before = change.before.as_deref().unwrap_or_default();
            let old = match change.before {
                Some(_) => format!("a/{path}"),
                None => "/dev/null".to_owned(),
            };
            let diff = TextDiff::from_lines(before, &change.after);
            text.push_str(
                &diff
                    .unified_diff()
                    .header(&old, &format!("b/{path}"))
                    .to_string(),
            );
        }
        text
    }

    /// Writes all files. After an error, none is changed.
    pub(super) fn write(&self) -> io::Result<()> {
        let mut undo = Undo::default();
        let written = self.write_with(&mut undo);
        if written.is_err() {
            undo.run();
        }
        written
    }

    fn write_with(&self, undo: &mut Undo) -> io::Result<()> {
        let mut staged = Vec::new();
        for change in &self.changes {
            if let Some(folder) = change.path.parent() {
                undo.create_folders(folder)
                    .map_err(|error| with_path(error, &change.path))?;
            }
            let temporary = change.path.with_extension("rs.new");
            stage(change, &temporary, undo).map_err(|error| with_path(error, &change.path))?;
            staged.push((temporary, change));
        }
        for (temporary, change) in staged {
            unchanged(change)
                .and_then(|()| fs::rename(&temporary, &change.path))
                .map_err(|error| with_path(error, &change.path))?;
            undo.replaced
                .push((change.path.clone(), change.before.clone()));
        }
        Ok(())
    }
}

/// Writes the new text beside the file.
fn stage(change: &Change, temporary: &Path, undo: &mut Undo) -> io::Result<()> {
    let mut file = File::create_new(temporary)?;
    undo.temporary.push(temporary.to_owned());
    file.write_all(change.after.as_bytes())?;
    if change.before.is_some() {
        file.set_permissions(fs::metadata(&change.path)?.permissions())?;
    }
    file.sync_all()
}

/// Refuses a file that an editor changed since it was read.
fn unchanged(change: &Change) -> io::Result<()> {
    let now = match fs::read_to_string(&change.path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match now == change.before {
        true => Ok(()),
        false => Err(io::Error::other("the file was changed meanwhile")),
    }
}

/// What is taken back after an error.
#[derive(Default)]
struct Undo {
    temporary: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    replaced: Vec<(PathBuf, Option<String>)>,
}

impl Undo {
    fn create_folders(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|folder| !folder.is_dir())
            .collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder)?;
            self.folders.push(folder.to_owned());
        }
        Ok(())
    }

    /// Its own errors are not reported: the first one is.
    fn run(self) {
        for (path, before) in self.replaced {
            let _ = match before {
                Some(text) => fs::write(path, text),
                None => fs::remove_file(path),
            };
        }
        for path in self.temporary {
            let _ = fs::remove_file(path);
        }
        for folder in self.folders.into_iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_if_one_file_cannot_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.rs"), "old").expect("a file");
        fs::write(path("blocked"), "").expect("a file");
        let mut files = Files::default();
        files.change(path("a.rs"), "old".to_owned(), "new".to_owned());
        files
            .create(path("sub/b.rs"), "b".to_owned())
            .expect("a new file");
        files
            .create(path("blocked/c.rs"), "c".to_owned())
            .expect("a new file");

        files.write().expect_err("a file is no folder");

        assert_eq!(fs::read_to_string(path("a.rs")).expect("the file"), "old");
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["a.rs", "blocked"]);
    }

    #[test]
    fn file_that_changed_meanwhile_is_kept_and_the_others_are_restored() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["a.rs", "b.rs"] {
            fs::write(path(name), "now").expect("a file");
        }
        let mut files = Files::default();
        files.change(path("a.rs"), "now".to_owned(), "new".to_owned());
        files.change(path("b.rs"), "then".to_owned(), "new".to_owned());

        let error = files.write().expect_err("it was changed");

        assert!(
            error.to_string().contains("b.rs: the file was changed"),
            "{error}"
        );
        for name in ["a.rs", "b.rs"] {
            assert_eq!(fs::read_to_string(path(name)).expect("a file"), "now");
        }
    }
}
