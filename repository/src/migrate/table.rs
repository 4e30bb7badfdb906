//! The names of the tables in which a database records migrations.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::store::start_up::HISTORY;

use super::MigrateError;

/// The table of a history, whose name is valid on both engines without a change of case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HistoryTable(&'static str);

impl Default for HistoryTable {
    fn default() -> Self {
        HistoryTable(HISTORY)
    }
}

/// Postgres truncates a longer name than 63 bytes, which the name of the second table must not be.
const LONGEST: usize = 63 - CHECKSUMS.len();

/// What the name of the table of checksums has after that of the history.
const CHECKSUMS: &str = "_checksums";

/// What the name of the table of an unfinished migration has after that of the history.
const PROGRESS: &str = "_progress";

impl HistoryTable {
    /// The table of that name.
    ///
    /// # Errors
    /// [`MigrateError::HistoryTable`] if the name is invalid.
    pub(crate) fn named(name: &'static str) -> Result<Self, MigrateError> {
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let reason = if !begins || !name.chars().all(is_allowed) {
            "use lower-case letters, digits and _, and begin with a letter or _".to_owned()
        } else if name.len() > LONGEST {
            format!("it has more than {LONGEST} characters")
        } else if name.starts_with("sqlite_") {
            "SQLite reserves names that begin with sqlite_".to_owned()
        } else if let Some(end) = [CHECKSUMS, PROGRESS]
            .iter()
            .find(|end| name.ends_with(**end))
        {
            format!("names that end in {end} are for other tables of a history")
        } else {
            return Ok(HistoryTable(name));
        };
        let name = name.escape_default().to_string();
        Err(MigrateError::HistoryTable { name, reason })
    }

    pub(crate) fn name(self) -> &'static str {
        self.0
    }

    /// The table that says how far a migration outside of a transaction has come.
    pub(crate) fn progress(self) -> String {
        format!("{}{PROGRESS}", self.0)
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
