//! Drops what the migrating role owns in the schemas of the search path.

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::histories::{self, Own, Table};
use super::{Object, announce, drop_each, rows};
use crate::migrate::MigrateError;

/// How many dependents an error lists.
const SHOWN: usize = 20;

const OBJECTS: &str = include_str!("objects.sql");

/// The kind and the name of each object.
const LISTED: &str = "
    SELECT i.type, i.identity FROM listed CROSS JOIN LATERAL pg_catalog.pg_identify_object(classid, objid, 0) i
    ORDER BY classid, i.identity";

/// What depends on an object that is dropped, and is not dropped itself: the rule of a view stands for the view.
const DEPENDENTS: &str = r"
    SELECT DISTINCT i.type || ' ' || i.identity || coalesce(' of the role ' || pg_catalog.quote_ident(o.rolname), '')
    FROM dropped p
    JOIN pg_catalog.pg_depend d ON d.refclassid = p.classid AND d.refobjid = p.objid AND d.deptype <> 'e'
    LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid
    LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(w.ev_class, nullif(k.conrelid, 0),
        CASE WHEN d.classid = 'pg_catalog.pg_class'::regclass THEN d.objid END)
    LEFT JOIN pg_catalog.pg_roles o ON o.oid = c.relowner AND o.rolname <> current_user
    CROSS JOIN LATERAL (SELECT coalesce(w.rulename = '_RETURN', false)) v (is_view)
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(CASE WHEN v.is_view THEN 'pg_catalog.pg_class'::regclass::oid ELSE d.classid END,
        CASE WHEN v.is_view THEN w.ev_class ELSE d.objid END, CASE WHEN v.is_view THEN 0 ELSE d.objsubid END) i
    WHERE NOT EXISTS (SELECT FROM dropped q WHERE q.classid = d.classid AND q.objid = d.objid)
    ORDER BY 1";

/// The privileges on future objects that the role has set in the schemas.
const DEFAULT_PRIVILEGES: &str = "
    SELECT DISTINCT pg_catalog.format('on %s to %s in the schema %I', k.name, g.name, n.nspname),
        pg_catalog.format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON %s FROM %s', n.nspname, k.name, g.name)
    FROM n JOIN pg_catalog.pg_default_acl a ON a.defaclnamespace = n.oid JOIN me ON me.oid = a.defaclrole
    JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'FUNCTIONS'), ('T', 'TYPES')) k (letter, name) ON k.letter = a.defaclobjtype::text
    CROSS JOIN LATERAL pg_catalog.aclexplode(a.defaclacl) e
    LEFT JOIN pg_catalog.pg_roles o ON o.oid = e.grantee
    CROSS JOIN LATERAL (SELECT CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(o.rolname) END) g (name)
    ORDER BY 1";

/// The tables of the schemas, with their columns, and their owner if it is another role. Some programs keep their history
/// in a schema of its own.
const TABLES: &str = "
    SELECT c.relname::text, pg_catalog.format('%I.%I', s.nspname, c.relname),
        (SELECT pg_catalog.string_agg(a.attname, pg_catalog.chr(31)) FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), pg_catalog.quote_ident(o.rolname)
    FROM pg_catalog.pg_namespace s JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relkind IN ('r', 'p')
    LEFT JOIN pg_catalog.pg_roles o ON o.oid = c.relowner AND o.rolname <> current_user
    WHERE s.oid IN (SELECT oid FROM n) OR s.nspname IN ('drizzle', 'graphile_migrate', 'sqitch', 'supabase_migrations')
    ORDER BY 2";

/// The role, and the schemas.
const ROLE: &str = "
    SELECT pg_catalog.quote_ident(current_user), (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(nspname), ', ' ORDER BY nspname) FROM n)";

pub(super) async fn drop_all(tx: &DatabaseTransaction, own: Own<'_>) -> Result<(), MigrateError> {
    let mut tables = Vec::new();
    for row in rows(tx, &format!("{OBJECTS}{TABLES}")).await? {
        tables.push(Table::new(
            row.try_get_by_index(0)?,
            row.try_get_by_index(1)?,
            row.try_get_by_index(2)?,
            row.try_get_by_index(3)?,
        ));
    }
    histories::refuse_others(tx, &tables, own).await?;

    let mut objects = Vec::new();
    for row in rows(tx, &format!("{OBJECTS}{LISTED}")).await? {
        objects.push(object(row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    }
    lock(tx, &objects).await?;
    refuse_dependents(tx).await?;
    for row in rows(tx, &format!("{OBJECTS}{DEFAULT_PRIVILEGES}")).await? {
        objects.push(Object {
            kind: "default privileges".to_owned(),
            name: row.try_get_by_index(0)?,
            sql: row.try_get_by_index(1)?,
        });
    }
    announce(&objects);
    drop_each(tx, &objects).await
}

/// An object as Postgres identifies it. All that CASCADE drops is listed too, hence `IF EXISTS`.
fn object(kind: String, name: String) -> Object {
    let dropped = match kind.as_str() {
        // The arguments of an aggregate are written in another way than Postgres identifies it.
        "function" | "procedure" | "aggregate" => "ROUTINE".to_owned(),
        "statistics object" => "STATISTICS".to_owned(),
        other => other.to_uppercase(),
    };
    Object {
        sql: format!("DROP {dropped} IF EXISTS {name} CASCADE"),
        kind,
        name,
    }
}

/// Locks the tables, so that nothing else comes to depend on them before they are dropped.
async fn lock(tx: &DatabaseTransaction, objects: &[Object]) -> Result<(), MigrateError> {
    let tables: Vec<String> = (objects.iter())
        .filter(|object| object.kind == "table")
        .map(|object| format!("ONLY {}", object.name))
        .collect();
    if !tables.is_empty() {
        let sql = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", tables.join(", "));
        tx.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Fails if CASCADE would drop more than the listed objects and their parts.
async fn refuse_dependents(tx: &DatabaseTransaction) -> Result<(), MigrateError> {
    let mut objects: Vec<String> = Vec::new();
    for row in rows(tx, &format!("{OBJECTS}{DEPENDENTS}")).await? {
        objects.push(row.try_get_by_index(0)?);
    }
    let more = match objects.len() {
        0 => return Ok(()),
        count => count.saturating_sub(SHOWN),
    };
    objects.truncate(SHOWN);
    if more > 0 {
        objects.push(format!("and {more} more"));
    }
    let (mut role, mut schemas) = (String::new(), String::new());
    for row in rows(tx, &format!("{OBJECTS}{ROLE}")).await? {
        role = row.try_get_by_index(0)?;
        schemas = row.try_get_by_index(1)?;
    }
    Err(MigrateError::Dependents {
        role,
        schemas,
        objects,
    })
}
