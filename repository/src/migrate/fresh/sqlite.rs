//! Drops everything in a SQLite file.

use sea_orm::DatabaseTransaction;

use super::histories::{self, Own, Table};
use super::{Object, announce, drop_each, rows};
use crate::migrate::MigrateError;
use crate::sql::identifier;

/// Views before tables, as a view needs its tables; virtual tables before others, as they drop their shadow tables. The
/// file drops triggers and indexes with their tables, and empties `sqlite_sequence`.
const OBJECTS: &str = r"
    SELECT CASE WHEN type = 'table' AND coalesce(rootpage, 0) = 0 THEN 'virtual table' ELSE type END AS kind, name
    FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
    ORDER BY kind = 'table', kind, name";

const TRIGGERS: &str = "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' ORDER BY name";

/// The tables with rows of their own: reading the columns of a virtual table needs its module.
const TABLES: &str = r"
    SELECT m.name, (SELECT group_concat(c.name, char(31)) FROM pragma_table_xinfo(m.name, 'main') c)
    FROM main.sqlite_schema m WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY m.name";

pub(super) async fn drop_all(tx: &DatabaseTransaction, own: Own<'_>) -> Result<(), MigrateError> {
    let mut tables = Vec::new();
    for row in rows(tx, TABLES).await? {
        let name: String = row.try_get_by_index(0)?;
        let sql_name = identifier(&name);
        tables.push(Table::new(name, sql_name, row.try_get_by_index(1)?, None));
    }
    histories::refuse_others(tx, &tables, own).await?;

    let mut objects = Vec::new();
    for row in rows(tx, TRIGGERS).await? {
        let name: String = row.try_get_by_index(0)?;
        objects.push(object("trigger", &name));
    }
    for row in rows(tx, OBJECTS).await? {
        let (kind, name): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        objects.push(object(&kind, &name));
    }
    announce(&objects);
    drop_each(tx, &objects).await
}

/// A virtual table drops its shadow tables, which are listed too: hence `IF EXISTS`.
fn object(kind: &str, name: &str) -> Object {
    let name = identifier(name);
    let dropped = match kind {
        "virtual table" => "TABLE".to_owned(),
        other => other.to_uppercase(),
    };
    Object {
        kind: kind.to_owned(),
        sql: format!("DROP {dropped} IF EXISTS main.{name}"),
        name,
    }
}
