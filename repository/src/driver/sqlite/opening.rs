//! Why a file cannot be opened. SQLite's codes for it do not say which of the files beside the database is the reason,
//! nor what the operating system reports.

use std::io::{ErrorKind as IoErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::url::SqliteUrl;
use crate::model::error::{Error, ErrorKind, Result};

/// The longest path, less the ending of a journal's name: `SQLITE_MAX_PATHLEN` of SQLite's VFS for Unix.
const LONGEST_PATH: usize = 504;

/// The files beside a database: <https://sqlite.org/tempfiles.html>.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

impl SqliteUrl {
    /// Refuses what is neither a file nor a folder. SQLite would take a device for an empty database.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub(super) fn refuse_device(&self) -> Result<()> {
        let Some(file) = self.file() else {
            return Ok(());
        };
        match file.metadata() {
            Ok(found) if !found.is_file() && !found.is_dir() => {
                Err(unavailable(format!("{} is not a regular file", file.display())).into())
            }
            _ => Ok(()),
        }
    }

    /// Why there is no file at the path that SQLite could open; `None` if there is one, or if it may be created.
    pub(crate) fn obstacle(&self) -> Option<ErrorKind> {
        let file = self.file()?;
        if file.as_os_str().len() > LONGEST_PATH {
            let reason = format!(
                "the path {} is longer than {LONGEST_PATH} bytes",
                file.display()
            );
            return Some(unavailable(reason));
        }
        match file.metadata() {
            Ok(found) if found.is_dir() => {
                Some(unavailable("it is a directory, not a database file"))
            }
            Ok(_) => None,
            Err(error) if error.kind() == IoErrorKind::NotFound => {
                let target = target_of(file);
                folder_obstacle(&target).or_else(|| {
                    (!self.may_create()).then(|| ErrorKind::DatabaseMissing {
                        name: file.display().to_string(),
                    })
                })
            }
            Err(error) => Some(folder_obstacle(file).unwrap_or_else(|| {
                unavailable(format!("{} cannot be opened: {error}", file.display()))
            })),
        }
    }

    /// Converts an error of opening the database.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match self.file().and_then(|file| self.reason(file, &error)) {
            Some(kind) => error.with_kind(kind),
            None => error,
        }
    }

    /// The kind of an error of opening the file, if its code does not say it.
    fn reason(&self, file: &Path, error: &Error) -> Option<ErrorKind> {
        let code = error.code()?.parse::<u32>().ok()?;
        let message = error.driver_message().unwrap_or_default();
        // The primary result codes: https://sqlite.org/rescode.html
        match code & 0xff {
            // SQLITE_ERROR
            1 if message.contains("unsupported file format") => Some(of_newer_version(file)),
            // SQLITE_ERROR, SQLITE_CORRUPT
            1 | 11 if message.starts_with("malformed database schema") => {
                let version = rusqlite::version();
                Some(unavailable(format!(
                    "SQLite {version} cannot read the schema of {}, which a newer version wrote or which is damaged: \
                     {message}",
                    file.display()
                )))
            }
            // SQLITE_NOTADB
            26 if has_newer_format(file) => Some(of_newer_version(file)),
            26 => Some(ErrorKind::NotADatabase {
                path: file.display().to_string(),
            }),
            // SQLITE_PERM, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN
            3 | 8 | 10 | 14 => Some(self.obstacle().unwrap_or_else(|| self.denied(file, error))),
            _ => None,
        }
    }

    /// Why SQLite cannot open a file whose folder exists.
    fn denied(&self, file: &Path, error: &Error) -> ErrorKind {
        let name = file.display();
        let target = target_of(file);
        let folder = folder_of(&target);
        let folder_is_writable = may(folder, Access::Write);
        if !target.exists() {
            return unavailable(format!(
                "{name} does not exist, and this user may not create files in the folder {}",
                folder.display()
            ));
        }
        if !may(&target, Access::Read) {
            return unavailable(format!("this user may not read {name}"));
        }
        let is_denied = |path: &PathBuf| {
            path.exists()
                && !(may(path, Access::Read) && (self.is_read_only() || may(path, Access::Write)))
        };
        let beside = BESIDE.map(|ending| beside(&target, ending));
        if let Some(denied) = beside.iter().find(|path| is_denied(path)) {
            return unavailable(format!(
                "this user may not open {}, which belongs to the database; give it the owner of the database: \
                 chown --reference={} {}",
                denied.display(),
                quoted(&target),
                quoted(denied)
            ));
        }
        let [_, shared_memory, journal] = &beside;
        let is_read_only = self.is_read_only() || !folder_is_writable;
        if is_read_only && journal.exists() {
            return unavailable(format!(
                "{} has an unfinished write, which must be undone before the file can be read without being written; \
                 where it can be written, run: sqlite3 {} 'PRAGMA integrity_check'",
                journal.display(),
                quoted(&target)
            ));
        }
        let leave_wal = format!("sqlite3 {} 'PRAGMA journal_mode = DELETE'", quoted(&target));
        let needs_log = !folder_is_writable && is_in_wal_mode(&target);
        let may_write = folder_is_writable && may(&target, Access::Write);
        if !(self.is_read_only() || may_write) {
            let hint = match needs_log {
                true => format!(", after this was run where it can be written: {leave_wal}"),
                false => String::new(),
            };
            let reason = format!(
                "{name} or its folder cannot be written by this user; to only read it, write ?mode=ro in the URL{hint}"
            );
            return ErrorKind::ReadOnly {
                reason: reason.into(),
            };
        }
        if needs_log {
            return unavailable(format!(
                "{name} is in WAL mode, for which SQLite needs {}, and its folder cannot be written; before the file \
                 is copied to such a place, run: {leave_wal}",
                shared_memory.display()
            ));
        }
        match error.kind() {
            // The file system, not a connection.
            ErrorKind::ConnectionLost => unavailable(format!(
                "the file system of {name} reports: {}",
                error.driver_message().unwrap_or_default()
            )),
            ErrorKind::ReadOnly { .. } if has_newer_format(&target) => of_newer_version(&target),
            kind => kind.clone(),
        }
    }
}

