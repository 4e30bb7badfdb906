//! The driver's options of a URL.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::driver::url::check_parameters;

/// The driver's options, or why the URL gives none; the reason shows no part of it but a parameter's name.
pub(crate) fn options_of(url: &str) -> Result<PgConnectOptions, String> {
    check_parameters(url, is_known)?;
    // The driver's own words quote the value that it cannot read.
    PgConnectOptions::from_str(url).map_err(|_| REASON.to_owned())
}

const REASON: &str = "it is not of the form postgres://user:password@host/database";

/// Those that `PgConnectOptions` reads; see its documentation.
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
