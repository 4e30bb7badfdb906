//! Whether DOMAIN agrees with itself and with the records.

use catamaran::domain::{DefaultValue, Domain, Presence, Table};
use catamaran::{Engine, Value};

use super::expected::{check_name, needed};
use super::finding::{Aspect, Finding, Mend, Part, Place};
use super::record::RecordShape;

/// What is wrong before any place is looked at.
pub fn check(domain: &Domain, records: &[RecordShape]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in records {
        if domain.table(record.table).is_none() {
            let table = record.table;
            findings.push(finding(
                table,
                Part::Table,
                "",
                Aspect::Missing,
                "a table in DOMAIN",
                "none",
                format!(
                    "add the table {table} to DOMAIN, or take away {}",
                    record.name
                ),
            ));
        }
    }
    for table in domain.tables {
        own_names(domain, table, &mut findings);
        match records.iter().find(|record| record.table == table.name) {
            Some(record) => with_record(table, record, &mut findings),
            None => findings.push(finding(
                table.name,
                Part::Table,
                "",
                Aspect::Missing,
                "a record",
                "none",
                format!(
                    "derive a record for {}, or give the shape that one would have",
                    table.name
                ),
            )),
        }
    }
    findings
}

fn finding(
    table: &str,
    part: Part,
    name: &str,
    aspect: Aspect,
    wanted: &str,
    found: &str,
    words: String,
) -> Finding {
    Finding {
        place: Place::Domain,
        table: table.to_owned(),
        part,
        name: name.to_owned(),
        aspect,
        wanted: wanted.to_owned(),
        found: found.to_owned(),
        mend: Mend::Words(words),
    }
}

/// Every column that a key, an index, a default or a foreign key names is one.
fn own_names(domain: &Domain, table: &Table, findings: &mut Vec<Finding>) {
    let key = &table.primary_key;
    let mut users: Vec<(Part, &str, &[&str])> = vec![(Part::PrimaryKey, key.name, key.columns)];
    users.extend(
        table
            .unique_keys
            .iter()
            .map(|k| (Part::UniqueKey, k.name, k.columns)),
    );
    users.extend(
        table
            .indexes
            .iter()
            .map(|i| (Part::Index, i.name, i.columns)),
    );
    users.extend(
        table
            .foreign_keys
            .iter()
            .map(|f| (Part::ForeignKey, f.name, f.columns)),
    );
    for (part, name, columns) in users {
        for column in columns {
            if !table.columns.contains(column) {
                findings.push(finding(
                    table.name,
                    part,
                    name,
                    Aspect::Columns,
                    "columns of the table",
                    column,
                    format!(
                        "write a column of {} instead of {column} in {name}",
                        table.name
                    ),
                ));
            }
        }
    }
    let defaults = table.defaults.iter().map(|default| default.column);
    for column in table.owner.into_iter().chain(defaults) {
        if !table.columns.contains(&column) {
            findings.push(finding(
                table.name,
                Part::Column,
                column,
                Aspect::Missing,
                "a column of the table",
                "none",
                format!(
                    "add {column} to the columns of {}, or do not name it as owner or in a default",
                    table.name
                ),
            ));
        }
    }
    for key in table.foreign_keys {
        let parent = domain.table(key.references);
        let is_unique = parent.is_some_and(|p| p.unique_name(key.referenced_columns).is_some());
        if !is_unique {
            let target = format!("{} ({})", key.references, key.referenced_columns.join(", "));
            findings.push(finding(
                table.name,
                Part::ForeignKey,
                key.name,
                Aspect::References,
                "a unique key",
                &target,
                format!(
                    "give {} a unique key over ({}), or let {} refer to one",
                    key.references,
                    key.referenced_columns.join(", "),
                    key.name
                ),
            ));
        }
    }
}

