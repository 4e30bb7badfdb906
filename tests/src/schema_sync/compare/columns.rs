//! Columns: there at all, order, type, collation, nullability, default.

use super::super::finding::{Aspect, Part};
use super::super::mend;
use super::super::schema::{Column, Table};
use super::OnTable;

pub(super) fn compare(on: &mut OnTable<'_>, wanted: &Table, found: &Table) {
    for column in &wanted.columns {
        match found.column(&column.name) {
            // A column that no record has is known by its name only.
            Some(_) if column.spelling.is_empty() => {}
            Some(other) => one(on, found, column, other),
            None => {
                let mend = mend::missing_column(on.place(), on.table, found, column);
                on.say(
                    Part::Column,
                    &column.name,
                    Aspect::Missing,
                    &column.spelling,
                    "no such column",
                    mend,
                );
            }
        }
    }
    for column in &found.columns {
        if wanted.column(&column.name).is_none() {
            let mend = mend::extra_column(on.table, found, &column.name);
            on.say(
                Part::Column,
                &column.name,
                Aspect::Extra,
                "no such column",
                &column.ty,
                mend,
            );
        }
    }
    // In a database a column that was added later comes last, and no statement depends on that.
    if let Some(module) = &found.source {
        let both = |one: &Table, other: &Table| -> Vec<String> {
            let names = one.columns.iter().map(|column| column.name.clone());
            names.filter(|name| other.column(name).is_some()).collect()
        };
        let (order, other) = (both(wanted, found), both(found, wanted));
        if order != other {
            let words =
                format!("bring the fields of the Model in {module} into the order of DOMAIN");
            let mend = super::Mend::Words(words);
            on.say(
                Part::Table,
                "",
                Aspect::Order,
                order.join(", "),
                other.join(", "),
                mend,
            );
        }
    }
}

fn one(on: &mut OnTable<'_>, table: &Table, wanted: &Column, found: &Column) {
    let place = on.place();
    let name = wanted.name.as_str();
    let (table_name, ty) = (on.table, wanted.ty.as_str());
    let collate = wanted.collation.as_ref();
    let collate = collate.map_or(String::new(), |collation| {
        format!(" COLLATE \"{collation}\"")
    });
    let mend = |action: &str| mend::column(place, table_name, table, wanted, action);

    if wanted.ty != found.ty {
        let retype = format!("TYPE {ty}{collate} USING {name}::{ty}");
        // A default has a type too, and is in the way of another one.
        let action = match (&found.default, &wanted.default) {
            (None, _) => retype,
            (Some(_), None) => format!("DROP DEFAULT, ALTER COLUMN {name} {retype}"),
            (Some(_), Some(default)) => format!(
                "DROP DEFAULT, ALTER COLUMN {name} {retype}, ALTER COLUMN {name} SET DEFAULT {default}"
            ),
        };
        on.say(
            Part::Column,
            name,
            Aspect::Type,
            ty,
            &found.ty,
            mend(&action),
        );
    } else if wanted.collation != found.collation {
        let say =
            |collation: &Option<String>| collation.clone().unwrap_or("the default one".to_owned());
        let action = format!("TYPE {ty}{collate}");
        on.say(
            Part::Column,
            name,
            Aspect::Collation,
            say(&wanted.collation),
            say(&found.collation),
            mend(&action),
        );
    }
    if wanted.nullable != found.nullable {
        let say = |nullable| {
            if nullable {
                "NULL is allowed"
            } else {
                "NOT NULL"
            }
        };
        let action = if wanted.nullable {
            "DROP NOT NULL"
        } else {
            "SET NOT NULL"
        };
        on.say(
            Part::Column,
            name,
            Aspect::Nullability,
            say(wanted.nullable),
            say(found.nullable),
            mend(action),
        );
    }
    if wanted.default != found.default {
        let say = |default: &Option<String>| default.clone().unwrap_or("no default".to_owned());
        let action = match &wanted.default {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".to_owned(),
        };
        on.say(
            Part::Column,
            name,
            Aspect::Default,
            say(&wanted.default),
            say(&found.default),
            mend(&action),
        );
    }
    if wanted.generated != found.generated {
        on.say(
            Part::Column,
            name,
            Aspect::Unusual,
            "a column that is written",
            "a column that the database computes",
            mend("DROP EXPRESSION"),
        );
    }
}
