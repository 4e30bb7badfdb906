//! What a Postgres database has in its current schema, by `pg_catalog`.

use super::super::expression::Expression;
use super::super::schema::{
    Check, Column, ForeignKey, Generated, Grant, Guard, Index, Key, Membership, Namespace, Other,
    Policy, PrimaryKey, Role, Schema, Table, UniqueKey,
};
use super::Unreadable;
use super::fields::Row;
use crate::engine::Engine;

/// `(kind, table, place, facts)`. Parameter 1 is the application's role. SeaORM's own table, what extensions
/// brought, and the parts of a partitioned table are no part of the schema.
///
/// The first part sets, for this statement's transaction, how Postgres prints the literals in an expression
/// and what of it needs a schema before its name; everything else reads from it, so that nothing is printed before.
///
/// What SeaORM recorded is asked for by a text, since the statement is valid without its table too. `ts_stat` runs
/// a text on every server (`query_to_xml` needs one that was built with libxml); each name is a lexeme.
///
/// `r` is the application's role; `m` are the roles that it is a member of, each with the one whose grant makes it
/// so. A superuser is a member of every role: nothing is told beyond it.
///
/// What only some releases have a column for is read from the row as JSON: NULLS NOT DISTINCT (15), NOT ENFORCED (18).
/// That PUBLIC may create in `public` is no drift before 15, when every database was made so.
///
/// A view comes before those that it reads, which were made before it.
///
/// `NOT NULL` (contype `n`, from Postgres 18 on) is told by the columns.
pub(super) const CATALOG: &str = "
    WITH p AS MATERIALIZED (
        SELECT count(set_config(name, value, true)) FROM (VALUES
            ('TimeZone', 'UTC'), ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'), ('extra_float_digits', '1'),
            ('bytea_output', 'hex'), ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on')) v (name, value)),
    s AS MATERIALIZED (SELECT n.oid FROM p, pg_namespace n WHERE n.nspname = current_schema() AND p.count > 0),
    c AS MATERIALIZED (
        SELECT c.* FROM pg_class c, s
        WHERE c.relnamespace = s.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
            AND c.relname <> 'seaql_migrations'
            AND NOT EXISTS (SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')),
    t AS MATERIALIZED (SELECT * FROM c WHERE relkind IN ('r', 'p')),
    r AS MATERIALIZED (SELECT oid, rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = $1),
    m AS MATERIALIZED (
        SELECT x.oid, x.rolname, x.rolsuper OR x.rolbypassrls AS unbound, min(d.rolname) AS through
        FROM r
        JOIN pg_auth_members g ON g.member = r.oid
        JOIN pg_roles d ON d.oid = g.roleid
        JOIN pg_roles x ON x.oid = d.oid OR NOT d.rolsuper AND pg_has_role(d.oid, x.oid, 'MEMBER')
        WHERE NOT r.rolsuper
        GROUP BY 1, 2, 3)
    SELECT 'schema', '', 0::bigint, '[]' FROM s
    UNION ALL
    SELECT 'history', '', 0, CASE WHEN has_column_privilege(h.oid, 'version', 'SELECT')
            THEN json_build_array('names', (SELECT json_agg(v.word ORDER BY v.word) FROM ts_stat(
                format('SELECT array_to_tsvector(array_agg(version::text)) FROM %s', h.oid::regclass)) v))
            ELSE '[\"not permitted\"]' END::text
        FROM s JOIN pg_class h ON h.relnamespace = s.oid AND h.relname = 'seaql_migrations'
    UNION ALL
    SELECT 'role', '', 0, json_build_array(r.rolname, r.rolsuper OR r.rolbypassrls,
            n.nspname, has_schema_privilege(r.oid, n.oid, 'USAGE'), NOT r.rolsuper AND pg_has_role(r.oid, n.nspowner, 'MEMBER'))::text
        FROM r, s JOIN pg_namespace n ON n.oid = s.oid
    UNION ALL
    SELECT 'membership', '', 0, json_build_array(rolname, through)::text FROM m WHERE unbound
    UNION ALL
    SELECT 'creator', '', 0, json_build_array(e.privilege_type, coalesce(o.rolname, 'PUBLIC'), e.is_grantable, m.through)::text
        FROM s
        JOIN pg_namespace n ON n.oid = s.oid
        CROSS JOIN aclexplode(n.nspacl) e
        LEFT JOIN pg_roles o ON o.oid = e.grantee
        LEFT JOIN m ON m.oid = e.grantee
        WHERE e.privilege_type = 'CREATE' AND e.grantee <> n.nspowner AND (o.rolname = $1 OR m.oid IS NOT NULL
            OR e.grantee = 0 AND NOT (n.nspname = 'public' AND current_setting('server_version_num')::int < 150000))
    UNION ALL
    SELECT 'table', t.relname::text, 0, json_build_array(t.relrowsecurity, t.relforcerowsecurity,
            EXISTS (SELECT FROM r WHERE NOT r.rolsuper AND pg_has_role(r.oid, t.relowner, 'MEMBER')),
            to_json(array_remove(ARRAY[
                    CASE WHEN t.relpersistence = 'u' THEN 'UNLOGGED' END, CASE WHEN t.relkind = 'p' THEN 'PARTITIONED' END], NULL)
                || ARRAY(SELECT 'INHERITS ' || h.inhparent::regclass FROM pg_inherits h WHERE h.inhrelid = t.oid)
                || ARRAY(SELECT 'INHERITED BY ' || h.inhrelid::regclass FROM pg_inherits h JOIN pg_class i ON i.oid = h.inhrelid
                    WHERE h.inhparent = t.oid AND NOT i.relispartition)))::text
        FROM t
    UNION ALL
    SELECT 'column', t.relname::text, a.attnum, json_build_array(a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attcollation <> y.typcollation
                THEN CASE WHEN l.collnamespace <> 'pg_catalog'::regnamespace THEN l.collnamespace::regnamespace || '.' ELSE '' END
                    || l.collname END, NOT a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text, a.attidentity <> '')::text
        FROM t
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type y ON y.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
    UNION ALL
    SELECT 'constraint', t.relname::text, 0, json_build_array(k.conname, k.contype,
            (SELECT json_agg(a.attname ORDER BY n.i) FROM unnest(k.conkey) WITH ORDINALITY n (num, i)
                JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.num),
            CASE WHEN f.relnamespace <> t.relnamespace THEN f.relnamespace::regnamespace || '.' ELSE '' END || f.relname,
            (SELECT json_agg(a.attname ORDER BY n.i) FROM unnest(k.confkey) WITH ORDINALITY n (num, i)
                JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.num),
            k.confdeltype, k.confupdtype, k.condeferrable, k.convalidated,
            CASE WHEN k.contype = 'x' THEN pg_get_constraintdef(k.oid) ELSE pg_get_expr(k.conbin, k.conrelid) END,
            coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false),
            k.confmatchtype = 'f' AND cardinality(k.conkey) > 1,
            coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)
                AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled NOT IN ('O', 'A')),
            k.condeferred, k.connoinherit, coalesce(i.indnkeyatts < i.indnatts, false),
            (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
                WHERE a.attrelid = k.conrelid AND to_jsonb(k) -> 'confdelsetcols' @> to_jsonb(a.attnum)),
            pg_get_constraintdef(k.oid, true))::text
        FROM t
        JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0
        LEFT JOIN pg_class f ON f.oid = k.confrelid
        LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u')
    UNION ALL
    SELECT 'index', t.relname::text, 0, json_build_array(x.relname, i.indisunique, pg_get_expr(i.indpred, i.indrelid),
            (SELECT json_agg(pg_get_indexdef(i.indexrelid, n, false) ORDER BY n) FROM generate_series(1, i.indnkeyatts) n),
            (SELECT string_agg(CASE WHEN i.indoption[n - 1] & 1 = 1 THEN 'd' ELSE 'a' END, '' ORDER BY n)
                FROM generate_series(1, i.indnkeyatts) n),
            (SELECT json_agg(u.what ORDER BY u.n) FROM (
                SELECT n, d.key || CASE WHEN l.is THEN l.sql ELSE '' END
                        || CASE WHEN o.opcdefault THEN '' ELSE ' ' || o.opcname END
                        || CASE i.indoption[n - 1] WHEN 1 THEN ' NULLS LAST' WHEN 2 THEN ' NULLS FIRST' ELSE '' END AS what,
                    l.is OR NOT o.opcdefault OR i.indoption[n - 1] IN (1, 2) AS is
                FROM generate_series(1, i.indnkeyatts) n
                JOIN pg_opclass o ON o.oid = i.indclass[n - 1]
                LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] AND a.attnum > 0
                CROSS JOIN LATERAL (SELECT pg_get_indexdef(i.indexrelid, n, false) AS key) d
                CROSS JOIN LATERAL (SELECT ' COLLATE ' || i.indcollation[n - 1]::regcollation AS sql) w
                CROSS JOIN LATERAL (SELECT w.sql, CASE WHEN i.indcollation[n - 1] = 0 THEN false
                    WHEN a.attnum IS NOT NULL THEN i.indcollation[n - 1] <> a.attcollation
                    ELSE strpos(pg_get_indexdef(i.indexrelid), CASE n WHEN 1 THEN ' (' ELSE ', ' END || d.key || w.sql) > 0 END AS is) l) u
                WHERE u.is),
            to_json(array_remove(ARRAY[
                CASE WHEN (to_jsonb(i) ->> 'indnullsnotdistinct')::bool THEN 'NULLS NOT DISTINCT' END,
                CASE WHEN i.indnkeyatts < i.indnatts THEN 'INCLUDE' END,
                CASE WHEN m.amname <> 'btree' THEN 'USING ' || m.amname END,
                CASE WHEN NOT i.indisvalid THEN 'INVALID' END], NULL)), pg_get_indexdef(i.indexrelid, 0, true))::text
        FROM t
        JOIN pg_index i ON i.indrelid = t.oid
        JOIN pg_class x ON x.oid = i.indexrelid
        JOIN pg_am m ON m.oid = x.relam
        WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 'policy', t.relname::text, 0, json_build_array(p.polname, p.polpermissive,
            CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            (SELECT json_agg(n.name ORDER BY n.name)
                FROM unnest(p.polroles) o LEFT JOIN pg_roles r ON r.oid = o
                CROSS JOIN LATERAL (SELECT CASE WHEN r.rolname = 'PUBLIC' THEN '\"PUBLIC\"' ELSE coalesce(r.rolname, 'PUBLIC') END) n (name)),
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))::text
        FROM t JOIN pg_policy p ON p.polrelid = t.oid
    UNION ALL
    SELECT 'grant', t.relname::text, 0, json_build_array(g.privilege_type || g.of_column, coalesce(o.rolname, 'PUBLIC'), g.is_grantable, m.through)::text
        FROM t
        CROSS JOIN LATERAL (
            SELECT e.grantee, e.privilege_type, e.is_grantable, '' AS of_column FROM aclexplode(t.relacl) e
            UNION ALL
            SELECT e.grantee, e.privilege_type, e.is_grantable, format(' (%s)', a.attname)
                FROM pg_attribute a, aclexplode(a.attacl) e WHERE a.attrelid = t.oid
            UNION ALL
            SELECT b.oid, v.privilege, false, '' FROM pg_roles b JOIN (VALUES ('pg_read_all_data', 'SELECT'), ('pg_write_all_data', 'INSERT'),
                ('pg_write_all_data', 'UPDATE'), ('pg_write_all_data', 'DELETE'), ('pg_maintain', 'MAINTAIN')) v (name, privilege)
                ON v.name = b.rolname) g
        LEFT JOIN pg_roles o ON o.oid = g.grantee
        LEFT JOIN m ON m.oid = g.grantee AND m.oid <> t.relowner
        WHERE g.grantee = 0 OR o.rolname = $1 OR m.oid IS NOT NULL
    UNION ALL
    SELECT 'other', t.relname::text, 0, json_build_array('TRIGGER', g.tgname)::text
        FROM t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
    UNION ALL
    SELECT 'other', t.relname::text, 0, json_build_array('RULE', w.rulename)::text
        FROM t JOIN pg_rewrite w ON w.ev_class = t.oid WHERE w.rulename <> '_RETURN'
    UNION ALL
    SELECT 'other', relname::text, -oid::bigint, json_build_array(
            CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'FOREIGN TABLE' END, relname)::text
        FROM c WHERE relkind IN ('v', 'm', 'f')
    ORDER BY 3, 2, 1, 4";

