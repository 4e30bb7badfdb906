//! Compares foreign keys.

use super::constraints::{self, not_valid, renamed};
use super::{OnTable, TableFix, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::ddl::rows;
use crate::fingerprint::finding::Part;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::schema::ForeignKey;
use crate::fingerprint::statement::{Phase, Statement};

pub(crate) fn compare(on: &mut OnTable<'_>) {
    let (wanted, found) = (&on.wanted.foreign_keys, &on.found.foreign_keys);
    // By columns, since entities have no names for them.
    let same = |one: &ForeignKey, other: &ForeignKey| one.columns == other.columns;
    // One to one: a second key over the same columns is an extra one.
    let mut rest: Vec<&ForeignKey> = found.iter().collect();
    for key in wanted {
        let name = key.label();
        let alike = |by_name: bool| {
            rest.iter()
                .position(|other| same(key, other) && (!by_name || key.name == other.name))
        };
        match alike(true).or_else(|| alike(false)) {
            Some(place) => foreign_key(on, &name, key, rest.remove(place)),
            None => {
                let fix = foreign_key_fix(on, key, None);
                let sides = sides(ddl::foreign_key(on.wanted, key), "no such foreign key");
                on.named(&name, Code::ForeignKeyMissing, sides, fix);
            }
        }
    }
    for key in rest {
        let fix = match on.module() {
            Some(module) => Fix::Words(format!(
                "remove the relation over ({}) from {module}, or add the foreign key to DOMAIN",
                key.columns.join(", ")
            ))
            .into(),
            None => {
                let sql = dropped(on.name, key);
                on.alter(sql, |table| table.foreign_keys.retain(|other| other != key))
            }
        };
        let sides = sides("no such foreign key", ddl::foreign_key(on.found, key));
        on.named(&key.label(), Code::ForeignKeyExtra, sides, fix);
    }
}

fn foreign_key(on: &mut OnTable<'_>, name: &str, wanted: &ForeignKey, found: &ForeignKey) {
    let target =
        |key: &ForeignKey| format!("{} ({})", key.references, key.referenced_columns.join(", "));
    let late = |key: &ForeignKey| match (key.deferrable, key.deferred) {
        (true, true) => "DEFERRABLE INITIALLY DEFERRED",
        (true, false) => "DEFERRABLE",
        _ => "NOT DEFERRABLE",
    };
    let matched = |key: &ForeignKey| {
        if key.full {
            "MATCH FULL"
        } else {
            "MATCH SIMPLE"
        }
    };
    // A recreated key also checks the rows that were written meanwhile.
    let checked = |key: &ForeignKey| match key.enforced {
        true => "checked when a row is written",
        false => {
            "NOT ENFORCED, or one of its triggers is disabled, on this table or the referenced one"
        }
    };
    for (code, one, other) in [
        (Code::ForeignKeyTarget, target(wanted), target(found)),
        (
            Code::ForeignKeyDelete,
            wanted.on_delete.clone(),
            found.on_delete.clone(),
        ),
        (
            Code::ForeignKeyUpdate,
            wanted.on_update.clone(),
            found.on_update.clone(),
        ),
        (
            Code::ForeignKeyDeferrable,
            late(wanted).to_owned(),
            late(found).to_owned(),
        ),
        (
            Code::ForeignKeyMatch,
            matched(wanted).to_owned(),
            matched(found).to_owned(),
        ),
        (
            Code::ForeignKeyDisabled,
            checked(wanted).to_owned(),
            checked(found).to_owned(),
        ),
    ] {
        if one != other {
            let fix = foreign_key_fix(on, wanted, Some(found));
            on.named(name, code, sides(one, other), fix);
        }
    }
    if wanted.valid && !found.valid {
        not_valid(on, name);
    }
    if on.is_database() && wanted.name != found.name {
        renamed(on, name, found.name.as_deref(), |table| {
            for key in table
                .foreign_keys
                .iter_mut()
                .filter(|key| key.columns == wanted.columns)
            {
                key.name.clone_from(&wanted.name);
            }
        });
    }
}

/// The fix that adds a foreign key, or replaces another one over the same columns.
fn foreign_key_fix<'t>(
    on: &OnTable<'_>,
    key: &'t ForeignKey,
    instead: Option<&'t ForeignKey>,
) -> TableFix<'t> {
    if let Some(module) = on.module() {
        return relation(on, module, key).into();
    }
    let drop = instead.and_then(|other| dropped(on.name, other));
    let add = ddl::added_foreign_key(on.name, on.wanted, key);
    let put = || {
        on.alter(drop.into_iter().chain([add]), |table| {
            table
                .foreign_keys
                .retain(|other| other.columns != key.columns);
            table.foreign_keys.push(key.clone());
        })
        .failing_on(Some(rows::orphaned(on.all.engine, on.name, key)))
    };
    match on.instruction_if_missing(&key.references, &key.referenced_columns) {
        Some(first) => first,
        None => on.unless_missing(&key.columns, put),
    }
}