fn with_record(table: &Table, record: &RecordShape, findings: &mut Vec<Finding>) {
    let has = |name: &str| record.columns.iter().any(|column| column.name == name);
    for name in table.columns {
        if !has(name) {
            findings.push(finding(
                table.name,
                Part::Column,
                name,
                Aspect::Missing,
                "a field of the record",
                "none",
                format!(
                    "add the field {name} to {}, or take the column out of DOMAIN",
                    record.name
                ),
            ));
        }
    }
    for column in &record.columns {
        if !table.columns.contains(&column.name.as_str()) {
            findings.push(finding(
                table.name,
                Part::Column,
                &column.name,
                Aspect::Extra,
                "a column in DOMAIN",
                "none",
                format!(
                    "add {:?} to the columns of {} in DOMAIN, or take the field out of {}",
                    column.name, table.name, record.name
                ),
            ));
        }
        default(
            table,
            record,
            &column.name,
            column.default.as_ref(),
            findings,
        );
    }
    let order: Vec<&str> = record
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let same =
        order.len() == table.columns.len() && order.iter().all(|c| table.columns.contains(c));
    if same && order != table.columns {
        findings.push(finding(
            table.name,
            Part::Table,
            "",
            Aspect::Order,
            &table.columns.join(", "),
            &order.join(", "),
            format!(
                "bring the fields of {} into the order of DOMAIN",
                record.name
            ),
        ));
    }
    if table.primary_key.columns != record.key {
        findings.push(finding(
            table.name,
            Part::PrimaryKey,
            table.primary_key.name,
            Aspect::Columns,
            &record.key.join(", "),
            &table.primary_key.columns.join(", "),
            format!(
                "the primary key in DOMAIN is the id of {}: write &{:?}",
                record.name, record.key
            ),
        ));
    }
    if table.owner != record.owner.as_deref() {
        let say = |owner: Option<&str>| owner.map_or("nobody".to_owned(), str::to_owned);
        let (wanted, found) = (say(record.owner.as_deref()), say(table.owner));
        findings.push(finding(
            table.name,
            Part::Column,
            table.owner.or(record.owner.as_deref()).unwrap_or_default(),
            Aspect::Name,
            &wanted,
            &found,
            format!(
                "say owner: {:?} in DOMAIN, or mark the owner of {} with #[record(owner)]",
                record.owner, record.name
            ),
        ));
    }
    needed_checks(table, record, findings);
}

fn default(
    table: &Table,
    record: &RecordShape,
    column: &str,
    field: Option<&Value>,
    findings: &mut Vec<Finding>,
) {
    let named = table
        .defaults
        .iter()
        .find(|default| default.column == column);
    let same = match (named.map(|default| default.value), field) {
        (None, None) => true,
        (Some(DefaultValue::Text(text)), Some(Value::Text(value))) => text == value,
        (Some(DefaultValue::Integer(number)), Some(Value::Int(value))) => {
            number == i64::from(*value)
        }
        (Some(DefaultValue::Integer(number)), Some(Value::BigInt(value))) => number == *value,
        (Some(DefaultValue::Bool(one)), Some(Value::Bool(other))) => one == *other,
        _ => false,
    };
    if !same {
        let (wanted, found) = (
            format!("{:?}", named.map(|d| d.value)),
            format!("{field:?}"),
        );
        findings.push(finding(
            table.name,
            Part::Column,
            column,
            Aspect::Default,
            &wanted,
            &found,
            format!(
                "make #[record(default = ..)] of {}::{column} and the default in DOMAIN the same",
                record.name
            ),
        ));
    }
}

/// A check that the type of a column needs is named in DOMAIN, so that an error can name it too.
fn needed_checks(table: &Table, record: &RecordShape, findings: &mut Vec<Finding>) {
    for engine in Engine::ALL {
        if !table.lives_on(engine) {
            continue;
        }
        for (column, form) in needed(record, engine) {
            let name = check_name(table.name, &column);
            let named = table.checks.iter().find(|check| check.name == name);
            if named.is_none_or(|check| !check.engines.contains(&engine)) {
                let both = matches!(table.presence, Presence::Both)
                    && needed(record, Engine::Postgres).any(|(other, _)| other == column);
                let constructor = if both { "on_both" } else { "on_sqlite" };
                findings.push(finding(
                    table.name,
                    Part::Check,
                    &name,
                    Aspect::Missing,
                    &format!("on {engine}: {form}"),
                    "no such check",
                    format!(
                        "add Check::{constructor}({name:?}) to {} in DOMAIN",
                        table.name
                    ),
                ));
            }
        }
    }
}
