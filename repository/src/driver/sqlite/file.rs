//! Detects that the path of a database refers to another file while connections are open.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::model::error::{ErrorKind, Result};

/// The identity of a file, independent of its path: device and inode.
pub(super) type Identity = (u64, u64);

/// The file of a store, by its path.
#[derive(Debug)]
pub(super) struct File {
    /// `None` for an in-memory database.
    path: Option<PathBuf>,
    /// The file that the store opened last.
    last: Mutex<Option<Identity>>,
}

impl File {
    pub(super) fn new(path: PathBuf) -> Self {
        File {
            path: Some(path),
            last: Mutex::default(),
        }
    }

    pub(super) fn in_memory() -> Self {
        File {
            path: None,
            last: Mutex::default(),
        }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Identity>> {
        // The value is replaced as a whole, so it is valid even if the lock is poisoned.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the store has opened the file before.
    pub(super) fn was_opened(&self) -> bool {
        self.last().is_some()
    }

    /// The file at the path now.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.path.as_deref().and_then(identity)
    }

    /// Records a newly opened connection, and returns its file. `before` is the file at the path before the connection
    /// was opened.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable), once, if it is another file than the last one: the caller must know
    /// that earlier writes are not in it. Also if the file was replaced during the opening, because it is unknown which
    /// one is open.
    pub(super) fn opened(&self, before: Option<Identity>) -> Result<Option<Identity>> {
        let Some(path) = &self.path else {
            return Ok(None);
        };
        let Some(now) = identity(path) else {
            return missing(path);
        };
        if before.is_some_and(|before| before != now) {
            return Err(replaced());
        }
        match self.last().replace(now) {
            Some(before) if before != now => Err(replaced()),
            _ => Ok(Some(now)),
        }
    }

    /// Checks that the path still refers to the file that a connection has open.
    ///
    /// # Errors
    /// [`DatabaseMissing`](ErrorKind::DatabaseMissing) or [`Unavailable`](ErrorKind::Unavailable).
    pub(super) fn check(&self, opened: Option<Identity>) -> Result<()> {
        let Some(path) = self.path.as_ref().filter(|_| opened.is_some()) else {
            return Ok(());
        };
        match identity(path) {
            found if found == opened => Ok(()),
            Some(_) => Err(replaced()),
            None => missing(path),
        }
    }
}

/// The error of a missing file. Without file identities, as outside of Unix, it is no error.
fn missing<T: Default>(path: &Path) -> Result<T> {
    if cfg!(not(unix)) {
        return Ok(T::default());
    }
    Err(ErrorKind::DatabaseMissing {
        name: path.display().to_string(),
    }
    .into())
}

fn replaced() -> crate::model::error::Error {
    ErrorKind::Unavailable {
        reason: "the database file was replaced by another while the store was open".into(),
    }
    .into()
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// Other systems do not let an open file be replaced, or have no identity for it.
#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<Identity> {
    None
}