/// The statement that drops a foreign key, and locks both tables; `None` for one without a name.
pub(crate) fn dropped(table: &str, key: &ForeignKey) -> Option<Statement> {
    let drop = constraints::dropped(Phase::DropForeignKey, table, key.name.as_deref())?;
    Some(drop.on(table).on(&key.references))
}

/// The attribute of a relation in an entity. The parent's module is a sibling, unless it is unknown.
fn relation(on: &OnTable<'_>, module: &str, key: &ForeignKey) -> Fix {
    let action = |sql: &str| match sql {
        "NO ACTION" => "NoAction",
        "RESTRICT" => "Restrict",
        "CASCADE" => "Cascade",
        _ => "SetNull",
    };
    let parent = on.actual.tables.get(&key.references);
    let parent = parent.and_then(|parent| parent.source.as_deref());
    let parent = parent.and_then(|path| path.rsplit("::").next());
    let parent = format!("super::{}", parent.unwrap_or(&key.references));
    let columns = |names: &[String], path: &str| {
        let names = names
            .iter()
            .map(|name| format!("{path}::{}", variant(name)));
        let names: Vec<String> = names.collect();
        match names.as_slice() {
            [one] => one.clone(),
            _ => format!("({})", names.join(", ")),
        }
    };
    Fix::rust(
        format!("on a relation in {module}"),
        format!(
            "belongs_to = \"{parent}::Entity\", from = {:?}, to = {:?}, on_update = {:?}, on_delete = {:?}",
            columns(&key.columns, "Column"),
            columns(&key.referenced_columns, &format!("{parent}::Column")),
            action(&key.on_update),
            action(&key.on_delete),
        ),
    )
}

/// The variant that SeaORM derives from a column: `HabitId` for `habit_id`.
fn variant(column: &str) -> String {
    let words = column.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

impl OnTable<'_> {
    /// The statements that drop the foreign keys that a change affects, of any Postgres table, and recreate those that
    /// stay.
    pub(crate) fn recreated_foreign_keys(
        &self,
        is_one: impl Fn(&ForeignKey) -> bool,
    ) -> Vec<Statement> {
        let mut all = Vec::new();
        for (name, table) in &self.actual.tables {
            let wanted = self.required.tables.get(name);
            let wanted = wanted.map_or(&[][..], |wanted| &wanted.foreign_keys);
            for key in table.foreign_keys.iter().filter(|key| is_one(key)) {
                all.extend(dropped(name, key));
                // An extra key has been dropped before, and one that differs is recreated correctly.
                let is_it = |other: &&ForeignKey| {
                    ForeignKey {
                        name: key.name.clone(),
                        ..(*other).clone()
                    } == *key
                };
                let again = match wanted.iter().find(is_it) {
                    Some(again) => Some(again),
                    None => self.is_intended(name, key).then_some(key),
                };
                all.extend(again.map(|again| ddl::added_foreign_key(name, table, again)));
            }
        }
        all
    }

    /// Whether a foreign key that differs from DOMAIN is suppressed, and stays.
    fn is_intended(&self, table: &str, key: &ForeignKey) -> bool {
        let subject = Part::Named.subject(table, &key.label());
        let codes = [
            Code::ForeignKeyExtra,
            Code::ForeignKeyTarget,
            Code::ForeignKeyDelete,
            Code::ForeignKeyUpdate,
            Code::ForeignKeyDeferrable,
            Code::ForeignKeyMatch,
            Code::ForeignKeyDisabled,
            Code::NotValid,
        ];
        let mut codes = codes.iter();
        self.all.is_suppressed(Code::TableExtra, table)
            || codes.any(|code| self.all.is_suppressed(*code, &subject))
    }
}
