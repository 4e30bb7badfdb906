//! Parses the CREATE statements of SQLite for what no PRAGMA reports: constraint names, checks, collations, predicates.

use std::collections::BTreeMap;

use sqlparser::ast::{
    ColumnOption, ConstraintCharacteristics, DeferrableInitial, Expr, GeneratedExpressionMode,
    Ident, IndexColumn, ObjectName, OrderBySort, Statement, TableConstraint,
};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Unreadable, sqlite_conflict};
use crate::fingerprint::expression;
use crate::fingerprint::expression::Expression;
use crate::fingerprint::ident;
use crate::fingerprint::schema::{Check, Conflict, Generated};
use crate::model::engine::Engine;

/// The parts of a CREATE TABLE that no PRAGMA reports.
#[derive(Default)]
pub(crate) struct TableText {
    columns: Vec<String>,
    /// The name of the primary key.
    pub(crate) primary_key: Option<String>,
    pub(crate) conflicts: Vec<Conflict>,
    /// Names of unique keys by their columns with [unusual options](ordered).
    pub(crate) unique_keys: BTreeMap<Vec<String>, Option<String>>,
    /// In the order of the statement.
    pub(crate) foreign_keys: Vec<ForeignKeyText>,
    pub(crate) checks: Vec<Check>,
    /// Collations by column.
    pub(crate) collations: BTreeMap<String, String>,
    /// Generated columns by name.
    pub(crate) generated: BTreeMap<String, Generated>,
    pub(crate) autoincrement: bool,
}

/// A foreign key of a CREATE TABLE.
pub(crate) struct ForeignKeyText {
    pub(crate) columns: Vec<String>,
    pub(crate) name: Option<String>,
    pub(crate) deferrable: bool,
    pub(crate) deferred: bool,
}

/// The keys and the predicate of a CREATE INDEX.
pub(crate) struct IndexText {
    pub(crate) keys: Vec<Expression>,
    pub(crate) predicate: Option<Expression>,
}

/// Parses a CREATE TABLE.
pub(crate) fn table(name: &str, sql: &str) -> Result<TableText, Unreadable> {
    let tokens = up_to_the_columns(tokens(name, sql)?);
    let (tokens, conflicts) = sqlite_conflict::remove_clauses(tokens);
    let Statement::CreateTable(create) = statement(name, tokens)? else {
        return Err(unreadable(name, "it is not a CREATE TABLE"));
    };
    let mut text = TableText {
        conflicts,
        columns: create
            .columns
            .iter()
            .map(|column| value(&column.name))
            .collect(),
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
                let own = self.collation(&column.value);
                let key = ordered(&ident::name(&column.value), own, own, false);
                self.unique_keys.insert(vec![key], name.map(value));
            }
            ColumnOption::ForeignKey(key) => {
                self.foreign_key(columns(), name, key.characteristics.as_ref());
            }
            ColumnOption::Generated {
                generation_expr: Some(expression),
                generation_expr_mode,
                ..
            } => {
                let generated = Generated::Computed {
                    expression: Expression::scalar(Engine::Sqlite, &expression.to_string()),
                    is_stored: *generation_expr_mode == Some(GeneratedExpressionMode::Stored),
                };
                self.generated.insert(value(column), generated);
            }
            ColumnOption::DialectSpecific(words) => {
                self.autoincrement |= words.contains(&Token::make_keyword("AUTOINCREMENT"));
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
                let columns = key.columns.iter().map(|name| self.spelled(name));
                let columns = columns.collect();
                self.foreign_key(columns, key.name.as_ref(), key.characteristics.as_ref());
            }
            TableConstraint::Check(check) => self.check(check.name.as_ref(), &check.expr),
            _ => {}
        }
    }

    /// A column of a key with its unusual options.
    fn ordered(&self, column: &IndexColumn) -> String {
        let (name, collation) = match &column.column.expr {
            Expr::Collate { expr, collation } => (expr.as_ref(), Some(last(collation))),
            expr => (expr, None),
        };
        let name = match name {
            Expr::Identifier(name) => self.spelled(name),
            other => other.to_string(),
        };
        let descending = column.column.options.sort == Some(OrderBySort::Desc);
        let of_column = self.collation(&name);
        ordered(
            &ident::name(&name),
            of_column,
            collation.as_deref().unwrap_or(of_column),
            descending,
        )
    }

    /// The column's spelling in its definition; SQLite ignores the case of names.
    fn spelled(&self, name: &Ident) -> String {
        let mut columns = self.columns.iter();
        let own = columns.find(|column| column.eq_ignore_ascii_case(&name.value));
        own.cloned().unwrap_or_else(|| value(name))
    }

    /// The collation of a column. Default: `BINARY`.
    pub(crate) fn collation(&self, column: &str) -> &str {
        let collation = self.collations.get(column);
        collation.map_or("BINARY", String::as_str)
    }

    fn foreign_key(
        &mut self,
        columns: Vec<String>,
        name: Option<&Ident>,
        characteristics: Option<&ConstraintCharacteristics>,
    ) {
        let says = |what: fn(&ConstraintCharacteristics) -> bool| characteristics.is_some_and(what);
        self.foreign_keys.push(ForeignKeyText {
            columns,
            name: name.map(value),
            deferrable: says(|c| c.deferrable == Some(true)),
            deferred: says(|c| c.initially == Some(DeferrableInitial::Deferred)),
        });
    }

    fn check(&mut self, name: Option<&Ident>, expression: &Expr) {
        self.checks.push(Check {
            name: name.map(value),
            condition: Expression::condition(Engine::Sqlite, &expression.to_string()),
            valid: true,
            unusual: Vec::new(),
        });
    }
}

