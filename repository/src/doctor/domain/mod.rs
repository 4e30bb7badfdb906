//! Whether DOMAIN agrees with itself and with the records.

mod actions;
mod checks;
mod clashes;
mod names;
mod portability;

use crate::fingerprint::code::Code;
use crate::fingerprint::expression::Node;
use crate::fingerprint::finding::{Finding, Part};
use crate::fingerprint::fix::Fix;
use crate::fingerprint::requirements::{Requirements, key};
use crate::model::domain::description::{RecordDescription, TableDescription};
use crate::model::domain::{Action, DefaultValue, Domain, Place, Table};
use crate::model::engine::Engine;
use crate::model::value::Value;

/// Findings in DOMAIN itself, before any other place is checked.
pub(super) fn check(requirements: &Requirements<'_>) -> Vec<Finding> {
    let Requirements {
        domain, described, ..
    } = requirements;
    let mut findings = Findings::default();
    for description in &described.tables {
        if domain.table(&description.table).is_none() {
            let fix = Fix::Words(format!(
                "add the table {} to DOMAIN, or take away {}",
                description.table,
                description.name()
            ));
            let mut on = findings.on(&description.table);
            on.say(
                Part::Table,
                "",
                Code::DomainTable,
                ("a table in DOMAIN", "none"),
                fix,
            );
        }
    }
    clashes::check(&mut findings, domain);
    for table in domain.tables {
        let mut on = findings.on(table.name);
        own_columns(&mut on, table);
        references(&mut on, domain, table);
        names::check(&mut on, requirements, table, described.table(table.name));
        portability::check(&mut on, table, described.table(table.name));
        actions::set_null(&mut on, table, described.table(table.name));
        match described.table(table.name) {
            Some(description) => with_description(&mut on, requirements, table, description),
            None => {
                let fix = Fix::rust(
                    "add to `sources` in DOMAIN",
                    format!(
                        "TableSource::record::<..>(), or TableSource::types(&..) for {}",
                        table.name
                    ),
                );
                on.say(
                    Part::Table,
                    "",
                    Code::DomainSource,
                    ("a record or column types", "none"),
                    fix,
                );
            }
        }
    }
    findings.found
}

#[derive(Default)]
struct Findings {
    found: Vec<Finding>,
}

struct OnTable<'a> {
    found: &'a mut Vec<Finding>,
    table: &'a str,
}

impl Findings {
    fn on<'a>(&'a mut self, table: &'a str) -> OnTable<'a> {
        OnTable {
            found: &mut self.found,
            table,
        }
    }
}

impl OnTable<'_> {
    fn say(&mut self, part: Part, name: &str, code: Code, sides: (&str, &str), fix: Fix) {
        self.found.push(Finding {
            code,
            place: Place::Domain,
            at: None,
            table: self.table.to_owned(),
            part,
            name: name.to_owned(),
            wanted: sides.0.to_owned(),
            found: sides.1.to_owned(),
            fix,
        });
    }
}

/// Checks that each column named by a key, an index, a default, a policy or a managed role exists in the table.
fn own_columns(on: &mut OnTable<'_>, table: &Table) {
    let mut named: Vec<(&str, Vec<String>)> = Vec::new();
    let plain = |columns: &[&str]| columns.iter().map(|column| (*column).to_owned()).collect();
    named.push((table.primary_key.name, plain(table.primary_key.columns)));
    named.extend(
        table
            .unique_keys
            .iter()
            .map(|one| (one.name, plain(one.columns))),
    );
    named.extend(
        table
            .foreign_keys
            .iter()
            .map(|one| (one.name, plain(one.columns))),
    );
    for index in table.indexes {
        let keys = index
            .columns
            .iter()
            .map(|text| key(table, text, Engine::Postgres));
        // Columns inside expressions are checked by the databases.
        let columns = keys.filter_map(|key| match key.expression.node() {
            Node::Column(name) => Some(name.clone()),
            _ => None,
        });
        named.push((index.name, columns.collect()));
    }
    named.extend(
        table
            .defaults
            .iter()
            .map(|one| ("the default", vec![one.column.to_owned()])),
    );
    let managed = table.managed;
    for (role, column) in [
        ("the owner", table.owner),
        ("managed.created", managed.created),
        ("managed.updated", managed.updated),
        ("managed.version", managed.version),
        ("managed.deleted", managed.deleted),
    ] {
        named.extend(column.map(|column| (role, vec![column.to_owned()])));
    }
    for (name, columns) in named {
        for column in columns {
            if !table.columns.contains(&column.as_str()) {
                let fix = Fix::Words(format!(
                    "write a column of {} instead of {column} in {name}, or add {column:?} to its columns",
                    table.name
                ));
                let sides = ("a column of the table", column.as_str());
                on.say(Part::Named, name, Code::DomainColumn, sides, fix);
            }
        }
    }
}

