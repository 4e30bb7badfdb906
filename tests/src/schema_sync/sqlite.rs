//! What a SQLite database has: PRAGMAs, and the texts in `sqlite_master` for what they leave out.

use std::collections::BTreeMap;

use catamaran::Engine;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use super::expression::scalar;
use super::schema::{Column, DatabaseTable, ForeignKey, Index, Schema, Table};
use super::sqlite_text::{self, TableText};

const TABLES: &str = "\
    SELECT m.name, m.sql, l.strict FROM sqlite_master m JOIN pragma_table_list l ON l.name = m.name AND l.schema = 'main' \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name <> 'seaql_migrations'";

const OTHERS: &str = "\
    SELECT tbl_name, upper(type) || ' ' || name FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name";

const COLUMNS: &str = r#"SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid"#;

const INDEXES: &str = r#"
    SELECT l.name, l."unique", l.origin, m.sql FROM pragma_index_list(?) l
    LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = l.name"#;

const INDEX_COLUMNS: &str =
    r#"SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno"#;

const FOREIGN_KEYS: &str = r#"
    SELECT id, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq"#;

pub async fn read(db: &DatabaseConnection) -> Result<Schema, DbErr> {
    let mut schema = Schema::default();
    for row in rows(db, TABLES, None).await? {
        let name: String = row.try_get_by_index(0)?;
        let sql: String = row.try_get_by_index(1)?;
        let strict = row.try_get_by_index(2)?;
        let text = sqlite_text::table(&sql)?;
        let table = table(db, &name, text, strict).await?;
        schema.tables.insert(name, table);
    }
    for row in rows(db, OTHERS, None).await? {
        schema
            .others
            .push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    }
    Ok(schema)
}

async fn rows(
    db: &DatabaseConnection,
    sql: &str,
    of: Option<&str>,
) -> Result<Vec<QueryResult>, DbErr> {
    let values = of.map(sea_orm::Value::from);
    db.query_all_raw(Statement::from_sql_and_values(
        DbBackend::Sqlite,
        sql,
        values,
    ))
    .await
}

async fn table(
    db: &DatabaseConnection,
    name: &str,
    text: TableText,
    strict: bool,
) -> Result<Table, DbErr> {
    let mut columns = Vec::new();
    let mut key = BTreeMap::new();
    for row in rows(db, COLUMNS, Some(name)).await? {
        let column: String = row.try_get_by_index(0)?;
        let not_null: bool = row.try_get_by_index(2)?;
        let default: Option<String> = row.try_get_by_index(3)?;
        let place: i32 = row.try_get_by_index(4)?;
        let hidden: i32 = row.try_get_by_index(5)?;
        if place > 0 {
            key.insert(place, column.clone());
        }
        columns.push(Column {
            ty: row.try_get_by_index(1)?,
            collation: text.collations.get(&column).cloned(),
            nullable: !not_null,
            default: default.map(|sql| scalar(Engine::Sqlite, &sql)),
            generated: hidden != 0,
            name: column,
            spelling: String::new(),
        });
    }
    let foreign_keys = foreign_keys(db, name, &text).await?;
    let mut database = DatabaseTable {
        primary_key: text.primary_key,
        checks: text.checks,
        strict: Some(strict),
        ..DatabaseTable::default()
    };
    indexes(db, name, &text.unique_keys, &mut database).await?;
    Ok(Table {
        columns,
        primary_key: key.into_values().collect(),
        foreign_keys,
        database: Some(database),
        source: None,
    })
}

async fn indexes(
    db: &DatabaseConnection,
    table: &str,
    names: &BTreeMap<Vec<String>, String>,
    into: &mut DatabaseTable,
) -> Result<(), DbErr> {
    for row in rows(db, INDEXES, Some(table)).await? {
        let name: String = row.try_get_by_index(0)?;
        let origin: String = row.try_get_by_index(2)?;
        let columns = index_columns(db, &name).await?;
        match origin.as_str() {
            "pk" => {}
            "u" => {
                let name = names
                    .get(&columns)
                    .cloned()
                    .unwrap_or(format!("(no name) {name}"));
                into.unique_keys.insert(name, columns);
            }
            _ => {
                let sql: String = row.try_get_by_index(3)?;
                let index = Index {
                    columns,
                    unique: row.try_get_by_index(1)?,
                    predicate: sqlite_text::predicate(&sql)?,
                    unusual: Vec::new(),
                };
                into.indexes.insert(name, index);
            }
        }
    }
    Ok(())
}

async fn index_columns(db: &DatabaseConnection, index: &str) -> Result<Vec<String>, DbErr> {
    let mut columns = Vec::new();
    for row in rows(db, INDEX_COLUMNS, Some(index)).await? {
        let name: Option<String> = row.try_get_by_index(0)?;
        let mut column = name.unwrap_or("(an expression)".to_owned());
        let collation: String = row.try_get_by_index(2)?;
        if collation != "BINARY" {
            column.push_str(&format!(" COLLATE {collation}"));
        }
        if row.try_get_by_index(1)? {
            column.push_str(" DESC");
        }
        columns.push(column);
    }
    Ok(columns)
}

async fn foreign_keys(
    db: &DatabaseConnection,
    table: &str,
    text: &TableText,
) -> Result<Vec<ForeignKey>, DbErr> {
    let mut keys: BTreeMap<i32, ForeignKey> = BTreeMap::new();
    for row in rows(db, FOREIGN_KEYS, Some(table)).await? {
        let referenced: Option<String> = row.try_get_by_index(3)?;
        let key = ForeignKey {
            name: None,
            columns: Vec::new(),
            references: row.try_get_by_index(1)?,
            referenced_columns: Vec::new(),
            on_update: row.try_get_by_index(4)?,
            on_delete: row.try_get_by_index(5)?,
            deferrable: false,
            valid: true,
        };
        let key = keys.entry(row.try_get_by_index(0)?).or_insert(key);
        key.columns.push(row.try_get_by_index(2)?);
        // Without columns it refers to the primary key.
        key.referenced_columns
            .push(referenced.unwrap_or("(the primary key)".to_owned()));
    }
    let named = keys.into_values().map(|mut key| {
        if let Some((name, deferrable)) = text.foreign_keys.get(&key.columns) {
            key.name.clone_from(name);
            key.deferrable = *deferrable;
        }
        key
    });
    Ok(named.collect())
}
