//! Queries that find the rows on which a fix fails, to run before the fix.

use crate::fingerprint::ddl;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{ForeignKey, Index};
use crate::model::engine::Engine;
use crate::sql::Reference;

/// Rows that violate a condition.
pub(crate) fn breaking(table: &str, condition: impl std::fmt::Display) -> String {
    format!(
        "SELECT * FROM {} WHERE NOT ({condition})",
        ident::name(table)
    )
}

/// Rows with NULL in a column.
pub(crate) fn without(table: &str, column: &str) -> String {
    format!(
        "SELECT * FROM {} WHERE {} IS NULL",
        ident::name(table),
        ident::name(column)
    )
}

/// All rows: each needs a value.
pub(crate) fn all(table: &str) -> String {
    format!("SELECT * FROM {}", ident::name(table))
}

/// Rows whose foreign key has no parent.
pub(crate) fn orphaned(engine: Engine, table: &str, key: &ForeignKey) -> String {
    let reference = Reference {
        engine,
        schema: None,
        child: table,
        columns: &key.columns,
        parent: &key.references,
        referenced: &key.referenced_columns,
    };
    reference.orphans("c.*")
}

/// Values of a key that several rows share. `by` lists the key's expressions, `only` is its predicate.
pub(crate) fn shared(table: &str, by: &[String], only: Option<&str>) -> String {
    let list = by.join(", ");
    let given = by.iter().map(|one| format!("{one} IS NOT NULL"));
    let only = only.map(|only| format!("({only})"));
    let conditions: Vec<String> = given.chain(only).collect();
    format!(
        "SELECT {list}, count(*) FROM {} WHERE {} GROUP BY {list} HAVING count(*) > 1",
        ident::name(table),
        conditions.join(" AND ")
    )
}

/// As [`shared`], for the columns of a key.
pub(crate) fn shared_by(table: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| ident::name(column)).collect();
    shared(table, &columns, None)
}

/// As [`shared`], for a unique index; `None` for another one.
pub(crate) fn shared_in(table: &str, index: &Index) -> Option<String> {
    let keys = index.keys.iter().map(ddl::key);
    let only = index.predicate.as_ref().map(ToString::to_string);
    let keys: Vec<String> = keys.collect();
    index.unique.then(|| shared(table, &keys, only.as_deref()))
}
