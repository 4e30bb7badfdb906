//! Rows of a live database whose foreign key has no parent.
//!
//! SQLite accepts them while foreign keys are off, which they are by default. Postgres accepts them while a key is not
//! validated, or its triggers do not fire: `DISABLE TRIGGER`, `session_replication_role`, a load of data alone.
//!
//! Each key is checked by a query of its own, which takes no lock that a writer waits for.

use std::collections::BTreeSet;
use std::time::Duration;

use super::source::{Snapshot, Source};
use super::{Seen, Unreadable};
use crate::fingerprint::code::Code;
use crate::fingerprint::expression::Node;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{ForeignKey, Hazard, Schema, Table};
use crate::model::engine::Engine;
use crate::sql::Reference;

/// The most rows that are counted.
const MOST: usize = 1000;

/// The longest time for one key on Postgres, where a long query holds back vacuum.
const LONGEST: Duration = Duration::from_secs(30);

/// Adds the findings to the schema.
pub(super) async fn find(
    source: &impl Source,
    wanted: Option<&Schema>,
    seen: &mut Seen,
) -> Result<(), Unreadable> {
    let checkable = checkable(source, &seen.schema).await?;
    let mut hazards = Vec::new();
    for (name, table) in &seen.schema.tables {
        let is_compared = wanted.is_some_and(|wanted| wanted.tables.contains_key(name));
        for key in &table.foreign_keys {
            let Some((parent, of_parent)) = parent(&seen.schema, key) else {
                // Of a table that DOMAIN has, the comparison reports another target.
                if seen.schema.engine == Engine::Sqlite && !is_compared {
                    hazards.push(to_nothing(name, key));
                }
                continue;
            };
            let referenced = match key.referenced_columns.is_empty() {
                true => &of_parent.primary_key.columns,
                false => &key.referenced_columns,
            };
            let pair = (name.clone(), key.label());
            let is_checkable = checkable.as_ref().is_none_or(|all| all.contains(&pair));
            if !is_checkable
                || key.columns.len() != referenced.len()
                || !is_key(of_parent, referenced)
            {
                continue;
            }
            let reference = Reference {
                engine: seen.schema.engine,
                schema: seen.schema.namespace.as_deref(),
                child: name,
                columns: &key.columns,
                parent,
                referenced,
            };
            let query = reference.orphans("c.*");
            match count(source, &reference.orphans("1")).await {
                Ok(0) => {}
                Ok(count) => hazards.push(orphans(name, key, parent, count, &query)),
                Err(error) => seen.unchecked.push(format!(
                    "{name}: {}: its rows were not checked: {error}. List those without a parent: {query}",
                    key.label()
                )),
            }
        }
    }
    seen.schema.hazards.extend(hazards);
    Ok(())
}

/// The foreign keys of Postgres, by table and name, that a query can check: the login sees every row of both tables, and
/// the operators are built in, so that no search path changes what `=` is. `None` for SQLite, where all can be checked.
async fn checkable(
    source: &impl Source,
    schema: &Schema,
) -> Result<Option<BTreeSet<(String, String)>>, Unreadable> {
    let Some(namespace) = &schema.namespace else {
        return Ok(None);
    };
    let sql = format!(
        "SELECT c.relname || pg_catalog.chr(31) || k.conname FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype = 'f' AND n.nspname = {} AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            AND NOT EXISTS (SELECT FROM pg_catalog.unnest(ARRAY[k.conrelid, k.confrelid]) t (id)
                WHERE NOT pg_catalog.has_table_privilege(id, 'SELECT') OR pg_catalog.row_security_active(id))
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_operator o
                WHERE o.oid = ANY (k.conpfeqop) AND o.oprnamespace <> 'pg_catalog'::regnamespace)",
        ident::text(namespace)
    );
    let mut snapshot = source.begin().await?;
    let lines = snapshot.lines(&sql).await;
    snapshot.rollback().await?;
    let pairs = lines?;
    let pairs = pairs.iter().filter_map(|line| line.split_once('\u{1f}'));
    let pairs = pairs.map(|(table, key)| (table.to_owned(), key.to_owned()));
    Ok(Some(pairs.collect()))
}

async fn count(source: &impl Source, query: &str) -> Result<usize, Unreadable> {
    let mut snapshot = source.begin().await?;
    let counted = within(&mut snapshot, source.engine()?, query).await;
    snapshot.rollback().await?;
    counted
}

async fn within(
    snapshot: &mut impl Snapshot,
    engine: Engine,
    query: &str,
) -> Result<usize, Unreadable> {
    if engine == Engine::Postgres {
        let limit = LONGEST.as_millis();
        let set = format!("SELECT pg_catalog.set_config('statement_timeout', '{limit}', true)");
        snapshot.lines(&set).await?;
    }
    let sql = format!(
        "SELECT CAST(count(*) AS text) FROM ({query} LIMIT {}) o",
        MOST + 1
    );
    let counted = snapshot.lines(&sql).await?.concat();
    let counted = counted.parse();
    counted.map_err(|_| Unreadable::Catalog("a count that is no number".to_owned()))
}

/// The referenced table, if the schema has it.
fn parent<'s>(schema: &'s Schema, key: &ForeignKey) -> Option<(&'s String, &'s Table)> {
    let is_it = |name: &str| match schema.engine {
        Engine::Sqlite => name.eq_ignore_ascii_case(&key.references),
        Engine::Postgres => name == key.references,
    };
    let mut tables = schema.tables.iter();
    tables.find(|(name, _)| is_it(name))
}

/// Whether the columns are a key of the table. If not, SQLite refuses every write of a child, and a search for each row's
/// parent would read the whole table.
fn is_key(table: &Table, columns: &[String]) -> bool {
    let lower = |columns: &[String]| -> BTreeSet<String> {
        let columns = columns.iter();
        columns.map(|column| column.to_lowercase()).collect()
    };
    let indexes = table.indexes.values();
    let indexes = indexes.filter(|index| index.unique && index.predicate.is_none());
    let indexes = indexes.map(|index| {
        let columns = index.keys.iter().map(|key| match key.expression.node() {
            Node::Column(column) => column.clone(),
            _ => key.expression.to_string(),
        });
        columns.collect::<Vec<_>>()
    });
    let keys = table.unique_keys.iter().map(|key| key.columns.clone());
    let mut keys = keys
        .chain(indexes)
        .chain([table.primary_key.columns.clone()]);
    let wanted = lower(columns);
    keys.any(|columns| lower(&columns) == wanted)
}

fn orphans(table: &str, key: &ForeignKey, parent: &str, count: usize, query: &str) -> Hazard {
    let count = match count > MOST {
        true => format!("more than {MOST}"),
        false => count.to_string(),
    };
    Hazard {
        code: Code::Orphans,
        table: table.to_owned(),
        name: key.label(),
        wanted: "every row has its parent".to_owned(),
        found: format!("{count} row(s) without one in {parent}"),
        fix: Fix::Words(format!(
            "insert the missing parents, or correct or delete the rows of this query: {query}"
        )),
    }
}

fn to_nothing(table: &str, key: &ForeignKey) -> Hazard {
    Hazard {
        code: Code::ForeignKeyTarget,
        table: table.to_owned(),
        name: key.label(),
        wanted: "a table of the file".to_owned(),
        found: format!("{}, which does not exist", key.references),
        fix: Fix::Words(format!(
            "rebuild {} with another foreign key, or create {}",
            ident::name(table),
            ident::name(&key.references)
        )),
    }
}
