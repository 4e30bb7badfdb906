//! Checks the parameters of a database URL, and hides its secrets.
//!
//! A driver logs an unknown parameter with its value. If a password contains an unescaped `?` or `&`, that value is
//! part of the password. So unknown parameters are refused before a driver sees them.

use std::borrow::Cow;

use crate::model::error::{Error, ErrorKind};

/// Checks that the driver knows every parameter of the URL. The error shows no value.
pub(crate) fn check_parameters(url: &str, is_known: fn(&str) -> bool) -> Result<(), String> {
    let Some((_, query)) = url.split_once('?') else {
        return Ok(());
    };
    let (query, _) = query.split_once('#').unwrap_or((query, ""));
    let parameters = || url::form_urlencoded::parse(query.as_bytes());
    let Some((unknown, _)) = parameters().find(|(name, _)| !is_known(name)) else {
        return Ok(());
    };
    // A "parameter" after a password may be the rest of it, so its name is not shown either.
    let has_secret = query.contains('@') || parameters().any(|(name, _)| name == "password");
    if has_secret {
        return Err(
            "after the ? there is an unknown parameter, or a password whose ?, & or @ is not \
                    written as %3F, %26 or %40"
                .to_owned(),
        );
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if unknown.is_empty() || !unknown.chars().all(is_plain) {
        return Err("after the ? there is an unknown parameter".to_owned());
    }
    Err(format!("the parameter {unknown} is unknown"))
}

pub(crate) fn invalid_url(reason: impl Into<Cow<'static, str>>) -> Error {
    ErrorKind::InvalidUrl {
        reason: reason.into(),
    }
    .into()
}

/// The URL without possible secrets, to identify the database in messages.
///
/// A password with an unescaped character may end up in any parsed part. So only a host, a port and a plain name of a
/// server's URL are shown.
pub(crate) fn redacted(url: &str) -> String {
    let Ok(parsed) = url::Url::parse(url) else {
        return "(not a URL)".to_owned();
    };
    let path = parsed.path();
    let host = parsed.host_str().unwrap_or_default();
    if parsed.scheme() == "sqlite" {
        // The text after two slashes is parsed as a host, and is the start of the path.
        return format!("sqlite:{host}{path}");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
    if host.is_empty() || !path.chars().all(plain) || path.matches('/').count() > 1 {
        return format!("{}://(hidden)", parsed.scheme());
    }
    let port = parsed
        .port()
        .map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{host}{port}{path}", parsed.scheme())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), String> {
        check_parameters(url, |name| matches!(name, "mode" | "password"))
    }

    #[test]
    fn known_parameters_of_a_url_are_accepted() {
        for url in [
            "postgres://host/db",
            "postgres://host/db?",
            "postgres://host/db?mode=1&password=p%26q#x",
            "postgres://ann:p%3Fss@host/db",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn an_unknown_parameter_of_a_url_is_named_without_its_value() {
        let refused = check("postgres://host/db?mode=1&speed=s3cret");
        assert_eq!(refused, Err("the parameter speed is unknown".to_owned()));
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
