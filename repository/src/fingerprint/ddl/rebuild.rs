//! SQLite cannot alter a constraint or a column's type: the table is made anew, its rows are copied, and the
//! new one takes the old one's name (<https://sqlite.org/lang_altertable.html#otheralter>).

use super::dependents;
use crate::fingerprint::ddl;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{OtherObject, Table};
use crate::fingerprint::statement::{Phase, Statement};

/// What the copy is called until it takes the place of the table.
pub(crate) const NEW: &str = "__new";
/// What the table is called until it goes.
const OLD: &str = "__old";

/// The statements that make `from` into `into`. Rows are copied column by column; a new column that takes no
/// NULL and has no default needs a value that only somebody who knows the rows can give: the copy then fails
/// on the first row, and nothing is lost.
///
/// What the change leaves alone is made again in its own words: indexes, triggers, and the views that would be
/// in the way of the new name. Names are exchanged by ALTER TABLE, which writes anew the foreign keys of other tables
/// as they were; so the table that goes has a name that it has only here.
///
/// # Errors
/// Says what somebody has to do first, where a trigger or a view cannot be made again.
pub(crate) fn statements(
    table: &str,
    from: &Table,
    into: &Table,
    others: &[OtherObject],
) -> Result<Vec<Statement>, String> {
    let dependents = dependents::of(table, others);
    let gone = from.columns.iter().map(|column| column.name.as_str());
    let gone = gone.filter(|name| into.column(name).is_none());
    can_be_made_again(table, &dependents, gone)?;
    if let Some(conflict) = into.conflicts.first() {
        return Err(format!(
            "make the table anew by hand: what DOMAIN suppresses would be lost, {} {}",
            conflict.name, conflict.clause
        ));
    }
    let (new, old) = (format!("{table}{NEW}"), format!("{table}{OLD}"));
    let copied: Vec<String> = into
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
        .map(|column| column.name.clone())
        .filter(|name| from.column(name).is_some())
        .collect();
    let columns = ident::names(&copied);
    // By itself SQLite takes a name in double quotes for a text if there is no such column.
    let values = copied.iter();
    let values = values.map(|column| format!("{}.{}", ident::name(table), ident::name(column)));
    let values = values.collect::<Vec<_>>().join(", ");
    let mut all = dependents::dropped(Phase::DropDependent, &dependents);
    all.push(Statement::new(Phase::Copy, ddl::create_table(&new, into)).making(&new));
    let copy = format!(
        "INSERT INTO {} ({columns}) SELECT {values} FROM {}",
        ident::name(&new),
        ident::name(table)
    );
    all.push(Statement::new(Phase::Copy, copy));
    if from.autoincrement && into.autoincrement {
        let counted = counted_on(table, &new).into_iter();
        all.extend(counted.map(|sql| Statement::new(Phase::Copy, sql)));
    }
    let renamed = |from: &str, to: &str| {
        let (from, to) = (ident::name(from), ident::name(to));
        Statement::new(Phase::Swap, format!("ALTER TABLE {from} RENAME TO {to}"))
    };
    let drop = format!("DROP TABLE {}", ident::name(&old));
    all.extend([
        renamed(table, &old),
        Statement::new(Phase::Swap, drop),
        renamed(&new, &old).dropping(&new),
        into.columns.iter().fold(
            renamed(&old, table).dropping(&old).making(table),
            |swapped, column| swapped.making_column(table, &column.name),
        ),
    ]);
    all.extend(into.indexes.iter().map(|(name, index)| {
        let own = into.index_sql.get(name).cloned();
        let sql = own.unwrap_or_else(|| ddl::create_index(into, table, name, index));
        Statement::new(Phase::AddIndex, sql).making(name)
    }));
    all.extend(dependents.iter().filter_map(|other| {
        let sql = other.sql.clone()?;
        Some(Statement::new(Phase::CreateReader, sql).making(&other.name))
    }));
    Ok(all)
}

/// Whether the triggers and views will be right again as they are written, when those columns are gone.
///
/// # Errors
/// Says what somebody has to do first.
pub(crate) fn can_be_made_again<'a>(
    table: &str,
    dependents: &[&OtherObject],
    gone: impl IntoIterator<Item = &'a str>,
) -> Result<(), String> {
    let those = |are: &dyn Fn(&OtherObject) -> bool| -> Option<String> {
        let those = dependents.iter().copied().filter(|other| are(other));
        let those: Vec<&OtherObject> = those.collect();
        (!those.is_empty()).then(|| dependents::listed(&those))
    };
    if let Some(stale) = those(&|other| other.sql.is_none()) {
        return Err(format!(
            "fix what has another name first, and look again: as that has it, {stale} would have to be made again"
        ));
    }
    for column in gone {
        if let Some(readers) = those(&|other| dependents::is_about(other, column)) {
            return Err(format!(
                "drop first, or make otherwise, what seems to read {table}.{column}: {readers}"
            ));
        }
    }
    Ok(())
}

/// Numbers of rows that are gone are not given again.
fn counted_on(table: &str, new: &str) -> [String; 2] {
    let (table, new) = (ident::text(table), ident::text(new));
    [
        format!("DELETE FROM sqlite_sequence WHERE name = {new}"),
        format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {table}"
        ),
    ]
}