fn references(on: &mut OnTable<'_>, domain: &Domain, table: &Table) {
    for key in table.foreign_keys {
        let parent = domain.table(key.references);
        // A partial unique index is no target for a foreign key.
        let is_unique = parent.is_some_and(|parent| {
            let keys = parent.unique_keys.iter().map(|key| key.columns);
            let indexes = parent
                .indexes
                .iter()
                .filter(|index| index.unique && index.predicate.is_none());
            keys.chain(indexes.map(|index| index.columns))
                .chain([parent.primary_key.columns])
                .any(|columns| columns == key.referenced_columns)
        });
        if !is_unique {
            let columns = key.referenced_columns.join(", ");
            let target = format!("{} ({columns})", key.references);
            let fix = Fix::Words(format!(
                "give {} a unique key over ({columns}), or let {} refer to one",
                key.references, key.name
            ));
            on.say(
                Part::Named,
                key.name,
                Code::DomainReference,
                ("a unique key", &target),
                fix,
            );
        }
        if key.references == table.name && key.on_delete == Action::Restrict {
            let fix = Fix::Words(format!(
                "let {} be NO ACTION, in the migrations too",
                key.name
            ));
            let sides = ("NO ACTION", "RESTRICT");
            on.say(Part::Named, key.name, Code::DomainRestrict, sides, fix);
        }
    }
}

fn with_description(
    on: &mut OnTable<'_>,
    requirements: &Requirements<'_>,
    table: &Table,
    description: &TableDescription,
) {
    columns(on, requirements, table, description);
    if let Some(record) = &description.record {
        order(on, table, description);
        defaults(on, table, description);
        managed(on, table, record);
        if table.primary_key.columns != record.key {
            let found = table.primary_key.columns.join(", ");
            let fix = Fix::rust(
                format!("the primary key in DOMAIN is that of {}", record.name),
                format!("columns: &{:?},", record.key),
            );
            let name = table.primary_key.name;
            on.say(
                Part::Named,
                name,
                Code::PrimaryKey,
                (&record.key.join(", "), &found),
                fix,
            );
        }
    }
    checks::checks(on, requirements, table, description);
}

fn columns(
    on: &mut OnTable<'_>,
    requirements: &Requirements<'_>,
    table: &Table,
    description: &TableDescription,
) {
    let missing: Vec<&&str> = table
        .columns
        .iter()
        .filter(|name| description.column(name).is_none())
        .collect();
    let is_extra = |name: &str| !table.columns.contains(&name);
    let extra: Vec<&str> = description
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| is_extra(name))
        .collect();
    match (missing.as_slice(), extra.as_slice()) {
        ([wanted], [found]) => {
            let fix = Fix::rust(
                format!(
                    "in {} instead of {found}, or the other way round in DOMAIN",
                    description.name()
                ),
                format!("{wanted}: .."),
            );
            on.say(
                Part::Column,
                wanted,
                Code::ColumnRenamed,
                (wanted, found),
                fix,
            );
        }
        _ => {
            for name in missing {
                let fix = Fix::Words(format!(
                    "add the field {name} to {}, or take the column out of DOMAIN",
                    description.name()
                ));
                on.say(
                    Part::Column,
                    name,
                    Code::ColumnMissing,
                    ("a field of the record", "none"),
                    fix,
                );
            }
            for name in extra {
                let fix = Fix::rust(
                    format!("add to the columns of {} in DOMAIN", table.name),
                    format!("{name:?},"),
                );
                on.say(
                    Part::Column,
                    name,
                    Code::ColumnExtra,
                    ("a column in DOMAIN", "none"),
                    fix,
                );
            }
        }
    }
    for column in &description.columns {
        if requirements.equivalence(column.ty).is_none() {
            let fix = Fix::rust(
                "add to `types` in DOMAIN",
                format!(
                    "Equivalence {{ name: {:?}, sqlite: .., postgres: .. }},",
                    column.ty
                ),
            );
            let sides = ("a row of the matrix", column.ty);
            on.say(Part::Column, &column.name, Code::DomainType, sides, fix);
        }
    }
}

