//! Scripts to paste into `psql` or `sqlite3`. By default both continue after an error, so once a statement of a script
//! has failed, the later ones also fail or change nothing.

use std::collections::BTreeMap;

use crate::fingerprint::ddl::rebuild;
use crate::fingerprint::ident;
use crate::fingerprint::statement::{Object, Phase, Statement};
use crate::model::engine::Engine;

/// `lock_timeout` of a pasted fix on Postgres: queries queue behind a statement that waits for a lock.
const LOCK_TIMEOUT: &str = "5s";

/// A broken view. While it exists, SQLite refuses to rename a table.
const HOLD: &str = "catamaran_fix_hold";
/// The table that repairs that view; created only once every copy is complete.
const CHECKED: &str = "catamaran_fix_checked";
/// A table whose CHECK refuses a row if something is missing at the end.
const DONE: &str = "catamaran_fix_done";

/// Condition: foreign keys are off. Inside a transaction that was already open the PRAGMA has no effect.
const NOT_ENFORCED: &str = "(SELECT foreign_keys FROM pragma_foreign_keys) = 0";

/// The statements as one transaction for an existing database.
pub(crate) fn transaction(
    engine: Engine,
    schema: Option<&str>,
    statements: &[Statement],
) -> Vec<String> {
    match engine {
        Engine::Postgres => on_postgres(schema, statements),
        Engine::Sqlite => on_sqlite(statements),
    }
}

/// After a failure, Postgres refuses the rest of a transaction and turns its COMMIT into a ROLLBACK. `psql` with
/// `ON_ERROR_ROLLBACK` on undoes that, so the whole fix is one DO statement.
fn on_postgres(schema: Option<&str>, statements: &[Statement]) -> Vec<String> {
    let mut sql = vec!["BEGIN".to_owned()];
    sql.push(format!("SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"));
    if let Some(schema) = schema {
        // Without pg_temp at the end, a temporary table would hide a table of the schema.
        sql.push(format!(
            "SET LOCAL search_path = {}, pg_temp",
            ident::name(schema)
        ));
    }
    let lines = statements.iter().map(|one| format!("{};\n", one.sql));
    let body = format!("\nBEGIN\n{}END\n", lines.collect::<String>());
    sql.push(format!("DO {}", ident::dollar_quoted(&body)));
    sql.push("COMMIT".to_owned());
    sql
}

/// On SQLite a failure leaves the transaction open, or rolls it back so that later statements commit one by one.
/// Therefore nothing is dropped until a check has passed: a broken view blocks ALTER TABLE RENAME, and only renamed
/// tables are dropped. The last statement rolls back unless the result is complete.
///
/// Foreign keys are off: DROP TABLE would delete the rows that refer to the table
/// (<https://sqlite.org/lang_droptable.html>).
fn on_sqlite(statements: &[Statement]) -> Vec<String> {
    let is_copied = statements.iter().any(|one| one.phase == Phase::Copy);
    let mut sql = vec![
        "PRAGMA foreign_keys = OFF".to_owned(),
        "PRAGMA legacy_alter_table = OFF".to_owned(),
    ];
    if is_copied {
        sql.push(format!("DROP TABLE IF EXISTS temp.{CHECKED}"));
        sql.push(format!(
            "CREATE TEMP VIEW IF NOT EXISTS {HOLD} AS SELECT * FROM temp.{CHECKED}"
        ));
    }
    sql.push("BEGIN".to_owned());
    sql.push(format!("CREATE TEMP TABLE {DONE} (whole CHECK (whole))"));
    let (before, after): (Vec<_>, Vec<_>) =
        statements.iter().partition(|one| one.phase < Phase::Swap);
    sql.extend(before.iter().map(|one| one.sql.clone()));
    if is_copied {
        sql.push(checked(statements));
    }
    sql.extend(after.iter().map(|one| one.sql.clone()));
    sql.push(format!(
        "INSERT INTO temp.{DONE} SELECT {}",
        refers_to_what_is_there(statements)
    ));
    sql.push(format!(
        "INSERT OR ROLLBACK INTO temp.{DONE} SELECT (SELECT count(*) FROM temp.{DONE}) = 1\n    AND {}",
        as_it_should_be(statements)
    ));
    sql.push("COMMIT".to_owned());
    if is_copied {
        sql.push(format!("DROP VIEW IF EXISTS temp.{HOLD}"));
        sql.push(format!("DROP TABLE IF EXISTS temp.{CHECKED}"));
    }
    sql.push(format!("DROP TABLE IF EXISTS temp.{DONE}"));
    sql.push("PRAGMA foreign_keys = ON".to_owned());
    sql
}