/// A default as a PRAGMA returns it: without the parentheses that SQLite requires around all but a literal.
pub(crate) fn default(sql: &str) -> Expression {
    let tokens = expression::tokens(Engine::Sqlite, sql).unwrap_or_default();
    let tokens = tokens.into_iter().map(|token| token.token);
    let tokens: Vec<Token> = tokens
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    let sql = match tokens.as_slice() {
        [_] | [Token::Plus | Token::Minus, _] => sql.to_owned(),
        _ => format!("({sql})"),
    };
    Expression::scalar(Engine::Sqlite, &sql)
}

/// Parses a CREATE INDEX.
pub(crate) fn index(name: &str, sql: &str) -> Result<IndexText, Unreadable> {
    let Statement::CreateIndex(create) = statement(name, tokens(name, sql)?)? else {
        return Err(unreadable(name, "it is not a CREATE INDEX"));
    };
    let keys = create.columns.iter().map(|column| {
        // The collation is read from a PRAGMA.
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

/// A column of a key with its unusual options: a collation that is not the column's own, descending order.
pub(crate) fn ordered(sql: &str, own: &str, collation: &str, descending: bool) -> String {
    let mut text = sql.to_owned();
    if !collation.eq_ignore_ascii_case(own) {
        text.push_str(&format!(" COLLATE {}", collation.to_ascii_uppercase()));
    }
    if descending {
        text.push_str(" DESC");
    }
    text
}

fn tokens(name: &str, sql: &str) -> Result<Vec<TokenWithSpan>, Unreadable> {
    let tokens = expression::tokens(Engine::Sqlite, sql);
    tokens.map_err(|error| unreadable(name, &error.to_string()))
}

/// Cuts the table options after the columns: a PRAGMA returns them, and the parser does not know all of them.
fn up_to_the_columns(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut depth = 0_usize;
    let end = tokens.iter().position(|token| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => return false,
        }
        depth == 0
    });
    tokens.truncate(end.map_or(tokens.len(), |end| end + 1));
    tokens
}

fn statement(name: &str, tokens: Vec<TokenWithSpan>) -> Result<Statement, Unreadable> {
    expression::statement(tokens).map_err(|error| unreadable(name, &error.to_string()))
}

fn unreadable(name: &str, reason: &str) -> Unreadable {
    Unreadable::Text {
        name: name.to_owned(),
        reason: reason.to_owned(),
    }
}

fn value(ident: &Ident) -> String {
    ident.value.clone()
}

fn last(name: &ObjectName) -> String {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(|| name.to_string(), value)
}
