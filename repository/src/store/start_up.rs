//! Whether a database has the schema of the application, as far as names go.

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

/// Where SeaORM's migrator keeps its history.
pub(crate) const HISTORY: &str = "seaql_migrations";

/// Looks whether the database has every table and column of the domain; without one, whether it was
/// migrated at all.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) async fn check(backend: &Backend, domain: Option<&'static Domain>) -> Result<()> {
    match backend {
        #[cfg(feature = "sqlite")]
        Backend::Sqlite(pool) => check_names::<Sqlite>(pool, domain).await,
        #[cfg(feature = "postgres")]
        Backend::Postgres(pool) => check_names::<Postgres>(pool, domain).await,
    }
}

async fn check_names<D: Dialect>(pool: &D::Pool, domain: Option<&'static Domain>) -> Result<()> {
    let scope = Scope::system("opening the store");
    let mut session = Session::<D>::begin(pool, &scope, Access::Read, Extent::Statement).await?;
    let text = SqlText {
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
    wanted: Option<impl Iterator<Item = &'static Table>>,
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
