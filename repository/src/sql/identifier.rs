//! Identifiers, quoted only where an engine needs it, for SQL that people read.

/// Keywords that need quotes as a name in Postgres or SQLite.
const RESERVED: &str = " abort action add after all alter always analyse analyze and any array as asc asymmetric \
    authorization autoincrement before begin between binary both by cascade case cast check collate collation column commit \
    concurrently constraint create cross current current_catalog current_date current_role current_schema \
    current_time current_timestamp current_user default deferrable deferred delete desc distinct do drop else end \
    escape except exists explain false fetch for foreign freeze from full glob grant group having if ilike in index \
    initially inner insert intersect into is isnull join key lateral leading left like limit localtime \
    localtimestamp match natural no not nothing notnull null of offset on only or order outer overlaps placing \
    plan pragma primary query raise recursive references regexp reindex release rename replace restrict returning \
    right rollback row savepoint select session_user set similar some symmetric system_user table tablesample temp \
    temporary then to trailing transaction trigger true union unique update user using vacuum values variadic \
    verbose view virtual when where window with without ";

/// An identifier, quoted if needed.
pub(crate) fn identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    match plain && !RESERVED.contains(&format!(" {name} ")) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}
