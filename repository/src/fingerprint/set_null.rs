//! Foreign keys that set some of their columns to NULL when the row that they reference is deleted.

use super::ddl::dependents;
use super::ident;
use super::schema::OtherObject;
use crate::model::domain::{Action, ForeignKey, Table};
use crate::model::engine::Engine;

/// The action of a foreign key in a database.
///
/// SQLite cannot set only some columns. There the key is `NO ACTION`, and a [trigger](triggers) sets them.
pub(crate) fn action(action: Action, engine: Engine) -> String {
    match (action, engine) {
        (Action::SetNullOf(_), Engine::Sqlite) => Action::NoAction.as_sql().to_owned(),
        (Action::SetNullOf(columns), Engine::Postgres) => {
            let columns = columns.iter().map(|&column| column.to_owned());
            of_columns(action.as_sql(), columns.collect())
        }
        _ => action.as_sql().to_owned(),
    }
}

/// An action with its columns, if it is not for all of the key: `SET NULL (folder_id)`. Sorted, since their order means
/// nothing.
pub(crate) fn of_columns(action: &str, mut columns: Vec<String>) -> String {
    columns.sort();
    match columns.is_empty() {
        true => action.to_owned(),
        false => format!("{action} ({})", ident::names(&columns)),
    }
}

/// The triggers that a table of SQLite needs for its foreign keys.
///
/// They run after the delete. One that runs before it would change rows that the same statement deletes, if the table
/// references itself, and then SQLite defines no result (<https://sqlite.org/lang_createtrigger.html>). `NO ACTION` is
/// checked at the end of the statement, so the reference may be without its row until then.
pub(crate) fn triggers(table: &Table) -> impl Iterator<Item = OtherObject> {
    let keys = table.foreign_keys.iter();
    keys.filter_map(|key| match key.on_delete {
        Action::SetNullOf(columns) => Some(trigger(table.name, key, columns)),
        _ => None,
    })
}

fn trigger(table: &str, key: &ForeignKey, columns: &[&str]) -> OtherObject {
    let name = trigger_name(key);
    let set = columns
        .iter()
        .map(|column| format!("{} = NULL", ident::name(column)));
    let pairs = key.columns.iter().zip(key.referenced_columns);
    let references =
        pairs.map(|(own, other)| format!("{} = OLD.{}", ident::name(own), ident::name(other)));
    let sql = format!(
        "CREATE TRIGGER {} AFTER DELETE ON {} BEGIN UPDATE {} SET {} WHERE {}; END",
        ident::name(&name),
        ident::name(key.references),
        ident::name(table),
        set.collect::<Vec<_>>().join(", "),
        references.collect::<Vec<_>>().join(" AND "),
    );
    OtherObject {
        table: key.references.to_owned(),
        kind: "TRIGGER".to_owned(),
        name,
        words: dependents::words(&sql),
        sql: Some(sql),
        extension: None,
        needed_by: Some(key.name.to_owned()),
    }
}

/// The name of a foreign key's trigger, by DOMAIN's convention.
pub(crate) fn trigger_name(key: &ForeignKey) -> String {
    format!("{}__set_null", key.name)
}
