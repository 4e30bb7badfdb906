//! The rows of a scratch database before and after a migration, compared.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

use crate::fingerprint::decisions::Decisions;
use crate::fingerprint::ident;
use crate::fingerprint::schema::Schema;
use crate::model::engine::Engine;

/// A table that got no sample rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfilled {
    /// The table.
    pub table: String,
    /// Why.
    pub reason: String,
}

/// What became of the sample rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many rows there were.
    pub rows: usize,
    /// How many of them are left.
    pub left: usize,
    /// Columns (`notes.color`) that are no longer there, with their values.
    pub gone: Vec<String>,
    /// Columns whose values are written otherwise, because their type is another.
    pub converted: Vec<String>,
    /// Columns of the same type whose values are others, and tables (`notes`) with more rows than before.
    pub changed: Vec<String>,
}

impl Kept {
    /// Whether every row is left, with every value.
    pub fn is_whole(&self) -> bool {
        self.rows == self.left && self.gone.is_empty() && self.changed.is_empty()
    }
}

/// The rows of every table.
pub(super) struct Snapshot {
    tables: BTreeMap<String, Rows>,
}

/// The rows of a table.
struct Rows {
    /// Name and type of each column.
    columns: Vec<(String, String)>,
    rows: Vec<Vec<Option<String>>>,
}

impl Snapshot {
    /// Reads every row as text. `when` makes the statement another one each time: Postgres refuses a prepared statement
    /// whose result has another collation than before.
    pub(super) async fn read(
        db: &DatabaseConnection,
        schema: &Schema,
        when: &str,
    ) -> Result<Self, DbErr> {
        let mut tables = BTreeMap::new();
        for (name, table) in &schema.tables {
            let values = table.columns.iter().map(|column| {
                let column = ident::name(&column.name);
                match schema.engine {
                    // It tells a number from a text.
                    Engine::Sqlite => format!("quote({column})"),
                    Engine::Postgres => format!("CAST({column} AS text)"),
                }
            });
            let values: Vec<String> = values.collect();
            let values = values.join(", ");
            let sql = format!("SELECT {values} FROM {} -- {when}", ident::name(name));
            let statement = Statement::from_string(db.get_database_backend(), sql);
            let mut rows = Vec::new();
            for row in db.query_all_raw(statement).await? {
                let values = (0..table.columns.len()).map(|place| row.try_get_by_index(place));
                rows.push(values.collect::<Result<Vec<Option<String>>, DbErr>>()?);
            }
            let columns = table.columns.iter();
            let columns = columns.map(|column| (column.name.clone(), column.ty.clone()));
            let columns = columns.collect();
            tables.insert(name.clone(), Rows { columns, rows });
        }
        Ok(Snapshot { tables })
    }

    /// What became of these rows. `renames` are those between both.
    pub(super) fn compare(&self, after: &Snapshot, renames: &Decisions) -> Kept {
        let mut kept = Kept::default();
        for (name, before) in self
            .tables
            .iter()
            .filter(|(_, table)| !table.rows.is_empty())
        {
            kept.rows += before.rows.len();
            match after.tables.get(renames.table_now(name)) {
                Some(after) => before.compare(name, after, renames, &mut kept),
                None => kept.gone.push(name.clone()),
            }
        }
        kept
    }
}

impl Rows {
    fn compare(&self, name: &str, after: &Rows, renames: &Decisions, kept: &mut Kept) {
        kept.left += self.rows.len().min(after.rows.len());
        let mut pairs = Vec::new();
        for (place, (column, ty)) in self.columns.iter().enumerate() {
            let is_it = |(other, _): &(String, String)| {
                renames.renames_column(renames.table_now(name), column, other)
                    || other == column && !renames.drops_column(renames.table_now(name), column)
            };
            match after.columns.iter().position(is_it) {
                Some(there) => pairs.push((place, there, after.columns[there].1 == *ty)),
                None => kept.gone.push(format!("{name}.{column}")),
            }
        }
        if self.rows.len() < after.rows.len() {
            kept.changed.push(name.to_owned());
        }
        if self.rows.len() != after.rows.len() {
            return;
        }
        // Values of the same type find the same row again.
        let same = |(.., is_same): &&(usize, usize, bool)| *is_same;
        let here: Vec<usize> = pairs.iter().filter(same).map(|pair| pair.0).collect();
        let there: Vec<usize> = pairs.iter().filter(same).map(|pair| pair.1).collect();
        let (before, after) = (sorted(&self.rows, &here), sorted(&after.rows, &there));
        for (here, there, is_same) in pairs {
            let values = before.iter().map(|row| &row[here]);
            if values.eq(after.iter().map(|row| &row[there])) {
                continue;
            }
            let column = format!("{name}.{}", self.columns[here].0);
            match is_same {
                true => kept.changed.push(column),
                false => kept.converted.push(column),
            }
        }
    }
}

/// The rows, sorted by these columns.
fn sorted<'r>(rows: &'r [Vec<Option<String>>], by: &[usize]) -> Vec<&'r Vec<Option<String>>> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|row| {
        by.iter()
            .map(|place| row[*place].clone())
            .collect::<Vec<_>>()
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(rows: &[&str]) -> Snapshot {
        let rows = rows.iter().map(|row| vec![Some((*row).to_owned())]);
        let notes = Rows {
            columns: vec![("title".to_owned(), "text".to_owned())],
            rows: rows.collect(),
        };
        Snapshot {
            tables: BTreeMap::from([("notes".to_owned(), notes)]),
        }
    }

    #[test]
    fn a_table_with_more_rows_than_before_is_changed() {
        let before = notes(&["a", "b"]);
        let same = before.compare(&notes(&["b", "a"]), &Decisions::default());
        assert!(same.is_whole(), "{same:?}");
        let more = before.compare(&notes(&["a", "b", "b"]), &Decisions::default());
        assert_eq!(more.changed, ["notes"]);
        assert!(!more.is_whole());
    }
}
