//! What Postgres reads alike though it is written in other words: it prints `trim(name)` as `TRIM(BOTH FROM name)`,
//! and `n >= 1.5` as `(n)::numeric >= 1.5`.
//!
//! It is asked for its plans of both. The columns are those of a row that a function of Postgres would make, so that no
//! right on the table is needed, none of its policies is read, and no index comes into play.

use std::collections::BTreeMap;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, Statement,
    TransactionOptions,
};

use super::samples;
use crate::fingerprint::expression::{Expression, Names, can_be_asked};
use crate::fingerprint::ident;
use crate::fingerprint::schema::{Column, Generated, Schema, Table};
use crate::migrate::begin;
use crate::model::engine::Engine;

/// For one transaction. Planning runs immutable functions, and would do so as whoever asks: with `pg_catalog` alone on
/// the search path, and expressions that name nothing outside it, none is run that somebody made in the database.
pub(crate) const SETTINGS: &str = "
    SELECT pg_catalog.count(pg_catalog.set_config(name, value, true))::pg_catalog.text FROM (VALUES
        ('search_path', 'pg_catalog, pg_temp'), ('statement_timeout', '3s'), ('TimeZone', 'UTC'),
        ('extra_float_digits', '1'), ('standard_conforming_strings', 'on')) v (name, value)";

/// An expression that is wanted, and the one in its place, which says it in other words or says something else.
pub(crate) struct Pair<'a> {
    engine: Engine,
    wanted: Expression,
    found: &'a mut Expression,
    /// How to ask for the plan of either; none where there are no plans that tell.
    plans: Option<[String; 2]>,
    /// How to ask for rows that tell them apart.
    samples: Option<String>,
    /// Whether NULL takes a row.
    null: bool,
}

impl Pair<'_> {
    /// What to ask, as long as that is not settled: first for the plans, then for the rows.
    pub(crate) fn questions(&self) -> [Vec<&String>; 2] {
        [
            self.plans.iter().flatten().collect(),
            self.samples.iter().collect(),
        ]
    }

    /// Takes the answers to the questions of one kind: puts the wanted words in the place of those that were found, if
    /// these are their plans; notes which one takes the rows. Whether that settles it.
    pub(crate) fn settle(&mut self, answers: &[String]) -> bool {
        match answers {
            [wanted, found] => {
                let is_same = told(wanted).eq(told(found));
                if is_same {
                    *self.found = self.wanted.clone();
                }
                is_same
            }
            [rows] => {
                let shown = samples::shown(self.engine, rows, self.null);
                self.found.show(shown);
                true
            }
            _ => false,
        }
    }
}

/// A plan without the number that some servers give to the words of a query.
fn told(plan: &str) -> impl Iterator<Item = &str> {
    let lines = plan.lines();
    lines.filter(|line| !line.trim_start().starts_with("Query Identifier:"))
}

/// Whatever differs under the same name, and can be asked about.
pub(crate) fn pairs<'a>(wanted: &Schema, found: &'a mut Schema) -> Vec<Pair<'a>> {
    let wanted = &mut wanted.clone();
    resolve(wanted, found);
    let mut pairs = Vec::new();
    let engine = found.engine;
    for (name, table) in &mut found.tables {
        if let Some(wanted) = wanted.tables.get(name) {
            pairs.extend(of_table(engine, name, wanted, table));
        }
    }
    pairs
}

/// Takes the names on both sides for what they are in the table that was found.
pub(crate) fn resolve(wanted: &mut Schema, found: &mut Schema) {
    let engine = found.engine;
    let tables = found.tables.iter().map(|(name, table)| {
        let columns = table.columns.iter().map(|column| column.name.clone());
        (name.clone(), columns.collect())
    });
    let tables: BTreeMap<String, Vec<String>> = tables.collect();
    for (name, found) in &mut found.tables {
        let Some(wanted) = wanted.tables.get_mut(name) else {
            continue;
        };
        let columns: Vec<(String, String)> = {
            let columns = found.columns.iter();
            columns
                .map(|one| (one.name.clone(), one.ty.clone()))
                .collect()
        };
        let uses = expressions(found).flat_map(|one| one.uses().to_vec());
        let uses: Vec<_> = uses.filter(|one| one.is_plain).collect();
        let columns = columns
            .iter()
            .map(|(name, ty)| (name.as_str(), ty.as_str()));
        let names = Names {
            engine,
            table: name,
            types: columns.collect(),
            plain: uses.iter().collect(),
            columns: &tables,
        };
        for one in expressions(wanted).chain(expressions(found)) {
            one.resolve(&names);
        }
    }
}

/// Every expression of a table but for its defaults, which are literals.
fn expressions(table: &mut Table) -> impl Iterator<Item = &mut Expression> {
    let checks = table.checks.iter_mut().map(|check| &mut check.condition);
    let indexes = table.indexes.values_mut().flat_map(|index| {
        let keys = index.keys.iter_mut().map(|key| &mut key.expression);
        keys.chain(&mut index.predicate)
    });
    let policies = table
        .guard
        .iter_mut()
        .flat_map(|guard| guard.policies.values_mut());
    let policies = policies.flat_map(|one| one.using.iter_mut().chain(&mut one.with_check));
    let computed = table
        .columns
        .iter_mut()
        .filter_map(|column| match &mut column.generated {
            Some(Generated::Computed { expression, .. }) => Some(expression),
            _ => None,
        });
    checks.chain(indexes).chain(policies).chain(computed)
}

