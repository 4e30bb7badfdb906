//! What SQLite tells only as the text of its CREATE statements: names of constraints, checks, collations,
//! predicates.

use std::collections::BTreeMap;

use catamaran::Engine;
use sea_orm::DbErr;
use sqlparser::ast::{ColumnOption, Ident, IndexColumn, ObjectName, Statement, TableConstraint};
use sqlparser::parser::Parser;

use super::expression::{Condition, dialect};
use super::schema::Check;

/// What the text of a CREATE TABLE says beside the PRAGMAs.
#[derive(Default)]
pub struct TableText {
    /// The name of the primary key.
    pub primary_key: Option<String>,
    /// Names of unique keys by their columns.
    pub unique_keys: BTreeMap<Vec<String>, String>,
    /// Names of foreign keys, and whether they are deferrable, by their columns.
    pub foreign_keys: BTreeMap<Vec<String>, (Option<String>, bool)>,
    /// Checks by name; one without a name goes by its place: `check 1`.
    pub checks: BTreeMap<String, Check>,
    /// Collations by column.
    pub collations: BTreeMap<String, String>,
}

/// Reads a CREATE TABLE.
///
/// # Errors
/// For a text that is none, as far as the parser knows.
pub fn table(sql: &str) -> Result<TableText, DbErr> {
    let Statement::CreateTable(create) = parse(sql)? else {
        return Err(DbErr::Custom(format!("not a CREATE TABLE: {sql}")));
    };
    let mut text = TableText::default();
    for column in &create.columns {
        let name = column.name.value.clone();
        for option in &column.options {
            match &option.option {
                ColumnOption::Collation(collation) => {
                    text.collations.insert(name.clone(), last(collation));
                }
                ColumnOption::Check(check) => {
                    text.check(option.name.as_ref(), &check.expr.to_string())
                }
                ColumnOption::ForeignKey(key) => {
                    let deferrable = key
                        .characteristics
                        .is_some_and(|c| c.deferrable == Some(true));
                    let constraint = option.name.as_ref().map(|name| name.value.clone());
                    text.foreign_keys
                        .insert(vec![name.clone()], (constraint, deferrable));
                }
                _ => {}
            }
        }
    }
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::PrimaryKey(key) => text.primary_key = key.name.as_ref().map(value),
            TableConstraint::Unique(key) => {
                let name = key
                    .name
                    .as_ref()
                    .map_or_else(|| "(no name)".to_owned(), value);
                text.unique_keys.insert(columns(&key.columns), name);
            }
            TableConstraint::ForeignKey(key) => {
                let deferrable = key
                    .characteristics
                    .is_some_and(|c| c.deferrable == Some(true));
                let names = key.columns.iter().map(value).collect();
                text.foreign_keys
                    .insert(names, (key.name.as_ref().map(value), deferrable));
            }
            TableConstraint::Check(check) => {
                text.check(check.name.as_ref(), &check.expr.to_string())
            }
            _ => {}
        }
    }
    Ok(text)
}

impl TableText {
    fn check(&mut self, name: Option<&Ident>, sql: &str) {
        let name = name.map_or_else(|| format!("check {}", self.checks.len() + 1), value);
        let check = Check {
            condition: Some(Condition::parse(Engine::Sqlite, sql)),
            spelling: String::new(),
            valid: true,
        };
        self.checks.insert(name, check);
    }
}

/// The predicate of a CREATE INDEX.
///
/// # Errors
/// As [`table`].
pub fn predicate(sql: &str) -> Result<Option<Condition>, DbErr> {
    let Statement::CreateIndex(create) = parse(sql)? else {
        return Err(DbErr::Custom(format!("not a CREATE INDEX: {sql}")));
    };
    let predicate = create.predicate;
    Ok(predicate.map(|sql| Condition::parse(Engine::Sqlite, &sql.to_string())))
}

fn parse(sql: &str) -> Result<Statement, DbErr> {
    let statements = Parser::parse_sql(dialect(Engine::Sqlite), sql);
    let statements = statements.map_err(|error| DbErr::Custom(format!("{error}: {sql}")))?;
    let first = statements.into_iter().next();
    first.ok_or_else(|| DbErr::Custom(format!("no statement: {sql}")))
}

fn value(ident: &Ident) -> String {
    ident.value.clone()
}

fn last(name: &ObjectName) -> String {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(|| name.to_string(), value)
}

fn columns(columns: &[IndexColumn]) -> Vec<String> {
    columns
        .iter()
        .map(|column| column.column.expr.to_string())
        .collect()
}
