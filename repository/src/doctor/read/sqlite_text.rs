//! What SQLite tells only as the text of its CREATE statements: names of constraints, checks, collations,
//! predicates.

use std::collections::BTreeMap;

use sqlparser::ast::{
    ColumnOption, ConstraintCharacteristics, Expr, Ident, IndexColumn, ObjectName, OrderBySort,
    Statement, TableConstraint,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{TokenWithSpan, Tokenizer};

use super::super::expression::{Expression, dialect};
use super::super::schema::{Check, Conflict};
use super::{Unreadable, sqlite_conflict};
use crate::engine::Engine;

/// What the text of a CREATE TABLE says beside the PRAGMAs.
#[derive(Default)]
pub(super) struct TableText {
    /// The name of the primary key.
    pub(super) primary_key: Option<String>,
    pub(super) conflicts: Vec<Conflict>,
    /// Names of unique keys by their columns, each with what is [unusual](ordered) about it.
    pub(super) unique_keys: BTreeMap<Vec<String>, Option<String>>,
    /// In the order of the text: columns, name, whether it is deferrable.
    pub(super) foreign_keys: Vec<(Vec<String>, Option<String>, bool)>,
    pub(super) checks: Vec<Check>,
    /// Collations by column.
    pub(super) collations: BTreeMap<String, String>,
    /// What generated columns are computed from.
    pub(super) generated: BTreeMap<String, String>,
}

/// What the text of a CREATE INDEX says.
pub(super) struct IndexText {
    pub(super) keys: Vec<Expression>,
    pub(super) predicate: Option<Expression>,
}

/// Reads a CREATE TABLE.
pub(super) fn table(name: &str, sql: &str) -> Result<TableText, Unreadable> {
    let (tokens, conflicts) = sqlite_conflict::taken_out(tokens(name, sql)?);
    let Statement::CreateTable(create) = statement(name, tokens)? else {
        return Err(unreadable(name, "it is no CREATE TABLE"));
    };
    let mut text = TableText {
        conflicts,
        ..TableText::default()
    };
    for column in &create.columns {
        for option in &column.options {
            text.column_option(&column.name, option.name.as_ref(), &option.option);
        }
    }
    for constraint in &create.constraints {
        text.constraint(constraint);
    }
    Ok(text)
}

impl TableText {
    fn column_option(&mut self, column: &Ident, name: Option<&Ident>, option: &ColumnOption) {
        let columns = || vec![value(column)];
        match option {
            ColumnOption::Collation(collation) => {
                self.collations.insert(value(column), last(collation));
            }
            ColumnOption::Check(check) => self.check(name, &check.expr),
            ColumnOption::PrimaryKey(_) => self.primary_key = name.map(value),
            ColumnOption::Unique(_) => {
                self.unique_keys.insert(columns(), name.map(value));
            }
            ColumnOption::ForeignKey(key) => {
                let deferrable = deferrable(key.characteristics.as_ref());
                self.foreign_keys
                    .push((columns(), name.map(value), deferrable));
            }
            ColumnOption::Generated {
                generation_expr: Some(expression),
                ..
            } => {
                self.generated.insert(value(column), expression.to_string());
            }
            _ => {}
        }
    }

    fn constraint(&mut self, constraint: &TableConstraint) {
        match constraint {
            TableConstraint::PrimaryKey(key) => self.primary_key = key.name.as_ref().map(value),
            TableConstraint::Unique(key) => {
                let columns = key.columns.iter().map(|column| self.ordered(column));
                let columns = columns.collect();
                self.unique_keys
                    .insert(columns, key.name.as_ref().map(value));
            }
            TableConstraint::ForeignKey(key) => {
                let names = key.columns.iter().map(value).collect();
                let deferrable = deferrable(key.characteristics.as_ref());
                self.foreign_keys
                    .push((names, key.name.as_ref().map(value), deferrable));
            }
            TableConstraint::Check(check) => self.check(check.name.as_ref(), &check.expr),
            _ => {}
        }
    }

    /// A column of a key of the table.
    fn ordered(&self, column: &IndexColumn) -> String {
        let (name, collation) = match &column.column.expr {
            Expr::Collate { expr, collation } => (expr.as_ref(), Some(last(collation))),
            expr => (expr, None),
        };
        let name = match name {
            Expr::Identifier(name) => value(name),
            other => other.to_string(),
        };
        let descending = column.column.options.sort == Some(OrderBySort::Desc);
        let of_column = self.collation(&name);
        ordered(
            &name,
            of_column,
            collation.as_deref().unwrap_or(of_column),
            descending,
        )
    }

    /// The collation of a column; SQLite compares bytes unless told otherwise.
    pub(super) fn collation(&self, column: &str) -> &str {
        let collation = self.collations.get(column);
        collation.map_or("BINARY", String::as_str)
    }

    fn check(&mut self, name: Option<&Ident>, expression: &Expr) {
        self.checks.push(Check {
            name: name.map(value),
            condition: Expression::condition(Engine::Sqlite, &expression.to_string()),
            valid: true,
        });
    }
}

/// Reads a CREATE INDEX.
pub(super) fn index(name: &str, sql: &str) -> Result<IndexText, Unreadable> {
    let Statement::CreateIndex(create) = statement(name, tokens(name, sql)?)? else {
        return Err(unreadable(name, "it is no CREATE INDEX"));
    };
    let keys = create.columns.iter().map(|column| {
        // The collation is told by a PRAGMA.
        let expression = match &column.column.expr {
            Expr::Collate { expr, .. } => expr,
            other => other,
        };
        Expression::scalar(Engine::Sqlite, &expression.to_string())
    });
    let predicate = create.predicate.as_ref();
    Ok(IndexText {
        keys: keys.collect(),
        predicate: predicate.map(|sql| Expression::condition(Engine::Sqlite, &sql.to_string())),
    })
}

/// A column of a key, and what is unusual there: a collation that is not the column's own, or the other order.
pub(super) fn ordered(column: &str, own: &str, collation: &str, descending: bool) -> String {
    let mut text = column.to_owned();
    if !collation.eq_ignore_ascii_case(own) {
        text.push_str(&format!(" COLLATE {}", collation.to_ascii_uppercase()));
    }
    if descending {
        text.push_str(" DESC");
    }
    text
}

fn tokens(name: &str, sql: &str) -> Result<Vec<TokenWithSpan>, Unreadable> {
    let tokens = Tokenizer::new(dialect(Engine::Sqlite), sql).tokenize_with_location();
    tokens.map_err(|error| unreadable(name, &error.to_string()))
}

fn statement(name: &str, tokens: Vec<TokenWithSpan>) -> Result<Statement, Unreadable> {
    let mut parser = Parser::new(dialect(Engine::Sqlite)).with_tokens_with_locations(tokens);
    let statements = parser.parse_statements();
    let statements = statements.map_err(|error| unreadable(name, &error.to_string()))?;
    let first = statements.into_iter().next();
    first.ok_or_else(|| unreadable(name, "it is empty"))
}

fn unreadable(name: &str, reason: &str) -> Unreadable {
    Unreadable::Text {
        name: name.to_owned(),
        reason: reason.to_owned(),
    }
}

fn deferrable(characteristics: Option<&ConstraintCharacteristics>) -> bool {
    characteristics.is_some_and(|c| c.deferrable == Some(true))
}

fn value(ident: &Ident) -> String {
    ident.value.clone()
}

fn last(name: &ObjectName) -> String {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(|| name.to_string(), value)
}
