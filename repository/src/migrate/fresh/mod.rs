//! `fresh`: drops what a database has, so that all migrations apply anew.

mod histories;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, QueryResult, Statement};
use tracing::info;

use self::histories::Own;
use super::{MigrateError, history::Step, table::HistoryTable};
use crate::model::engine::Engine;

/// An object that `fresh` drops.
#[derive(Debug)]
struct Object {
    /// Its kind as in SQL: `view`, `materialized view`.
    kind: String,
    /// Its name, quoted where needed.
    name: String,
    /// The statement that drops it.
    sql: String,
}

/// Drops every object of the application: on SQLite all of the file, on Postgres those of the role in the schemas of the
/// search path, except what belongs to an extension.
///
/// Logs each object before the first one is dropped. Fails before that if another program's history is there, or if
/// something else depends on one of the objects.
pub(super) async fn drop_all(
    tx: &DatabaseTransaction,
    engine: Engine,
    table: HistoryTable,
    history: &[Step],
) -> Result<(), MigrateError> {
    let own = Own { table, history };
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => sqlite::drop_all(tx, own).await,
        #[cfg(feature = "postgres")]
        Engine::Postgres => postgres::drop_all(tx, own).await,
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        engine => Err(MigrateError::NotBuilt { engine }),
    }
}

/// Drops the tables that record the migrations. Unlike SeaORM it drops those that the migrator uses, and nothing that
/// depends on them.
pub(super) async fn drop_history(
    tx: &DatabaseTransaction,
    engine: Engine,
    table: HistoryTable,
) -> Result<(), MigrateError> {
    let schema = match engine {
        Engine::Sqlite => "main".to_owned(),
        Engine::Postgres => {
            let rows = rows(tx, "SELECT pg_catalog.quote_ident(current_schema())").await?;
            let first = rows.first().map(|row| row.try_get_by_index(0));
            first.transpose()?.unwrap_or_default()
        }
    };
    for name in [table.checksums(), table.name().to_owned()] {
        let sql = format!("DROP TABLE IF EXISTS {schema}.\"{name}\"");
        tx.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Logs the objects.
fn announce(objects: &[Object]) {
    info!("Dropping {} object(s)", objects.len());
    for Object { kind, name, .. } in objects {
        info!("Dropping {kind} {name}");
    }
}

async fn drop_each(tx: &DatabaseTransaction, objects: &[Object]) -> Result<(), MigrateError> {
    for object in objects {
        let dropped = tx.execute_unprepared(&object.sql).await;
        dropped.map_err(|source| MigrateError::Drop {
            object: format!("{} {}", object.kind, object.name),
            source,
        })?;
    }
    Ok(())
}

async fn rows(tx: &DatabaseTransaction, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
    tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql))
        .await
}
