//! Whether a database has the schema of the application, as far as names go.

use std::collections::{HashMap, HashSet};

use crate::dialect::{Access, Dialect, Extent, Text};
use crate::domain::Domain;
use crate::error::{ErrorKind, Result};
use crate::scope::Scope;
use crate::session::Session;

/// Where SeaORM's migrator keeps its history.
pub(crate) const HISTORY: &str = "seaql_migrations";

/// Looks whether the database has every table and column of the domain; without one, whether it was
/// migrated at all.
pub(crate) async fn check<D: Dialect>(
    pool: &D::Pool,
    domain: Option<&'static Domain>,
) -> Result<()> {
    let scope = Scope::system("opening the store");
    let mut session = Session::<D>::begin(pool, &scope, Access::Read, Extent::Statement).await?;
    let text = Text {
        sql: D::COLUMNS.into(),
        table: None,
    };
    let decode = |row: &D::Row| Ok((D::get::<String>(row, 0)?, D::get::<String>(row, 1)?));
    let mut tables: HashMap<String, HashSet<String>> = HashMap::new();
    for (table, column) in session.fetch(&text, Vec::new(), decode).await? {
        tables.entry(table).or_default().insert(column);
    }
    let missing = missing(&tables, domain.map(|domain| domain.tables_on(D::ENGINE)));
    match missing {
        None => Ok(()),
        Some(reason) => Err(ErrorKind::NotMigrated { reason }.into()),
    }
}

fn missing(
    tables: &HashMap<String, HashSet<String>>,
    wanted: Option<impl Iterator<Item = &'static crate::domain::Table>>,
) -> Option<String> {
    let Some(mut wanted) = wanted else {
        let missing = !tables.contains_key(HISTORY);
        return missing.then(|| format!("there is no table {HISTORY}"));
    };
    wanted.find_map(|table| match tables.get(table.name) {
        None => Some(format!("there is no table {}", table.name)),
        Some(columns) => table
            .columns
            .iter()
            .find(|column| !columns.contains(**column))
            .map(|column| format!("the table {} has no column {column}", table.name)),
    })
}
