//! The driver's options of a URL.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::driver::url::check_parameters;

/// Parses the driver's options. The error shows no part of the URL except the name of a parameter.
pub(crate) fn options_of(url: &str) -> Result<PgConnectOptions, String> {
    check_parameters(url, is_known)?;
    // The driver's message quotes the value that it cannot read.
    PgConnectOptions::from_str(url).map_err(|_| REASON.to_owned())
}

const REASON: &str = "it is not of the form postgres://user:password@host/database";

/// The parameters that `PgConnectOptions` documents.
fn is_known(name: &str) -> bool {
    matches!(
        name,
        "sslmode"
            | "ssl-mode"
            | "sslrootcert"
            | "ssl-root-cert"
            | "ssl-ca"
            | "sslcert"
            | "ssl-cert"
            | "sslkey"
            | "ssl-key"
            | "statement-cache-capacity"
            | "host"
            | "hostaddr"
            | "port"
            | "dbname"
            | "user"
            | "password"
            | "application_name"
            | "options"
    ) || (name.starts_with("options[") && name.ends_with(']'))
}
