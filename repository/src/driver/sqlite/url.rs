//! The URL of a SQLite database.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
#[cfg(feature = "testing")]
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use sqlx::sqlite::SqliteConnectOptions;

use crate::driver::url::{Parameter, check_parameters, parameters};

/// What a URL with the scheme `sqlite:` says.
#[derive(Clone, Debug)]
pub(crate) struct SqliteUrl {
    storage: Storage,
    mode: Mode,
    label: String,
}

#[derive(Clone, Debug)]
enum Storage {
    /// An absolute path, which does not depend on the current directory.
    File(PathBuf),
    /// The driver gives each database in memory a name, which its connections share.
    Memory(Box<SqliteConnectOptions>),
}

/// The parameter `mode`; see <https://www.sqlite.org/uri.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Unset,
    ReadOnly,
    ReadWrite,
    Create,
}

impl SqliteUrl {
    /// Reads the URL after its scheme; or says what is wrong with it. The error has no value of a parameter.
    pub(crate) fn parse(rest: &str) -> Result<Self, String> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
        refuse_uri(name)?;
        check_parameters(rest, read_parameter).map_err(|reason| {
            match query.contains(['/', '.']) {
                true => format!("{reason}; in the name of a file, write %3F instead of ?"),
                false => reason,
            }
        })?;
        let mode = parameters(rest).find(|(name, _)| name == "mode");
        let mode = mode.as_ref().map(|(_, mode)| &**mode);
        let name = decoded(name)?;
        let in_memory = name == MEMORY || mode == Some("memory");
        if in_memory && !(name.is_empty() || name == MEMORY) {
            return Err(
                "a database in memory has no name, and belongs to one store; write sqlite::memory:"
                    .to_owned(),
            );
        }
        let mode = match mode {
            None | Some("memory") => Mode::Unset,
            Some("ro") if in_memory => {
                return Err("a database in memory would be empty with mode=ro".to_owned());
            }
            Some("ro") => Mode::ReadOnly,
            Some("rw") => Mode::ReadWrite,
            Some("rwc") => Mode::Create,
            Some(_) => return Err("the parameter mode is ro, rw, rwc or memory".to_owned()),
        };
        let (storage, label) = match in_memory {
            true => {
                let options = SqliteConnectOptions::from_str("sqlite::memory:");
                let options = options.map_err(|error| error.to_string())?;
                (Storage::Memory(Box::new(options)), MEMORY)
            }
            false => (Storage::File(path_of(&name)?), &*name),
        };
        Ok(SqliteUrl {
            label: format!("sqlite:{label}"),
            storage,
            mode,
        })
    }

    /// The path of the file, or `None` for a database in memory.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.storage {
            Storage::File(path) => Some(path),
            Storage::Memory(_) => None,
        }
    }

    /// Whether the file must not be written.
    pub(crate) fn is_read_only(&self) -> bool {
        self.mode == Mode::ReadOnly
    }

    /// Whether a missing file is created.
    pub(crate) fn may_create(&self) -> bool {
        self.mode == Mode::Create
    }

    /// The same database, created if it is missing and the URL has no other mode.
    #[cfg(feature = "migrate")]
    pub(crate) fn creating(mut self) -> Self {
        if self.mode == Mode::Unset {
            self.mode = Mode::Create;
        }
        self
    }

    /// The same database, never created.
    #[cfg(feature = "migrate")]
    pub(crate) fn existing(mut self) -> Self {
        if self.mode == Mode::Create {
            self.mode = Mode::ReadWrite;
        }
        self
    }

    /// The same database, never written.
    #[cfg(feature = "fingerprint")]
    pub(crate) fn for_reading(mut self) -> Self {
        self.mode = Mode::ReadOnly;
        self
    }

    /// The driver's options.
    pub(crate) fn options(&self) -> SqliteConnectOptions {
        match &self.storage {
            Storage::File(path) => SqliteConnectOptions::new()
                .filename(path)
                .read_only(self.is_read_only())
                .create_if_missing(self.may_create()),
            Storage::Memory(options) => (**options).clone(),
        }
    }

    /// Identifies the database in messages.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }
}

