//! SQLite cannot alter a constraint or a column's type: the table is made anew, its rows are copied, and the
//! new one takes the old one's name (<https://sqlite.org/lang_altertable.html#otheralter>).

use super::super::schema::{Other, Table};
use super::ddl;

/// The statements that make `from` into `into`. Rows are copied column by column; a new column that takes no
/// NULL and has no default needs a value that only somebody who knows the rows can give: the copy then fails
/// on the first row, and nothing is lost.
///
/// `others` are the triggers of the table, which go with it and are made again.
pub(crate) fn statements(table: &str, from: &Table, into: &Table, others: &[Other]) -> Vec<String> {
    let new = format!("{table}__new");
    let copied: Vec<String> = into
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
        .map(|column| column.name.clone())
        .filter(|name| from.column(name).is_some())
        .collect();
    let columns = ddl::names(&copied);
    let mut sql = vec![
        ddl::create_table(&new, into),
        format!(
            "INSERT INTO {} ({columns}) SELECT {columns} FROM {}",
            ddl::name(&new),
            ddl::name(table)
        ),
        format!("DROP TABLE {}", ddl::name(table)),
        format!(
            "ALTER TABLE {} RENAME TO {}",
            ddl::name(&new),
            ddl::name(table)
        ),
    ];
    let indexes = into.indexes.iter();
    sql.extend(indexes.map(|(name, index)| ddl::create_index(table, name, index)));
    let triggers = others
        .iter()
        .filter(|other| other.table == table && other.kind == "TRIGGER");
    sql.extend(triggers.filter_map(|trigger| trigger.sql.clone()));
    sql
}
