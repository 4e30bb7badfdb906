//! Writes the SQL of schema objects.

pub(crate) mod conversion;
pub(crate) mod dependents;
pub(crate) mod loss;
pub(crate) mod rebuild;
pub(crate) mod rows;
mod types;

use super::expression::Node;
use super::ident::{dollar_quoted, name, names, role, text};
use super::schema::{
    AccessControl, Check, Column, ForeignKey, Generated, Grant, Index, Key, Policy, Table,
    UNLOGGED, UniqueKey,
};
use super::statement::{Phase, Statement, Work};
use crate::model::engine::Engine;

pub(crate) fn column(column: &Column) -> String {
    let mut sql = format!("{} {}", name(&column.name), column.ty);
    if let Some(collation) = &column.collation {
        sql.push_str(&format!(" COLLATE {}", super::ident::collation(collation)));
    }
    if let Some(generated) = &column.generated {
        let when = match generated {
            Generated::Identity { is_always: false } => "BY DEFAULT",
            _ => "ALWAYS",
        };
        let generated = self::generated(generated);
        sql.push_str(&format!(" GENERATED {when} AS {generated}"));
    }
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    sql
}

/// The clause after `GENERATED .. AS`.
pub(crate) fn generated(generated: &Generated) -> String {
    match generated {
        Generated::Identity { .. } => "IDENTITY".to_owned(),
        Generated::Computed {
            expression,
            is_stored,
        } => {
            let kept = if *is_stored { "STORED" } else { "VIRTUAL" };
            format!("({expression}) {kept}")
        }
    }
}

fn constraint(constraint: Option<&String>, sql: String) -> String {
    match constraint {
        Some(constraint) => format!("CONSTRAINT {} {sql}", name(constraint)),
        None => sql,
    }
}

/// An unusual constraint as Postgres prints it.
fn printed(of: &Table, own_name: Option<&String>, is_usual: bool) -> Option<String> {
    let printed = of.constraint_sql.get(own_name?);
    printed.filter(|_| !is_usual).cloned()
}

pub(crate) fn primary_key(of: &Table) -> String {
    let key = &of.primary_key;
    let sql = printed(of, key.name.as_ref(), key.unusual.is_empty());
    let sql =
        sql.unwrap_or_else(|| format!("PRIMARY KEY ({})", key_columns(&key.columns, &key.unusual)));
    constraint(key.name.as_ref(), sql)
}

pub(crate) fn unique_key(of: &Table, key: &UniqueKey) -> String {
    let sql = printed(of, key.name.as_ref(), key.unusual.is_empty());
    let sql =
        sql.unwrap_or_else(|| format!("UNIQUE ({})", key_columns(&key.columns, &key.unusual)));
    constraint(key.name.as_ref(), sql)
}

/// The columns of a key, with their unusual options on SQLite.
fn key_columns(columns: &[String], unusual: &[String]) -> String {
    let columns = columns.iter().map(|column| {
        let column = name(column);
        let is_it = |what: &&String| {
            let rest = what.strip_prefix(&column);
            rest.is_some_and(|rest| rest.starts_with(' '))
        };
        unusual.iter().find(is_it).cloned().unwrap_or(column)
    });
    columns.collect::<Vec<_>>().join(", ")
}

pub(crate) fn foreign_key(of: &Table, key: &ForeignKey) -> String {
    let sql = printed(of, key.name.as_ref(), key.valid && key.enforced);
    constraint(key.name.as_ref(), sql.unwrap_or_else(|| references(key)))
}

fn references(key: &ForeignKey) -> String {
    let full = if key.full { " MATCH FULL" } else { "" };
    let deferrable = match (key.deferrable, key.deferred) {
        (true, true) => " DEFERRABLE INITIALLY DEFERRED",
        (true, false) => " DEFERRABLE",
        _ => "",
    };
    format!(
        "FOREIGN KEY ({}) REFERENCES {} ({}){full} ON DELETE {} ON UPDATE {}{deferrable}",
        names(&key.columns),
        name(&key.references),
        names(&key.referenced_columns),
        key.on_delete,
        key.on_update,
    )
}

