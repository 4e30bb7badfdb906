//! The driver's options of a URL.

use std::str::FromStr;

use sqlx::sqlite::SqliteConnectOptions;

use crate::driver::url::check_parameters;

/// The driver's options, or why the URL gives none; the reason shows no part of it but a parameter's name.
pub(crate) fn options_of(url: &str) -> Result<SqliteConnectOptions, String> {
    check_parameters(url, is_known)?;
    // The driver's own words quote the value that it cannot read.
    SqliteConnectOptions::from_str(url).map_err(|_| REASON.to_owned())
}

const REASON: &str = "a parameter of it has no such value: mode is ro, rw, rwc or memory, cache is private or shared, \
                      immutable is true or false";

/// Those that `SqliteConnectOptions` reads; see its documentation.
fn is_known(name: &str) -> bool {
    matches!(name, "mode" | "cache" | "immutable" | "vfs")
}