/// Why the folder of a file cannot hold it.
fn folder_obstacle(file: &Path) -> Option<ErrorKind> {
    let folder = folder_of(file);
    let name = folder.display();
    let reason = match folder.metadata() {
        Ok(found) if !found.is_dir() => format!("{name} is a file, not a folder"),
        Ok(_) if !may(folder, Access::Enter) => {
            format!("this user may not enter the folder {name}")
        }
        Ok(_) => return None,
        Err(error) if error.kind() == IoErrorKind::NotFound => {
            format!(
                "the folder {name} does not exist; create it: mkdir -p {}",
                quoted(folder)
            )
        }
        Err(_) if folder.parent().is_some() => return folder_obstacle(folder),
        Err(_) => return None,
    };
    Some(unavailable(reason))
}

/// The file that a symbolic link leads to, also if it does not exist. The journals are beside it.
fn target_of(file: &Path) -> PathBuf {
    // The limit of Linux for links to links.
    const MOST_LINKS: usize = 40;
    let mut target = file.to_owned();
    for _ in 0..MOST_LINKS {
        match target.read_link() {
            Ok(next) => target = folder_of(&target).join(next),
            Err(_) => break,
        }
    }
    target
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn of_newer_version(file: &Path) -> ErrorKind {
    let (version, name) = (rusqlite::version(), file.display());
    unavailable(format!(
        "{name} has a format of a newer version of SQLite than {version}; update this program, or copy the data with \
         the newer version: sqlite3 {} .dump | sqlite3 {}",
        quoted(file),
        quoted(&beside(file, "-copy"))
    ))
}

/// The header of a database: <https://sqlite.org/fileformat2.html#the_database_header>.
struct Header([u8; 100]);

impl Header {
    /// Reads the header of a file that SQLite could not open.
    ///
    /// Closing a file ends all locks that the process has on it (<https://sqlite.org/howtocorrupt.html>, section 2.2).
    /// No connection of this process holds one on a file that SQLite cannot open, or not write for its format.
    fn of(file: &Path) -> Option<Self> {
        let mut bytes = [0; 100];
        std::fs::File::open(file)
            .ok()?
            .read_exact(&mut bytes)
            .ok()?;
        bytes
            .starts_with(b"SQLite format 3\0")
            .then_some(Header(bytes))
    }

    /// The versions that are needed for writing and for reading: 1 for a journal, 2 for WAL mode.
    fn versions(&self) -> [u8; 2] {
        [self.0[18], self.0[19]]
    }
}

fn is_in_wal_mode(file: &Path) -> bool {
    Header::of(file).is_some_and(|header| header.versions() == [2, 2])
}

fn has_newer_format(file: &Path) -> bool {
    Header::of(file).is_some_and(|header| header.versions().iter().any(|version| *version > 2))
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn unavailable(reason: impl Into<std::borrow::Cow<'static, str>>) -> ErrorKind {
    ErrorKind::Unavailable {
        reason: reason.into(),
    }
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
    Enter,
}

/// Whether the user of this process has the access. It is not tried, because closing the file would end locks on it.
#[cfg(unix)]
fn may(path: &Path, access: Access) -> bool {
    use rustix::fs::Access as Flags;
    let flags = match access {
        Access::Read => Flags::READ_OK,
        Access::Write => Flags::WRITE_OK,
        Access::Enter => Flags::EXEC_OK,
    };
    rustix::fs::access(path, flags).is_ok()
}

#[cfg(not(unix))]
fn may(_path: &Path, _access: Access) -> bool {
    true
}
