//! Rebuilds a table of SQLite, which cannot alter a constraint or a column's type: a new table is created, the rows are
//! copied, and the new table takes the name of the old one (<https://sqlite.org/lang_altertable.html#otheralter>).

use super::dependents;
use crate::fingerprint::ddl;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{OtherObject, Table};
use crate::fingerprint::statement::{Phase, Statement, Work};

/// The suffix of the new table until it takes the name of the old one.
pub(crate) const NEW: &str = "__new";
/// The suffix of the old table until it is dropped.
const OLD: &str = "__old";

/// The statements that change the table `from` into `into`.
///
/// Rows are copied column by column. A new column that is NOT NULL and has no default makes the copy fail on the first
/// row, and nothing is lost.
///
/// Indexes, triggers and views that the change does not affect are recreated from their own SQL. ALTER TABLE RENAME
/// also rewrites the foreign keys of other tables. The old table is therefore renamed before it is dropped, and the
/// last rename restores those keys.
///
/// # Errors
/// The step that has to be done first, if a trigger or view cannot be recreated.
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
            "rebuild the table by hand, since a suppressed clause would be lost: {} {}",
            conflict.name, conflict.clause
        ));
    }
    let (new, old) = (format!("{table}{NEW}"), format!("{table}{OLD}"));
    let copied = into.columns.iter();
    let copied =
        copied.filter(|column| column.generated.is_none() && from.column(&column.name).is_some());
    let columns: Vec<String> = copied.clone().map(|column| column.name.clone()).collect();
    let columns = ident::names(&columns);
    // Qualified, since SQLite reads an unknown name in double quotes as a text.
    let values = copied.map(|column| match &column.copied {
        Some(expression) => expression.clone(),
        None => format!("{}.{}", ident::name(table), ident::name(&column.name)),
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let mut all = dependents::dropped(Phase::DropDependent, &dependents);
    let create = Statement::new(Phase::Copy, ddl::create_table(&new, into));
    all.push(create.doing(Work::Alter).making(&new));
    let copy = format!(
        "INSERT INTO {} ({columns}) SELECT {values} FROM {}",
        ident::name(&new),
        ident::name(table)
    );
    all.push(Statement::new(Phase::Copy, copy));
    if from.autoincrement && into.autoincrement {
        let counted = counted_on(table, &new).into_iter();
        all.extend(counted.map(|sql| Statement::new(Phase::Copy, sql).doing(Work::Beside)));
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

/// Checks that the triggers and views are valid after the columns in `gone` are dropped.
///
/// # Errors
/// The step that has to be done first.
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
            "first run the renames, then check again: they change {stale}, which a rebuild has to create again"
        ));
    }
    for column in gone {
        if let Some(readers) = those(&|other| dependents::mentions(other, column)) {
            return Err(format!(
                "first drop or change what seems to read {table}.{column}: {readers}"
            ));
        }
    }
    Ok(())
}

/// Copies the AUTOINCREMENT counter, so that numbers of deleted rows are not reused.
fn counted_on(table: &str, new: &str) -> [String; 2] {
    let (table, new) = (ident::text(table), ident::text(new));
    [
        format!("DELETE FROM sqlite_sequence WHERE name = {new}"),
        format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {table}"
        ),
    ]
}
