//! The steps that fix the findings of a report, in the order in which to run them. Every format prints this list.

use std::collections::BTreeMap;
use std::fmt;

use super::script;
use crate::fingerprint::finding::Finding;
use crate::fingerprint::fix::{Change, Fix};
use crate::fingerprint::statement::{Phase, Statement};
use crate::fingerprint::text;
use crate::model::domain::Place;
use crate::model::engine::Engine;

/// One step. Run steps in the order of the list, each as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The place.
    pub place: Place,
    /// Which of several entities or databases at that place, as in [`Finding::at`](super::Finding::at).
    pub at: Option<String>,
    /// What to do by hand, where SQL alone does not fix it.
    pub words: Option<String>,
    /// Statements, in order; empty if the fix is by hand. After a failed statement the later ones fail or change nothing,
    /// also in `psql` and `sqlite3`, which continue after an error. For what the migrations build: the statements of a
    /// new migration.
    pub sql: Vec<String>,
    /// The same without what makes them a script.
    pub(super) statements: Vec<Statement>,
    /// Whether the step is atomic.
    pub atomic: bool,
    /// The data that it loses.
    pub loses: Vec<String>,
    /// Queries for the rows on which it would fail.
    pub find_rows: Vec<String>,
    /// The indexes of the findings that it fixes.
    pub(super) findings: Vec<usize>,
}

impl Step {
    fn new(place: Place, at: Option<&str>, findings: Vec<usize>) -> Self {
        Step {
            place,
            at: at.map(str::to_owned),
            words: None,
            sql: Vec::new(),
            statements: Vec::new(),
            atomic: false,
            loses: Vec::new(),
            find_rows: Vec::new(),
            findings,
        }
    }
}

/// The schema of each Postgres database that was read.
pub(super) type Schemas = BTreeMap<Where, String>;

/// A place, and which of several databases at it.
pub(super) type Where = (Place, Option<String>);

/// The steps for these findings, grouped by place.
pub(super) fn of(findings: &[Finding], schemas: &Schemas) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut met: Vec<Where> = Vec::new();
    for finding in findings {
        let place = database_of(finding);
        if !met.contains(&place) {
            let here = findings.iter().enumerate();
            let here = here.filter(|(_, other)| database_of(other) == place);
            let schema = schemas.get(&place).map(String::as_str);
            of_place(findings, &here.collect::<Vec<_>>(), schema, &mut steps);
            met.push(place);
        }
    }
    steps
}

/// All entities of an engine are one place, although each has its own module.
fn database_of(finding: &Finding) -> Where {
    let at = finding.at.clone();
    (finding.place, at.filter(|_| finding.place.is_live()))
}

fn of_place(
    all: &[Finding],
    here: &[(usize, &Finding)],
    schema: Option<&str>,
    steps: &mut Vec<Step>,
) {
    let mut scripts: Vec<(usize, &Finding)> = Vec::new();
    let mut in_words = Vec::new();
    for (index, finding) in here {
        match &finding.fix {
            Fix::Sql(_) if is_fixed_by_the_history(all, finding) => {
                let words = "apply the migration that the history lacks, then check again";
                in_words.push((*index, *finding, words.to_owned()));
            }
            Fix::Sql(_) => scripts.push((*index, *finding)),
            Fix::Rust { what, line } => {
                in_words.push((*index, *finding, format!("{what}: {line}")))
            }
            Fix::Words(words) => in_words.push((*index, *finding, words.clone())),
        }
    }
    steps.extend(of_statements(&scripts, schema));
    for (index, finding, words) in in_words {
        let same = |step: &&mut Step| {
            step.place == finding.place
                && step.at == finding.at
                && step.words.as_ref() == Some(&words)
        };
        match steps.iter_mut().find(same) {
            Some(step) => step.findings.push(index),
            None => steps.push(Step {
                words: Some(words),
                ..Step::new(finding.place, finding.at.as_deref(), vec![index])
            }),
        }
    }
}

/// Whether the history has the same difference: then a migration fixes the database too.
fn is_fixed_by_the_history(all: &[Finding], finding: &Finding) -> bool {
    let Place::Database(engine) = finding.place else {
        return false;
    };
    let mut others = all.iter();
    others.any(|other| {
        other.place == Place::Migrations(engine)
            && other.code == finding.code
            && other.subject() == finding.subject()
    })
}

