//! The indexes that a statement without a transaction has left on Postgres.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, Value};

use super::run::Left;
use crate::sql::custom::{IndexWork, Rebuilt};

/// Whether an index is valid, and its name.
const INDEXES: &str = "SELECT i.indisvalid, pg_catalog.format('%I.%I', n.nspname, c.relname) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ";

/// Names are cut by Postgres, as the type `name` does.
const OF_TABLE: &str = "i.indrelid = pg_catalog.to_regclass($1) \
     AND c.relname = ((pg_catalog.parse_ident($2))[1])::pg_catalog.name";
const NAMED: &str = "c.oid = pg_catalog.to_regclass($1)";
/// The names that `REINDEX CONCURRENTLY` gives to indexes until it has finished. Only those that this role may drop:
/// others would stop the migration for as long as their owner keeps them.
const OF_REINDEX: &str = "NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' \
     AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.pg_has_role(n.nspowner, 'USAGE')) \
     AND i.indrelid IN (WITH named (oid) AS ";
/// Long texts are in a table of their own, whose index is rebuilt with those of the table.
const WITH_TOAST: &str = " SELECT t.oid FROM named t UNION ALL \
     SELECT t.reltoastrelid FROM pg_catalog.pg_class t JOIN named USING (oid)) ORDER BY 2";

/// The tables whose indexes a `REINDEX` builds anew, and the name in it.
fn rebuilt(of: &Rebuilt) -> (&'static str, Vec<Value>) {
    match of {
        Rebuilt::Index(name) => (
            "(SELECT x.indrelid FROM pg_catalog.pg_index x \
             WHERE x.indexrelid = pg_catalog.to_regclass($1) OR x.indexrelid IN \
             (SELECT p.relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) p))",
            vec![name.as_str().into()],
        ),
        Rebuilt::Table(name) => (
            "(SELECT pg_catalog.to_regclass($1)::oid UNION \
             SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) p)",
            vec![name.as_str().into()],
        ),
        Rebuilt::Schema(name) => (
            "(SELECT t.oid FROM pg_catalog.pg_class t WHERE t.relnamespace = pg_catalog.to_regnamespace($1))",
            vec![name.as_str().into()],
        ),
        Rebuilt::Database => ("(SELECT t.oid FROM pg_catalog.pg_class t)", Vec::new()),
    }
}

/// The invalid indexes that are there before a `REINDEX`, which it does not leave. Other statements name their index: an
/// invalid one of that name is theirs.
pub(super) async fn found_by(
    db: &DatabaseConnection,
    work: &IndexWork,
) -> Result<Vec<String>, DbErr> {
    match work {
        IndexWork::Rebuild(_) => Ok(left_by(db, work).await?.invalid),
        IndexWork::Create { .. } | IndexWork::Drop { .. } => Ok(Vec::new()),
    }
}

pub(super) async fn left_by(db: &DatabaseConnection, work: &IndexWork) -> Result<Left, DbErr> {
    let (condition, values): (_, Vec<Value>) = match work {
        IndexWork::Create { index, table } => {
            let index = index.as_deref().unwrap_or_default();
            (
                OF_TABLE.to_owned(),
                vec![table.as_str().into(), index.into()],
            )
        }
        IndexWork::Drop { index } => (NAMED.to_owned(), vec![index.as_str().into()]),
        IndexWork::Rebuild(of) => {
            let (tables, values) = rebuilt(of);
            (format!("{OF_REINDEX}{tables}{WITH_TOAST}"), values)
        }
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
        IndexWork::Rebuild(_) => false,
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
