//! The indexes that a statement without a transaction has left on Postgres.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, Value};

use super::run::Left;
use crate::sql::custom::IndexWork;

/// Whether an index is valid, and its name.
const INDEXES: &str = "SELECT i.indisvalid, pg_catalog.format('%I.%I', n.nspname, c.relname) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ";

/// Names are cut by Postgres, as the type `name` does.
const OF_TABLE: &str = "i.indrelid = pg_catalog.to_regclass($1) \
     AND c.relname = ((pg_catalog.parse_ident($2))[1])::pg_catalog.name";
const NAMED: &str = "c.oid = pg_catalog.to_regclass($1)";
/// The names that `REINDEX CONCURRENTLY` gives to indexes until it has finished.
const OF_REINDEX: &str = "NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' ORDER BY 2";

pub(super) async fn left_by(db: &DatabaseConnection, work: &IndexWork) -> Result<Left, DbErr> {
    let (condition, values): (_, Vec<Value>) = match work {
        IndexWork::Create { index, table } => {
            let index = index.as_deref().unwrap_or_default();
            (OF_TABLE, vec![table.as_str().into(), index.into()])
        }
        IndexWork::Drop { index } => (NAMED, vec![index.as_str().into()]),
        IndexWork::Rebuild => (OF_REINDEX, Vec::new()),
    };
    let sql = format!("{INDEXES}{condition}");
    let sql = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let mut found = Vec::new();
    for row in db.query_all_raw(sql).await? {
        let is_valid: bool = row.try_get_by_index(0)?;
        let name: String = row.try_get_by_index(1)?;
        found.push((is_valid, name));
    }
    let has_valid = found.iter().any(|(is_valid, _)| *is_valid);
    let is_done = match work {
        IndexWork::Create { .. } => has_valid,
        IndexWork::Drop { .. } => found.is_empty(),
        IndexWork::Rebuild => false,
    };
    let invalid = found.into_iter().filter(|(is_valid, _)| !is_valid);
    let invalid = match work {
        // The statement itself drops the index, also if it is invalid.
        IndexWork::Drop { .. } => Vec::new(),
        _ => invalid.map(|(_, name)| name).collect(),
    };
    Ok(Left {
        is_done,
        invalid,
        perhaps: None,
    })
}
