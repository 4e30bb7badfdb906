//! The file `.env`.
//!
//! The crate that loads it ignores the lines after one that it cannot read, and its error quotes the line. It replaces
//! `$name` by a variable, or by nothing, also in a password. So the file is checked first.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What is wrong with a `.env` file. Shows no part of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum EnvFileError {
    #[error("{} cannot be read: {source}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}, line {line}: {fault}", path.display())]
    Line {
        path: PathBuf,
        /// From 1.
        line: usize,
        fault: Fault,
    },
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error(
        "it is not of the form NAME=value; write a value with spaces or quotation marks in single quotes: NAME='a value'"
    )]
    Form,
    #[error("it is not in UTF-8")]
    Encoding,
    #[error(
        "$ begins the name of a variable that is not set, so that a part of the value would be lost; write the value in \
         single quotes, or \\$ instead of $"
    )]
    Dollar,
}

/// Sets the variables of the `.env` file in the current folder, or in the nearest folder above it. Keeps variables that
/// are set already. Without a file, does nothing.
pub(super) fn load() -> Result<(), EnvFileError> {
    let Some(path) = find() else {
        return Ok(());
    };
    let contents = match fs::read(&path) {
        Ok(contents) => contents,
        Err(source) => return Err(EnvFileError::Io { path, source }),
    };
    let is_set = |name: &str| env::var(name).is_ok();
    if let Err((line, fault)) = check(&contents, is_set) {
        return Err(EnvFileError::Line { path, line, fault });
    }
    // Only a file that changed meanwhile has an error.
    dotenvy::from_path(&path).map_err(|_| EnvFileError::Line {
        path,
        line: 1,
        fault: Fault::Form,
    })
}

fn find() -> Option<PathBuf> {
    let folder = env::current_dir().ok()?;
    let mut files = folder.ancestors().map(|folder| folder.join(".env"));
    files.find(|file| Path::is_file(file))
}

/// Checks the lines of a file. An error has the number of its line, from 1.
fn check(contents: &[u8], is_set: impl Fn(&str) -> bool) -> Result<(), (usize, Fault)> {
    let text = std::str::from_utf8(contents).map_err(|error| {
        let valid = &contents[..error.valid_up_to()];
        (1 + line_breaks(valid), Fault::Encoding)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut known = HashSet::new();
    let mut first = 0;
    while first < lines.len() {
        let mut end = first + 1;
        // A value in quotes may have several lines.
        let (entry, read) = loop {
            let entry = lines[first..end].concat();
            match dotenvy::from_read_iter(entry.as_bytes()).next() {
                Some(Err(_)) if end < lines.len() => end += 1,
                read => break (entry, read),
            }
        };
        let line = first + 1;
        first = end;
        let (name, value) = match read {
            None => continue,
            Some(Ok(variable)) => variable,
            Some(Err(_)) => return Err((line, Fault::Form)),
        };
        // A variable of the environment cannot have this character.
        if value.contains('\0') {
            return Err((line, Fault::Form));
        }
        let is_known = |name: &str| is_set(name) || known.contains(name);
        if is_ours(&name) && !is_set(&name) && !replaced(&entry).iter().all(|name| is_known(name)) {
            return Err((line, Fault::Dollar));
        }
        known.insert(name);
    }
    Ok(())
}

fn line_breaks(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// Whether this program, or the driver for Postgres, reads the variable.
fn is_ours(name: &str) -> bool {
    ["DATABASE_", "CATAMARAN_", "PG"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The names of the variables that replace a part of the value: `$name` or `${name}`, unless it is in single quotes or
/// after a backslash.
fn replaced(entry: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (_, value) = entry.split_once('=').unwrap_or_default();
    let mut rest = value.trim_start().chars().peekable();
    let mut quote = None;
    while let Some(character) = rest.next() {
        match (quote, character) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => drop(rest.next()),
            (_, '$') => {
                let mut name = String::new();
                let in_braces = rest.next_if_eq(&'{').is_some();
                let is_part = |c: &char| {
                    if in_braces {
                        *c != '}'
                    } else {
                        c.is_alphanumeric()
                    }
                };
                while let Some(part) = rest.next_if(is_part) {
                    name.push(part);
                }
                names.push(name);
            }
            (None, '\'' | '"') => quote = Some(character),
            // A comment may follow.
            (None, ' ' | '\t') => break,
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(contents: &str) -> Result<(), (usize, Fault)> {
        check(contents.as_bytes(), |name| name == "HOME")
    }

    #[test]
    fn a_readable_env_file_has_no_fault() {
        for contents in [
            "",
            "\n\n",
            "# a comment with $x and \"\n\nDATABASE_URL=sqlite://a.db\n",
            "\u{feff}DATABASE_URL=sqlite://a.db",
            "export DATABASE_URL=sqlite://a.db\r\nOTHER=x\r\n",
            "DATABASE_URL=\nDATABASE_SCHEMA=\r\n",
            "DATABASE_URL='postgres://ann:pa$$word@localhost/habits'",
            r"DATABASE_URL=postgres://ann:pa\$word@localhost/habits",
            "KEY=\"-----BEGIN\nline\n-----END\"\nDATABASE_URL=sqlite://a.db # costs $5",
            "PASSWORD=x\nDATABASE_URL=postgres://ann:${PASSWORD}@localhost/$HOME",
            // It is no variable of this program.
            "PROMPT=$nothing",
        ] {
            assert_eq!(checked(contents), Ok(()), "{contents:?}");
        }
    }

    #[test]
    fn the_fault_of_an_env_file_has_the_number_of_its_line() {
        for (contents, line, fault) in [
            ("NAME=My App", 1, Fault::Form),
            ("A=1\n\n# x\nno equals sign\nB=2\n", 4, Fault::Form),
            ("A=1\nB='never closed\nC=2\nD=3", 2, Fault::Form),
            ("A=1\nB=\"${never closed\nC=2", 2, Fault::Form),
            ("A=1\nB=a\0b", 2, Fault::Form),
            ("A=1\r\nB=a\\q\r\n", 2, Fault::Form),
            (
                "A=1\nDATABASE_URL=postgres://ann:pa$word@localhost/habits",
                2,
                Fault::Dollar,
            ),
            ("DATABASE_URL=\"postgres://ann:p$$@h/d\"", 1, Fault::Dollar),
            ("PGPASSWORD=pa${word}", 1, Fault::Dollar),
            (
                "KEY=\"a\nb\"\nCATAMARAN_TEST_POSTGRES_URL=postgres://p$1@h",
                3,
                Fault::Dollar,
            ),
        ] {
            assert_eq!(checked(contents), Err((line, fault)), "{contents:?}");
        }
        let latin1 = check(b"A=1\nB=caf\xe9\n", |_| false);
        assert_eq!(latin1, Err((2, Fault::Encoding)));
    }
}
