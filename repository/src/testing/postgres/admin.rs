//! Statements that a superuser runs, one connection each.

use sea_orm::sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::super::TestError;

/// Connects to the maintenance database.
pub(super) async fn connect(url: &str) -> Result<PgConnection, TestError> {
    let connected = PgConnection::connect(url).await;
    connected.map_err(TestError::sql("connecting to the test server as superuser"))
}

/// Runs one statement outside a transaction, without preparing it.
///
/// `sql` is ours: names in it went through [`identifier`] or [`literal`].
pub(super) async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), TestError> {
    let attempt = sql.clone();
    let done = connection.execute(AssertSqlSafe(sql)).await;
    done.map(drop).map_err(TestError::sql(attempt))
}

/// A quoted identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A quoted text. `standard_conforming_strings` is on, so that a backslash is a backslash.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether the error says that a database named in the statement does not exist.
pub(super) fn is_missing_database(error: &TestError) -> bool {
    let TestError::Sql { source, .. } = error else {
        return false;
    };
    let code = source.as_database_error().and_then(|error| error.code());
    code.as_deref() == Some("3D000")
}
