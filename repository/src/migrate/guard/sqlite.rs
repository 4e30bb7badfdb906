//! The transaction and the settings of a script on SQLite.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement};

use crate::sql::custom::RESTORED_PRAGMAS;

/// The names of the attached files.
const ATTACHED: &str =
    "SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp') ORDER BY seq";

/// It ends with the transaction, so it tells whether the transaction is still the same.
const SAVEPOINT: &str = "catamaran_script";

/// The settings of a connection, which a transaction does not roll back, and the names of its files.
pub(in crate::migrate) struct Settings {
    pragmas: Vec<(&'static str, String)>,
    attached: Vec<String>,
}

impl Settings {
    pub(in crate::migrate) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let columns =
            RESTORED_PRAGMAS.map(|name| format!("CAST((SELECT * FROM pragma_{name}) AS TEXT)"));
        let sql = format!("SELECT {}", columns.join(", "));
        let mut pragmas = Vec::new();
        for row in query(db, &sql).await? {
            for (index, name) in RESTORED_PRAGMAS.into_iter().enumerate() {
                let value: Option<String> = row.try_get_by_index(index)?;
                pragmas.extend(value.map(|value| (name, value)));
            }
        }
        let mut attached = Vec::new();
        for row in query(db, ATTACHED).await? {
            attached.push(row.try_get_by_index(0)?);
        }
        Ok(Settings { pragmas, attached })
    }

    /// Sets back the settings that differ, and detaches the files that were not attached.
    pub(in crate::migrate) async fn restore<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<(), DbErr> {
        let now = Self::read(db).await?;
        for setting @ (name, value) in &self.pragmas {
            if !now.pragmas.contains(setting) {
                db.execute_unprepared(&format!("PRAGMA {name} = {value}"))
                    .await?;
            }
        }
        for name in &now.attached {
            if !self.attached.contains(name) {
                let quoted = name.replace('"', "\"\"");
                db.execute_unprepared(&format!("DETACH \"{quoted}\""))
                    .await?;
            }
        }
        Ok(())
    }
}

async fn query<C: ConnectionTrait>(db: &C, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql))
        .await
}

/// Notes the settings and the transaction.
pub(super) async fn begin(tx: &DatabaseTransaction) -> Result<Settings, DbErr> {
    let settings = Settings::read(tx).await?;
    tx.execute_unprepared(&format!("SAVEPOINT {SAVEPOINT}"))
        .await?;
    Ok(settings)
}

/// Whether the transaction is the one of [`begin`].
pub(super) async fn is_same_transaction(tx: &DatabaseTransaction) -> Result<bool, DbErr> {
    match tx.execute_unprepared(&format!("RELEASE {SAVEPOINT}")).await {
        Ok(_) => Ok(true),
        Err(error) if error.to_string().contains("no such savepoint") => Ok(false),
        Err(error) => Err(error),
    }
}
