//! Questions that two schemas cannot answer: whether something was renamed, or dropped while something else was added.

use std::collections::BTreeSet;
use std::fmt;

use crate::fingerprint::code::Code;
use crate::fingerprint::decisions::Decisions;
use crate::fingerprint::finding::Finding;
use crate::fingerprint::fix::Fix;
use crate::fingerprint::text;
use crate::model::domain::Place;

/// A table or a column that DOMAIN no longer has, beside new ones that it could be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// What is gone: `notes`, or `notes.body`.
    pub old: String,
    /// What is new beside it.
    pub new: Vec<String>,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old = text::on_one_line(&self.old);
        let new = self.new.iter().map(|new| text::on_one_line(new));
        let options = new.map(|new| format!("--rename {old}={new}"));
        let options = options.collect::<Vec<_>>().join(", or ");
        write!(
            f,
            "was {old} renamed? If so, pass {options}; if it is dropped, pass --drop {old}"
        )
    }
}

/// The questions that the decisions leave open.
pub(super) fn open(findings: &[Finding], decisions: &Decisions) -> Vec<Question> {
    let mut questions = BTreeSet::new();
    for place in crate::model::engine::Engine::ALL.map(Place::Migrations) {
        let here = findings.iter().filter(|finding| finding.place == place);
        let here: Vec<&Finding> = here.collect();
        questions.extend(guessed(&here, decisions));
        questions.extend(tables(&here, decisions));
        questions.extend(columns(&here, decisions));
    }
    // The engines may answer differently: their types differ.
    let mut merged: Vec<Question> = Vec::new();
    for question in questions {
        match merged.iter_mut().find(|other| other.old == question.old) {
            Some(other) => {
                let new = question.new.into_iter();
                let new: Vec<String> = new.filter(|new| !other.new.contains(new)).collect();
                other.new.extend(new);
            }
            None => merged.push(question),
        }
    }
    merged
}

/// Renames that the comparison has found by itself.
fn guessed(here: &[&Finding], decisions: &Decisions) -> Vec<Question> {
    let mut questions = Vec::new();
    for finding in here.iter().filter(|one| matches!(one.fix, Fix::Sql(_))) {
        let (from, to) = (&finding.found, &finding.wanted);
        let question = match finding.code {
            Code::TableRenamed if !decisions.renames_table(from, to) => Question {
                old: from.clone(),
                new: vec![to.clone()],
            },
            Code::ColumnRenamed if !decisions.renames_column(&finding.table, from, to) => {
                Question {
                    old: format!("{}.{from}", before(here, &finding.table)),
                    new: vec![format!("{}.{to}", finding.table)],
                }
            }
            _ => continue,
        };
        questions.push(question);
    }
    questions
}

/// Missing tables beside extra ones, whatever their columns: a renamed table may have other columns.
fn tables(here: &[&Finding], decisions: &Decisions) -> Vec<Question> {
    let tables = |code: Code| {
        let here = here.iter().filter(move |finding| finding.code == code);
        here.map(|finding| finding.table.clone())
    };
    let new: Vec<String> = tables(Code::TableMissing).collect();
    let gone = tables(Code::TableExtra);
    gone.filter(|old| !new.is_empty() && !decisions.drops_table(old))
        .map(|old| Question {
            old,
            new: new.clone(),
        })
        .collect()
}

/// Missing columns beside extra ones of the same table, whatever their types: a renamed column may have another type.
fn columns(here: &[&Finding], decisions: &Decisions) -> Vec<Question> {
    let mut questions = Vec::new();
    for gone in here
        .iter()
        .filter(|finding| finding.code == Code::ColumnExtra)
    {
        if decisions.drops_column(&gone.table, &gone.name) {
            continue;
        }
        let new = here
            .iter()
            .filter(|finding| finding.code == Code::ColumnMissing && finding.table == gone.table);
        let new: Vec<String> = new.map(|finding| finding.subject()).collect();
        if !new.is_empty() {
            questions.push(Question {
                old: format!("{}.{}", before(here, &gone.table), gone.name),
                new,
            });
        }
    }
    questions
}

/// The old name of a table.
fn before<'f>(here: &[&'f Finding], table: &'f str) -> &'f str {
    let mut renamed = here.iter();
    let renamed =
        renamed.find(|finding| finding.code == Code::TableRenamed && finding.wanted == table);
    renamed.map_or(table, |finding| &finding.found)
}

/// The first decision that nothing in the findings is about.
pub(super) fn unused(findings: &[Finding], decisions: &Decisions) -> Option<String> {
    let here = findings.iter();
    let here = here.filter(|finding| matches!(finding.place, Place::Migrations(_)));
    let here: Vec<&Finding> = here.collect();
    let is_used = |code: Code, is_it: &dyn Fn(&Finding) -> bool| {
        here.iter()
            .any(|finding| finding.code == code && is_it(finding))
    };
    for renamed in decisions.renamed() {
        let before = &renamed.from.table;
        let table = decisions.table_now(before);
        if let (Some(column), Some(into)) = (&renamed.from.column, &renamed.into)
            && into != before
            && into != table
        {
            return Some(format!(
                "--rename {before}.{column}={into}.{}: a renamed column stays in its table, which is {table}: move the \
                 values to {into} in a migration that is written by hand",
                renamed.to
            ));
        }
        let (old, used) = match &renamed.from.column {
            None => (
                renamed.from.table.clone(),
                is_used(Code::TableRenamed, &|finding| {
                    finding.found == renamed.from.table && finding.wanted == renamed.to
                }),
            ),
            Some(column) => (
                format!("{}.{column}", renamed.from.table),
                is_used(Code::ColumnRenamed, &|finding| {
                    finding.table == table
                        && finding.found == *column
                        && finding.wanted == renamed.to
                }),
            ),
        };
        if !used {
            return Some(format!(
                "--rename {old}={}: the migrations so far have no {old} that DOMAIN lacks, or DOMAIN has no new {}",
                renamed.to, renamed.to
            ));
        }
    }
    for dropped in decisions.dropped() {
        let table = decisions.table_now(&dropped.table);
        let (old, used) = match &dropped.column {
            None => (
                dropped.table.clone(),
                is_used(Code::TableExtra, &|finding| finding.table == table),
            ),
            Some(column) => (
                format!("{}.{column}", dropped.table),
                is_used(Code::ColumnExtra, &|finding| {
                    finding.table == table && finding.name == *column
                }),
            ),
        };
        if !used {
            return Some(format!(
                "--drop {old}: the migrations so far have no {old} that DOMAIN lacks"
            ));
        }
    }
    None
}