fn order(on: &mut OnTable<'_>, table: &Table, description: &TableDescription) {
    let order: Vec<&str> = description
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let same =
        order.len() == table.columns.len() && order.iter().all(|c| table.columns.contains(c));
    if same && order != table.columns {
        let fix = Fix::rust(
            format!(
                "let the columns of {} in DOMAIN stand in this order",
                table.name
            ),
            format!("columns: &{order:?},"),
        );
        let sides = (table.columns.join(", "), order.join(", "));
        on.say(
            Part::Table,
            "",
            Code::ColumnOrder,
            (&sides.0, &sides.1),
            fix,
        );
    }
}

fn defaults(on: &mut OnTable<'_>, table: &Table, description: &TableDescription) {
    for column in &description.columns {
        let named = table
            .defaults
            .iter()
            .find(|default| default.column == column.name);
        let named = named.map(|default| default.value.as_type(Some(column.ty)));
        let same = match (named, &column.default) {
            (None, None) => true,
            (Some(DefaultValue::Text(text)), Some(Value::Text(value))) => text == value,
            (Some(DefaultValue::Integer(one)), Some(Value::SmallInt(value))) => {
                one == i64::from(*value)
            }
            (Some(DefaultValue::Integer(one)), Some(Value::Int(value))) => one == i64::from(*value),
            (Some(DefaultValue::Integer(one)), Some(Value::BigInt(value))) => one == *value,
            (Some(DefaultValue::Bool(one)), Some(Value::Bool(value))) => one == *value,
            (Some(DefaultValue::Numeric { units, scale }), Some(Value::Numeric(value))) => {
                (units, scale) == (value.units(), value.scale())
            }
            _ => false,
        };
        if !same {
            let wanted = named.map_or("no default".to_owned(), |value| format!("{value:?}"));
            let found = column.default.as_ref();
            let found = found.map_or("no default".to_owned(), |value| format!("{value:?}"));
            let fix = Fix::rust(
                format!("on the field {} of {}", column.name, description.name()),
                match named {
                    Some(DefaultValue::Text(text)) => format!("#[record(default = {text:?})]"),
                    Some(DefaultValue::Integer(number)) => format!("#[record(default = {number})]"),
                    Some(DefaultValue::Bool(value)) => format!("#[record(default = {value})]"),
                    Some(DefaultValue::Numeric { units, .. }) => {
                        format!("#[record(default = Numeric::of_units::<{units}>())]")
                    }
                    None => "no #[record(default = ..)]".to_owned(),
                },
            );
            on.say(
                Part::Column,
                &column.name,
                Code::ColumnDefault,
                (&wanted, &found),
                fix,
            );
        }
    }
}

fn managed(on: &mut OnTable<'_>, table: &Table, record: &RecordDescription) {
    let managed = table.managed;
    for (what, wanted, found) in [
        ("owner", table.owner, &record.owner),
        ("created", managed.created, &record.created),
        ("updated", managed.updated, &record.updated),
        ("version", managed.version, &record.version),
        ("deleted", managed.deleted, &record.deleted),
    ] {
        if wanted == found.as_deref() {
            continue;
        }
        let say = |column: Option<&str>| column.map_or("no column".to_owned(), str::to_owned);
        let fix = match (wanted, found) {
            (Some(column), _) => Fix::rust(
                format!("on the field {column} of {}", record.name),
                format!("#[record({what})]"),
            ),
            (None, Some(column)) => Fix::rust(
                format!("in {} in DOMAIN", table.name),
                format!("{what}: Some({column:?}),"),
            ),
            (None, None) => continue,
        };
        let column = wanted.or(found.as_deref()).unwrap_or_default();
        let sides = (say(wanted), say(found.as_deref()));
        let sides = (
            format!("{what}: {}", sides.0),
            format!("{what}: {}", sides.1),
        );
        on.say(
            Part::Column,
            column,
            Code::DomainManaged,
            (&sides.0, &sides.1),
            fix,
        );
    }
}
