//! Finds expressions that are equivalent although they are spelled differently: Postgres prints `trim(name)` as
//! `TRIM(BOTH FROM name)`, and `n >= 1.5` as `(n)::numeric >= 1.5`.
//!
//! Postgres plans both spellings, and the plans are compared. The columns come from `json_to_record`, so that planning
//! needs no right on the table, reads none of its policies, and uses no index.

use std::collections::BTreeMap;

use super::source::{Snapshot, Source};
use super::{Unreadable, samples};
use crate::fingerprint::expression::{Expression, Names, can_be_planned};
use crate::fingerprint::ident;
use crate::fingerprint::schema::{Column, Generated, Schema, Table};
use crate::model::engine::Engine;

/// The settings of one transaction. Planning runs immutable functions with the rights of the current role. With
/// `pg_catalog` alone on the search path, and expressions that name nothing outside it, it runs no user-defined
/// function.
const SETTINGS: &str = "
    SELECT pg_catalog.count(pg_catalog.set_config(name, value, true))::pg_catalog.text FROM (VALUES
        ('search_path', 'pg_catalog, pg_temp'), ('statement_timeout', '3s'), ('TimeZone', 'UTC'),
        ('extra_float_digits', '1'), ('standard_conforming_strings', 'on')) v (name, value)";

/// A wanted expression, and the one found for it, which is equivalent or different.
struct Pair<'a> {
    engine: Engine,
    wanted: Expression,
    found: &'a mut Expression,
    /// The queries for both plans; `None` on SQLite, whose plans do not contain expressions.
    plans: Option<[String; 2]>,
    /// The query that evaluates both for sample rows.
    samples: Option<String>,
    /// Whether a condition that is NULL accepts the row, as in a check.
    null: bool,
}

impl Pair<'_> {
    /// The queries, in the order in which they run until one decides: plans, then sample rows.
    fn questions(&self) -> [Vec<&String>; 2] {
        [
            self.plans.iter().flatten().collect(),
            self.samples.iter().collect(),
        ]
    }

    /// Evaluates the output of one kind of query and returns whether it decides. Equal plans replace the found
    /// expression by the wanted one; sample rows record which one accepts more.
    fn decide(&mut self, outputs: &[String]) -> bool {
        match outputs {
            [wanted, found] => {
                let is_same = without_query_identifier(wanted).eq(without_query_identifier(found));
                if is_same {
                    *self.found = self.wanted.clone();
                }
                is_same
            }
            [rows] => {
                let sample_result = samples::result(self.engine, rows, self.null);
                self.found.set_sample_result(sample_result);
                true
            }
            _ => false,
        }
    }
}

/// A plan without its query identifier, which depends on the text of the query (`compute_query_id`).
fn without_query_identifier(plan: &str) -> impl Iterator<Item = &str> {
    let lines = plan.lines();
    lines.filter(|line| !line.trim_start().starts_with("Query Identifier:"))
}

/// The expressions that differ between objects of the same name, and that the database can be asked about.
fn pairs<'a>(wanted: &Schema, found: &'a mut Schema) -> Vec<Pair<'a>> {
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

/// Resolves the names in the expressions of both sides against the tables that were found.
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
        let uses: Vec<_> = uses.filter(|one| one.is_unambiguous).collect();
        let columns = columns
            .iter()
            .map(|(name, ty)| (name.as_str(), ty.as_str()));
        let names = Names {
            engine,
            table: name,
            types: columns.collect(),
            unambiguous: uses.iter().collect(),
            columns: &tables,
        };
        for one in expressions(wanted).chain(expressions(found)) {
            one.resolve(&names);
        }
    }
}