/// The SQL steps of one place.
fn of_statements(fixed: &[(usize, &Finding)], schema: Option<&str>) -> Vec<Step> {
    let Some((_, first)) = fixed.first() else {
        return Vec::new();
    };
    let Some(engine) = first.place.engine() else {
        return Vec::new();
    };
    let changes = fixed.iter().filter_map(|(_, finding)| change(finding));
    let statements = changes.flat_map(|change| change.statements.iter().cloned());
    let mut scripts = scripts(engine, in_order(statements.collect()));
    if !first.place.is_live() {
        scripts = vec![scripts.concat()];
    }
    let mut left: Vec<&(usize, &Finding)> = fixed.iter().collect();
    let mut steps = Vec::new();
    while let Some(statements) = scripts.pop() {
        // The statements that rebuild a table belong to one finding, and fix all findings of the table.
        let is_here = |(_, finding): &&(usize, &Finding)| {
            let own = change(finding).map_or(&[][..], |change| &change.statements);
            let has = |one: &Statement| statements.iter().any(|other| other.sql == one.sql);
            scripts.is_empty() || own.is_empty() || own.iter().any(has)
        };
        let (here, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(is_here);
        left = rest;
        let sql = match first.place.is_live() {
            true => script::transaction(engine, schema, &statements),
            false => statements.iter().map(|one| one.sql.clone()).collect(),
        };
        let step = Step {
            statements,
            ..step(first, &here, sql)
        };
        steps.insert(0, step);
    }
    steps
}

fn change(finding: &Finding) -> Option<&Change> {
    match &finding.fix {
        Fix::Sql(change) => Some(change),
        Fix::Rust { .. } | Fix::Words(_) => None,
    }
}

/// One step for these findings, at the place of the first.
fn step(first: &Finding, fixed: &[&(usize, &Finding)], sql: Vec<String>) -> Step {
    let indexes = fixed.iter().map(|(index, _)| *index);
    let mut step = Step {
        sql,
        atomic: true,
        ..Step::new(first.place, first.at.as_deref(), indexes.collect())
    };
    for (_, finding) in fixed {
        let (loses, query) = (finding.fix.loses(), finding.fix.find_rows());
        for (list, more) in [(&mut step.loses, loses), (&mut step.find_rows, query)] {
            let is_new = |more: &&str| !list.iter().any(|other| other == more);
            let more = more.filter(is_new).map(str::to_owned);
            list.extend(more);
        }
    }
    step
}

/// Sorts by phase and removes duplicates. A dropped object is not renamed first.
fn in_order(mut statements: Vec<Statement>) -> Vec<Statement> {
    statements.sort_by_key(|one| one.phase);
    let mut ordered: Vec<Statement> = Vec::with_capacity(statements.len());
    for one in statements {
        let is_gone = one.phase == Phase::RenameConstraint
            && ordered
                .iter()
                .any(|other| one.gone.iter().any(|thing| other.gone.contains(thing)));
        if !is_gone && !ordered.iter().any(|other| other.sql == one.sql) {
            ordered.push(one);
        }
    }
    ordered
}

/// Splits the statements into scripts. On SQLite the view that blocks renames until a copy is complete blocks every
/// other rename too, so renames have a script of their own.
fn scripts(engine: Engine, statements: Vec<Statement>) -> Vec<Vec<Statement>> {
    let has = |phase| statements.iter().any(|one| one.phase == phase);
    match engine {
        Engine::Sqlite if has(Phase::Copy) && has(Phase::Rename) => {
            let (names, rest): (Vec<_>, Vec<_>) = statements
                .into_iter()
                .partition(|one| one.phase <= Phase::Rename);
            vec![names, rest]
        }
        _ => vec![statements],
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(words) = &self.words {
            writeln!(f, "{}", text::on_one_line(words))?;
        }
        for what in &self.loses {
            writeln!(f, "-- Loses {}.", text::on_one_line(what))?;
        }
        for query in &self.find_rows {
            writeln!(f, "-- Fails on the rows of: {};", text::on_one_line(query))?;
        }
        for sql in &self.sql {
            writeln!(f, "{sql};")?;
        }
        Ok(())
    }
}
