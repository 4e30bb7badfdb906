//! Which file a database is: a path can come to name another one while connections are open.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::model::error::{ErrorKind, Result};

/// What tells one file from another, whatever they are called: device and inode.
pub(super) type Identity = (u64, u64);

/// The file of a store, by its path.
#[derive(Debug)]
pub(super) struct File {
    /// `None` in memory.
    path: Option<PathBuf>,
    /// Which file the store has opened last.
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
        // What it holds is one value, whole at any time.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the store has had the file open.
    pub(super) fn was_opened(&self) -> bool {
        self.last().is_some()
    }

    /// Which file the path names now.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.path.as_deref().and_then(identity)
    }

    /// Takes note of a connection that was just opened; returns which file it has. `before` is what the path
    /// named before it was opened.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable), once, if it is another file than the last: whoever writes
    /// should know that what they wrote before is not in it. So if it was replaced meanwhile, and nobody
    /// knows which one is open.
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

    /// Whether the path still names the file that a connection has open.
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

/// Where files have no identity, one is neither replaced nor missed.
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

/// Elsewhere a file that is open cannot be replaced, or cannot be told from another.
#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<Identity> {
    None
}
