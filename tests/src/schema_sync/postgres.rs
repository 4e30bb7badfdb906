//! What a Postgres database has in its current schema, by `pg_catalog`.

use catamaran::Engine;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use super::expression::{Condition, scalar};
use super::schema::{
    Check, Column, DatabaseTable, ForeignKey, Guard, Index, Policy, Schema, Table,
};

const TABLES: &str = "
    SELECT relname::text, relrowsecurity, relforcerowsecurity FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND relname <> 'seaql_migrations'";

const OTHERS: &str = "
    SELECT c.relname::text, format('TRIGGER %s ON %s', t.tgname, c.relname) FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
    UNION ALL SELECT relname::text, CASE relkind WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'MATERIALIZED VIEW ' ELSE 'FOREIGN TABLE ' END || relname
    FROM pg_class WHERE relkind IN ('v', 'm', 'f') AND relnamespace = current_schema()::regnamespace
    ORDER BY 2";

const COLUMNS: &str = "
    SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> t.typcollation THEN l.collname::text END,
        NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '' OR a.attidentity <> ''
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum";

/// `NOT NULL` (contype `n`, from Postgres 18 on) is told by the columns.
const CONSTRAINTS: &str = "
    SELECT c.relname::text, k.conname::text, k.contype::text,
        (SELECT array_agg(a.attname::text ORDER BY n.i) FROM unnest(k.conkey) WITH ORDINALITY n (num, i)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.num),
        f.relname::text,
        (SELECT array_agg(a.attname::text ORDER BY n.i) FROM unnest(k.confkey) WITH ORDINALITY n (num, i)
            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.num),
        k.confdeltype::text, k.confupdtype::text, k.condeferrable, k.convalidated, pg_get_expr(k.conbin, k.conrelid)
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid AND c.relnamespace = current_schema()::regnamespace
    LEFT JOIN pg_class f ON f.oid = k.confrelid
    WHERE k.contype IN ('p', 'u', 'f', 'c', 'x')
    ORDER BY k.conname";

/// Indexes that stand behind no constraint; of those that do, what a constraint does not tell.
const INDEXES: &str = "
    SELECT c.relname::text, x.relname::text, i.indisunique, pg_get_expr(i.indpred, i.indrelid),
        (SELECT array_agg(pg_get_indexdef(i.indexrelid, n, false)
            || CASE WHEN i.indcollation[n - 1] NOT IN (0, coalesce(a.attcollation, 0)) THEN ' COLLATE ' || i.indcollation[n - 1]::regcollation ELSE '' END
            || CASE WHEN o.opcdefault THEN '' ELSE ' ' || o.opcname END
            || CASE i.indoption[n - 1] WHEN 0 THEN '' WHEN 3 THEN ' DESC' WHEN 1 THEN ' DESC NULLS LAST' ELSE ' NULLS FIRST' END
            ORDER BY n)
            FROM generate_series(1, i.indnkeyatts) n
            JOIN pg_opclass o ON o.oid = i.indclass[n - 1]
            LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] AND a.attnum > 0),
        array_remove(ARRAY[
            CASE WHEN i.indnullsnotdistinct THEN 'NULLS NOT DISTINCT' END,
            CASE WHEN i.indnkeyatts < i.indnatts THEN 'INCLUDE' END,
            CASE WHEN m.amname <> 'btree' THEN 'USING ' || m.amname END,
            CASE WHEN NOT i.indisvalid THEN 'INVALID' END], NULL),
        EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_am m ON m.oid = x.relam
    JOIN pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    ORDER BY x.relname";

const POLICIES: &str = "
    SELECT tablename::text, policyname::text,
        format('%s FOR %s TO %s', permissive, cmd, (SELECT string_agg(CASE role WHEN 'public' THEN 'PUBLIC' ELSE role::text END, ', ') FROM unnest(roles) role)),
        qual, with_check
    FROM pg_policies WHERE schemaname = current_schema()";

/// Of the application's role, and of PUBLIC, which every role is in; on the table and on single columns.
const GRANTS: &str = "
    SELECT c.relname::text, format('%s%s TO %s', g.privilege_type || g.of_column, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END,
        coalesce(r.rolname, 'PUBLIC'))
    FROM pg_class c
    CROSS JOIN LATERAL (
        SELECT t.*, '' AS of_column FROM aclexplode(c.relacl) t
        UNION ALL SELECT e.*, format(' (%s)', a.attname) FROM pg_attribute a, aclexplode(a.attacl) e WHERE a.attrelid = c.oid) g
    LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
        AND (g.grantee = 0 OR r.rolname = $1)
    ORDER BY 1, 2";

pub async fn read(db: &DatabaseConnection) -> Result<Schema, DbErr> {
    db.execute_unprepared("SET TimeZone = 'UTC'").await?;
    let mut schema = Schema::default();
    for row in rows(db, TABLES).await? {
        let guard = Guard {
            enabled: row.try_get_by_index(1)?,
            forced: row.try_get_by_index(2)?,
            ..Guard::default()
        };
        let table = Table {
            database: Some(DatabaseTable {
                guard: Some(guard),
                ..DatabaseTable::default()
            }),
            ..Table::default()
        };
        schema.tables.insert(row.try_get_by_index(0)?, table);
    }
    each(db, COLUMNS, &mut schema, column).await?;
    each(db, CONSTRAINTS, &mut schema, constraint).await?;
    each(db, INDEXES, &mut schema, index).await?;
    each(db, POLICIES, &mut schema, policy).await?;
    each(db, GRANTS, &mut schema, grant).await?;
    for row in rows(db, OTHERS).await? {
        schema
            .others
            .push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    }
    Ok(schema)
}

