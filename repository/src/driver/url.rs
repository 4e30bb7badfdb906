//! The parameters of a database URL.
//!
//! A driver logs an unknown parameter with its value. If a password contains an unescaped `?` or `&`, that value is
//! part of the password. So unknown parameters are refused before a driver sees them.

use std::borrow::Cow;

use crate::model::error::{Error, ErrorKind};

/// What an engine says about a parameter of a URL.
pub(crate) enum Parameter {
    /// May be given once, under any of its names. This is the first of them.
    Once(&'static str),
    /// May be given several times.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "SQLite has no such parameter")
    )]
    Repeatable,
    /// Is refused: the parameter, and what to do.
    Refused(Cow<'static, str>),
    Unknown,
}

/// The name and the value of each parameter of a URL.
pub(crate) fn parameters(url: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let (_, query) = url.split_once('?').unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
}

/// Checks every parameter of the URL. The error shows no value.
pub(crate) fn check_parameters(
    url: &str,
    read: fn(name: &str, value: &str) -> Parameter,
) -> Result<(), String> {
    let mut given = Vec::new();
    for (name, value) in parameters(url) {
        match read(&name, &value) {
            Parameter::Repeatable => {}
            Parameter::Refused(reason) => return Err(reason.into_owned()),
            Parameter::Unknown => return Err(unknown(url, &name, read)),
            Parameter::Once(name) if given.contains(&name) => {
                return Err(format!("the parameter {name} is given more than once"));
            }
            Parameter::Once(name) => given.push(name),
        }
    }
    Ok(())
}

fn unknown(url: &str, name: &str, read: fn(&str, &str) -> Parameter) -> String {
    // A "parameter" after a password may be the rest of it, so its name is not shown either.
    let (_, query) = url.split_once('?').unwrap_or_default();
    if query.contains('@') || parameters(url).any(|(name, _)| name == "password") {
        return "after the ? there is an unknown parameter, or a password whose ?, & or @ is not \
                written as %3F, %26 or %40"
            .to_owned();
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) {
        return "after the ? there is an unknown parameter".to_owned();
    }
    let hint = match read(&name.to_ascii_lowercase(), "") {
        Parameter::Unknown => "",
        _ => "; write it in lower case",
    };
    format!("the parameter {name} is unknown{hint}")
}

pub(crate) fn invalid_url(reason: impl Into<Cow<'static, str>>) -> Error {
    ErrorKind::InvalidUrl {
        reason: reason.into(),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), String> {
        check_parameters(url, |name, _| match name {
            "mode" | "style" => Parameter::Once("mode"),
            "password" => Parameter::Once("password"),
            "options" => Parameter::Repeatable,
            "vfs" => Parameter::Refused("no vfs".into()),
            _ => Parameter::Unknown,
        })
    }

    #[test]
    fn known_parameters_of_a_url_are_accepted() {
        for url in [
            "postgres://host/db",
            "postgres://host/db?",
            "postgres://host/db?mode=1&password=p%26q",
            "postgres://host/db?options=a&options=b",
            "postgres://ann:p%3Fss@host/db",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn an_unknown_parameter_of_a_url_is_named_without_its_value() {
        for (url, reason) in [
            (
                "postgres://host/db?mode=1&speed=s3cret",
                "the parameter speed is unknown",
            ),
            (
                "postgres://host/db?MODE=s3cret",
                "the parameter MODE is unknown; write it in lower case",
            ),
            ("postgres://host/db?vfs=s3cret", "no vfs"),
            (
                "postgres://host/db?mode=1&mode=1",
                "the parameter mode is given more than once",
            ),
            (
                "postgres://host/db?style=s3cret&mode=2",
                "the parameter mode is given more than once",
            ),
        ] {
            assert_eq!(check(url), Err(reason.to_owned()), "{url}");
        }
    }

    #[test]
    fn no_part_of_an_unescaped_password_is_in_the_error() {
        for url in [
            "postgres://ann:p?s3cret@host/db",
            "postgres://ann:p?s3cret=s3cret@host/db",
            "postgres://host/db?password=p&s3cret",
            "postgres://host/db?password=p&s3cret=s3cret",
            "postgres://host/db?s3cret%20",
            "postgres://host/db?=s3cret",
        ] {
            let reason = check(url).err().unwrap_or_default();
            assert!(!reason.is_empty() && !reason.contains("s3c"), "{reason}");
        }
    }
}
