//! The foreign keys of a SQLite database before and after a batch: keys that lead to no parent, and rows without one.
//!
//! A batch runs with foreign keys off, so SQLite refuses neither. What was wrong before the batch is logged and does not
//! stop it. What is wrong only after it does.

mod catalog;

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use tracing::warn;

use self::catalog::{ForeignKey, Table, rows};
use super::{BrokenForeignKey, MigrateError, Violation};
use crate::model::engine::Engine;
use crate::sql::Reference;

/// How many violations an error lists. It also has their total number.
const SHOWN: usize = 10;

/// The state of all foreign keys.
#[derive(Debug, Default)]
pub(super) struct ForeignKeys {
    tables: Vec<Table>,
    broken: Vec<BrokenForeignKey>,
    checked: Vec<Checked>,
}

/// A foreign key whose rows were checked.
#[derive(Debug)]
struct Checked {
    table: String,
    columns: Vec<String>,
    parent: String,
    /// Lists the orphans.
    query: String,
    orphans: Vec<Orphan>,
}

/// A row without a parent.
#[derive(Debug)]
struct Orphan {
    rowid: Option<i64>,
    /// The values of the foreign key. Unlike the rowid, a rebuild of the table keeps them.
    values: String,
}

impl ForeignKeys {
    /// Reads every row of a table with foreign keys.
    pub(super) async fn read(tx: &DatabaseTransaction) -> Result<Self, DbErr> {
        let mut read = ForeignKeys {
            tables: catalog::tables(tx).await?,
            ..ForeignKeys::default()
        };
        for table in &read.tables {
            let before = read.broken.len();
            let mut sound = Vec::new();
            for key in &table.foreign_keys {
                match key.target(&read.tables) {
                    Ok((parent, referenced)) => sound.push((key, parent, referenced)),
                    Err(fault) => read.broken.push(broken(table, key, fault)),
                }
            }
            if read.broken.len() == before {
                read.broken.extend(mismatch(tx, table).await?);
            }
            for (key, parent, referenced) in sound {
                read.checked
                    .push(check(tx, table, key, parent, &referenced).await?);
            }
        }
        Ok(read)
    }

    /// Logs what is wrong before a batch.
    pub(super) fn warn(&self) {
        for key in &self.broken {
            warn!(
                "Warning: the foreign key {key}. It was so before these migrations, and does not stop them"
            );
        }
        for key in self.checked.iter().filter(|key| !key.orphans.is_empty()) {
            let (table, parent, query) = (&key.table, &key.parent, &key.query);
            warn!(
                "Warning: {} row(s) of {table} have no parent in {parent}. They had none before these migrations, and do not stop them. List them: {query}",
                key.orphans.len()
            );
        }
    }

    /// Fails if something is wrong that was not wrong before.
    pub(super) fn refuse_new(&self, before: &ForeignKeys) -> Result<(), MigrateError> {
        let was_broken = |table: &str, columns: &[String]| {
            let table = self.earlier_name(table, before);
            before
                .broken
                .iter()
                .any(|key| catalog::same(&key.table, table) && key.columns == columns)
        };
        let broken: Vec<BrokenForeignKey> = (self.broken.iter())
            .filter(|key| !was_broken(&key.table, &key.columns))
            .cloned()
            .chain(self.moved_by_rename(before))
            .collect();
        if !broken.is_empty() {
            return Err(MigrateError::BrokenForeignKeys {
                foreign_keys: broken,
            });
        }

        let mut known: BTreeMap<(String, String, &str), usize> = BTreeMap::new();
        for key in &before.checked {
            for orphan in &key.orphans {
                *known
                    .entry(key.identity(orphan, str::to_owned))
                    .or_default() += 1;
            }
        }
        let (mut new, mut old) = (Vec::new(), 0_u64);
        for key in &self.checked {
            let was_broken = was_broken(&key.table, &key.columns);
            for orphan in &key.orphans {
                let earlier = |name: &str| self.earlier_name(name, before).to_owned();
                let count = known.get_mut(&key.identity(orphan, earlier));
                match count.filter(|count| **count > 0) {
                    Some(count) => {
                        *count -= 1;
                        old += 1;
                    }
                    None if was_broken => old += 1,
                    None => new.push(Violation {
                        table: key.table.clone(),
                        row: orphan.rowid,
                        parent: key.parent.clone(),
                    }),
                }
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let total = u64::try_from(new.len()).unwrap_or(u64::MAX);
        new.truncate(SHOWN);
        Err(MigrateError::ForeignKeys {
            total,
            violations: new,
            old,
        })
    }

    /// The foreign keys that followed their parent to another name, while a new table has its old one.
    fn moved_by_rename<'k>(
        &'k self,
        before: &'k ForeignKeys,
    ) -> impl Iterator<Item = BrokenForeignKey> + 'k {
        let root = |tables: &[Table], name: &str| catalog::named(tables, name).map(|one| one.root);
        let all = self.tables.iter();
        let all = all.flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)));
        all.filter_map(move |(table, key)| {
            // A child that was rebuilt refers to what its migration says.
            let mut tables = before.tables.iter();
            let earlier = tables.find(|earlier| earlier.root == table.root)?;
            let mut keys = earlier.foreign_keys.iter();
            let old = &keys.find(|one| one.columns == key.columns)?.parent;
            let followed = !catalog::same(old, &key.parent)
                && root(&self.tables, &key.parent) == root(&before.tables, old)
                && catalog::named(&self.tables, old).is_some();
            let parent = &key.parent;
            let fault = format!("{old} was renamed to {parent}, and {old} is another table now");
            followed.then(|| broken(table, key, fault))
        })
    }

    /// The name that a table had before: its own, unless it was renamed.
    fn earlier_name<'n>(&'n self, name: &'n str, before: &'n ForeignKeys) -> &'n str {
        if catalog::named(&before.tables, name).is_some() {
            return name;
        }
        let root = catalog::named(&self.tables, name).map(|table| table.root);
        let mut earlier = before.tables.iter();
        let earlier = earlier.find(|table| {
            Some(table.root) == root && catalog::named(&self.tables, &table.name).is_none()
        });
        earlier.map_or(name, |table| &table.name)
    }
}