pub(crate) fn check(of: &Table, check: &Check) -> String {
    let is_usual = check.valid && check.unusual.is_empty();
    let sql = printed(of, check.name.as_ref(), is_usual);
    let sql = sql.unwrap_or_else(|| format!("CHECK ({})", check.condition));
    constraint(check.name.as_ref(), sql)
}

/// The statement that lets a role reserve the ids of several rows.
pub(crate) fn sequence_grant(sequence: &str, role: &str) -> String {
    format!("GRANT USAGE ON SEQUENCE {sequence} TO {}", self::role(role))
}

/// The statement that moves the sequence of an identity column behind the stored values, and never back.
pub(crate) fn set_sequence(table: &str, column: &str) -> String {
    let (own, key) = (name(table), name(column));
    let sequence = format!(
        "pg_catalog.pg_get_serial_sequence({}, {})",
        text(&own),
        text(column)
    );
    // In a block of its own: a step that is one block cannot have a SELECT.
    let body = format!(
        " BEGIN PERFORM pg_catalog.setval({sequence}, greatest(max({key}), pg_catalog.nextval({sequence}))) \
         FROM {own} HAVING max({key}) > 0; END "
    );
    format!("DO {}", dollar_quoted(&body))
}

/// The columns and constraints of a CREATE TABLE.
fn body(table: &Table) -> Vec<String> {
    let key = &table.primary_key;
    // SQLite accepts AUTOINCREMENT only in a column constraint.
    let counts = |column: &Column| {
        table.autoincrement && key.columns == [column.name.as_str()] && column.ty == "INTEGER"
    };
    let columns = table.columns.iter().map(|one| match counts(one) {
        true => {
            let words = "PRIMARY KEY AUTOINCREMENT".to_owned();
            format!("{} {}", column(one), constraint(key.name.as_ref(), words))
        }
        false => column(one),
    });
    let mut parts: Vec<String> = columns.collect();
    if !key.columns.is_empty() && !table.columns.iter().any(counts) {
        parts.push(primary_key(table));
    }
    let unique_keys = table.unique_keys.iter();
    parts.extend(unique_keys.map(|key| unique_key(table, key)));
    let foreign_keys = table.foreign_keys.iter();
    parts.extend(foreign_keys.map(|key| foreign_key(table, key)));
    parts.extend(table.checks.iter().map(|one| check(table, one)));
    parts
}

pub(crate) fn create_table(own_name: &str, table: &Table) -> String {
    let (before, after): (Vec<String>, Vec<String>) = table
        .options
        .iter()
        .cloned()
        .partition(|option| option == UNLOGGED);
    let before: String = before.iter().map(|option| format!("{option} ")).collect();
    let after = match after.is_empty() {
        true => String::new(),
        false => format!(" {}", after.join(", ")),
    };
    format!(
        "CREATE {before}TABLE {} (\n    {}\n){after}",
        name(own_name),
        body(table).join(",\n    ")
    )
}

/// A table with its indexes, foreign keys and access control.
///
/// On Postgres a foreign key whose parent is not ready comes after all tables. The others are part of CREATE TABLE: to add
/// a key later, Postgres reads both tables, even empty ones, and row level security may hide the parent from the role.
pub(crate) fn whole_table(
    engine: Engine,
    own_name: &str,
    table: &Table,
    role: Option<&str>,
    is_ready: impl Fn(&ForeignKey) -> bool,
) -> Vec<Statement> {
    let mut created = table.clone();
    created
        .foreign_keys
        .retain(|key| engine == Engine::Sqlite || is_ready(key));
    let create = create_table(own_name, &created);
    let create = Statement::new(Phase::CreateTable, create).making(own_name);
    let parents = created.foreign_keys.iter().map(|key| &key.references);
    let create = parents.fold(create.on(own_name), |create, parent| create.on(parent));
    let mut all = vec![create];
    all.extend(table.indexes.iter().map(|(index, definition)| {
        let sql = create_index(table, own_name, index, definition);
        Statement::new(Phase::AddIndex, sql).making(index)
    }));
    if engine == Engine::Postgres {
        let keys = table.foreign_keys.iter().filter(|key| !is_ready(key));
        all.extend(keys.map(|key| added_foreign_key(own_name, table, key)));
        let access_control = table.access_control.iter();
        all.extend(
            access_control
                .flat_map(|access_control| access_control_statements(own_name, access_control)),
        );
        let sequence = table.sequence.iter().filter(|sequence| sequence.usable);
        let grants = sequence.zip(role).map(|(sequence, role)| {
            let grant = sequence_grant(&sequence.name, role);
            Statement::new(Phase::AccessControl, grant)
        });
        all.extend(grants);
    }
    all
}

