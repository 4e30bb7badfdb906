//! The connections of a store, on either engine.

#[cfg(feature = "postgres")]
use crate::driver::postgres::PostgresPool;
#[cfg(feature = "sqlite")]
use crate::driver::sqlite::SqlitePool;

/// The connection pool of a store.
#[derive(Clone)]
pub(crate) enum Backend {
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(PostgresPool),
}
