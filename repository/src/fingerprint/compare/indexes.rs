//! Compares indexes.

use super::{OnTable, TableFix, sides};
use crate::fingerprint::code::Code;
use crate::fingerprint::ddl;
use crate::fingerprint::ddl::rows;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::ident;
use crate::fingerprint::schema::Index;
use crate::fingerprint::statement::{Phase, Statement, Work};
use crate::model::engine::Engine;
use crate::model::value::{MAX_BYTES, MAX_PRECISION, Type};
use crate::sql::most_bytes_in;

pub(crate) fn compare(on: &mut OnTable<'_>) {
    let (wanted, found) = (&on.wanted.indexes, &on.found.indexes);
    let mut met: Vec<&String> = Vec::new();
    for (name, index) in wanted {
        let create = ddl::create_index(on.wanted, on.name, name, index);
        if let Some(other) = found.get(name) {
            compare_one(on, name, index, other, create);
            continue;
        }
        let is_free = |(other, definition): &(&String, &Index)| {
            !wanted.contains_key(*other) && *definition == index && !met.contains(other)
        };
        match found.iter().find(is_free) {
            Some((other, _)) => {
                met.push(other);
                // If another object has or gets one of the names, the index is recreated: neither rename can come
                // first.
                let is_contested = on.required.has_named(other) || on.actual.has_named(name);
                let sql = match on.all.engine {
                    Engine::Postgres if !is_contested => vec![
                        Statement::new(
                            Phase::RenameConstraint,
                            format!(
                                "ALTER INDEX {} RENAME TO {}",
                                ident::name(other),
                                ident::name(name)
                            ),
                        )
                        .doing(Work::RenameIndex)
                        .making(name),
                    ],
                    Engine::Sqlite | Engine::Postgres => vec![drop(other), made(name, create)],
                };
                let fix = TableFix::altering(Fix::sql(sql), |table| {
                    table.indexes.remove(other);
                    table.put_index(name, on.wanted);
                });
                on.named(name, Code::IndexRenamed, sides(name, other), fix);
            }
            None => {
                let about = on.wanted.columns.iter().map(|column| &column.name);
                let about = about.filter(|column| index.mentions(on.all.engine, column));
                let about: Vec<String> = about.cloned().collect();
                let fix = on.unless_missing(&about, || {
                    let fix = Fix::sql([made(name, create.clone())])
                        .failing_on(rows::shared_in(on.name, index));
                    TableFix::altering(fix, |table| table.put_index(name, on.wanted))
                });
                on.named(
                    name,
                    Code::IndexMissing,
                    sides(create, "no such index"),
                    fix,
                );
            }
        }
    }
    for (name, index) in found {
        if !wanted.contains_key(name) && !met.contains(&name) {
            let fix = Fix::sql([drop(name)]);
            let fix = TableFix::altering(fix, |table| {
                table.indexes.remove(name);
            });
            let create = ddl::create_index(on.found, on.name, name, index);
            let found = match refused_lengths(on, index) {
                refused if refused.is_empty() => create,
                refused => format!("{create}, which refuses {}", refused.join(" and ")),
            };
            let sides = sides("no such index", found);
            let code = match index.unique {
                true => Code::UniqueIndexExtra,
                false => Code::IndexExtra,
            };
            on.named(name, code, sides, fix);
        }
    }
}

/// A decimal number of any digits: all count as the longest one.
const NUMERIC: Type = Type::Numeric {
    precision: MAX_PRECISION,
    scale: 0,
};