/// All expressions of a table except its defaults, which are literals.
fn expressions(table: &mut Table) -> impl Iterator<Item = &mut Expression> {
    let checks = table.checks.iter_mut().map(|check| &mut check.condition);
    let indexes = table.indexes.values_mut().flat_map(|index| {
        let keys = index.keys.iter_mut().map(|key| &mut key.expression);
        keys.chain(&mut index.predicate)
    });
    let policies = table
        .access_control
        .iter_mut()
        .flat_map(|access_control| access_control.policies.values_mut());
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
    let mut add = |wanted: Option<&Expression>,
                   found: Option<&'a mut Expression>,
                   kind: ExpressionKind<'_>| {
        let (Some(wanted), Some(found)) = (wanted, found) else {
            return;
        };
        let both = [wanted, &*found];
        let may_ask = engine == Engine::Sqlite || both.iter().all(|one| can_be_planned(one));
        if wanted == found || !may_ask {
            return;
        }
        let is_used = |column: &&Column| {
            let mut both = both.iter();
            both.any(|one| one.mentions(engine, &column.name))
        };
        let used: Vec<&Column> = columns.iter().filter(is_used).collect();
        let samples = match kind {
            ExpressionKind::Check | ExpressionKind::Predicate => {
                samples::statement(engine, name, &used, both)
            }
            ExpressionKind::Policy | ExpressionKind::Scalar | ExpressionKind::Default(_) => None,
        };
        let from = row(name, used.into_iter());
        let plans = (engine == Engine::Postgres).then(|| {
            both.map(|one| match kind {
                ExpressionKind::Default(ty) => {
                    explain(&format!("CAST(({}) AS {ty})", one.sql()), &from)
                }
                _ => explain(&format!("({})", one.sql()), &from),
            })
        });
        pairs.push(Pair {
            engine,
            wanted: wanted.clone(),
            found,
            plans,
            samples,
            null: matches!(kind, ExpressionKind::Check),
        });
    };
    for check in &mut found.checks {
        let same = wanted.checks.iter().find(|other| other.name == check.name);
        let condition = same.map(|same| &same.condition);
        add(condition, Some(&mut check.condition), ExpressionKind::Check);
    }
    for (name, index) in &mut found.indexes {
        let Some(wanted) = wanted.indexes.get(name) else {
            continue;
        };
        let predicate = index.predicate.as_mut();
        add(
            wanted.predicate.as_ref(),
            predicate,
            ExpressionKind::Predicate,
        );
        for (wanted, found) in wanted.keys.iter().zip(&mut index.keys) {
            let found = Some(&mut found.expression);
            add(Some(&wanted.expression), found, ExpressionKind::Scalar);
        }
    }
    if let (Some(wanted), Some(found)) = (&wanted.access_control, &mut found.access_control) {
        for (name, policy) in &mut found.policies {
            let Some(wanted) = wanted.policies.get(name) else {
                continue;
            };
            let checked = wanted.with_check.as_ref().or(wanted.using.as_ref());
            add(
                wanted.using.as_ref(),
                policy.using.as_mut(),
                ExpressionKind::Policy,
            );
            add(checked, policy.with_check.as_mut(), ExpressionKind::Policy);
        }
    }
    for column in &mut found.columns {
        if let Some(wanted) = wanted.column(&column.name)
            && wanted.ty == column.ty
        {
            let ty = ExpressionKind::Default(column.ty.as_str());
            add(wanted.default.as_ref(), column.default.as_mut(), ty);
        }
    }
    pairs
}

/// The kind of an expression.
#[derive(Clone, Copy)]
enum ExpressionKind<'t> {
    /// A check: NULL accepts the row.
    Check,
    /// The predicate of an index: NULL excludes the row.
    Predicate,
    /// The condition of a policy. Every difference is an error, so no sample rows are needed.
    Policy,
    Scalar,
    /// The default of a column of that type.
    Default(&'t str),
}

/// A FROM clause that produces a row with these columns; empty without columns.
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
    // YAML is the one text format that separates the output expressions from the rest of the plan.
    format!("EXPLAIN (VERBOSE, COSTS OFF, FORMAT YAML) SELECT {value}{from}")
}

/// Replaces equivalent expressions by their wanted spelling, as the database's plans show. A pair whose queries fail
/// stays as it is.
pub(crate) async fn adopt(source: &impl Source, wanted: &Schema, found: &mut Schema) {
    for mut pair in pairs(wanted, found) {
        for kind in 0..2 {
            let questions: Vec<String> = pair.questions()[kind].iter().copied().cloned().collect();
            let outputs = outputs(source, pair.engine, &questions).await;
            if outputs.is_ok_and(|outputs| pair.decide(&outputs)) {
                break;
            }
        }
    }
}

/// Runs the questions in a transaction of their own, since a failed one aborts it.
async fn outputs(
    source: &impl Source,
    engine: Engine,
    questions: &[String],
) -> Result<Vec<String>, Unreadable> {
    let mut snapshot = source.begin().await?;
    let outputs = async {
        if engine == Engine::Postgres {
            snapshot.lines(SETTINGS).await?;
        }
        let mut outputs = Vec::new();
        for question in questions {
            outputs.push(snapshot.lines(question).await?.join("\n"));
        }
        Ok(outputs)
    };
    let outputs = outputs.await;
    snapshot.rollback().await?;
    outputs
}
