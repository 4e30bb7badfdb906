//! Which names a table, its columns and its constraints may have.

use crate::sql::identifier;

/// The longest name that Postgres keeps whole, in bytes (`NAMEDATALEN - 1`).
const LONGEST: usize = 63;

const RUST_KEYWORDS: &str = " abstract as async await become box break const continue crate do dyn else enum extern \
    false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self Self static \
    struct super trait true try type typeof unsafe unsized use virtual where while yield ";

/// Names that the written files import or define.
const IMPORTED: &str = " Action ActiveModel ActiveModelBehavior Box Check Column ColumnDefault DateTime DateTimeUtc \
    Date DefaultValue Domain Entity EntityName Err ForeignKey Index Json ManagedColumns Model NaiveDate NaiveTime None \
    Numeric Ok Option Presence PrimaryKey Record RecordEnum Related Relation RelationDef Result Scope Some String Table \
    TableSource Time TwinDatabase UniqueKey Utc Uuid Vec ";

/// Modules that the package has, or may have.
const MODULES: &str = " domain lib main migration mod postgres sqlite ";

fn has(list: &str, word: &str) -> bool {
    list.contains(&format!(" {word} "))
}

/// Checks the name of a record and that of its module.
pub(super) fn record(record: &str, module: &str) -> Result<(), String> {
    if has(RUST_KEYWORDS, module) {
        return Err(format!(
            "the module {module} would be a keyword of Rust: take another name"
        ));
    }
    if has(IMPORTED, record) || has(MODULES, module) {
        return Err(format!(
            "a record {record} would be taken for something else in the files that are written: take another name"
        ));
    }
    Ok(())
}

/// Checks the name of a column that the caller chose, and returns it.
pub(super) fn column(name: &str) -> Result<String, String> {
    sql("column", name)?;
    if has(RUST_KEYWORDS, name) {
        return Err(format!("{name} is a keyword of Rust: take another name"));
    }
    if ["id", "created_at", "updated_at", "version", "deleted_at"].contains(&name) {
        return Err(format!(
            "the library adds the column {name} itself: leave it out"
        ));
    }
    if name == "new" {
        return Err("a draft has a function new already: take another name".to_owned());
    }
    Ok(name.to_owned())
}

/// Checks a name in the database that needs no quotes on either engine.
pub(super) fn sql(kind: &str, name: &str) -> Result<(), String> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !begins || !name.chars().all(plain) {
        return Err(format!(
            "{name:?} is no name of a {kind}: use lower-case letters, digits and _, with a letter first"
        ));
    }
    if identifier(name) != name {
        return Err(format!("{name} is a keyword of SQL: take another name"));
    }
    if kind == "table" && (name.starts_with("sqlite_") || name.starts_with("pg_")) {
        return Err(format!(
            "{name} begins as a table of the engine itself: take another name"
        ));
    }
    short(kind, name)
}

/// Checks that Postgres does not cut the name.
pub(super) fn short(kind: &str, name: &str) -> Result<(), String> {
    match name.len() {
        length if length > LONGEST => Err(format!(
            "the name of the {kind} {name} has {length} bytes and Postgres keeps {LONGEST}: take shorter names"
        )),
        _ => Ok(()),
    }
}
