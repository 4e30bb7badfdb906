//! The file with passwords of libpq: <https://www.postgresql.org/docs/current/libpq-pgpass.html>.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Whose password is looked up.
pub(super) struct Login<'a> {
    /// The host, or the folder of the socket.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password of a login in the file that the URL or PGPASSFILE names.
///
/// # Errors
/// Why the file cannot be used. The text has nothing of its contents.
pub(super) fn named(path: &Path, login: &Login<'_>) -> Result<Option<String>, String> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|error| {
        format!(
            "the file of passwords {shown} cannot be read: {}",
            plain(&error)
        )
    })?;
    // Such as /dev/null, which says that there is none.
    if !metadata.is_file() {
        return Ok(None);
    }
    if is_open_to_others(&metadata) {
        return Err(format!(
            "others may read the file of passwords {shown}: run chmod 600 {}",
            quoted(path)
        ));
    }
    let text = fs::read(path).map_err(|error| {
        format!(
            "the file of passwords {shown} cannot be read: {}",
            plain(&error)
        )
    })?;
    // Another line may be in another encoding.
    Ok(find(&String::from_utf8_lossy(&text), login))
}

/// The password of a login in the file in the home folder, if there is such a file. As in libpq, one that others may read
/// is ignored with a warning.
pub(super) fn at_home(login: &Login<'_>) -> Option<String> {
    let path = home()?.join(".pgpass");
    if !path.is_file() {
        return None;
    }
    named(&path, login).unwrap_or_else(|reason| {
        tracing::warn!("{reason}");
        None
    })
}

/// The home folder.
pub(super) fn home() -> Option<PathBuf> {
    env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

/// The text of an error of the operating system, without its number.
pub(super) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::InvalidData => "it is not text in UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

/// A path as one word of a shell.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    metadata.mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

/// The password of the first line that fits: `host:port:database:user:password`, in which `*` fits all.
fn find(text: &str, login: &Login<'_>) -> Option<String> {
    let port = login.port.to_string();
    // libpq calls the socket in its default folder so, which is another one in each build.
    let is_default = ["/var/run/postgresql", "/run/postgresql", "/tmp"].contains(&login.host);
    let is_host = |field: &str| field == login.host || is_default && field == "localhost";
    let others = [&port, login.database, login.user];
    let found = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let mut fields = fields(line);
            let host = fields.next()?;
            let fits = (host == "*" || is_host(&host))
                && others.iter().all(|wanted| {
                    let field = fields.next();
                    field.is_some_and(|field| field == "*" || field == *wanted)
                });
            fields.next().filter(|_| fits)
        });
    // An empty password says that there is none, in any line.
    found.filter(|password| !password.is_empty())
}

/// The fields of a line. A backslash takes the meaning from a colon or a backslash.
fn fields(line: &str) -> impl Iterator<Item = String> {
    let mut rest = Some(line.chars());
    std::iter::from_fn(move || {
        let mut chars = rest.take()?;
        let mut field = String::new();
        while let Some(c) = chars.next() {
            match c {
                ':' => {
                    rest = Some(chars);
                    break;
                }
                '\\' => field.push(chars.next().unwrap_or('\\')),
                c => field.push(c),
            }
        }
        Some(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Option<String> {
        let login = Login {
            host: "db.example.org",
            port: 5432,
            database: "habits",
            user: "ann:b",
        };
        find(text, &login)
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        for (text, expected) in [
            ("*:*:*:*:p", Some("p")),
            (
                "# *:*:*:*:no\n*:*:*:ann:no\n*:*:*:ann\\:b:p\\:\\\\q\r\n",
                Some("p:\\q"),
            ),
            ("db.example.org:5432:habits:*:p:q", Some("p")),
            ("db.example.org:5433:*:*:no", None),
            ("other:*:*:*:no\n*:*:*:*:p\n*:*:*:*:q", Some("p")),
            ("*:*:*:*:", None),
            ("*:*:*:*:\n*:*:*:*:q", None),
            ("*:*:*:*:p\\", Some("p\\")),
            ("*:*:*", None),
            ("", None),
        ] {
            assert_eq!(password(text).as_deref(), expected, "{text}");
        }
    }
}
