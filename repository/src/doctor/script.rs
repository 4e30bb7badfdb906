//! Statements as somebody pastes them into `psql` or `sqlite3`, which go on after an error unless they are told not
//! to: once one has failed, those behind it fail too or change nothing.

use std::collections::BTreeMap;

use crate::fingerprint::ddl::rebuild;
use crate::fingerprint::ident;
use crate::fingerprint::statement::{Object, Phase, Statement};
use crate::model::engine::Engine;

/// How long a pasted fix waits for a lock on Postgres: while it waits, everything behind it waits too.
const LOCK_TIMEOUT: &str = "5s";

/// The view that keeps SQLite from renaming a table before every copy is known to be whole.
const HOLD: &str = "catamaran_fix_hold";
/// The table without which that view cannot be read.
const CHECKED: &str = "catamaran_fix_checked";
/// What takes no row that says that something is missing at the end.
const DONE: &str = "catamaran_fix_done";

/// That no foreign key acts: within a transaction that was open before, the setting has no effect.
const NOT_ENFORCED: &str = "(SELECT foreign_keys FROM pragma_foreign_keys) = 0";

/// One transaction for a database that is there.
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

/// A failure makes each later statement of a transaction fail, and its COMMIT a ROLLBACK; but not in a `psql` that has
/// `ON_ERROR_ROLLBACK` on, as some have in their `.psqlrc`. So all of them are one statement.
fn on_postgres(schema: Option<&str>, statements: &[Statement]) -> Vec<String> {
    let mut sql = vec!["BEGIN".to_owned()];
    sql.push(format!("SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"));
    if let Some(schema) = schema {
        // Without pg_temp at its end a temporary table would be meant before one of the schema.
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

/// On SQLite a failure leaves the transaction open, or rolls it back and leaves the rest to be committed one by one.
/// So nothing is taken away until a check has passed (a view that cannot be read keeps ALTER TABLE from renaming, and
/// only what was renamed is dropped), and the last statement rolls back unless everything is as it should be.
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

/// The copies that the statements make, each with the table that it is of.
fn copies(statements: &[Statement]) -> impl Iterator<Item = (&str, &str)> {
    let copies = statements.iter().filter(|one| one.phase == Phase::Copy);
    let made = copies.flat_map(|one| &one.made);
    made.filter_map(|thing| match thing {
        Object::Named(new) => Some((new.as_str(), new.strip_suffix(rebuild::NEW)?)),
        Object::Column { .. } | Object::Constraint { .. } => None,
    })
}

/// That no row of a table that was made anew refers to nothing, and that no foreign key acted while tables went. A key
/// to what is not unique is an error.
fn refers_to_what_is_there(statements: &[Statement]) -> String {
    let mut conditions = vec![NOT_ENFORCED.to_owned()];
    conditions.extend(copies(statements).map(|(_, table)| {
        let table = ident::text(table);
        format!("NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check({table}))")
    }));
    conditions.join("\n    AND ")
}

/// A table that can only be made if every copy has all rows, and if no foreign key acts while tables go: an overflow is
/// an error that SQL can raise without a trigger.
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

/// That what the statements make is there, and what they take away is not.
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
