//! The names of the tables in which a database records migrations.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use crate::store::history_table::{CHECKSUMS, HISTORY, PROGRESS, fault};

use super::MigrateError;

/// The table of a history, whose name is valid on both engines without a change of case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HistoryTable(&'static str);

impl Default for HistoryTable {
    fn default() -> Self {
        HistoryTable(HISTORY)
    }
}

impl HistoryTable {
    /// The table of that name.
    ///
    /// # Errors
    /// [`MigrateError::HistoryTable`] if the name is invalid.
    pub(crate) fn named(name: &'static str) -> Result<Self, MigrateError> {
        match fault(name) {
            None => Ok(HistoryTable(name)),
            Some(reason) => Err(MigrateError::HistoryTable {
                name: name.escape_default().to_string(),
                reason,
            }),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.0
    }

    /// The table that says how far a migration outside of a transaction has come.
    pub(crate) fn progress(self) -> String {
        format!("{}{PROGRESS}", self.0)
    }

    /// Every table in which a history is recorded.
    pub(super) fn all(self) -> [String; 3] {
        [self.0.to_owned(), self.checksums(), self.progress()]
    }

    /// The table of the checksums.
    pub(crate) fn checksums(self) -> String {
        format!("{}{CHECKSUMS}", self.0)
    }
}

/// Whether a table of that name has these columns; `None` if there is no such table. On Postgres it is one of the current
/// schema that meets the condition on `pg_class c`.
pub(super) async fn has_columns<C: ConnectionTrait>(
    db: &C,
    name: &str,
    columns: &[&str],
    condition: &str,
) -> Result<Option<bool>, DbErr> {
    let backend = db.get_database_backend();
    let (list, count) = (columns.join("', '"), columns.len());
    let sql = match backend {
        DbBackend::Sqlite => format!(
            "SELECT (SELECT count(*) FROM pragma_table_info(s.name) WHERE lower(name) IN ('{list}')) = {count} \
             FROM sqlite_schema s WHERE s.type IN ('table', 'view') AND s.name = $1 COLLATE NOCASE"
        ),
        _ => format!(
            "SELECT (SELECT pg_catalog.count(*) = {count} FROM pg_catalog.pg_attribute a \
             WHERE a.attrelid = c.oid AND a.attname IN ('{list}') AND NOT a.attisdropped) \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = pg_catalog.current_schema() AND c.relname = $1 \
             AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {condition}"
        ),
    };
    let statement = Statement::from_sql_and_values(backend, sql, [name.into()]);
    let row = db.query_one_raw(statement).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

/// The condition of [`has_columns`] that every table meets.
pub(super) const ANY: &str = "true";

/// The condition of [`has_columns`] that the role may read the table.
pub(super) const MAY_READ: &str = "pg_catalog.has_table_privilege(c.oid, 'SELECT')";

/// Runs a statement that writes into one of the tables.
pub(super) async fn execute<C: ConnectionTrait>(
    db: &C,
    sql: String,
    values: impl IntoIterator<Item = Value>,
) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(statement).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_table_has_a_name_that_both_engines_keep_unchanged() {
        for valid in ["billing_migrations", "order", "_1", HISTORY] {
            assert!(HistoryTable::named(valid).is_ok(), "{valid}");
        }
        for invalid in [
            "",
            "Billing",
            "1st",
            "a b",
            "a.b",
            "a\"; DROP TABLE habits --",
            "histoire_é",
            "sqlite_history",
            "a_checksums",
            "a_progress",
        ] {
            assert!(HistoryTable::named(invalid).is_err(), "{invalid}");
        }
        let longest = "a12345678901234567890123456789012345678901234567890123";
        assert!(HistoryTable::named(longest).is_err());
        assert!(HistoryTable::named(&longest[1..]).is_err(), "a digit first");
        assert!(HistoryTable::named(&longest[..53]).is_ok());
    }
}
