//! Reads a SQLite database: from PRAGMAs, and from the SQL in `sqlite_schema` for what they leave out.

use std::collections::BTreeMap;

use super::Unreadable;
use super::fields::Row;
use super::sqlite_text;
use super::sqlite_text::TableText;
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl::dependents;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{
    Column, ForeignKey, Hazard, Index, Key, OtherObject, Schema, Table, UniqueKey,
};
use crate::model::engine::Engine;

/// The catalog query: `(kind, table, place, facts)`. `seaql_migrations` and its checksums are not part of the schema.
pub(crate) const CATALOG: &str = r#"
    WITH t AS MATERIALIZED (
        SELECT m.name, m.sql, l.strict, l.wr FROM sqlite_schema m
        JOIN pragma_table_list l ON l.name = m.name AND l.schema = 'main' AND l.type = 'table'
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
            AND m.name NOT IN ('seaql_migrations', 'seaql_migrations_checksums', 'seaql_migrations_progress'))
    SELECT 'table', name, 0, json_array(sql, strict, wr) FROM t
    UNION ALL
    SELECT 'encoding', '', 0, json_array(encoding) FROM pragma_encoding
    UNION ALL
    SELECT 'history', '', 0, json_array('a table') FROM sqlite_schema WHERE type = 'table' AND name = 'seaql_migrations'
    UNION ALL
    SELECT 'checksums', '', 0, json_array('a table') FROM sqlite_schema
        WHERE type = 'table' AND name = 'seaql_migrations_checksums'
            AND (SELECT count(*) FROM pragma_table_info('seaql_migrations_checksums', 'main')
                WHERE name IN ('version', 'checksum', 'applied_at')) = 3
            AND (SELECT count(*) FROM pragma_table_info('seaql_migrations', 'main')
                WHERE name IN ('version', 'applied_at')) = 2
    UNION ALL
    SELECT 'column', t.name, c.cid, json_array(c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden)
        FROM t, pragma_table_xinfo(t.name, 'main') c
    UNION ALL
    SELECT 'index', t.name, -l.seq, json_array(l.name, l."unique", l.origin, m.sql)
        FROM t, pragma_index_list(t.name, 'main') l
        LEFT JOIN sqlite_schema m ON m.type = 'index' AND m.name = l.name
    UNION ALL
    SELECT 'index key', t.name, x.seqno, json_array(l.name, x.name, x."desc", x.coll)
        FROM t, pragma_index_list(t.name, 'main') l, pragma_index_xinfo(l.name, 'main') x WHERE x.key = 1
    UNION ALL
    SELECT 'foreign key', t.name, f.seq, json_array(f.id, f."table", f."from", f."to", f.on_update, f.on_delete)
        FROM t, pragma_foreign_key_list(t.name, 'main') f
    UNION ALL
    SELECT 'other', tbl_name, 0, json_array(upper(type), name, sql) FROM sqlite_schema WHERE type IN ('trigger', 'view')
    UNION ALL
    SELECT 'other', name, 0, json_array('VIRTUAL TABLE', name, NULL) FROM pragma_table_list
        WHERE schema = 'main' AND type = 'virtual'
    ORDER BY 3"#;

pub(crate) fn schema(rows: Vec<Row>) -> Result<Schema, Unreadable> {
    let mut schema = Schema::new(Engine::Sqlite);
    let mut tables: BTreeMap<String, Facts> = BTreeMap::new();
    for row in rows {
        if matches!(row.kind.as_str(), "history" | "checksums") {
            continue;
        }
        if row.kind == "encoding" {
            schema.hazards.extend(encoding(&row.text(0)?));
            continue;
        }
        if row.kind == "other" {
            let sql = row.optional_text(2)?;
            schema.others.push(OtherObject {
                table: row.table.clone(),
                kind: row.text(0)?,
                name: row.text(1)?,
                words: sql.as_deref().map(dependents::words).unwrap_or_default(),
                sql,
                extension: None,
                needed_by: None,
            });
            continue;
        }
        let facts = tables.entry(row.table.clone()).or_default();
        match row.kind.as_str() {
            "table" => facts.table = Some(row),
            "column" => facts.columns.push(row),
            "index" => facts.indexes.push(row),
            "index key" => facts.index_keys.push(row),
            _ => facts.foreign_keys.push(row),
        }
    }
    schema.others.sort();
    let mut primary_keys = BTreeMap::new();
    for (name, facts) in tables {
        primary_keys.insert(name.clone(), facts.primary_key()?);
        match facts.read(&name) {
            Ok(table) => {
                schema.tables.insert(name, table);
            }
            Err(error @ Unreadable::Text { .. }) => {
                let reason = format!("{name} is skipped: {error}");
                schema.unread.insert(name, reason);
            }
            Err(error) => return Err(error),
        }
    }
    resolve(&mut schema, &primary_keys);
    Ok(schema)
}

