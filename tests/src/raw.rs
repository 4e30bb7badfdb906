//! SQL that bypasses the repositories, for rows that they would never write.

use catamaran::testing::TwinDatabase;
use catamaran::{Engine, Result, Scope, Store, Unit};
use sea_orm::{ConnectionTrait, QueryResult, Statement};

const SCOPE: Scope = Scope::system("the suite goes past the repositories");

/// Runs SQL in a unit of its own, unprepared, and commits.
///
/// # Errors
/// What the database gives.
pub async fn execute(store: &Store, sql: &str) -> Result<()> {
    let unit = store.begin_write(&SCOPE).await?;
    execute_in(&unit, sql).await?;
    unit.commit().await
}

/// As [`execute`], each engine with a text of its own.
///
/// # Errors
/// What the database gives.
pub async fn execute_on(db: &TwinDatabase, sqlite: &str, postgres: &str) -> Result<()> {
    let sql = match db.engine() {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    };
    execute(db.store(), sql).await
}

/// Runs SQL in a unit, unprepared.
///
/// # Errors
/// What the database gives.
pub async fn execute_in(unit: &Unit, sql: &str) -> Result<()> {
    match unit {
        Unit::Sqlite(unit) => unit.seaorm().execute_unprepared(sql).await?,
        Unit::Postgres(unit) => unit.seaorm().execute_unprepared(sql).await?,
    };
    Ok(())
}

/// The rows that a query has in a unit.
///
/// # Errors
/// What the database gives.
pub async fn rows_in(unit: &Unit, sql: &str) -> Result<Vec<QueryResult>> {
    let rows = match unit {
        Unit::Sqlite(unit) => {
            let connection = unit.seaorm();
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            connection.query_all_raw(statement).await?
        }
        Unit::Postgres(unit) => {
            let connection = unit.seaorm();
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            connection.query_all_raw(statement).await?
        }
    };
    Ok(rows)
}
