//! Keys, indexes, foreign keys and checks.

use super::super::finding::{Aspect, Mend, Part};
use super::super::mend;
use super::super::schema::{DatabaseTable, ForeignKey, Index, Table};
use super::OnTable;

pub(super) fn primary_key(on: &mut OnTable<'_>, wanted: &Table, found: &Table) {
    let (place, table) = (on.place(), on.table);
    let names = |table: &Table| {
        table
            .database
            .as_ref()
            .and_then(|db| db.primary_key.clone())
    };
    let (wanted_name, found_name) = (names(wanted), names(found));
    let name = wanted_name.clone().unwrap_or_default();
    let columns = wanted.primary_key.join(", ");
    if wanted.primary_key != found.primary_key {
        let mend = match &found.source {
            Some(module) => Mend::Words(format!(
                "mark `{columns}` alone with #[sea_orm(primary_key, auto_increment = false)] in {module}"
            )),
            None => {
                let add = format!("CONSTRAINT {name} PRIMARY KEY ({columns})");
                mend::constraint(place, table, found_name.as_deref(), Some(&add))
            }
        };
        on.say(
            Part::PrimaryKey,
            &name,
            Aspect::Columns,
            columns,
            found.primary_key.join(", "),
            mend,
        );
    } else if wanted_name != found_name {
        rename(on, Part::PrimaryKey, &name, found_name.as_deref());
    }
}

/// A constraint that has another name than in DOMAIN, or none.
fn rename(on: &mut OnTable<'_>, part: Part, wanted: &str, found: Option<&str>) {
    let old = found.unwrap_or("a nameless one");
    let sql = format!(
        "ALTER TABLE {} RENAME CONSTRAINT {old} TO {wanted}",
        on.table
    );
    let mend = mend::alter(
        on.place(),
        on.table,
        &[sql],
        &format!("with `CONSTRAINT {wanted} ..`"),
    );
    on.say(part, wanted, Aspect::Name, wanted, old, mend);
}

pub(super) fn unique_keys(on: &mut OnTable<'_>, wanted: &DatabaseTable, found: &DatabaseTable) {
    let (place, table) = (on.place(), on.table);
    for (name, columns) in &wanted.unique_keys {
        let add = format!("CONSTRAINT {name} UNIQUE ({})", columns.join(", "));
        match found.unique_keys.get(name) {
            None => {
                let mend = mend::constraint(place, table, None, Some(&add));
                on.say(
                    Part::UniqueKey,
                    name,
                    Aspect::Missing,
                    columns.join(", "),
                    "no such key",
                    mend,
                );
            }
            Some(other) if other != columns => {
                let mend = mend::constraint(place, table, Some(name), Some(&add));
                on.say(
                    Part::UniqueKey,
                    name,
                    Aspect::Columns,
                    columns.join(", "),
                    other.join(", "),
                    mend,
                );
            }
            Some(_) => {}
        }
    }
    for (name, columns) in &found.unique_keys {
        if !wanted.unique_keys.contains_key(name) {
            let mend = mend::constraint(place, table, Some(name), None);
            on.say(
                Part::UniqueKey,
                name,
                Aspect::Extra,
                "no such key",
                columns.join(", "),
                mend,
            );
        }
    }
}

pub(super) fn indexes(on: &mut OnTable<'_>, wanted: &DatabaseTable, found: &DatabaseTable) {
    let table = on.table;
    for (name, index) in &wanted.indexes {
        let create = mend::create_index(table, name, index);
        let Some(other) = found.indexes.get(name) else {
            on.say(
                Part::Index,
                name,
                Aspect::Missing,
                &create,
                "no such index",
                Mend::Sql(vec![create.clone()]),
            );
            continue;
        };
        let anew = Mend::Sql(vec![format!("DROP INDEX {name}"), create]);
        if index.columns != other.columns {
            on.say(
                Part::Index,
                name,
                Aspect::Columns,
                index.columns.join(", "),
                other.columns.join(", "),
                anew.clone(),
            );
        }
        if index.unique != other.unique {
            let say = |index: &Index| if index.unique { "unique" } else { "not unique" };
            on.say(
                Part::Index,
                name,
                Aspect::Unique,
                say(index),
                say(other),
                anew.clone(),
            );
        }
        if index.predicate != other.predicate {
            let say = |index: &Index| match &index.predicate {
                Some(predicate) => format!("WHERE {predicate}"),
                None => "over all rows".to_owned(),
            };
            on.say(
                Part::Index,
                name,
                Aspect::Predicate,
                say(index),
                say(other),
                anew.clone(),
            );
        }
        if index.unusual != other.unusual {
            on.say(
                Part::Index,
                name,
                Aspect::Unusual,
                "a plain index",
                other.unusual.join(", "),
                anew,
            );
        }
    }
    for (name, index) in &found.indexes {
        if !wanted.indexes.contains_key(name) {
            let mend = Mend::Sql(vec![format!("DROP INDEX {name}")]);
            on.say(
                Part::Index,
                name,
                Aspect::Extra,
                "no such index",
                mend::create_index(table, name, index),
                mend,
            );
        }
    }
}

