//! The folder in which the files of tests are made.

use std::{fmt, path::Path, path::PathBuf};

use super::TestError;

/// Calls `make` with the folder of `TMPDIR`; if that fails, with the usual folders of the system.
///
/// # Errors
/// [`TestError::NoFolder`] with the error of each folder.
pub(super) fn in_first_usable<T, E: fmt::Display>(
    make: impl Fn(&Path) -> Result<T, E>,
) -> Result<T, TestError> {
    let (mut seen, mut tried) = (Vec::new(), String::new());
    for named in candidates() {
        let made = match real_path(&named) {
            Ok(folder) if seen.contains(&folder) => continue,
            Ok(folder) => {
                let made = make(&folder).map_err(|error| error.to_string());
                seen.push(folder);
                made
            }
            Err(reason) => Err(reason),
        };
        match made {
            Ok(made) => return Ok(made),
            Err(reason) => tried.push_str(&format!("\n{named:?}: {reason}")),
        }
    }
    Err(TestError::NoFolder { tried })
}

/// The maximum length of a folder's path in bytes. SQLite opens files whose paths have up to 512, Postgres 1023.
const MAX_PATH: usize = 400;

fn candidates() -> impl Iterator<Item = PathBuf> {
    let usual: &[&str] = if cfg!(unix) {
        &["/tmp", "/var/tmp"]
    } else {
        &[]
    };
    let usual = usual.iter().map(PathBuf::from);
    // An empty variable is as good as none; the standard library reads it as the current folder.
    let chosen = Some(tempfile::env::temp_dir()).filter(|folder| !folder.as_os_str().is_empty());
    chosen.into_iter().chain(usual)
}

/// The absolute path without symbolic links, which may be changed while files are in the folder.
fn real_path(folder: &Path) -> Result<PathBuf, String> {
    let path = folder.canonicalize().map_err(|error| error.to_string())?;
    match path.to_str() {
        // URLs are UTF-8.
        None => Err("its name is not UTF-8".to_owned()),
        // The server's programs exchange the path in a file with one value on each line.
        Some(text) if text.contains(['\n', '\r']) => Err("its name has a line break".to_owned()),
        Some(text) if text.len() > MAX_PATH => {
            Err(format!("its path is longer than {MAX_PATH} bytes"))
        }
        Some(_) => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_says_what_is_wrong_with_each_folder() {
        let refused = in_first_usable(|folder| match folder.is_absolute() {
            true => Err::<(), _>("the disk is full"),
            false => Ok(()),
        });
        let error = refused.expect_err("none is usable").to_string();
        let usual: &[&str] = if cfg!(unix) {
            &["/tmp", "/var/tmp"]
        } else {
            &[]
        };
        for folder in usual.iter().map(Path::new).filter(|folder| folder.exists()) {
            let line = format!("\n{folder:?}: the disk is full");
            // The same folder is tried once, by its first name.
            let is_first =
                tempfile::env::temp_dir().canonicalize().ok() != folder.canonicalize().ok();
            assert!(error.contains(&line) || !is_first, "{error}");
        }
        assert!(error.contains("TMPDIR"), "{error}");
    }
}
