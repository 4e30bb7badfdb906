//! The check of table and column names when a store is opened.

use std::collections::{HashMap, HashSet};

use super::backend::Backend;
#[cfg(feature = "postgres")]
use crate::driver::postgres::Postgres;
#[cfg(feature = "sqlite")]
use crate::driver::sqlite::Sqlite;
use crate::driver::{Access, Dialect, Extent};
use crate::model::domain::{Domain, Table};
use crate::model::error::{ErrorKind, Result};
use crate::model::scope::Scope;
use crate::session::Session;
use crate::sql::SqlText;

/// Checks that the database has every table and column of the domain. Without a domain, checks that it was migrated.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) async fn check(
    backend: &Backend,
    domain: Option<&'static Domain>,
    history: &str,
) -> Result<()> {
    match backend {
        #[cfg(feature = "sqlite")]
        Backend::Sqlite(pool) => check_names::<Sqlite>(pool, domain, history).await,
        #[cfg(feature = "postgres")]
        Backend::Postgres(pool) => {
            let checked = check_names::<Postgres>(pool, domain, history).await;
            checked.map_err(|error| pool.explain_missing(error))
        }
    }
}

async fn check_names<D: Dialect>(
    pool: &D::Pool,
    domain: Option<&'static Domain>,
    history: &str,
) -> Result<()> {
    let scope = Scope::system("opening the store");
    let mut session = Session::<D>::begin(pool, &scope, Access::Read, Extent::Statement).await?;
    let text = SqlText::new(D::COLUMNS, None);
    let decode = |row: &D::Row<'_>| Ok((D::get::<String>(row, 0)?, D::get::<String>(row, 1)?));
    let mut tables: HashMap<String, HashSet<String>> = HashMap::new();
    for (table, column) in session.fetch(&text, Vec::new(), decode).await? {
        tables.entry(table).or_default().insert(column);
    }
    let required = domain.map(|domain| domain.tables_on(D::ENGINE));
    let missing = missing(&tables, required, history);
    match missing {
        None => Ok(()),
        Some(reason) => Err(ErrorKind::NotMigrated { reason }.into()),
    }
}

fn missing(
    tables: &HashMap<String, HashSet<String>>,
    required: Option<impl Iterator<Item = &'static Table>>,
    history: &str,
) -> Option<String> {
    let Some(mut required) = required else {
        let missing = !tables.contains_key(history);
        return missing.then(|| format!("there is no table {history}"));
    };
    required.find_map(|table| match tables.get(table.name) {
        None => Some(format!("there is no table {}", table.name)),
        Some(columns) => table
            .columns
            .iter()
            .find(|column| !columns.contains(**column))
            .map(|column| format!("the table {} has no column {column}", table.name)),
    })
}