/// The copies that the statements create, each with its original table.
fn copies(statements: &[Statement]) -> impl Iterator<Item = (&str, &str)> {
    let copies = statements.iter().filter(|one| one.phase == Phase::Copy);
    let made = copies.flat_map(|one| &one.made);
    made.filter_map(|thing| match thing {
        Object::Named(new) => Some((new.as_str(), new.strip_suffix(rebuild::NEW)?)),
        Object::Column { .. } | Object::Constraint { .. } => None,
    })
}

/// Conditions: no row of a rebuilt table refers to a missing row, and foreign keys were off while tables were dropped.
/// A key to columns that are not unique raises an error.
fn refers_to_what_is_there(statements: &[Statement]) -> String {
    let mut conditions = vec![NOT_ENFORCED.to_owned()];
    conditions.extend(copies(statements).map(|(_, table)| {
        let table = ident::text(table);
        format!("NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check({table}))")
    }));
    conditions.join("\n    AND ")
}

/// Creates a table only if every copy has all rows and foreign keys are off. Otherwise an integer overflow raises an
/// error: outside of a trigger SQLite has no RAISE.
fn checked(statements: &[Statement]) -> String {
    let mut conditions = vec![NOT_ENFORCED.to_owned()];
    conditions.extend(copies(statements).map(|(new, table)| {
        let (new, table) = (ident::name(new), ident::name(table));
        format!("(SELECT count(*) FROM {new}) = (SELECT count(*) FROM {table})")
    }));
    format!(
        "CREATE TEMP TABLE {CHECKED} AS SELECT CASE WHEN {} THEN 1 ELSE abs(-9223372036854775807 - 1) END AS whole",
        conditions.join("\n    AND ")
    )
}

/// Conditions: the objects that the statements create exist, and those that they drop do not.
fn as_it_should_be(statements: &[Statement]) -> String {
    let mut there: BTreeMap<&Object, bool> = BTreeMap::new();
    for one in statements {
        there.extend(one.gone.iter().map(|thing| (thing, false)));
        there.extend(one.made.iter().map(|thing| (thing, true)));
    }
    let named = |is: bool| -> Vec<String> {
        let things = there.iter().filter(|(_, there)| **there == is);
        let names = things.filter_map(|(thing, _)| match thing {
            Object::Named(name) => Some(ident::text(name)),
            Object::Column { .. } | Object::Constraint { .. } => None,
        });
        names.collect()
    };
    let mut conditions = Vec::new();
    if statements.iter().any(|one| one.phase == Phase::Copy) {
        conditions.push(format!(
            "EXISTS (SELECT 1 FROM sqlite_temp_schema WHERE name = {})",
            ident::text(CHECKED)
        ));
    }
    let (made, gone) = (named(true), named(false));
    if !made.is_empty() {
        conditions.push(format!(
            "(SELECT count(DISTINCT lower(name)) FROM sqlite_schema WHERE name COLLATE NOCASE IN ({})) = {}",
            made.join(", "),
            made.len()
        ));
    }
    if !gone.is_empty() {
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name COLLATE NOCASE IN ({}))",
            gone.join(", ")
        ));
    }
    for (thing, is) in &there {
        if let Object::Column { table, column } = thing {
            let not = if *is { "" } else { "NOT " };
            conditions.push(format!(
                "{not}EXISTS (SELECT 1 FROM pragma_table_xinfo({}) WHERE name = {} COLLATE NOCASE)",
                ident::text(table),
                ident::text(column)
            ));
        }
    }
    match conditions.is_empty() {
        true => "1".to_owned(),
        false => conditions.join("\n    AND "),
    }
}
