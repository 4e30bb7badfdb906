//! How to mend a difference: the statements of a migration where the engine has them, else what to write.

use catamaran::{DEFAULT_APPLICATION_ROLE, Engine};

use super::expected::owner_is_the_caller;
use super::finding::{Mend, Place};
use super::schema::{Column, ForeignKey, Index, Table};

/// Statements on Postgres; on SQLite, which has none for it, the part that a rebuilt table must have.
pub fn alter(place: Place, table: &str, postgres: &[String], part: &str) -> Mend {
    match place {
        Place::PostgresDatabase => Mend::Sql(postgres.to_vec()),
        _ => Mend::Words(format!(
            "SQLite cannot alter this: rebuild {table} in a new migration (create, copy, drop, rename), {part}"
        )),
    }
}

pub fn missing_table(place: Place, table: &str) -> Mend {
    let engine = place.engine().map_or("", Engine::as_str);
    Mend::Words(match place.is_database() {
        true => format!("add a migration whose {engine} branch creates the table {table}"),
        false => {
            format!("write the entity of {table} in entity/src/{engine}/ and declare it in mod.rs")
        }
    })
}

/// `elsewhere` is why the table is on the other engine alone, where DOMAIN says so.
pub fn extra_table(place: Place, table: &str) -> Mend {
    match place.is_database() {
        true => Mend::Sql(vec![format!("DROP TABLE {table}")]),
        false => Mend::Words(format!(
            "take the entity away, or add {table} to DOMAIN for this engine"
        )),
    }
}

pub fn missing_column(place: Place, table: &str, actual: &Table, column: &Column) -> Mend {
    let spelling = &column.spelling;
    if let Some(module) = &actual.source {
        return Mend::Words(format!("add `{spelling}` to the Model in {module}"));
    }
    let needs_value = !column.nullable && column.default.is_none();
    match place {
        Place::SqliteDatabase if needs_value => {
            alter(place, table, &[], &format!("with `{spelling}`"))
        }
        _ => Mend::Sql(vec![format!("ALTER TABLE {table} ADD COLUMN {spelling}")]),
    }
}

pub fn extra_column(table: &str, actual: &Table, column: &str) -> Mend {
    match &actual.source {
        Some(module) => Mend::Words(format!(
            "take the field {column} out of the Model in {module}, or add it to DOMAIN, the record and the other side"
        )),
        None => Mend::Sql(vec![format!("ALTER TABLE {table} DROP COLUMN {column}")]),
    }
}

/// A column that is there and differs; `action` is what Postgres does to it.
pub fn column(place: Place, table: &str, actual: &Table, wanted: &Column, action: &str) -> Mend {
    let Column { name, spelling, .. } = wanted;
    match &actual.source {
        Some(module) => Mend::Words(format!("write `{spelling}` in the Model in {module}")),
        None => {
            let sql = format!("ALTER TABLE {table} ALTER COLUMN {name} {action}");
            alter(place, table, &[sql], &format!("with `{spelling}`"))
        }
    }
}

/// A constraint that is missing, there in vain, or both.
pub fn constraint(place: Place, table: &str, drop: Option<&str>, add: Option<&str>) -> Mend {
    let mut sql = Vec::new();
    if let Some(name) = drop {
        sql.push(format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
    }
    if let Some(definition) = add {
        sql.push(format!("ALTER TABLE {table} ADD {definition}"));
    }
    let part = match (drop, add) {
        (_, Some(definition)) => format!("with `{definition}`"),
        (Some(name), None) => format!("without {name}"),
        (None, None) => "as DOMAIN has it".to_owned(),
    };
    alter(place, table, &sql, &part)
}

pub fn create_index(table: &str, name: &str, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let predicate = index.predicate.as_ref();
    let predicate = predicate.map_or(String::new(), |sql| format!(" WHERE {sql}"));
    format!(
        "CREATE {unique}INDEX {name} ON {table} ({}){predicate}",
        index.columns.join(", ")
    )
}

pub fn foreign_key(key: &ForeignKey) -> String {
    let ForeignKey {
        name,
        columns,
        references,
        referenced_columns,
        on_delete,
        on_update,
        ..
    } = key;
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {references} ({}) ON DELETE {on_delete} ON UPDATE {on_update}",
        name.as_deref().unwrap_or_default(),
        columns.join(", "),
        referenced_columns.join(", "),
    )
}

/// The attribute of a relation in an entity.
pub fn relation(module: &str, key: &ForeignKey) -> Mend {
    let action = |sql: &str| match sql {
        "NO ACTION" => "NoAction",
        "RESTRICT" => "Restrict",
        "CASCADE" => "Cascade",
        _ => "SetNull",
    };
    let columns = |names: &[String]| names.join(", ");
    Mend::Words(format!(
        "let a relation in {module} belong to {} from ({}) to ({}), with `on_delete = {:?}, on_update = {:?}`",
        key.references,
        columns(&key.columns),
        columns(&key.referenced_columns),
        action(&key.on_delete),
        action(&key.on_update),
    ))
}

/// The policy of an owned table, made anew.
pub fn policy(table: &str, owner: Option<&str>, drop: &[&str]) -> Mend {
    let mut sql: Vec<String> = drop
        .iter()
        .map(|name| format!("DROP POLICY {name} ON {table}"))
        .collect();
    if let Some(owner) = owner {
        let owner = owner_is_the_caller(owner);
        sql.push(format!(
            "CREATE POLICY owner_{table} ON {table} FOR ALL USING ({owner}) WITH CHECK ({owner})"
        ));
    }
    Mend::Sql(sql)
}

/// Privileges that are missing, and those that are too much: `SELECT TO role`.
pub fn grants(table: &str, missing: &[&str], extra: &[&str]) -> Mend {
    let split = |grant: &str| {
        let (privilege, role) = grant
            .split_once(" TO ")
            .unwrap_or((grant, DEFAULT_APPLICATION_ROLE));
        (privilege.to_owned(), role.to_owned())
    };
    let revoked = extra.iter().map(|grant| {
        let (privilege, role) = split(grant);
        format!("REVOKE {privilege} ON {table} FROM {role}")
    });
    let granted = missing.iter().map(|grant| {
        let (privilege, role) = split(grant);
        format!("GRANT {privilege} ON {table} TO {role}")
    });
    Mend::Sql(revoked.chain(granted).collect())
}