/// The statement that adds a constraint to a Postgres table.
pub(crate) fn added(phase: Phase, table: &str, constraint: &str) -> Statement {
    let sql = format!("ALTER TABLE {} ADD {constraint}", name(table));
    Statement::new(phase, sql)
}

/// The statement that adds a foreign key to a Postgres table, and locks both tables.
pub(crate) fn added_foreign_key(own_name: &str, table: &Table, key: &ForeignKey) -> Statement {
    let sql = foreign_key(table, key);
    let add = added(Phase::AddForeignKey, own_name, &sql);
    add.on(own_name).on(&key.references)
}

fn access_control_statements(table: &str, access_control: &AccessControl) -> Vec<Statement> {
    let mut sql = Vec::new();
    if access_control.enabled {
        sql.push(row_security(table, "ENABLE"));
    }
    if access_control.forced {
        sql.push(row_security(table, "FORCE"));
    }
    let policies = access_control.policies.iter();
    sql.extend(policies.map(|(policy, definition)| create_policy(table, policy, definition)));
    let grants = access_control.grants.iter();
    let grants = grants.map(|one| Statement::new(Phase::AccessControl, grant(table, one)));
    let sql = sql.into_iter().map(policy_statement);
    sql.chain(grants).collect()
}

/// A statement about the policies of a table, which alters the table.
pub(crate) fn policy_statement(sql: String) -> Statement {
    Statement::new(Phase::AccessControl, sql).doing(Work::Alter)
}

pub(crate) fn grant(table: &str, grant: &Grant) -> String {
    format!(
        "GRANT {} ON {} TO {}",
        grant.privilege,
        name(table),
        role(&grant.role)
    )
}

pub(crate) fn row_security(table: &str, word: &str) -> String {
    format!("ALTER TABLE {} {word} ROW LEVEL SECURITY", name(table))
}

/// The statement that creates an index. An unusual index has the SQL of the engine.
pub(crate) fn create_index(of: &Table, table: &str, own_name: &str, index: &Index) -> String {
    if let (false, Some(sql)) = (index.unusual.is_empty(), of.index_sql.get(own_name)) {
        return sql.clone();
    }
    let unique = if index.unique { "UNIQUE " } else { "" };
    let predicate = index.predicate.as_ref();
    let predicate = predicate.map_or(String::new(), |sql| format!(" WHERE {sql}"));
    format!(
        "CREATE {unique}INDEX {} ON {} ({}){predicate}",
        name(own_name),
        name(table),
        keys(index),
    )
}

pub(crate) fn keys(index: &Index) -> String {
    let keys = index.keys.iter().map(|one| {
        let order = if one.descending { " DESC" } else { "" };
        format!("{}{order}", key(one))
    });
    keys.collect::<Vec<_>>().join(", ")
}

/// A key of an index, in parentheses if it is an expression.
pub(crate) fn key(key: &Key) -> String {
    match key.expression.node() {
        Node::Column(column) => name(column),
        Node::Call(..) => key.expression.sql().to_owned(),
        _ => format!("({})", key.expression),
    }
}

pub(crate) fn create_policy(table: &str, own_name: &str, policy: &Policy) -> String {
    let kind = if policy.permissive {
        ""
    } else {
        " AS RESTRICTIVE"
    };
    let roles: Vec<String> = policy.roles.iter().map(|one| role(one)).collect();
    let using = policy.using.as_ref();
    let with_check = policy.with_check.as_ref();
    format!(
        "CREATE POLICY {} ON {}{kind} FOR {} TO {}{}{}",
        name(own_name),
        name(table),
        policy.command,
        roles.join(", "),
        using.map_or(String::new(), |sql| format!(" USING ({sql})")),
        with_check.map_or(String::new(), |sql| format!(" WITH CHECK ({sql})")),
    )
}