/// The name of a database in memory.
const MEMORY: &str = ":memory:";

fn read_parameter(name: &str, value: &str) -> Parameter {
    match name {
        "mode" => Parameter::Once("mode"),
        // The default of SQLite.
        "cache" if value == "private" => Parameter::Once("cache"),
        "cache" => Parameter::Refused("cache=shared is not supported, because connections with a shared cache wait for each other's tables \
             without a time limit; remove the parameter cache".into()),
        "vfs" => Parameter::Refused("the parameter vfs is not supported, because correctness depends on the locks of the default one; \
             remove it".into()),
        "nolock" => Parameter::Refused("the parameter nolock is not supported, because two processes without locks damage the file; remove it".into()),
        "immutable" => Parameter::Refused("the parameter immutable is not supported, because it hides what is only in the write-ahead log; \
             write mode=ro, and before the file is copied to a medium that cannot be written, run on it: \
             PRAGMA journal_mode = DELETE".into()),
        "psow" => Parameter::Refused("the parameter psow is not supported, because it weakens durability; remove it".into()),
        "modeof" => Parameter::Refused("the parameter modeof is not supported; remove it, and create the file with the permissions that it needs".into()),
        _ => Parameter::Unknown,
    }
}

/// Refuses a URI of SQLite's own within the URL, which the driver would hand to SQLite as it is.
fn refuse_uri(name: &str) -> Result<(), String> {
    let (scheme, rest) = name.split_once(':').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("file") {
        return Ok(());
    }
    // A URI has an authority, which is empty or localhost, before an absolute path.
    let path = rest
        .strip_prefix("//localhost/")
        .map(|path| format!("///{path}"));
    let path = path.unwrap_or_else(|| rest.to_owned());
    let path = if path.is_empty() { "habits.db" } else { &path };
    Err(format!(
        "a file: URI within the URL is not supported; write sqlite:{path}"
    ))
}

/// The name without its percent-encoding.
fn decoded(name: &str) -> Result<Cow<'_, str>, String> {
    if name.trim() != name && !name.trim().is_empty() {
        return Err(
            "the name of its file begins or ends with white space; remove it, or write %20 for a space that is part \
             of the name"
                .to_owned(),
        );
    }
    let name = percent_decode_str(name)
        .decode_utf8()
        .map_err(|_| "the name of its file is not in UTF-8".to_owned())?;
    match name.contains(char::is_control) {
        true => Err("the name of its file contains a control character".to_owned()),
        false => Ok(name),
    }
}

/// The absolute path of a file.
fn path_of(name: &str) -> Result<PathBuf, String> {
    if name.trim().is_empty() {
        return Err(
            "it names no file; write sqlite://habits.db, or sqlite::memory: for a database in memory".to_owned(),
        );
    }
    if name.ends_with('/') {
        return Err(
            "the name of its file ends with a slash, as that of a folder; remove the slash"
                .to_owned(),
        );
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.eq_ignore_ascii_case(MEMORY) {
        return Err("a database in memory is written sqlite::memory:".to_owned());
    }
    if name.starts_with(':') {
        return Err(format!(
            "SQLite reserves names that begin with a colon; write sqlite:./{name} for a file of that name"
        ));
    }
    std::path::absolute(name).map_err(|error| {
        format!("the name of its file has no absolute path, which fails with: {error}")
    })
}

/// The URL of a file, with the special characters of URLs escaped.
#[cfg(feature = "testing")]
pub(crate) fn url_of(file: &Path) -> String {
    const SPECIAL: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');
    let path = percent_encode(file.as_os_str().as_encoded_bytes(), SPECIAL);
    format!("sqlite://{path}")
}