pub(super) fn foreign_keys(on: &mut OnTable<'_>, wanted: &Table, found: &Table) {
    let place = on.place();
    // By columns, since entities have no names for them.
    let same = |one: &ForeignKey, other: &ForeignKey| one.columns == other.columns;
    for key in &wanted.foreign_keys {
        let name = key.name.clone().unwrap_or(key.columns.join(", "));
        let target = |key: &ForeignKey| {
            format!("{} ({})", key.references, key.referenced_columns.join(", "))
        };
        let Some(other) = found.foreign_keys.iter().find(|other| same(key, other)) else {
            let mend = match &found.source {
                Some(module) => mend::relation(module, key),
                None => mend::constraint(place, on.table, None, Some(&mend::foreign_key(key))),
            };
            on.say(
                Part::ForeignKey,
                &name,
                Aspect::Missing,
                mend::foreign_key(key),
                "no such foreign key",
                mend,
            );
            continue;
        };
        let anew = match &found.source {
            Some(module) => mend::relation(module, key),
            None => mend::constraint(
                place,
                on.table,
                other.name.as_deref(),
                Some(&mend::foreign_key(key)),
            ),
        };
        for (aspect, one, two) in [
            (Aspect::References, target(key), target(other)),
            (
                Aspect::OnDelete,
                key.on_delete.clone(),
                other.on_delete.clone(),
            ),
            (
                Aspect::OnUpdate,
                key.on_update.clone(),
                other.on_update.clone(),
            ),
            (
                Aspect::Deferrable,
                key.deferrable.to_string(),
                other.deferrable.to_string(),
            ),
        ] {
            if one != two {
                on.say(Part::ForeignKey, &name, aspect, one, two, anew.clone());
            }
        }
        if !other.valid {
            not_valid(on, Part::ForeignKey, &name);
        }
        if key.name != other.name {
            rename(on, Part::ForeignKey, &name, other.name.as_deref());
        }
    }
    for key in &found.foreign_keys {
        if !wanted.foreign_keys.iter().any(|other| same(key, other)) {
            let name = key.name.clone().unwrap_or(key.columns.join(", "));
            let mend = match &found.source {
                Some(module) => Mend::Words(format!(
                    "take the relation over ({}) out of {module}, or add the foreign key to DOMAIN",
                    key.columns.join(", ")
                )),
                None => mend::constraint(place, on.table, Some(&name), None),
            };
            on.say(
                Part::ForeignKey,
                &name,
                Aspect::Extra,
                "no such foreign key",
                mend::foreign_key(key),
                mend,
            );
        }
    }
}

pub(super) fn checks(on: &mut OnTable<'_>, wanted: &DatabaseTable, found: &DatabaseTable) {
    let (place, table) = (on.place(), on.table);
    for (name, check) in &wanted.checks {
        let Some(other) = found.checks.get(name) else {
            let mend = mend::constraint(place, table, None, Some(&check.spelling));
            on.say(
                Part::Check,
                name,
                Aspect::Missing,
                &check.spelling,
                "no such check",
                mend,
            );
            continue;
        };
        let implied = match (&check.condition, &other.condition) {
            (Some(wanted), Some(found)) => found.implies(wanted),
            // DOMAIN has no more than its name.
            (None, _) => true,
            (Some(_), None) => false,
        };
        if !implied {
            let found = other
                .condition
                .as_ref()
                .map_or(String::new(), ToString::to_string);
            let mend = mend::constraint(place, table, Some(name), Some(&check.spelling));
            on.say(
                Part::Check,
                name,
                Aspect::Weaker,
                &check.spelling,
                found,
                mend,
            );
        }
        if !other.valid {
            not_valid(on, Part::Check, name);
        }
    }
    for name in found
        .checks
        .keys()
        .filter(|name| !wanted.checks.contains_key(*name))
    {
        let mend = mend::constraint(place, table, Some(name), None);
        on.say(
            Part::Check,
            name,
            Aspect::Extra,
            "no such check",
            name,
            mend,
        );
    }
}

fn not_valid(on: &mut OnTable<'_>, part: Part, name: &str) {
    let mend = Mend::Sql(vec![format!(
        "ALTER TABLE {} VALIDATE CONSTRAINT {name}",
        on.table
    )]);
    on.say(
        part,
        name,
        Aspect::NotValid,
        "holds for every row",
        "NOT VALID: rows from before it were not looked at",
        mend,
    );
}
