//! Compares primary keys, unique keys and checks.

use super::{OnTable, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::ddl::rows;
use crate::fingerprint::expression::SampleResult;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::requirements;
use crate::fingerprint::schema::{Check, ForeignKey, PrimaryKey, UniqueKey};
use crate::fingerprint::statement::{Phase, Statement, Work};

pub(crate) fn primary_key(on: &mut OnTable<'_>) {
    let (wanted, found) = (&on.wanted.primary_key, &on.found.primary_key);
    let name = wanted
        .name
        .clone()
        .unwrap_or_else(|| "primary key".to_owned());
    let text = |key: &PrimaryKey| match key.columns.is_empty() {
        true => "none".to_owned(),
        false => format!("({})", key.columns.join(", ")),
    };
    if wanted.columns != found.columns {
        let fix = match on.module() {
            Some(module) => Fix::rust(
                format!(
                    "in the Model in {module}, on {} alone",
                    wanted.columns.join(" and ")
                ),
                requirements::primary_key(on.wanted.autoincrement),
            )
            .into(),
            None => {
                let add = (!wanted.columns.is_empty()).then(|| ddl::primary_key(on.wanted));
                let drop = dropped(Phase::DropKey, on.name, found.name.as_deref());
                let add = add.map(|add| key_added(on, wanted.name.as_ref(), &add));
                let sql = without_references(on, &found.columns, drop.into_iter().chain(add));
                let has_columns = !wanted.columns.is_empty();
                on.unless_missing(&wanted.columns, || {
                    on.alter(sql, |table| table.primary_key.clone_from(wanted))
                        .failing_on(has_columns.then(|| rows::shared_by(on.name, &wanted.columns)))
                })
            }
        };
        on.named(
            &name,
            Code::PrimaryKey,
            sides(text(wanted), text(found)),
            fix,
        );
    } else if on.is_database() && wanted.unusual != found.unusual {
        let sql = replaced_key(
            on,
            found.name.as_deref(),
            wanted.name.as_ref(),
            &ddl::primary_key(on.wanted),
        );
        let sql = without_references(on, &found.columns, sql);
        let fix = on.alter(sql, |table| table.primary_key.clone_from(wanted));
        let sides = sides("an ordinary primary key", found.unusual.join(", "));
        on.named(&name, Code::UniqueKeyOptions, sides, fix);
    } else if on.is_database() && wanted.name != found.name {
        renamed(on, &name, found.name.as_deref(), |table| {
            table.primary_key.clone_from(wanted)
        });
    }
}

/// The statements that replace a key by another one.
fn replaced_key(
    on: &OnTable<'_>,
    drop: Option<&str>,
    name: Option<&String>,
    add: &str,
) -> Vec<Statement> {
    let drop = dropped(Phase::DropKey, on.name, drop);
    let add = key_added(on, name, add);
    drop.into_iter().chain([add]).collect()
}

/// The statement that adds a key, which also creates an index of its name.
fn key_added(on: &OnTable<'_>, name: Option<&String>, add: &str) -> Statement {
    let add = ddl::added(Phase::AddKey, on.name, add);
    match name {
        Some(name) => add.making(name),
        None => add,
    }
}

/// The statements that change a key, with the foreign keys that need it dropped and recreated.
fn without_references(
    on: &OnTable<'_>,
    columns: &[String],
    sql: impl IntoIterator<Item = Statement>,
) -> Vec<Statement> {
    let mut all: Vec<Statement> = sql.into_iter().collect();
    let needs_it = |key: &ForeignKey| {
        let mut columns = columns.iter();
        key.references == on.name
            && key.referenced_columns.len() == columns.len()
            && columns.all(|column| key.referenced_columns.contains(column))
    };
    all.extend(on.recreated_foreign_keys(needs_it));
    all
}

/// The statement that drops a constraint; `None` for one without a name.
pub(crate) fn dropped(phase: Phase, table: &str, constraint: Option<&str>) -> Option<Statement> {
    let constraint = constraint?;
    let sql = format!(
        "ALTER TABLE {} DROP CONSTRAINT {}",
        ident::name(table),
        ident::name(constraint)
    );
    Some(Statement::new(phase, sql).dropping_constraint(table, constraint))
}

/// Reports a constraint that differs only in its name. `edit` renames it.
pub(crate) fn renamed(
    on: &mut OnTable<'_>,
    wanted: &str,
    found: Option<&str>,
    edit: impl Fn(&mut crate::fingerprint::compare::Table),
) {
    let sql = found.map(|found| {
        let (table, from, to) = (
            ident::name(on.name),
            ident::name(found),
            ident::name(wanted),
        );
        let sql = format!("ALTER TABLE {table} RENAME CONSTRAINT {from} TO {to}");
        let rename = Statement::new(Phase::RenameConstraint, sql);
        rename.dropping_constraint(on.name, found).making(wanted)
    });
    let fix = on.alter(sql, edit);
    let sides = sides(wanted, found.unwrap_or("no name"));
    on.named(wanted, Code::ConstraintName, sides, fix);
}

pub(crate) fn unique_keys(on: &mut OnTable<'_>) {
    // One to one: a second key over the same columns is an extra one of any kind.
    let mut rest: Vec<&UniqueKey> = on.found.unique_keys.iter().collect();
    for key in &on.wanted.unique_keys {
        let same = |other: &&UniqueKey| key.columns == other.columns;
        let called_so = |other: &&UniqueKey| key.name.is_some() && key.name == other.name;
        let alike = [
            rest.iter().position(|other| *other == key),
            rest.iter()
                .position(|other| same(other) && called_so(other)),
            rest.iter()
                .position(|other| same(other) && key.unusual == other.unusual),
            rest.iter().position(same),
            rest.iter().position(called_so),
        ];
        let found = alike.into_iter().flatten().next();
        unique_key(on, key, found.map(|place| rest.remove(place)));
    }
    for key in rest {
        let sql = dropped(Phase::DropKey, on.name, key.name.as_deref());
        let fix = on.alter(sql, |table| table.unique_keys.retain(|other| other != key));
        let sides = sides("no such key", ddl::unique_key(on.found, key));
        on.named(&key.label(), Code::UniqueKeyExtra, sides, fix);
    }
}

/// Compares a key with one over the same columns, or of the same name.
fn unique_key(on: &mut OnTable<'_>, key: &UniqueKey, found: Option<&UniqueKey>) {
    let name = key.name.clone().unwrap_or_default();
    let sql = replaced_key(
        on,
        found.and_then(|other| other.name.as_deref()),
        key.name.as_ref(),
        &ddl::unique_key(on.wanted, key),
    );
    let instead = |table: &mut crate::fingerprint::compare::Table| {
        table.unique_keys.retain(|other| Some(other) != found);
        table.unique_keys.push(key.clone());
    };
    match found {
        Some(other) if other.columns == key.columns => {
            if key.unusual != other.unusual {
                let sql = without_references(on, &other.columns, sql);
                let fix = on.alter(sql, instead);
                let sides = sides("an ordinary unique key", other.unusual.join(", "));
                on.named(&name, Code::UniqueKeyOptions, sides, fix);
            } else if key.name != other.name {
                renamed(on, &name, other.name.as_deref(), instead);
            }
        }
        _ => {
            let fix = on.unless_missing(&key.columns, || {
                on.alter(sql, instead)
                    .failing_on(Some(rows::shared_by(on.name, &key.columns)))
            });
            let found = found.map_or("no such key".to_owned(), |other| {
                ddl::unique_key(on.found, other)
            });
            let sides = sides(ddl::unique_key(on.wanted, key), found);
            on.named(&name, Code::UniqueKeyMissing, sides, fix);
        }
    }
}

pub(crate) fn checks(on: &mut OnTable<'_>) {
    let (wanted, found) = (&on.wanted.checks, &on.found.checks);
    // A check under another name is found by its condition.
    let under_another_name = |check: &Check| {
        let is_free = |other: &&Check| {
            other.condition == check.condition
                && other.unusual == check.unusual
                && !wanted
                    .iter()
                    .any(|one| one.name.is_some() && one.name == other.name)
        };
        found.iter().find(is_free)
    };
    let mut met: Vec<&Check> = Vec::new();
    for check in wanted {
        let name = check.name.clone().unwrap_or_default();
        if let Some(other) = found.iter().find(|other| other.name == check.name) {
            met.push(other);
            compare_one(on, &name, check, other);
        } else if let Some(other) = under_another_name(check).filter(|other| !met.contains(other)) {
            met.push(other);
            renamed(on, &name, other.name.as_deref(), |table| {
                for one in table.checks.iter_mut().filter(|one| *one == other) {
                    one.name.clone_from(&check.name);
                }
            });
            if check.valid && !other.valid {
                not_valid(on, &name);
            }
        } else {
            let add = ddl::check(on.wanted, check);
            let about = on.wanted.columns.iter().map(|column| &column.name);
            let about = about.filter(|column| check.condition.mentions(on.all.engine, column));
            let about: Vec<String> = about.cloned().collect();
            let fix = on.unless_missing(&about, || {
                let sql = ddl::added(Phase::AddCheck, on.name, &add);
                on.alter([sql], |table| table.checks.push(check.clone()))
                    .failing_on(Some(rows::breaking(on.name, &check.condition)))
            });
            let sides = sides(add, "no such check");
            on.named(&name, Code::CheckMissing, sides, fix);
        }
    }
    for check in found.iter().filter(|check| !met.contains(check)) {
        if check
            .name
            .as_ref()
            .is_some_and(|name| on.wanted.checks_without_condition.contains(name))
        {
            continue;
        }
        let sql = dropped(Phase::DropCheck, on.name, check.name.as_deref());
        let fix = on.alter(sql, |table| table.checks.retain(|other| other != check));
        let name = check
            .name
            .clone()
            .unwrap_or_else(|| check.condition.to_string());
        let sides = sides("no such check", ddl::check(on.found, check));
        on.named(&name, Code::CheckExtra, sides, fix);
    }
}

fn compare_one(on: &mut OnTable<'_>, name: &str, wanted: &Check, found: &Check) {
    if wanted.condition != found.condition || wanted.unusual != found.unusual {
        let (one, other) = (&wanted.condition, &found.condition);
        let has_unnamed_use = || other.use_not_named_in(one).is_some();
        let code = match () {
            () if wanted.unusual != found.unusual || has_unnamed_use() => Code::CheckWeaker,
            () if other.implies(one) => Code::CheckStronger,
            () if one.implies(other) => Code::CheckWeaker,
            () => match other.sample_result() {
                Some(SampleResult::Weaker) => Code::CheckWeaker,
                Some(SampleResult::Stronger) => Code::CheckStronger,
                None => Code::NotShownEqual,
            },
        };
        let text = |check: &Check| {
            let words = [check.condition.to_string()].into_iter();
            words
                .chain(check.unusual.iter().cloned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let drop = dropped(Phase::DropCheck, on.name, found.name.as_deref());
        let add = ddl::added(Phase::AddCheck, on.name, &ddl::check(on.wanted, wanted));
        let fix = on
            .alter(drop.into_iter().chain([add]), |table| {
                table.checks.retain(|check| check.name != wanted.name);
                table.checks.push(wanted.clone());
            })
            .failing_on(Some(rows::breaking(on.name, &wanted.condition)));
        on.named(name, code, sides(text(wanted), text(found)), fix);
    } else if wanted.valid && !found.valid {
        not_valid(on, name);
    }
}

/// Reports a constraint that is NOT VALID. It has been renamed by the time that the fix runs.
pub(crate) fn not_valid(on: &mut OnTable<'_>, name: &str) {
    let validate = format!(
        "ALTER TABLE {} VALIDATE CONSTRAINT {}",
        ident::name(on.name),
        ident::name(name)
    );
    let validate = Statement::new(Phase::AddForeignKey, validate).doing(Work::Validate);
    let fix = Fix::sql([validate]);
    let sides = sides(
        "valid for every row",
        "NOT VALID: rows from before it were not checked",
    );
    on.named(name, Code::NotValid, sides, fix);
}