/// The texts that an index of Postgres is the only one to refuse: SQLite accepts them, and so does the library, because
/// no key or index of DOMAIN limits them as much.
fn refused_lengths(on: &OnTable<'_>, index: &Index) -> Vec<String> {
    // The other methods have other limits, or none.
    let is_btree = !index.unusual.iter().any(|one| one.starts_with("USING"));
    if on.all.engine != Engine::Postgres || !is_btree {
        return Vec::new();
    }
    let included = index.unusual.iter();
    let included = included.filter_map(|one| one.strip_prefix("INCLUDE "));
    let keys = |index: &'_ Index| -> Vec<String> {
        let keys = index.keys.iter();
        keys.map(|key| key.expression.sql().to_owned()).collect()
    };
    let mut entries = keys(index);
    entries.extend(included.map(str::to_owned));
    let mut wanted: Vec<Vec<String>> = on.wanted.indexes.values().map(keys).collect();
    wanted.extend(on.wanted.unique_keys.iter().map(|key| key.columns.clone()));
    wanted.push(on.wanted.primary_key.columns.clone());

    let ty = |name: &str| match on.wanted.column(name)?.ty.as_str() {
        "text" => Some(Type::Text),
        "bytea" => Some(Type::Bytes),
        "uuid" => Some(Type::Uuid),
        numeric if numeric.starts_with("numeric") => Some(NUMERIC),
        _ => Some(Type::BigInt),
    };
    let most = |entries: &[String], column: &str| {
        most_bytes_in(entries.iter().map(String::as_str), column, &ty)
    };
    let refused = on.wanted.columns.iter().filter_map(|column| {
        let limit = most(&entries, &column.name);
        let known = wanted.iter().map(|entries| most(entries, &column.name));
        let is_new = known.min().is_none_or(|known| limit < known) && limit < MAX_BYTES;
        is_new.then(|| format!("more than {limit} bytes in {}", column.name))
    });
    refused.collect()
}

pub(crate) fn drop(name: &str) -> Statement {
    let sql = format!("DROP INDEX {}", ident::name(name));
    Statement::new(Phase::DropKey, sql).dropping(name)
}

pub(crate) fn made(name: &str, create: String) -> Statement {
    Statement::new(Phase::AddIndex, create).making(name)
}

/// Whether a difference of the predicates is certain, or must be an error because a unique index refuses rows.
fn are_comparable(wanted: &Index, found: &Index) -> bool {
    let (Some(one), Some(other)) = (&wanted.predicate, &found.predicate) else {
        return true;
    };
    let is_unique = wanted.unique || found.unique;
    let is_reasoned = one.implies(other) || other.implies(one);
    is_unique
        || is_reasoned
        || other.sample_result().is_some()
        || other.use_not_named_in(one).is_some()
}

/// Reports each difference of an index. All have the same fix, which recreates it.
fn compare_one(on: &mut OnTable<'_>, name: &str, wanted: &Index, found: &Index, create: String) {
    let recreate =
        Fix::sql([drop(name), made(name, create)]).failing_on(rows::shared_in(on.name, wanted));
    let expressions = |index: &Index| -> Vec<_> {
        index
            .keys
            .iter()
            .map(|key| key.expression.node().clone())
            .collect()
    };
    let order =
        |index: &Index| -> Vec<bool> { index.keys.iter().map(|key| key.descending).collect() };
    let unique = |index: &Index| if index.unique { "unique" } else { "not unique" };
    let rows = |index: &Index| match &index.predicate {
        Some(predicate) => format!("WHERE {predicate}"),
        None => "over all rows".to_owned(),
    };
    let mut differences = Vec::new();
    if expressions(wanted) != expressions(found) {
        differences.push((Code::IndexColumns, ddl::keys(wanted), ddl::keys(found)));
    } else if order(wanted) != order(found) {
        differences.push((Code::IndexOrder, ddl::keys(wanted), ddl::keys(found)));
    }
    if wanted.unique != found.unique {
        differences.push((
            Code::IndexUnique,
            unique(wanted).to_owned(),
            unique(found).to_owned(),
        ));
    }
    if wanted.predicate != found.predicate {
        let code = match are_comparable(wanted, found) {
            true => Code::IndexPredicate,
            false => Code::NotShownEqual,
        };
        differences.push((code, rows(wanted), rows(found)));
    }
    if wanted.unusual != found.unusual {
        let usual = "an ordinary index".to_owned();
        differences.push((Code::IndexOptions, usual, found.unusual.join(", ")));
    }
    for (code, one, other) in differences {
        let recreate = TableFix::altering(recreate.clone(), |table| {
            table.put_index(name, on.wanted);
        });
        on.named(name, code, sides(one, other), recreate);
    }
}