fn of_table<'a>(engine: Engine, name: &str, wanted: &Table, found: &'a mut Table) -> Vec<Pair<'a>> {
    let columns = found.columns.clone();
    let mut pairs = Vec::new();
    let mut add =
        |wanted: Option<&Expression>, found: Option<&'a mut Expression>, kind: Asked<'_>| {
            let (Some(wanted), Some(found)) = (wanted, found) else {
                return;
            };
            let both = [wanted, &*found];
            let may_ask = engine == Engine::Sqlite || both.iter().all(|one| can_be_asked(one));
            if wanted == found || !may_ask {
                return;
            }
            let is_used = |column: &&Column| {
                let mut both = both.iter();
                both.any(|one| one.is_about(engine, &column.name))
            };
            let used: Vec<&Column> = columns.iter().filter(is_used).collect();
            let samples = match kind {
                Asked::Check | Asked::Predicate => samples::statement(engine, name, &used, both),
                Asked::Policy | Asked::Scalar | Asked::Default(_) => None,
            };
            let from = row(name, used.into_iter());
            let plans = (engine == Engine::Postgres).then(|| {
                both.map(|one| match kind {
                    Asked::Default(ty) => explain(&format!("CAST(({}) AS {ty})", one.sql()), &from),
                    _ => explain(&format!("({})", one.sql()), &from),
                })
            });
            pairs.push(Pair {
                engine,
                wanted: wanted.clone(),
                found,
                plans,
                samples,
                null: matches!(kind, Asked::Check),
            });
        };
    for check in &mut found.checks {
        let same = wanted.checks.iter().find(|other| other.name == check.name);
        let condition = same.map(|same| &same.condition);
        add(condition, Some(&mut check.condition), Asked::Check);
    }
    for (name, index) in &mut found.indexes {
        let Some(wanted) = wanted.indexes.get(name) else {
            continue;
        };
        let predicate = index.predicate.as_mut();
        add(wanted.predicate.as_ref(), predicate, Asked::Predicate);
        for (wanted, found) in wanted.keys.iter().zip(&mut index.keys) {
            let found = Some(&mut found.expression);
            add(Some(&wanted.expression), found, Asked::Scalar);
        }
    }
    if let (Some(wanted), Some(found)) = (&wanted.guard, &mut found.guard) {
        for (name, policy) in &mut found.policies {
            let Some(wanted) = wanted.policies.get(name) else {
                continue;
            };
            let checked = wanted.with_check.as_ref().or(wanted.using.as_ref());
            add(wanted.using.as_ref(), policy.using.as_mut(), Asked::Policy);
            add(checked, policy.with_check.as_mut(), Asked::Policy);
        }
    }
    for column in &mut found.columns {
        if let Some(wanted) = wanted.column(&column.name)
            && wanted.ty == column.ty
        {
            let ty = Asked::Default(column.ty.as_str());
            add(wanted.default.as_ref(), column.default.as_mut(), ty);
        }
    }
    pairs
}

/// What kind of expression it is.
#[derive(Clone, Copy)]
enum Asked<'t> {
    /// One that NULL does not break.
    Check,
    /// One that NULL does not meet.
    Predicate,
    /// A predicate too, but whatever is not the same is an error.
    Policy,
    Scalar,
    /// Of a column of that type.
    Default(&'t str),
}

/// A row with those columns; nothing where there is none.
fn row<'c>(table: &str, columns: impl Iterator<Item = &'c Column>) -> String {
    let columns: Vec<String> = columns
        .map(|column| format!("{} {}", ident::name(&column.name), column.ty))
        .collect();
    match columns.is_empty() {
        true => String::new(),
        false => format!(
            " FROM json_to_record('{{}}') AS {} ({})",
            ident::name(table),
            columns.join(", ")
        ),
    }
}

fn explain(value: &str, from: &str) -> String {
    // YAML is the one form that is a text, and keeps apart what an expression says and what the plan does.
    format!("EXPLAIN (VERBOSE, COSTS OFF, FORMAT YAML) SELECT {value}{from}")
}

/// Asks the server about each pair. One that it cannot answer for stays as it is.
pub(crate) async fn settle(db: &DatabaseConnection, wanted: &Schema, found: &mut Schema) {
    for mut pair in pairs(wanted, found) {
        for kind in 0..2 {
            let questions: Vec<String> = pair.questions()[kind].iter().copied().cloned().collect();
            let answers = answers(db, pair.engine, &questions).await;
            if answers.is_ok_and(|answers| pair.settle(&answers)) {
                break;
            }
        }
    }
}

/// In a transaction of their own, since one that fails ends it.
async fn answers(
    db: &DatabaseConnection,
    engine: Engine,
    questions: &[String],
) -> Result<Vec<String>, DbErr> {
    let read_only = TransactionOptions {
        access_mode: (engine == Engine::Postgres).then_some(AccessMode::ReadOnly),
        ..TransactionOptions::default()
    };
    let tx = begin(db, read_only).await?;
    let answers = async {
        if engine == Engine::Postgres {
            text(&tx, SETTINGS).await?;
        }
        let mut answers = Vec::new();
        for question in questions {
            answers.push(text(&tx, question).await?);
        }
        Ok(answers)
    };
    let answers = answers.await;
    tx.rollback().await?;
    answers
}

/// The rows of one column, a line each.
async fn text(tx: &DatabaseTransaction, sql: &str) -> Result<String, DbErr> {
    let statement = Statement::from_string(tx.get_database_backend(), sql);
    let rows = tx.query_all_raw(statement).await?;
    let lines = rows.iter().map(|row| row.try_get_by_index(0));
    Ok(lines.collect::<Result<Vec<String>, DbErr>>()?.join("\n"))
}
