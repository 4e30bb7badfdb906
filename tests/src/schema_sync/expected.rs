//! What a place has to say, by DOMAIN and the records.

use std::collections::BTreeMap;

use catamaran::domain::{Action, DefaultValue, Domain, Table};
use catamaran::{DEFAULT_APPLICATION_ROLE, Engine};

use super::expression::{Condition, scalar};
use super::finding::Place;
use super::record::{RecordColumn, RecordShape};
use super::{schema, types};

/// The schema that the place should have.
pub fn schema(domain: &Domain, records: &[RecordShape], place: Place) -> schema::Schema {
    let engine = place.engine().expect("DOMAIN is not compared with itself");
    let tables = domain.tables_on(engine).map(|table| {
        let record = records.iter().find(|record| record.table == table.name);
        (
            table.name.to_owned(),
            expected(table, record, place, engine),
        )
    });
    schema::Schema {
        tables: tables.collect(),
        others: Vec::new(),
    }
}

fn expected(
    table: &Table,
    record: Option<&RecordShape>,
    place: Place,
    engine: Engine,
) -> schema::Table {
    let columns = table.columns.iter().map(|name| {
        let column = record.and_then(|record| record.columns.iter().find(|c| c.name == *name));
        match column {
            Some(column) => expected_column(table, column, place, engine),
            // Of a column that no record has, only the name is known.
            None => schema::Column {
                name: (*name).to_owned(),
                ..schema::Column::default()
            },
        }
    });
    schema::Table {
        columns: columns.collect(),
        primary_key: owned(table.primary_key.columns),
        foreign_keys: foreign_keys(table, place),
        database: place.is_database().then(|| database(table, record, engine)),
        source: None,
    }
}

fn expected_column(
    table: &Table,
    column: &RecordColumn,
    place: Place,
    engine: Engine,
) -> schema::Column {
    let native = types::native_of(engine, column.ty);
    let name = column.name.clone();
    if !place.is_database() {
        let attribute = native.attribute.map_or(String::new(), |a| format!("{a} "));
        let field = match column.nullable {
            true => format!("Option<{}>", native.field),
            false => native.field.to_owned(),
        };
        return schema::Column {
            spelling: format!("{attribute}pub {name}: {field}"),
            name,
            ty: native.entity.to_owned(),
            nullable: column.nullable,
            ..schema::Column::default()
        };
    }
    let default = table.defaults.iter().find(|d| d.column == name);
    let default = default.map(|default| literal(engine, default.value));
    let mut spelling = format!("{name} {}", native.column);
    if let Some(collation) = native.collation {
        spelling.push_str(&format!(" COLLATE \"{collation}\""));
    }
    if !column.nullable {
        spelling.push_str(" NOT NULL");
    }
    if let Some(default) = &default {
        spelling.push_str(&format!(" DEFAULT {default}"));
    }
    schema::Column {
        name,
        ty: native.column.to_owned(),
        collation: native.collation.map(str::to_owned),
        nullable: column.nullable,
        default: default.map(|default| scalar(engine, &default)),
        generated: false,
        spelling,
    }
}

fn foreign_keys(table: &Table, place: Place) -> Vec<schema::ForeignKey> {
    let action = |action: Action| action.as_sql().to_owned();
    let keys = table.foreign_keys.iter().map(|key| schema::ForeignKey {
        name: place.is_database().then(|| key.name.to_owned()),
        columns: owned(key.columns),
        references: key.references.to_owned(),
        referenced_columns: owned(key.referenced_columns),
        on_delete: action(key.on_delete),
        on_update: action(key.on_update),
        deferrable: false,
        valid: true,
    });
    keys.collect()
}

fn database(table: &Table, record: Option<&RecordShape>, engine: Engine) -> schema::DatabaseTable {
    let unique_keys = table.unique_keys.iter();
    let indexes = table.indexes.iter().map(|index| {
        let predicate = index.predicate.map(|sql| Condition::parse(engine, sql));
        let index_of = schema::Index {
            columns: owned(index.columns),
            unique: index.unique,
            predicate,
            unusual: Vec::new(),
        };
        (index.name.to_owned(), index_of)
    });
    schema::DatabaseTable {
        primary_key: Some(table.primary_key.name.to_owned()),
        unique_keys: unique_keys
            .map(|key| (key.name.to_owned(), owned(key.columns)))
            .collect(),
        indexes: indexes.collect(),
        checks: checks(table, record, engine),
        strict: match engine {
            Engine::Sqlite => Some(true),
            Engine::Postgres => None,
        },
        guard: match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(guard(table)),
        },
    }
}

/// The checks that DOMAIN names, and those that the types of the columns need.
fn checks(
    table: &Table,
    record: Option<&RecordShape>,
    engine: Engine,
) -> BTreeMap<String, schema::Check> {
    let named = table.checks.iter().filter(|c| c.engines.contains(&engine));
    let named = named.map(|check| (check.name.to_owned(), None));
    let mut conditions: BTreeMap<String, Option<String>> = named.collect();
    if let Some(record) = record {
        conditions.extend(
            needed(record, engine)
                .map(|(column, form)| (check_name(table.name, &column), Some(form))),
        );
    }
    let check = |(name, form): (String, Option<String>)| {
        let spelling = form.clone().unwrap_or_else(|| "..".to_owned());
        let check = schema::Check {
            condition: form.map(|sql| Condition::parse(engine, &sql)),
            spelling: format!("CONSTRAINT {name} CHECK ({spelling})"),
            valid: true,
        };
        (name, check)
    };
    conditions.into_iter().map(check).collect()
}

/// The columns that need a check on an engine, with the form that it must guarantee.
pub fn needed(record: &RecordShape, engine: Engine) -> impl Iterator<Item = (String, String)> {
    record.columns.iter().filter_map(move |column| {
        let form = match &record.version {
            Some(version) if *version == column.name => Some(format!("{version} >= 1")),
            _ => types::form(engine, column.ty, &column.name),
        };
        Some((column.name.clone(), form?))
    })
}

/// The name of the check of a column, by DOMAIN's convention.
pub fn check_name(table: &str, column: &str) -> String {
    format!("ck_{table}__{column}")
}

/// An owned table is guarded by one policy on its owner; another by privileges alone.
fn guard(table: &Table) -> schema::Guard {
    let role = DEFAULT_APPLICATION_ROLE;
    let policies = table.owner.map(|owner| {
        let is_owner = Condition::parse(Engine::Postgres, &owner_is_the_caller(owner));
        let policy = schema::Policy {
            kind: "PERMISSIVE FOR ALL TO PUBLIC".to_owned(),
            using: Some(is_owner.clone()),
            with_check: Some(is_owner),
        };
        (format!("owner_{}", table.name), policy)
    });
    schema::Guard {
        enabled: table.owner.is_some(),
        forced: table.owner.is_some(),
        policies: policies.into_iter().collect(),
        grants: ["DELETE", "INSERT", "SELECT", "UPDATE"]
            .map(|privilege| format!("{privilege} TO {role}"))
            .to_vec(),
    }
}

/// What the policy of an owned table says.
pub fn owner_is_the_caller(owner: &str) -> String {
    format!(
        "{owner} = (SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid)"
    )
}

/// A default as the engine writes it.
pub fn literal(engine: Engine, value: DefaultValue) -> String {
    match (value, engine) {
        (DefaultValue::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
        (DefaultValue::Integer(number), _) => number.to_string(),
        (DefaultValue::Bool(value), Engine::Sqlite) => i32::from(value).to_string(),
        (DefaultValue::Bool(value), Engine::Postgres) => value.to_string(),
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