pub(super) fn schema(rows: Vec<Row>) -> Result<Schema, Unreadable> {
    let mut schema = Schema::new(Engine::Postgres);
    if !rows.iter().any(|row| row.kind == "schema") {
        return Err(Unreadable::NoSchema);
    }
    for row in rows.iter().filter(|row| row.kind == "role") {
        schema.role = Some(Role {
            name: row.text(0)?,
            unbound: row.flag(1)?,
            unbound_as: Vec::new(),
            namespace: Namespace {
                name: row.text(2)?,
                usable: row.flag(3)?,
                owned: row.flag(4)?,
                creators: Vec::new(),
            },
        });
    }
    if let Some(role) = &mut schema.role {
        for row in &rows {
            match row.kind.as_str() {
                "membership" => role.unbound_as.push(Membership {
                    of: row.text(0)?,
                    through: row.text(1)?,
                }),
                "creator" => role.namespace.creators.push(grant(row)?),
                _ => {}
            }
        }
    }
    for row in rows.iter().filter(|row| row.kind == "table") {
        let guard = Guard {
            enabled: row.flag(0)?,
            forced: row.flag(1)?,
            owned: row.flag(2)?,
            ..Guard::default()
        };
        let table = Table {
            guard: Some(guard),
            options: row.texts(3)?,
            ..Table::default()
        };
        schema.tables.insert(row.table.clone(), table);
    }
    for row in rows {
        if row.kind == "other" {
            schema.others.push(Other {
                table: row.table.clone(),
                kind: row.text(0)?,
                name: row.text(1)?,
                sql: None,
                words: Vec::new(),
            });
        } else if let Some(table) = schema.tables.get_mut(&row.table) {
            let read = match row.kind.as_str() {
                "column" => column,
                "constraint" => constraint,
                "index" => index,
                "policy" => policy,
                "grant" => privilege,
                _ => continue,
            };
            if let Err(Unreadable::Catalog(_)) = read(&row, table) {
                // Expressions are printed by the catalogs of the moment, not of the statement: by then it was gone.
                let reason = format!("{} was changed while it was looked at", row.table);
                schema.unread.insert(row.table.clone(), reason);
            }
        }
    }
    schema
        .tables
        .retain(|name, _| !schema.unread.contains_key(name));
    for table in schema.tables.values_mut() {
        table.guard.iter_mut().for_each(|guard| guard.grants.sort());
    }
    Ok(schema)
}