impl Checked {
    /// What an orphan is recognised by: both tables, and the values.
    fn identity<'o>(
        &self,
        orphan: &'o Orphan,
        name: impl Fn(&str) -> String,
    ) -> (String, String, &'o str) {
        let lower = |table: &str| name(table).to_ascii_lowercase();
        (lower(&self.table), lower(&self.parent), &orphan.values)
    }
}

fn broken(table: &Table, key: &ForeignKey, fault: String) -> BrokenForeignKey {
    BrokenForeignKey {
        table: table.name.clone(),
        columns: key.columns.clone(),
        parent: key.parent.clone(),
        fault,
    }
}

/// A key that SQLite refuses for another reason: a unique index has another collation than its column.
///
/// The statement is prepared and not run, so it reads no row.
async fn mismatch(
    tx: &DatabaseTransaction,
    table: &Table,
) -> Result<Option<BrokenForeignKey>, DbErr> {
    let Some(first) = table.foreign_keys.first() else {
        return Ok(None);
    };
    let sql = format!(
        "EXPLAIN PRAGMA main.foreign_key_check(\"{}\")",
        table.name.replace('"', "\"\"")
    );
    let Err(error) = tx.execute_unprepared(&sql).await else {
        return Ok(None);
    };
    let message = error.to_string();
    if !message.contains("foreign key mismatch") {
        return Err(error);
    }
    let is_it = |key: &&ForeignKey| message.contains(&format!("referencing \"{}\"", key.parent));
    let key = table.foreign_keys.iter().find(is_it).unwrap_or(first);
    let fault = format!(
        "the unique index of {} has another collation than its column",
        key.parent
    );
    Ok(Some(broken(table, key, fault)))
}

async fn check(
    tx: &DatabaseTransaction,
    table: &Table,
    key: &ForeignKey,
    parent: &Table,
    referenced: &[String],
) -> Result<Checked, DbErr> {
    let reference = Reference {
        engine: Engine::Sqlite,
        schema: Some("main"),
        child: &table.name,
        columns: &key.columns,
        parent: &parent.name,
        referenced,
    };
    // `hex` reads a number as its text, so a migration may change the type of both columns.
    let values = key.columns.iter();
    let values = values.map(|column| format!("hex(c.{})", crate::sql::identifier(column)));
    let values = values.collect::<Vec<_>>().join(" || ' ' || ");
    let rowid = table
        .rowid
        .map_or("NULL".to_owned(), |name| format!("c.{name}"));
    let mut orphans = Vec::new();
    for row in rows(tx, &reference.orphans(&format!("{rowid}, {values}"))).await? {
        orphans.push(Orphan {
            rowid: row.try_get_by_index(0)?,
            values: row.try_get_by_index(1)?,
        });
    }
    let listed = Reference {
        schema: None,
        ..reference
    };
    Ok(Checked {
        table: table.name.clone(),
        columns: key.columns.clone(),
        parent: parent.name.clone(),
        query: listed.orphans("c.*"),
        orphans,
    })
}
