//! Reads the current schema of a Postgres database from `pg_catalog`.

use std::collections::BTreeMap;

use super::Unreadable;
use super::fields::Row;
use crate::fingerprint::code::Code;
use crate::fingerprint::expression::{Expression, Kind, Use};
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{
    AccessControl, Check, Column, ForeignKey, Generated, Grant, Hazard, Index, Key, Membership,
    Namespace, OtherObject, Policy, PrimaryKey, Role, Schema, Sequence, Table, UniqueKey,
};
use crate::fingerprint::set_null::of_columns;
use crate::fingerprint::statement::{Phase, Statement};
use crate::model::engine::Engine;

/// Sets `pg_catalog` alone as the search path of the transaction, and the format of literals. Returns the schema that
/// was current before.
///
/// Its names are qualified, since the search path of the database applies until it has run.
pub(crate) const PIN: &str = "
    WITH s AS MATERIALIZED (SELECT pg_catalog.current_schema()::pg_catalog.text AS name),
    p AS MATERIALIZED (
        SELECT s.name, pg_catalog.count(pg_catalog.set_config(v.name, v.value, true)) FROM s, (VALUES
            ('search_path', 'pg_catalog, pg_temp'), ('TimeZone', 'UTC'), ('DateStyle', 'ISO, YMD'),
            ('IntervalStyle', 'postgres'), ('extra_float_digits', '1'), ('bytea_output', 'hex'),
            ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on')) v (name, value)
        GROUP BY s.name)
    SELECT coalesce(p.name, '') FROM p";

/// The catalog query: `(kind, table, place, facts)`. Parameter 1 is the application's role, 2 the schema that [`PIN`]
/// returned.
///
/// It runs after [`PIN`], so each of its names is Postgres's own, and Postgres prints all other names with their
/// schema. `seaql_migrations` and its checksums, objects of extensions and partitions are not part of the schema.
///
/// The recorded migrations are read by a query in a text, so that the statement is valid without their table. `ts_stat`
/// runs such a text on every server (`query_to_xml` needs a server built with libxml). Each name is a lexeme, in
/// hexadecimal because a lexeme is not empty.
///
/// `r` is the application's role; `m` lists the roles that it is a member of, each with the role whose grant makes it
/// so. A superuser is a member of every role, so memberships through one are left out.
///
/// Columns that only some releases have are read from the row as JSON: NULLS NOT DISTINCT (15), NOT ENFORCED (18).
/// CREATE on `public` for PUBLIC is not reported before 15, where every new database grants it.
///
/// A view comes before the views that it reads, which are older.
///
/// `NOT NULL` constraints (contype `n`, since Postgres 18) are read from the columns.
///
/// `uses` lists the user-defined objects that Postgres has recorded as dependencies of an expression, printed or not.
/// Built-in objects have an id below 16384.
///
/// A `hazard` is a finding by itself: code, name, both sides, statements that fix it, and an instruction if there are
/// none.
pub(crate) const CATALOG: &str = concat!(include_str!("catalog.sql"), include_str!("hazards.sql"));
pub(crate) fn schema(rows: Vec<Row>) -> Result<Schema, Unreadable> {
    let mut schema = Schema::new(Engine::Postgres);
    let namespace = rows.iter().find(|row| row.kind == "schema");
    let namespace = namespace.ok_or(Unreadable::NoSchema)?.text(0)?;
    schema.namespace = Some(namespace.clone());
    let mut uses = Uses::of(&rows)?;
    for row in rows.iter().filter(|row| row.kind == "role") {
        schema.role = Some(Role {
            name: row.text(0)?,
            bypasses_policies: row.flag(1)?,
            bypassing_memberships: Vec::new(),
            login_without_role: None,
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
                "membership" => role.bypassing_memberships.push(Membership {
                    of: row.text(0)?,
                    through: row.text(1)?,
                    revoke: row.texts(2)?,
                }),
                "creator" => role.namespace.creators.push(grant(row)?),
                "login" if !row.flag(1)? => role.login_without_role = Some(row.text(0)?),
                _ => {}
            }
        }
    }
    for row in rows.iter().filter(|row| row.kind == "table") {
        let access_control = AccessControl {
            enabled: row.flag(0)?,
            forced: row.flag(1)?,
            owned: row.flag(2)?,
            ..AccessControl::default()
        };
        let table = Table {
            access_control: Some(access_control),
            options: row.texts(3)?,
            ..Table::default()
        };
        schema.tables.insert(row.table.clone(), table);
    }
    for row in rows {
        if row.kind == "hazard" {
            schema.hazards.push(hazard(&row)?);
        } else if row.kind == "other" {
            schema.others.push(OtherObject {
                table: row.table.clone(),
                kind: row.text(0)?,
                name: row.text(1)?,
                sql: row.optional_text(2)?,
                words: Vec::new(),
                extension: row.optional_text(3)?,
                needed_by: None,
            });
        } else if row.kind == "taken" {
            schema.taken.insert(row.table.clone(), row.text(0)?);
        } else if let Some(table) = schema.tables.get_mut(&row.table) {
            let read = match row.kind.as_str() {
                "column" => column,
                "constraint" => constraint,
                "index" => index,
                "policy" => policy,
                "grant" => privilege,
                "sequence" => sequence,
                _ => continue,
            };
            if let Err(Unreadable::Catalog(_)) = read(&row, table, &mut uses) {
                // Postgres prints expressions by the catalogs of the moment, not of the statement's snapshot: the
                // object was gone.
                let reason = format!("{} was changed while it was read", row.table);
                schema.unread.insert(row.table.clone(), reason);
            }
        }
    }
    schema
        .tables
        .retain(|name, _| !schema.unread.contains_key(name));
    for (name, table) in &mut schema.tables {
        without_schema(&namespace, name, table);
        table
            .access_control
            .iter_mut()
            .for_each(|access_control| access_control.grants.sort());
    }
    Ok(schema)
}

/// Removes the schema from the SQL of constraints and indexes, which names the table's own schema.
fn without_schema(namespace: &str, name: &str, table: &mut Table) {
    let (schema, name) = (ident::name(namespace), ident::name(name));
    for sql in table.constraint_sql.values_mut() {
        if sql.starts_with("FOREIGN KEY (") {
            *sql = sql.replacen(&format!(") REFERENCES {schema}."), ") REFERENCES ", 1);
        }
    }
    for (index, sql) in &mut table.index_sql {
        let index = ident::name(index);
        let begin = format!("INDEX {index} ON {schema}.{name} ");
        *sql = sql.replacen(&begin, &format!("INDEX {index} ON {name} "), 1);
    }
}

/// The user-defined objects that expressions use, by table, kind and name of the object that they belong to.
struct Uses(BTreeMap<(String, String, String), Vec<Use>>);

impl Uses {
    fn of(rows: &[Row]) -> Result<Self, Unreadable> {
        let mut uses = Uses(BTreeMap::new());
        for row in rows.iter().filter(|row| row.kind == "uses") {
            let Some(kind) = Kind::of(&row.text(2)?) else {
                continue;
            };
            let of = (row.table.clone(), row.text(0)?, row.text(1)?);
            uses.0.entry(of).or_default().push(Use {
                kind,
                schema: row.text(3)?,
                name: row.text(4)?,
                printed: row.text(5)?,
                is_unambiguous: row.flag(6)?,
                is_hidden: false,
            });
        }
        Ok(uses)
    }

    /// Removes the uses of one object, marked by whether its printed expressions name them.
    fn take(&mut self, row: &Row, kind: &str, name: &str, printed: &[Option<&str>]) -> Vec<Use> {
        let of = (row.table.clone(), kind.to_owned(), name.to_owned());
        let mut uses = self.0.remove(&of).unwrap_or_default();
        for one in &mut uses {
            one.look_in(printed.iter().copied().flatten());
        }
        uses
    }
}

fn hazard(row: &Row) -> Result<Hazard, Unreadable> {
    let id = row.text(0)?;
    let code = Code::ALL.iter().find(|code| code.id() == id);
    let code = *code.ok_or_else(|| Unreadable::Catalog(format!("no code {id}")))?;
    let sql = row.texts(4)?;
    Ok(Hazard {
        code,
        table: row.table.clone(),
        name: row.text(1)?,
        wanted: row.text(2)?,
        found: row.text(3)?,
        fix: match sql.is_empty() {
            true => Fix::Words(row.text(5)?),
            // Most are about roles; none needs an object of a later phase.
            false => {
                let statements = sql.into_iter();
                Fix::sql(statements.map(|sql| Statement::new(Phase::Role, sql)))
            }
        },
    })
}

fn column(row: &Row, table: &mut Table, uses: &mut Uses) -> Result<(), Unreadable> {
    let (name, ty) = (row.text(0)?, row.text(1)?);
    let expression = row.optional_text(4)?;
    let (computed, identity) = (row.text(5)?, row.text(6)?);
    let uses = uses.take(row, "column", &name, &[expression.as_deref()]);
    let scalar = |sql: String| Expression::scalar(Engine::Postgres, &sql).using(uses);
    let (default, generated) = match (computed.as_str(), identity.as_str()) {
        ("", "") => (expression.map(scalar).map(|sql| sql.of_type(&ty)), None),
        ("", identity) => {
            let is_always = identity == "a";
            (None, Some(Generated::Identity { is_always }))
        }
        (kind, _) => {
            let computed = |expression| Generated::Computed {
                expression,
                is_stored: kind == "s",
            };
            (None, expression.map(scalar).map(computed))
        }
    };
    table.columns.push(Column {
        name,
        ty,
        collation: row.optional_text(2)?,
        nullable: row.flag(3)?,
        default,
        generated,
        field: String::new(),
        value_type: None,
        copied: None,
    });
    Ok(())
}

fn constraint(row: &Row, table: &mut Table, uses: &mut Uses) -> Result<(), Unreadable> {
    let name = row.text(0)?;
    let columns = row.texts(2)?;
    let deferrable = row.flag(7)?;
    let those = |all: &[(bool, &str)]| -> Vec<String> {
        let those = all.iter().filter(|(is, _)| *is);
        those.map(|(_, what)| (*what).to_owned()).collect()
    };
    let is_valid = row.optional_flag(18)?.unwrap_or(true);
    let unusual = those(&[
        (!is_valid, "INVALID"),
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
                on_delete: of_columns(&action(&row.text(5)?), row.texts(16)?),
                on_update: action(&row.text(6)?),
                deferrable,
                full: row.flag(11)?,
                deferred: row.flag(13)?,
                valid: row.flag(8)?,
                enforced: row.flag(12)?,
            });
        }
        // A check; or an exclusion constraint, which is no expression and which DOMAIN cannot have.
        _ => {
            let sql = row.text(9)?;
            let uses = uses.take(row, "constraint", &name, &[Some(&sql)]);
            table.checks.push(Check {
                name: Some(name),
                condition: Expression::condition(Engine::Postgres, &sql).using(uses),
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

fn index(row: &Row, table: &mut Table, uses: &mut Uses) -> Result<(), Unreadable> {
    let name = row.text(0)?;
    let predicate = row.optional_text(2)?;
    let (keys, order) = (row.texts(3)?, row.text(4)?);
    let printed = keys.iter().chain(&predicate);
    let printed: Vec<_> = printed.map(|sql| Some(sql.as_str())).collect();
    let uses = uses.take(row, "index", &name, &printed);
    let keys = keys.iter().zip(order.chars()).map(|(sql, order)| Key {
        expression: Expression::scalar(Engine::Postgres, sql).using(uses.clone()),
        descending: order == 'd',
    });
    let mut unusual = row.texts(5)?;
    unusual.extend(row.texts(6)?);
    let index = Index {
        keys: keys.collect(),
        unique: row.flag(1)?,
        predicate: predicate.map(|sql| Expression::condition(Engine::Postgres, &sql).using(uses)),
        unusual,
    };
    table.index_sql.insert(name.clone(), row.text(7)?);
    table.indexes.insert(name, index);
    Ok(())
}

fn policy(row: &Row, table: &mut Table, uses: &mut Uses) -> Result<(), Unreadable> {
    let (name, using, checked) = (row.text(0)?, row.optional_text(4)?, row.optional_text(5)?);
    let printed = [using.as_deref(), checked.as_deref()];
    let uses = uses.take(row, "policy", &name, &printed);
    let condition = |sql: Option<String>| {
        sql.map(|sql| Expression::condition(Engine::Postgres, &sql).using(uses.clone()))
    };
    let policy = Policy {
        permissive: row.flag(1)?,
        command: row.text(2)?,
        roles: row.texts(3)?,
        using: condition(using),
        with_check: condition(checked),
    };
    let access_control = table.access_control.get_or_insert_default();
    access_control.policies.insert(name, policy);
    Ok(())
}

fn sequence(row: &Row, table: &mut Table, _: &mut Uses) -> Result<(), Unreadable> {
    let number = |index| -> Result<Option<i64>, Unreadable> {
        let text = row.optional_text(index)?;
        Ok(text.and_then(|text| text.parse().ok()))
    };
    table.sequence = Some(Sequence {
        name: row.text(0)?,
        usable: row.flag(1)?,
        next: number(2)?,
        largest: number(3)?,
    });
    Ok(())
}

fn privilege(row: &Row, table: &mut Table, _: &mut Uses) -> Result<(), Unreadable> {
    let grants = &mut table.access_control.get_or_insert_default().grants;
    grants.push(grant(row)?);
    Ok(())
}

fn grant(row: &Row) -> Result<Grant, Unreadable> {
    Ok(Grant {
        privilege: row.text(0)?,
        role: row.text(1)?,
        grantable: row.flag(2)?,
        through: row.optional_text(3)?,
        grantor: row.optional_text(4)?,
        revoke: row.texts(5)?,
    })
}