/// Reports an encoding other than UTF-8. It cannot change after a database has been created.
fn encoding(encoding: &str) -> Option<Hazard> {
    (encoding != "UTF-8").then(|| Hazard {
        code: Code::Encoding,
        table: "database".to_owned(),
        name: "encoding".to_owned(),
        wanted: "UTF-8".to_owned(),
        found: encoding.to_owned(),
        fix: Fix::Words(
            "load a dump of it into a new file, after PRAGMA encoding = 'UTF-8'".to_owned(),
        ),
    })
}

/// The rows of one table.
#[derive(Default)]
struct Facts {
    table: Option<Row>,
    columns: Vec<Row>,
    indexes: Vec<Row>,
    index_keys: Vec<Row>,
    foreign_keys: Vec<Row>,
}

impl Facts {
    fn read(self, name: &str) -> Result<Table, Unreadable> {
        let no_table = || Unreadable::Catalog(format!("facts of {name}, which is no table"));
        let row = self.table.as_ref().ok_or_else(no_table)?;
        let text = sqlite_text::table(name, &row.text(0)?)?;
        let mut table = Table::default();
        for (is, option) in [(row.flag(1)?, "STRICT"), (row.flag(2)?, "WITHOUT ROWID")] {
            if is {
                table.options.push(option.to_owned());
            }
        }
        self.read_columns(&text, &mut table)?;
        table.primary_key.columns = self.primary_key()?;
        self.read_indexes(&text, &mut table)?;
        self.read_foreign_keys(&text, &mut table)?;
        table.autoincrement = text.autoincrement;
        table.primary_key.name = text.primary_key;
        table.checks = text.checks;
        table.conflicts = text.conflicts;
        Ok(table)
    }

    /// The columns of the primary key.
    fn primary_key(&self) -> Result<Vec<String>, Unreadable> {
        let mut key = BTreeMap::new();
        for row in &self.columns {
            let place = row.number(4)?;
            if place > 0 {
                key.insert(place, row.text(0)?);
            }
        }
        Ok(key.into_values().collect())
    }

    fn read_columns(&self, text: &TableText, table: &mut Table) -> Result<(), Unreadable> {
        for row in &self.columns {
            let name = row.text(0)?;
            // NULL is the default of every column without a DEFAULT.
            let default = row.optional_text(3)?;
            let default = default.filter(|sql| !sql.eq_ignore_ascii_case("null"));
            table.columns.push(Column {
                ty: row.text(1)?,
                collation: text.collations.get(&name).cloned(),
                nullable: !row.flag(2)?,
                default: default.map(|sql| sqlite_text::default(&sql)),
                generated: text.generated.get(&name).cloned(),
                field: String::new(),
                value_type: None,
                copied: None,
                name,
            });
        }
        Ok(())
    }

    fn read_indexes(&self, text: &TableText, table: &mut Table) -> Result<(), Unreadable> {
        for row in &self.indexes {
            let name = row.text(0)?;
            match row.text(2)?.as_str() {
                "pk" => {
                    let (columns, ordered) = self.read_key(&name, text)?;
                    table.primary_key.unusual = differing(&columns, ordered);
                }
                "u" => {
                    let (columns, ordered) = self.read_key(&name, text)?;
                    table.unique_keys.push(UniqueKey {
                        name: text.unique_keys.get(&ordered).cloned().flatten(),
                        unusual: differing(&columns, ordered),
                        columns,
                    });
                }
                _ => {
                    let index = self.read_index(&name, row, text)?;
                    table.index_sql.insert(name.clone(), row.text(3)?);
                    table.indexes.insert(name, index);
                }
            }
        }
        Ok(())
    }

