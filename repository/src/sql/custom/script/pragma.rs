//! PRAGMAs of a script.

use super::Piece;
use super::Token;

/// Settings of a connection that are set back after a script. `foreign_keys` is not one of them: it is off while
/// migrations run.
pub(crate) const RESTORED_PRAGMAS: [&str; 19] = [
    "analysis_limit",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "synchronous",
    "trusted_schema",
    "writable_schema",
];

/// Settings in the file, and PRAGMAs whose value is an argument.
const WITHOUT_TRACE: [&str; 20] = [
    "application_id",
    "auto_vacuum",
    "default_cache_size",
    "foreign_key_check",
    "foreign_key_list",
    "incremental_vacuum",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "optimize",
    "page_size",
    "quick_check",
    "schema_version",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
    "wal_checkpoint",
    // Outside of a transaction it is refused.
    "foreign_keys",
];

/// The modes that a file keeps.
const JOURNAL_MODES: [&str; 2] = ["delete", "wal"];

impl Piece<'_> {
    /// The name of a PRAGMA in lower case, and its value as it is written. The value is empty if the PRAGMA only reads.
    pub(super) fn pragma(&self) -> Option<(String, &str)> {
        if !self.has(0, &["pragma"]) {
            return None;
        }
        let at = if self.is(2, '.') { 3 } else { 1 };
        // SQLite also reads a literal as a name.
        let name = match self.word(at) {
            Some(name) => name.to_ascii_lowercase(),
            None => unquoted(self.slice(at..at + 1)),
        };
        let value = match self.tokens.get(at + 1) {
            Some(Token::Other('=' | '(')) => self.slice(at + 2..self.tokens.len()),
            _ => "",
        };
        Some((name, value.trim_end_matches(')').trim()))
    }

    /// What is wrong with the PRAGMA, if the script must not contain it, and what to do.
    pub(super) fn forbidden_pragma(&self) -> Option<String> {
        let (name, value) = self.pragma()?;
        if name == "case_sensitive_like" {
            return Some(
                "PRAGMA case_sensitive_like: remove it, as it cannot be read and set back; GLOB is case-sensitive"
                    .to_owned(),
            );
        }
        if value.is_empty() {
            return None;
        }
        let names = |list: &[&str]| list.contains(&name.as_str());
        if name == "encoding" {
            return Some(
                "PRAGMA encoding: remove it, as it has no effect once the database has a table"
                    .to_owned(),
            );
        }
        if name == "journal_mode" {
            let is_kept = JOURNAL_MODES.contains(&unquoted(value).as_str());
            return (!is_kept).then(|| {
                "PRAGMA journal_mode: set it to DELETE or WAL, as the file keeps no other mode"
                    .to_owned()
            });
        }
        let is_main = !self.is(2, '.')
            || self
                .word(1)
                .is_some_and(|schema| schema.eq_ignore_ascii_case("main"));
        if names(&WITHOUT_TRACE) || names(&RESTORED_PRAGMAS) && is_main {
            return None;
        }
        Some(format!(
            "PRAGMA {name}: remove it, as it is neither in the file nor set back after the script"
        ))
    }

    /// Whether the statement switches foreign keys on or off.
    pub(crate) fn sets_foreign_keys(&self) -> bool {
        let sets = |(name, value): (String, &str)| name == "foreign_keys" && !value.is_empty();
        self.pragma().is_some_and(sets)
    }
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['\'', '"']).to_ascii_lowercase()
}
