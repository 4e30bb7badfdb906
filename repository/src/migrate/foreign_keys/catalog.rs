//! The tables of a SQLite database and their foreign keys, with why a key leads to no parent.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement};

/// A table. Views and virtual tables have no foreign keys, and are no parents.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// The page where its rows begin, which a rename keeps.
    pub(super) root: i64,
    /// A name of its rowid, if it has one that no column hides.
    pub(super) rowid: Option<&'static str>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    columns: Vec<String>,
    /// The columns of its primary key, in order.
    primary_key: Vec<String>,
    /// The columns of each unique index without a predicate.
    unique: Vec<Vec<String>>,
}

/// A foreign key of a table.
#[derive(Clone, Debug)]
pub(super) struct ForeignKey {
    id: i64,
    pub(super) columns: Vec<String>,
    pub(super) parent: String,
    /// Empty if the key names no columns: then they are the parent's primary key.
    referenced: Vec<String>,
}

const TABLES: &str = r#"
    SELECT m.name, m.rootpage, l.wr, c.name, c.pk > 0 FROM main.sqlite_schema m
    JOIN pragma_table_list l ON l.schema = 'main' AND l.name = m.name, pragma_table_xinfo(m.name, 'main') c
    WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY m.name, c.pk, c.cid"#;

const UNIQUE: &str = r#"
    SELECT m.name, l.seq, c.name FROM main.sqlite_schema m, pragma_index_list(m.name, 'main') l,
        pragma_index_xinfo(l.name, 'main') c
    WHERE m.type = 'table' AND m.rootpage > 0 AND l."unique" AND NOT l.partial AND c.key ORDER BY m.name, l.seq, c.seqno"#;

const FOREIGN_KEYS: &str = r#"
    SELECT m.name, k.id, k."from", k."table", k."to" FROM main.sqlite_schema m, pragma_foreign_key_list(m.name, 'main') k
    WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY m.name, k.id, k.seq"#;

/// All tables, by name.
pub(super) async fn tables(tx: &DatabaseTransaction) -> Result<Vec<Table>, DbErr> {
    let mut tables: Vec<Table> = Vec::new();
    for row in rows(tx, TABLES).await? {
        let name: String = row.try_get_by_index(0)?;
        if tables.last().is_none_or(|table| table.name != name) {
            let root = row.try_get_by_index(1)?;
            let without_rowid: bool = row.try_get_by_index(2)?;
            tables.push(Table::new(name, root, without_rowid));
        }
        if let Some(table) = tables.last_mut() {
            table.add_column(row.try_get_by_index(3)?, row.try_get_by_index(4)?);
        }
    }
    let mut index = None;
    for row in rows(tx, UNIQUE).await? {
        let (name, seq): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        // An expression has no column. No foreign key can refer to it.
        let column: Option<String> = row.try_get_by_index(2)?;
        if let Some(table) = tables.iter_mut().find(|table| table.name == name) {
            if index.replace((name.clone(), seq)) != Some((name, seq)) {
                table.unique.push(Vec::new());
            }
            if let Some(columns) = table.unique.last_mut() {
                columns.push(column.unwrap_or_default());
            }
        }
    }
    for row in rows(tx, FOREIGN_KEYS).await? {
        let (name, id): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let Some(table) = tables.iter_mut().find(|table| table.name == name) else {
            continue;
        };
        if table.foreign_keys.last().is_none_or(|key| key.id != id) {
            table.foreign_keys.push(ForeignKey {
                id,
                columns: Vec::new(),
                parent: row.try_get_by_index(3)?,
                referenced: Vec::new(),
            });
        }
        if let Some(key) = table.foreign_keys.last_mut() {
            key.columns.push(row.try_get_by_index(2)?);
            let referenced: Option<String> = row.try_get_by_index(4)?;
            key.referenced.extend(referenced);
        }
    }
    for table in &mut tables {
        table.hide_rowid();
    }
    Ok(tables)
}

pub(super) async fn rows(tx: &DatabaseTransaction, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
    tx.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql))
        .await
}

impl Table {
    fn new(name: String, root: i64, without_rowid: bool) -> Self {
        Table {
            name,
            root,
            rowid: (!without_rowid).then_some("rowid"),
            foreign_keys: Vec::new(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            unique: Vec::new(),
        }
    }

    /// Columns of the primary key are added in its order.
    fn add_column(&mut self, name: String, is_key: bool) {
        if is_key {
            self.primary_key.push(name.clone());
        }
        self.columns.push(name);
    }

    /// A column of the name hides the rowid (<https://sqlite.org/lang_createtable.html#rowid>).
    fn hide_rowid(&mut self) {
        let hidden = |name: &&str| self.columns.iter().any(|column| same(column, name));
        let mut names = ["rowid", "_rowid_", "oid"].into_iter();
        self.rowid = self.rowid.and_then(|_| names.find(|name| !hidden(name)));
    }

    /// The rule of SQLite: the primary key, or all columns of a unique index, in any order
    /// (<https://sqlite.org/foreignkeys.html#fk_indexes>).
    fn is_key(&self, columns: &[String]) -> bool {
        let covers = |key: &Vec<String>| {
            let has = |column: &String| key.iter().any(|other| same(other, column));
            key.len() == columns.len() && columns.iter().all(has)
        };
        covers(&self.primary_key) || self.unique.iter().any(covers)
    }
}

impl ForeignKey {
    /// The parent, and the referenced columns as it names them; or why there are none.
    pub(super) fn target<'t>(
        &self,
        tables: &'t [Table],
    ) -> Result<(&'t Table, Vec<String>), String> {
        let Some(parent) = named(tables, &self.parent) else {
            return Err(format!("there is no table {}", self.parent));
        };
        if self.referenced.is_empty() {
            return match parent.primary_key.len() == self.columns.len() {
                true => Ok((parent, parent.primary_key.clone())),
                false => Err(format!(
                    "the primary key of {} has another number of columns",
                    parent.name
                )),
            };
        }
        for column in &self.referenced {
            if !parent.columns.iter().any(|other| same(other, column)) {
                return Err(format!("{} has no column {column}", parent.name));
            }
        }
        match parent.is_key(&self.referenced) {
            true => Ok((parent, self.referenced.clone())),
            false => Err(format!(
                "{} has no primary key or unique index of exactly ({})",
                parent.name,
                self.referenced.join(", ")
            )),
        }
    }
}

/// The table of a name.
pub(super) fn named<'t>(tables: &'t [Table], name: &str) -> Option<&'t Table> {
    tables.iter().find(|table| same(&table.name, name))
}

/// SQLite compares names without regard to the case of ASCII letters.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}