async fn rows(db: &DatabaseConnection, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
    let role = sql
        .contains("$1")
        .then(|| catamaran::DEFAULT_APPLICATION_ROLE.into());
    db.query_all_raw(Statement::from_sql_and_values(
        DbBackend::Postgres,
        sql,
        role,
    ))
    .await
}

type Read = fn(&QueryResult, &mut Table, &mut DatabaseTable) -> Result<(), DbErr>;

/// Reads each row into the table that it names first.
async fn each(
    db: &DatabaseConnection,
    sql: &str,
    schema: &mut Schema,
    read: Read,
) -> Result<(), DbErr> {
    for row in rows(db, sql).await? {
        let name: String = row.try_get_by_index(0)?;
        if let Some(table) = schema.tables.get_mut(&name) {
            let mut database = table.database.take().unwrap_or_default();
            read(&row, table, &mut database)?;
            table.database = Some(database);
        }
    }
    Ok(())
}

fn column(row: &QueryResult, table: &mut Table, _: &mut DatabaseTable) -> Result<(), DbErr> {
    let default: Option<String> = row.try_get_by_index(5)?;
    table.columns.push(Column {
        name: row.try_get_by_index(1)?,
        ty: row.try_get_by_index(2)?,
        collation: row.try_get_by_index(3)?,
        nullable: row.try_get_by_index(4)?,
        default: default.map(|sql| scalar(Engine::Postgres, &sql)),
        generated: row.try_get_by_index(6)?,
        spelling: String::new(),
    });
    Ok(())
}

fn constraint(
    row: &QueryResult,
    table: &mut Table,
    database: &mut DatabaseTable,
) -> Result<(), DbErr> {
    let name: String = row.try_get_by_index(1)?;
    let kind: String = row.try_get_by_index(2)?;
    let columns: Option<Vec<String>> = row.try_get_by_index(3)?;
    let columns = columns.unwrap_or_default();
    match kind.as_str() {
        "p" => {
            database.primary_key = Some(name);
            table.primary_key = columns;
        }
        "u" => {
            database.unique_keys.insert(name, columns);
        }
        "f" => {
            let referenced: Option<Vec<String>> = row.try_get_by_index(5)?;
            table.foreign_keys.push(ForeignKey {
                name: Some(name),
                columns,
                references: row.try_get_by_index(4)?,
                referenced_columns: referenced.unwrap_or_default(),
                on_delete: action(row.try_get_by_index(6)?),
                on_update: action(row.try_get_by_index(7)?),
                deferrable: row.try_get_by_index(8)?,
                valid: row.try_get_by_index(9)?,
            });
        }
        // A check, or an exclusion constraint, which is no expression and nowhere in DOMAIN.
        _ => {
            let sql: Option<String> = row.try_get_by_index(10)?;
            let check = Check {
                condition: sql.map(|sql| Condition::parse(Engine::Postgres, &sql)),
                spelling: String::new(),
                valid: row.try_get_by_index(9)?,
            };
            database.checks.insert(name, check);
        }
    }
    Ok(())
}

fn action(letter: String) -> String {
    match letter.as_str() {
        "a" => "NO ACTION",
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        other => other,
    }
    .to_owned()
}

fn index(row: &QueryResult, _: &mut Table, database: &mut DatabaseTable) -> Result<(), DbErr> {
    let name: String = row.try_get_by_index(1)?;
    let predicate: Option<String> = row.try_get_by_index(3)?;
    let index = Index {
        columns: row.try_get_by_index(4)?,
        unique: row.try_get_by_index(2)?,
        predicate: predicate.map(|sql| Condition::parse(Engine::Postgres, &sql)),
        unusual: row.try_get_by_index(5)?,
    };
    if !row.try_get_by_index::<bool>(6)? {
        database.indexes.insert(name, index);
    } else if let Some(columns) = database.unique_keys.get_mut(&name) {
        columns.extend(index.unusual);
    }
    Ok(())
}

fn policy(row: &QueryResult, _: &mut Table, database: &mut DatabaseTable) -> Result<(), DbErr> {
    let condition = |sql: Option<String>| sql.map(|sql| Condition::parse(Engine::Postgres, &sql));
    let policy = Policy {
        kind: row.try_get_by_index(2)?,
        using: condition(row.try_get_by_index(3)?),
        with_check: condition(row.try_get_by_index(4)?),
    };
    let guard = database.guard.get_or_insert_default();
    guard.policies.insert(row.try_get_by_index(1)?, policy);
    Ok(())
}

fn grant(row: &QueryResult, _: &mut Table, database: &mut DatabaseTable) -> Result<(), DbErr> {
    let guard = database.guard.get_or_insert_default();
    guard.grants.push(row.try_get_by_index(1)?);
    Ok(())
}
