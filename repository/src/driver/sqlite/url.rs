//! The driver's options of a URL.

use std::str::FromStr;

use sqlx::sqlite::SqliteConnectOptions;

use crate::driver::url::check_parameters;

/// Parses the driver's options. The error shows no part of the URL except the name of a parameter.
pub(crate) fn options_of(url: &str) -> Result<SqliteConnectOptions, String> {
    check_parameters(url, is_known)?;
    // The driver's message quotes the value that it cannot read.
    SqliteConnectOptions::from_str(url).map_err(|_| REASON.to_owned())
}

const REASON: &str = "one of its parameters has an invalid value: mode is ro, rw, rwc or memory, cache is private or \
                      shared, immutable is true or false";

/// The parameters that `SqliteConnectOptions` documents.
fn is_known(name: &str) -> bool {
    matches!(name, "mode" | "cache" | "immutable" | "vfs")
}
