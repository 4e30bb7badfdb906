//! The names of the tables in which a database records migrations.

/// The table in which SeaORM's migrator records the applied migrations, unless a history has one of its own.
pub(crate) const HISTORY: &str = "seaql_migrations";

/// What the name of the table of checksums has after that of the history.
pub(crate) const CHECKSUMS: &str = "_checksums";

/// What the name of the table of an unfinished migration has after that of the history.
pub(crate) const PROGRESS: &str = "_progress";

/// Postgres truncates a longer name than 63 bytes, which the name of the second table must not be.
const LONGEST: usize = 63 - CHECKSUMS.len();

/// What is wrong with the name of a history's table. A valid one is kept unchanged by both engines.
pub(crate) fn fault(name: &str) -> Option<String> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !begins || !name.chars().all(is_allowed) {
        return Some(
            "use lower-case letters, digits and _, and begin with a letter or _".to_owned(),
        );
    }
    if name.len() > LONGEST {
        return Some(format!("it has more than {LONGEST} characters"));
    }
    if name.starts_with("sqlite_") {
        return Some("SQLite reserves names that begin with sqlite_".to_owned());
    }
    let mut ends = [CHECKSUMS, PROGRESS].into_iter();
    let end = ends.find(|end| name.ends_with(end))?;
    Some(format!(
        "names that end in {end} are for other tables of a history"
    ))
}
