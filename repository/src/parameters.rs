//! What may stand behind the `?` of a database's URL.
//!
//! A driver logs a parameter that it does not know with its value, and in a URL whose password has an
//! unescaped `?` or `&` that value is a part of the password. So no driver sees an unknown parameter.

/// Whether a driver knows every parameter of the URL; otherwise why not, without any value.
pub(crate) fn check_parameters(url: &str, is_known: fn(&str) -> bool) -> Result<(), String> {
    let Some((_, query)) = url.split_once('?') else {
        return Ok(());
    };
    let (query, _) = query.split_once('#').unwrap_or((query, ""));
    let parameters = || url::form_urlencoded::parse(query.as_bytes());
    let Some((unknown, _)) = parameters().find(|(name, _)| !is_known(name)) else {
        return Ok(());
    };
    // What follows a password may be its end: then not even the name is shown.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), String> {
        check_parameters(url, |name| matches!(name, "mode" | "password"))
    }

    #[test]
    fn known_parameters_pass() {
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
    fn an_unknown_parameter_is_named_without_its_value() {
        let refused = check("postgres://host/db?mode=1&speed=s3cret");
        assert_eq!(refused, Err("the parameter speed is unknown".to_owned()));
    }

    #[test]
    fn a_password_that_should_be_escaped_is_not_named_in_any_part() {
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