fn column(row: &Row, table: &mut Table) -> Result<(), Unreadable> {
    let expression = row.optional_text(4)?;
    let (computed, is_identity) = (row.text(5)?, row.flag(6)?);
    let scalar = |sql: String| Expression::scalar(Engine::Postgres, &sql);
    let (default, generated) = match (computed.as_str(), is_identity) {
        ("", false) => (expression.map(scalar), None),
        ("", true) => (None, Some(Generated::Identity)),
        (kind, _) => {
            let computed = |expression| Generated::Computed {
                expression,
                is_stored: kind == "s",
            };
            (None, expression.map(scalar).map(computed))
        }
    };
    table.columns.push(Column {
        name: row.text(0)?,
        ty: row.text(1)?,
        collation: row.optional_text(2)?,
        nullable: row.flag(3)?,
        default,
        generated,
        field: String::new(),
    });
    Ok(())
}

fn constraint(row: &Row, table: &mut Table) -> Result<(), Unreadable> {
    let name = row.text(0)?;
    let columns = row.texts(2)?;
    let deferrable = row.flag(7)?;
    let those = |all: &[(bool, &str)]| -> Vec<String> {
        let those = all.iter().filter(|(is, _)| *is);
        those.map(|(_, what)| (*what).to_owned()).collect()
    };
    let unusual = those(&[
        (deferrable, "DEFERRABLE"),
        (row.flag(10)?, "NULLS NOT DISTINCT"),
        (row.flag(15)?, "INCLUDE"),
    ]);
    table.constraint_sql.insert(name.clone(), row.text(17)?);
    let kind = row.text(1)?;
    let is_exclusion = kind == "x";
    match kind.as_str() {
        "p" => {
            table.primary_key = PrimaryKey {
                name: Some(name),
                columns,
                unusual,
            };
        }
        "u" => {
            table.unique_keys.push(UniqueKey {
                name: Some(name),
                columns,
                unusual,
            });
        }
        "f" => {
            table.foreign_keys.push(ForeignKey {
                name: Some(name),
                columns,
                references: row.text(3)?,
                referenced_columns: row.texts(4)?,
                on_delete: match row.texts(16)?.join(", ") {
                    some if some.is_empty() => action(&row.text(5)?),
                    // Of the columns of the key, these alone.
                    some => format!("{} ({some})", action(&row.text(5)?)),
                },
                on_update: action(&row.text(6)?),
                deferrable,
                full: row.flag(11)?,
                deferred: row.flag(13)?,
                valid: row.flag(8)?,
                enforced: row.flag(12)?,
            });
        }
        // A check, or an exclusion constraint, which is no expression and nowhere in DOMAIN.
        _ => {
            table.checks.push(Check {
                name: Some(name),
                condition: Expression::condition(Engine::Postgres, &row.text(9)?),
                valid: row.flag(8)?,
                unusual: those(&[
                    (row.flag(14)? && !is_exclusion, "NO INHERIT"),
                    (!row.flag(12)?, "NOT ENFORCED"),
                    (is_exclusion, "EXCLUDE"),
                ]),
            });
        }
    }
    Ok(())
}

