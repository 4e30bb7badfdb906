//! The transaction and the settings of a script on SQLite.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

/// Settings of a connection that a transaction does not roll back. `foreign_keys` cannot change in a transaction.
const RESTORED: [&str; 15] = [
    "automatic_index",
    "busy_timeout",
    "cache_spill",
    "cell_size_check",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "locking_mode",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "trusted_schema",
    "writable_schema",
];

/// It ends with the transaction, so it tells whether the transaction is still the same.
const SAVEPOINT: &str = "catamaran_script";

/// The settings of a connection.
pub(in crate::migrate) struct Settings(Vec<(&'static str, String)>);

impl Settings {
    pub(in crate::migrate) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let columns = RESTORED.map(|name| format!("CAST((SELECT * FROM pragma_{name}) AS TEXT)"));
        let sql = format!("SELECT {}", columns.join(", "));
        let row = db
            .query_one_raw(Statement::from_string(DbBackend::Sqlite, sql))
            .await?;
        let mut settings = Vec::new();
        if let Some(row) = row {
            for (index, name) in RESTORED.into_iter().enumerate() {
                let value: Option<String> = row.try_get_by_index(index)?;
                settings.extend(value.map(|value| (name, value)));
            }
        }
        Ok(Settings(settings))
    }

    /// Sets back those that differ.
    pub(in crate::migrate) async fn restore<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<(), DbErr> {
        let now = Self::read(db).await?;
        for setting @ (name, value) in &self.0 {
            if !now.0.contains(setting) {
                db.execute_unprepared(&format!("PRAGMA {name} = {value}"))
                    .await?;
            }
        }
        Ok(())
    }
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
