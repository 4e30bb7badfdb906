//! Statements of a superuser, each call over a connection of its own.

use std::env;

use sea_orm::sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::{super::TestError, server::read_url};

/// Connects to the maintenance database.
pub(super) async fn connect(url: &str) -> Result<PgConnection, TestError> {
    let connected = read_url(url)?.server().connect().await;
    // The driver adds these options to those of the URL, and nothing can remove them.
    let attempt = match env::var_os("PGOPTIONS").is_some_and(|options| !options.is_empty()) {
        true => "connecting to the test server as superuser, with the options of PGOPTIONS",
        false => "connecting to the test server as superuser",
    };
    let connected = connected.map_err(|source| TestError::Connect { attempt, source });
    Ok(connected?.connection)
}

/// Runs one statement outside a transaction, without preparing it.
///
/// `sql` is text of this module's callers, with names quoted by [`identifier`] and values by [`literal`].
pub(super) async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), TestError> {
    let attempt = sql.clone();
    let done = connection.execute(AssertSqlSafe(sql)).await;
    done.map(drop).map_err(TestError::sql(attempt))
}

/// A quoted identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A quoted text. Backslashes need no escape, because `standard_conforming_strings` is on by default.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether a database of the statement does not exist (SQLSTATE 3D000).
pub(super) fn is_missing_database(error: &TestError) -> bool {
    let TestError::Sql { source, .. } = error else {
        return false;
    };
    let code = source.as_database_error().and_then(|error| error.code());
    code.as_deref() == Some("3D000")
}
