//! Statements that run for minutes, in SQL for both engines.

use catamaran::record::Stored;
use catamaran::{AnyRepository, Error, Result, Unit};
use sea_orm::ConnectionTrait;

/// Runs for minutes.
pub const COUNT: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) \
     SELECT count(*) FROM n";

/// Reads it in a unit of work.
///
/// # Errors
/// That it took too long.
pub async fn in_unit(unit: &Unit) -> Result<()> {
    let done = match unit {
        Unit::Sqlite(native) => native.seaorm().execute_unprepared(COUNT).await,
        Unit::Postgres(native) => native.seaorm().execute_unprepared(COUNT).await,
    };
    done.map(|_| ()).map_err(Error::from)
}

/// Reads it by itself.
///
/// # Errors
/// That it took too long.
pub async fn alone<R: Stored>(repository: &AnyRepository<R>) -> Result<Vec<i64>> {
    match repository {
        AnyRepository::Sqlite(native) => native.query(COUNT, vec![], |row| row.get(0)).await,
        AnyRepository::Postgres(native) => native.query(COUNT, vec![], |row| row.get(0)).await,
    }
}