fn action(letter: &str) -> String {
    match letter {
        "a" => "NO ACTION",
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        other => other,
    }
    .to_owned()
}

fn index(row: &Row, table: &mut Table) -> Result<(), Unreadable> {
    let predicate = row.optional_text(2)?;
    let (keys, order) = (row.texts(3)?, row.text(4)?);
    let keys = keys.iter().zip(order.chars()).map(|(sql, order)| Key {
        expression: Expression::scalar(Engine::Postgres, sql),
        descending: order == 'd',
    });
    let mut unusual = row.texts(5)?;
    unusual.extend(row.texts(6)?);
    let index = Index {
        keys: keys.collect(),
        unique: row.flag(1)?,
        predicate: predicate.map(|sql| Expression::condition(Engine::Postgres, &sql)),
        unusual,
    };
    let name = row.text(0)?;
    table.index_sql.insert(name.clone(), row.text(7)?);
    table.indexes.insert(name, index);
    Ok(())
}

fn policy(row: &Row, table: &mut Table) -> Result<(), Unreadable> {
    let condition =
        |sql: Option<String>| sql.map(|sql| Expression::condition(Engine::Postgres, &sql));
    let policy = Policy {
        permissive: row.flag(1)?,
        command: row.text(2)?,
        roles: row.texts(3)?,
        using: condition(row.optional_text(4)?),
        with_check: condition(row.optional_text(5)?),
    };
    let guard = table.guard.get_or_insert_default();
    guard.policies.insert(row.text(0)?, policy);
    Ok(())
}

fn privilege(row: &Row, table: &mut Table) -> Result<(), Unreadable> {
    let grants = &mut table.guard.get_or_insert_default().grants;
    grants.push(grant(row)?);
    Ok(())
}

fn grant(row: &Row) -> Result<Grant, Unreadable> {
    Ok(Grant {
        privilege: row.text(0)?,
        role: row.text(1)?,
        grantable: row.flag(2)?,
        through: row.optional_text(3)?,
    })
}
