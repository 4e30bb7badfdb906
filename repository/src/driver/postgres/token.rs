//! Whether a connection always has the same server process.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::server::Server;
use crate::model::clock::{IdSource, UuidV7};

/// A custom setting with a unique value per connection. A server keeps it until the connection ends. A pooler drops it,
/// or rejects the connection.
const NAME: &str = "catamaran.connection";

/// The value of the setting for one connection.
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new() -> Self {
        Token(UuidV7.next_id().simple().to_string())
    }

    /// A server whose connections start with the token.
    pub(crate) fn on(&self, server: &Server) -> Server {
        server.map(|options| options.options([(NAME, &self.0)]))
    }

    /// Reads the token back. If it is missing, a pooler may switch server connections between statements.
    ///
    /// # Errors
    /// The error of the driver.
    pub(crate) async fn is_kept_by(
        &self,
        connection: &mut PgConnection,
    ) -> Result<bool, sqlx::Error> {
        // Without its options the connection may have another search path, so every name is qualified. It is one message,
        // so it is safe outside of a transaction even behind a pooler. A pooler may also send the options of its clients
        // as SET to each server connection: the driver always sends this setting, which then is not one of the client's.
        let query = format!(
            "SELECT CASE s.source WHEN 'client' \
             THEN coalesce(pg_catalog.current_setting('{NAME}', true), '') ELSE '' END \
             FROM pg_catalog.pg_settings AS s WHERE s.name = 'DateStyle'"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(query)).fetch_all(connection);
        let found: Option<String> = match rows.await?.first() {
            Some(row) => Some(row.try_get_unchecked(0)?),
            None => None,
        };
        Ok(found.as_deref() == Some(&self.0))
    }
}