    /// The columns of a key, and the same with their unusual options.
    fn read_key(
        &self,
        name: &str,
        text: &TableText,
    ) -> Result<(Vec<String>, Vec<String>), Unreadable> {
        let (mut columns, mut ordered) = (Vec::new(), Vec::new());
        for key in self.keys_of(name) {
            let (column, descending) = (key.text(1)?, key.flag(2)?);
            let own = text.collation(&column);
            ordered.push(sqlite_text::ordered(
                &ident::name(&column),
                own,
                &key.text(3)?,
                descending,
            ));
            columns.push(column);
        }
        Ok((columns, ordered))
    }

    fn keys_of(&self, index: &str) -> impl Iterator<Item = &Row> {
        let keys = self.index_keys.iter();
        keys.filter(move |key| key.text(0).is_ok_and(|of| of == index))
    }

    fn read_index(&self, name: &str, row: &Row, of_table: &TableText) -> Result<Index, Unreadable> {
        let text = sqlite_text::index(name, &row.text(3)?)?;
        let mut keys = Vec::new();
        let mut unusual = Vec::new();
        for (key, expression) in self.keys_of(name).zip(text.keys) {
            let column = key.optional_text(1)?;
            let own = column.map_or("BINARY", |column| of_table.collation(&column));
            let said = sqlite_text::ordered(expression.sql(), own, &key.text(3)?, false);
            unusual.extend((said != expression.sql()).then_some(said));
            keys.push(Key {
                expression,
                descending: key.flag(2)?,
            });
        }
        Ok(Index {
            keys,
            unique: row.flag(1)?,
            predicate: text.predicate,
            unusual,
        })
    }

    fn read_foreign_keys(&self, text: &TableText, table: &mut Table) -> Result<(), Unreadable> {
        let mut keys: BTreeMap<i64, ForeignKey> = BTreeMap::new();
        for row in &self.foreign_keys {
            let key = ForeignKey {
                name: None,
                columns: Vec::new(),
                references: row.text(1)?,
                referenced_columns: Vec::new(),
                on_update: row.text(4)?,
                on_delete: row.text(5)?,
                deferrable: false,
                full: false,
                deferred: false,
                valid: true,
                enforced: true,
            };
            let key = keys.entry(row.number(0)?).or_insert(key);
            key.columns.push(row.text(2)?);
            key.referenced_columns.extend(row.optional_text(3)?);
        }
        let mut texts: Vec<_> = text.foreign_keys.iter().collect();
        // The PRAGMA lists them in reverse order of the text.
        for mut key in keys.into_values().rev() {
            let of_key = texts.iter().position(|text| text.columns == key.columns);
            if let Some(text) = of_key.map(|place| texts.remove(place)) {
                key.name.clone_from(&text.name);
                (key.deferrable, key.deferred) = (text.deferrable, text.deferred);
            }
            table.foreign_keys.push(key);
        }
        Ok(())
    }
}

/// The columns with unusual options.
fn differing(columns: &[String], said: Vec<String>) -> Vec<String> {
    let both = columns.iter().zip(said);
    both.filter(|(column, said)| ident::name(column) != *said)
        .map(|(_, said)| said)
        .collect()
}

/// Sets the referenced columns of foreign keys that name none: the parent's primary key.
fn resolve(schema: &mut Schema, primary_keys: &BTreeMap<String, Vec<String>>) {
    let foreign_keys = schema
        .tables
        .values_mut()
        .flat_map(|table| &mut table.foreign_keys);
    for key in foreign_keys.filter(|key| key.referenced_columns.is_empty()) {
        let columns = primary_keys.get(&key.references);
        key.referenced_columns = columns.cloned().unwrap_or_default();
    }
}
